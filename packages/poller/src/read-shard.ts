import {
  createDrain,
  type Drain,
  exponentialBackoff,
  recallFrom,
  runPage,
  type StreamRecord,
} from '@sluice/core';
import { wait } from './calling.js';
import type { ShardCheckpoint } from './checkpoint.js';
import type { StreamRun } from './run.js';
import { shardCheckpointing } from './shard-checkpoint.js';
import { pagesOf, type ShardEnd, type ShardToRead } from './shard-pages.js';

/** A shard in work. */
export interface ShardReader {
  /**
   * Reads the shard to its end and resolves when the last record is done and that is kept, or when reading was stopped
   * and what was done is kept. A failure stops the whole poll and comes out of it.
   */
  read(): Promise<ShardEnd | 'STOPPED'>;
  /** To be called each second: keeps what has been done, when it is time to. */
  saveIfDue(): Promise<void>;
}

/** What a lane waits between the attempts at a record that fails, and a page between the attempts to offer it. */
const retryBackoff = exponentialBackoff({ initialMs: 200, maxMs: 30_000 });

export function shardReader(shard: ShardToRead, start: ShardCheckpoint, run: StreamRun): ShardReader {
  const { router, stopping, working, maxAhead } = run;
  const drain = createDrain(router, {
    afterFailure: { kind: 'retry', backoff: retryBackoff },
    order: router.order ?? 'lanes',
    recall: recallFrom(start.progress),
    parking: run.parking,
    signal: working,
  });
  const checkpoint = shardCheckpointing(drain, start, (now) => run.keep(shard.shardId, now), router.clock);
  /** Pages that the middleware around batches still has in hand. */
  const open = new Set<Promise<void>>();
  return { read, saveIfDue: checkpoint.saveIfDue };

  async function read(): Promise<ShardEnd | 'STOPPED'> {
    stopping.addEventListener('abort', drain.stop, { once: true });
    const end = await readToEnd().catch(stopped);
    stopping.removeEventListener('abort', drain.stop);
    drain.stop();
    await endOrAbort(Promise.all(open), working);
    await checkpoint.save(stateAfter[end]);
    return end;
  }

  async function readToEnd(): Promise<ShardEnd> {
    for await (const { records, end } of pagesOf(shard, run)) {
      if (records.length > 0) await take(records);
      await drainedTo(end ? 0 : maxAhead);
      stopping.throwIfAborted();
      if (end) return end;
      await checkpoint.keepUp();
    }
    throw new Error('pages ended without an end'); // pagesOf never does
  }

  /** Pages come into the drain in their order: one whose middleware ends without `next()` is tried again before the next one. */
  async function take(records: readonly StreamRecord[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      const page = runPage(router, drain, records, offer);
      open.add(page.ended);
      void page.ended.then(() => open.delete(page.ended));
      await endOrAbort(page.offered, stopping);
      stopping.throwIfAborted();
      const refusal = await page.offered;
      if (!refusal) return;
      const askedMs = refusal.kind === 'retryLater' ? refusal.error.afterMs : undefined;
      await wait(askedMs ?? retryBackoff.delayMs(tries, router.random), run);
    }
  }

  function offer(...[records, offering]: Parameters<Drain['offer']>): ReturnType<Drain['offer']> {
    const page = drain.offer(records, offering);
    checkpoint.offered(records);
    return page;
  }

  /**
   * Waits until at most `limit` records stand from the first unfinished one on, done or not: what is done above it is
   * held in memory and in the checkpoint.
   */
  async function drainedTo(limit: number): Promise<void> {
    await endOrAbort(drain.until(limit), stopping);
    while (!stopping.aborted && drain.remaining().length > limit) {
      await endOrAbort(drain.until(drain.unfinished - 1), stopping);
    }
  }

  /** Running handlers are waited for; those that are still running when `working` aborts are not. */
  async function stopped(error: unknown): Promise<'STOPPED'> {
    if (!stopping.aborted || error !== stopping.reason) run.fail(error);
    await endOrAbort(drain.until(0), working);
    return 'STOPPED';
  }
}

const stateAfter: Record<ShardEnd | 'STOPPED', ShardCheckpoint['state']> = {
  CLOSED: 'DONE',
  LOST: 'LOST',
  STREAM_GONE: 'READING',
  STOPPED: 'READING',
};

/** Resolves when the work has ended or the signal has aborted; no listener stays on it. */
async function endOrAbort(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const onAbort = () => resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  await Promise.race([work, aborted]);
  signal.removeEventListener('abort', onAbort);
}
