import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@sluice/core';

/**
 * A clock whose time moves only when it is told to. Its four moving methods work alike: time jumps to the next
 * wake, *one* sleep wakes (the earliest; of those for the same time the one that was called first), then everything
 * else moves as far as it can, and only then comes the next wake.
 *
 * "As far as it can" means two turns of the event loop (`setImmediate`). One turn finishes promise chains of any
 * length and `process.nextTick`; the second one also lets code finish that gives way once with `setImmediate`. Real
 * input and output (files, sockets, timers of the system) is not waited for: keep it out of code that runs on this clock.
 */
export interface VirtualClock extends Clock {
  /** The wake times of all pending sleeps in milliseconds since the epoch, ascending; `Infinity` for those without one. */
  wakeTimes(): readonly number[];
  /** Moves time by exactly `delayMs` and wakes what is due on the way, the end included. */
  advance(delayMs: number, limit?: WakeLimit): Promise<void>;
  /** Moves time from wake to wake until no sleep is left that has a time to wake. */
  runUntilIdle(limit?: WakeLimit): Promise<void>;
  /**
   * Moves time from wake to wake until `promise` settles, and settles like it. Rejects with an `Error` that says so when
   * the promise is pending and no sleep is left that could move it on.
   */
  run<T>(promise: PromiseLike<T>, limit?: WakeLimit): Promise<T>;
}

/** Ends what would never end: more wakes than this in one call reject it. */
export interface WakeLimit {
  /** 100 000 by default. */
  readonly maxWakes?: number;
}

interface Sleep {
  readonly wakeAt: number;
  wake(): void;
}

/** @param startMs milliseconds since the epoch; the first instant of 2026 (UTC) by default. */
export function virtualClock(startMs: number = Date.UTC(2026, 0, 1)): VirtualClock {
  let nowMs = startMs;
  let moving = false;
  const sleeps: Sleep[] = [];

  function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (Number.isNaN(delayMs)) throw new RangeError('A sleep needs a number of milliseconds, not NaN.');
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const entry: Sleep = { wakeAt: nowMs + Math.max(0, delayMs), wake };
      function wake() {
        sleeps.splice(sleeps.indexOf(entry, lowerBound(sleeps, entry.wakeAt)), 1);
        signal?.removeEventListener('abort', wake);
        resolve();
      }
      sleeps.splice(lowerBound(sleeps, entry.wakeAt, 'after ties'), 0, entry);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Wakes one sleep after the other until `isDone` or until none is due by `endMs`; then it is `endMs`, if that is a time. */
  async function move(endMs: number, isDone: () => boolean, maxWakes = 100_000): Promise<void> {
    if (moving) throw new Error('The virtual clock is being moved already: await that call before the next.');
    moving = true;
    try {
      await everythingElse();
      for (let wakes = 0; !isDone(); wakes++) {
        const next = sleeps[0];
        if (next === undefined || next.wakeAt === Infinity || next.wakeAt > endMs) break;
        if (wakes === maxWakes) throw new Error(`${maxWakes} sleeps woke and there is no end. ${picture()}`);
        nowMs = next.wakeAt;
        next.wake();
        await everythingElse();
      }
      if (endMs !== Infinity) nowMs = endMs;
    } finally {
      moving = false;
    }
  }

  async function advance(delayMs: number, limit?: WakeLimit): Promise<void> {
    if (!(delayMs >= 0 && delayMs < Infinity)) {
      throw new RangeError(`advance needs a finite number of milliseconds from 0, not ${delayMs}.`);
    }
    await move(nowMs + delayMs, () => false, limit?.maxWakes);
  }

  async function run<T>(promise: PromiseLike<T>, limit?: WakeLimit): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    promise.then(settle, settle);
    await move(Infinity, () => settled, limit?.maxWakes);
    if (settled) return promise;
    throw new Error(`The promise is pending and nothing is left that could settle it. ${picture()}`);
  }

  function picture(): string {
    return `The clock stands ${nowMs - startMs} ms after its start; pending sleeps: ${sleeps.length}.`;
  }

  return {
    now: () => nowMs,
    sleep,
    wakeTimes: () => sleeps.map(({ wakeAt }) => wakeAt),
    advance,
    runUntilIdle: (limit) => move(Infinity, () => false, limit?.maxWakes),
    run,
  };
}

/** The first position whose sleep wakes at `wakeAt` or later, or, after ties, later than `wakeAt`. */
function lowerBound(sleeps: readonly Sleep[], wakeAt: number, ties?: 'after ties'): number {
  let low = 0;
  let high = sleeps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = (sleeps[middle] as Sleep).wakeAt; // low <= middle < high, so there is one
    if (at < wakeAt || (ties && at === wakeAt)) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function everythingElse(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
