import {
  type Clock,
  compareSequenceNumbers,
  type Drain,
  type Progress,
  type StreamRecord,
} from '@sluice/core';
import type { ShardCheckpoint } from './checkpoint.js';

/** Keeps what a shard's drain has done, at the right times. */
export interface ShardCheckpointing {
  /** Tells of records that have been offered to the drain. */
  offered(records: readonly StreamRecord[]): void;
  /** Saves if it is time to. */
  saveIfDue(): Promise<void>;
  /** Waits for a save when too much is done and not kept, so that a crash never repeats more than that. */
  keepUp(): Promise<void>;
  /** Saves what is not kept yet, after any save that is going on. Once one has failed, nothing is saved any more. */
  save(state: ShardCheckpoint['state']): Promise<void>;
}

/** How many records may be done and not kept before reading waits for a save. */
const maxUnkept = 1000;

export function shardCheckpointing(
  drain: Pick<Drain, 'progress' | 'unfinished'>,
  start: ShardCheckpoint,
  keep: (checkpoint: ShardCheckpoint) => Promise<void>,
  clock: Pick<Clock, 'now'>,
): ShardCheckpointing {
  let offeredCount = 0;
  let last: string | undefined;
  let first = start.firstSequenceNumber;
  let kept = { text: JSON.stringify(start), doneCount: 0, atMs: clock.now() };
  let saving: Promise<void> | undefined;
  let failed = false;

  return { offered, saveIfDue, keepUp, save };

  function offered(records: readonly StreamRecord[]): void {
    offeredCount += records.length;
    first ??= records[0]?.dynamodb.SequenceNumber;
    last = records.at(-1)?.dynamodb.SequenceNumber ?? last;
  }

  function doneCount(): number {
    return offeredCount - drain.unfinished;
  }

  async function saveIfDue(): Promise<void> {
    const doneSince = doneCount() - kept.doneCount;
    if (saving || (doneSince === 0 && drain.unfinished === 0)) return;
    const aheadCount = Object.keys(drain.progress().done).length;
    if (isSaveDue({ doneSince, aheadCount, sinceMs: clock.now() - kept.atMs })) await save('READING');
  }

  async function keepUp(): Promise<void> {
    if (doneCount() - kept.doneCount >= maxUnkept) await save('READING');
  }

  async function save(state: ShardCheckpoint['state']): Promise<void> {
    while (saving) await saving.catch(() => {}); // it has been told to who began it
    if (failed) return;
    saving = write(state);
    try {
      await saving;
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      saving = undefined;
    }
  }

  async function write(state: ShardCheckpoint['state']): Promise<void> {
    const now = { doneCount: doneCount(), atMs: clock.now() };
    const checkpoint = checkpointAt(state);
    const text = JSON.stringify(checkpoint);
    if (text !== kept.text) await keep(checkpoint);
    kept = { text, ...now };
  }

  function checkpointAt(state: ShardCheckpoint['state']): ShardCheckpoint {
    const { parentShardId } = start;
    const progress = progressSinceStart(start.progress, drain.progress(), last);
    return {
      state,
      ...(parentShardId !== undefined && { parentShardId }),
      ...(first !== undefined && progress.watermark === undefined && { firstSequenceNumber: first }),
      progress,
    };
  }
}

/**
 * When a shard in work is saved: each 5 seconds; each second while more than 100 records are done above the watermark,
 * for a crash would repeat them; and at 1000 done ones. Without news there is nothing to save.
 */
export function isSaveDue(facts: { doneSince: number; aheadCount: number; sinceMs: number }): boolean {
  const { doneSince, aheadCount, sinceMs } = facts;
  return doneSince >= maxUnkept || sinceMs >= (aheadCount > 100 ? 1000 : 5000);
}

/**
 * The progress of a shard out of what was kept before this run and what the drain of this run says. The drain knows of
 * the records that it was offered, through `last`; about those behind it what was kept still holds.
 */
export function progressSinceStart(kept: Progress, drained: Progress, last: string | undefined): Progress {
  if (last === undefined) return kept;
  const stillToCome = <T>(bySequence: { readonly [sequenceNumber: string]: T }) =>
    Object.entries(bySequence).filter(([sequenceNumber]) => compareSequenceNumbers(sequenceNumber, last) > 0);
  return {
    watermark: drained.watermark ?? kept.watermark,
    done: { ...drained.done, ...Object.fromEntries(stillToCome(kept.done)) },
    attempts: { ...drained.attempts, ...Object.fromEntries(stillToCome(kept.attempts)) },
  };
}
