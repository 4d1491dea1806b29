import type { Shard } from '@sluice/core';

/**
 * Where a shard stands, worked out from three facts: which shards are known, which are finished, and which are being
 * read. Nothing here is stored, so nothing can be out of date.
 *
 * ```
 *            parent finished           its records            last page read and
 *                                      are offered            all of it done
 *  BLOCKED ─────────────────► READY ──► READING ─────────────────────────────────► DONE ──► children READY
 *                                        │   ▲
 *                                        │   └─ GAP: records were trimmed unread; it is reported, and reading goes on
 *                                        └─ it went away unread, which is reported ──► LOST ──► children READY
 * ```
 *
 * DONE and LOST are FINISHED and stay so in the checkpoint. A stop leaves READING shards to be READY at the next start.
 * READING covers the time in which the last page has been read and its records are still in work.
 *
 * A shard of which only an unfinished checkpoint is left is READY like any other and gates its children: reading it
 * tells whether it is lost or the listing was out of date. A parent that only its child names gates too, until it is
 * listed, or looked for and found to be ABSENT: trimmed long ago, which counts as finished. (A listing can show a child
 * before its parent.)
 */
export type ShardState =
  | { readonly kind: 'BLOCKED'; readonly byShardId: string }
  | { readonly kind: 'READY' }
  | { readonly kind: 'READING' }
  | { readonly kind: 'FINISHED' };

export interface ShardFacts {
  /** Every shard that a listing or a checkpoint tells of, by id. */
  readonly known: ReadonlyMap<string, Pick<Shard, 'ParentShardId'>>;
  isFinished(shardId: string): boolean;
  isReading(shardId: string): boolean;
}

export function shardState(shardId: string, facts: ShardFacts): ShardState {
  if (facts.isFinished(shardId)) return { kind: 'FINISHED' };
  if (facts.isReading(shardId)) return { kind: 'READING' };
  const byShardId = facts.known.get(shardId)?.ParentShardId;
  if (byShardId === undefined || facts.isFinished(byShardId)) return { kind: 'READY' };
  return { kind: 'BLOCKED', byShardId };
}

/** The shards to open now, oldest first: ids begin with the time of creation. */
export function readyShards(facts: ShardFacts): readonly string[] {
  return [...facts.known.keys()].filter((shardId) => shardState(shardId, facts).kind === 'READY').sort();
}

/** The shards that block others and of which nothing else is known. */
export function unknownParents(facts: ShardFacts): readonly string[] {
  const states = [...facts.known.keys()].map((shardId) => shardState(shardId, facts));
  const blocking = states.flatMap((state) => (state.kind === 'BLOCKED' ? state.byShardId : []));
  return [...new Set(blocking)].filter((shardId) => !facts.known.has(shardId));
}

/** Whether everything known has been read. A stream that is enabled goes on nevertheless. */
export function allFinished(facts: ShardFacts): boolean {
  return [...facts.known.keys()].every((shardId) => facts.isFinished(shardId));
}
