import {
  callStore,
  type JsonValue,
  type NewRow,
  type Progress,
  putRow,
  type Row,
  type Store,
  type StoreCalling,
} from '@sluice/core';
import type { Caller } from './calling.js';
import { CheckpointConflictError, CheckpointStoreError, CheckpointUnreadableError } from './errors.js';

/** What is kept of one shard. */
export interface ShardCheckpoint {
  /** DONE and LOST shards are never read again. */
  readonly state: 'READING' | 'DONE' | 'LOST';
  readonly parentShardId?: string;
  /** The first record of the shard that was read, as long as there is no watermark to go on from. */
  readonly firstSequenceNumber?: string;
  readonly progress: Progress;
}

/** The checkpoint of a shard before its first record. */
export function unread(parentShardId: string | undefined): ShardCheckpoint {
  const progress: Progress = { watermark: undefined, done: {}, attempts: {} };
  return parentShardId === undefined
    ? { state: 'READING', progress }
    : { state: 'READING', parentShardId, progress };
}

export type StartingPosition = 'TRIM_HORIZON' | 'LATEST';

/** How a stream was begun under this name, decided by the first process and kept for all later ones. */
export interface Beginning {
  readonly startingPosition: StartingPosition;
  readonly startedAtMs: number;
}

export interface Checkpoints {
  readonly beginning: Beginning;
  /** Whether nothing was kept of this stream under this name before. */
  readonly isNew: boolean;
  /** By shard id: what was found at the start and what has been saved since. */
  readonly shards: ReadonlyMap<string, ShardCheckpoint>;
  /**
   * Keeps a shard's checkpoint; one call at a time for a shard. Repeats a write that fails, for ever until `stopping`
   * aborts and a few times after that. Rejects with `CheckpointConflictError` when somebody else wrote the row, and
   * with `CheckpointStoreError`.
   */
  save(shardId: string, checkpoint: ShardCheckpoint): Promise<void>;
  /** Lets go of a shard that has been finished for a week; true if it did. The store drops its row by itself. */
  forget(shardId: string): boolean;
}

/** A finished shard's row is litter once the shard has left the stream's listing, a day after its end. */
const finishedLifetimeMs = 7 * 24 * 3_600_000;
const attemptsAtStart = 8;
const attemptsAfterStop = 5;

/**
 * The checkpoints of one stream under one name: rows `S#<shardId>` and the beginning in row `M`, all with the key
 * `<name>|<stream ARN>`. Without a store they are kept in memory, for this run.
 */
export async function openCheckpoints(
  pk: string,
  startingPosition: StartingPosition,
  store: Store | undefined,
  caller: Caller,
): Promise<Checkpoints> {
  const { clock, random, logger, stopping } = caller;
  const shards = new Map<string, ShardCheckpoint>();
  const versions = new Map<string, string>();
  const finishedAtMs = new Map<string, number>();

  const wanted: Beginning = { startingPosition, startedAtMs: clock.now() };
  const beginning = store ? await begin(store) : wanted;
  if (store) await readShards(store);

  return { beginning, isNew: beginning === wanted, shards, save, forget };

  async function begin(store: Store): Promise<Beginning> {
    const row = { pk, sk: 'M', value: { ...wanted } };
    const written = await repeating(
      'M',
      'write',
      (calling) => putRow(store, row, undefined, calling),
      attemptsAtStart,
    );
    return written.applied || !written.current ? wanted : beginningIn(written.current);
  }

  async function readShards(store: Store): Promise<void> {
    let from = 'S#';
    for (;;) {
      const page = await repeating(
        from,
        'read',
        (calling) => callStore(() => store.list(pk, from, 100), calling),
        attemptsAtStart,
      );
      for (const row of page.filter(({ sk }) => sk.startsWith('S#'))) {
        const shardId = row.sk.slice('S#'.length);
        remember(shardId, checkpointIn(row));
        versions.set(shardId, row.version);
      }
      if (page.length < 100) return;
      from = `${page.at(-1)?.sk}\0`;
    }
  }

  async function save(shardId: string, checkpoint: ShardCheckpoint): Promise<void> {
    if (store) versions.set(shardId, await write(store, rowOf(shardId, checkpoint), versions.get(shardId)));
    remember(shardId, checkpoint);
  }

  function remember(shardId: string, checkpoint: ShardCheckpoint): void {
    shards.set(shardId, checkpoint);
    if (checkpoint.state !== 'READING') finishedAtMs.set(shardId, clock.now());
  }

  function rowOf(shardId: string, checkpoint: ShardCheckpoint): NewRow {
    const row = { pk, sk: `S#${shardId}`, value: asJson(checkpoint) };
    if (checkpoint.state === 'READING') return row;
    return { ...row, expiresAt: Math.ceil((clock.now() + finishedLifetimeMs) / 1000) };
  }

  /** Resolves to the row's new version. */
  async function write(store: Store, row: NewRow, ifVersion: string | undefined): Promise<string> {
    const written = await repeating(row.sk, 'write', (calling) => putRow(store, row, ifVersion, calling));
    if (written.applied) return written.row.version;
    throw new CheckpointConflictError(row);
  }

  /** Until `stopping` aborts, and a few times after that. */
  async function repeating<T>(
    sk: string,
    doing: 'read' | 'write',
    call: (calling: StoreCalling) => Promise<T>,
    maxAttempts = Infinity,
  ): Promise<T> {
    const onFailure = (err: unknown, attempt: number) =>
      logger.warn({ err, pk, sk, attempt }, `could not ${doing} a checkpoint row; will try again`);
    try {
      return await call({ clock, random, signal: stopping, maxAttempts, onFailure });
    } catch (err) {
      if (!stopping.aborted) throw new CheckpointStoreError({ pk, sk }, doing, err);
    }
    try {
      return await call({ clock, random, maxAttempts: attemptsAfterStop, onFailure });
    } catch (err) {
      throw new CheckpointStoreError({ pk, sk }, doing, err);
    }
  }

  function forget(shardId: string): boolean {
    const sinceMs = finishedAtMs.get(shardId);
    if (sinceMs === undefined || clock.now() - sinceMs < finishedLifetimeMs) return false;
    for (const kept of [shards, versions, finishedAtMs]) kept.delete(shardId);
    return true;
  }
}

function asJson({ progress, ...checkpoint }: ShardCheckpoint): JsonValue {
  const { watermark, done, attempts } = progress;
  return { ...checkpoint, progress: { ...(watermark !== undefined && { watermark }), done, attempts } };
}

function checkpointIn({ pk, sk, value }: Row): ShardCheckpoint {
  const { state, progress, ...rest } = (value ?? {}) as Partial<ShardCheckpoint>;
  const isKnown = state === 'READING' || state === 'DONE' || state === 'LOST';
  if (!isKnown || !progress?.done || !progress.attempts) throw new CheckpointUnreadableError({ pk, sk });
  const { watermark, done, attempts } = progress;
  return { ...rest, state, progress: { watermark, done, attempts } };
}

function beginningIn({ pk, sk, value }: Row): Beginning {
  const { startingPosition, startedAtMs } = (value ?? {}) as Partial<Beginning>;
  const isKnown = startingPosition === 'TRIM_HORIZON' || startingPosition === 'LATEST';
  if (!isKnown || typeof startedAtMs !== 'number') throw new CheckpointUnreadableError({ pk, sk });
  return { startingPosition, startedAtMs };
}
