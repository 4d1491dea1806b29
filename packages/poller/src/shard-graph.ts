import type { Shard } from '@sluice/core';

/**
 * Where a shard stands, worked out from three facts: which shards are known, which are finished, and which are being
 * read. Nothing here is stored, so nothing can be out of date.
 *
 * ```
 *                parent finished              its records             last page read and
 *                or unknown                   are offered             all of it done
 *  BLOCKED ─────────────────────► READY ───► READING ────────────────────────────► DONE ──► children READY
 *                                              │  ▲
 *                                              ├──┘ GAP: records were trimmed unread; reported, goes on at the horizon
 *                                              └───────────────────────────────── ► LOST ──► children READY
 *                                                 the shard went away unread; reported
 * ```
 *
 * DONE and LOST are FINISHED and stay so in the checkpoint; a stop leaves READING shards to be READY at the next
 * start. READING covers the time in which the last page has been read and its records are still in work.
 *
 * A parent that is neither listed nor in a checkpoint was trimmed long ago and is no gate. A shard of which only an
 * unfinished checkpoint is left is READY like any other, and gates its children: reading it tells whether the listing
 * was out of date or the shard is lost.
 */
export type ShardState =
  | { readonly kind: 'BLOCKED'; readonly byShardId: string }
  | { readonly kind: 'READY' }
  | { readonly kind: 'READING' }
  | { readonly kind: 'FINISHED' };

export interface ShardFacts {
  /** Every shard that a listing or a checkpoint names, by id. */
  readonly known: ReadonlyMap<string, Pick<Shard, 'ParentShardId'>>;
  isFinished(shardId: string): boolean;
  isReading(shardId: string): boolean;
}

export function shardState(shardId: string, facts: ShardFacts): ShardState {
  if (facts.isFinished(shardId)) return { kind: 'FINISHED' };
  if (facts.isReading(shardId)) return { kind: 'READING' };
  const parent = facts.known.get(shardId)?.ParentShardId;
  const gated = parent !== undefined && facts.known.has(parent) && !facts.isFinished(parent);
  return gated ? { kind: 'BLOCKED', byShardId: parent } : { kind: 'READY' };
}

/** The shards to open now, oldest first: ids begin with the time of creation. */
export function readyShards(facts: ShardFacts): readonly string[] {
  return [...facts.known.keys()].filter((shardId) => shardState(shardId, facts).kind === 'READY').sort();
}

/** Whether everything known has been read. A stream that is enabled goes on nevertheless. */
export function allFinished(facts: ShardFacts): boolean {
  return [...facts.known.keys()].every((shardId) => facts.isFinished(shardId));
}
