import { type Clock, exponentialBackoff, type Logger, type Random } from '@sluice/core';
import { StreamsCallError } from './errors.js';
import { actionOn, isThrottling } from './on-error.js';
import { type CallBudget, takeCall } from './polling.js';

/** What calls need of the world. */
export interface Caller {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Aborts when nothing new is to be fetched. */
  readonly stopping: AbortSignal;
}

const backoff = exponentialBackoff({ initialMs: 100, maxMs: 10_000 });

/**
 * Makes a call of the Streams API and repeats it while its errors mean "later". Rejects with
 * `StreamsCallError` where no repetition will help, with `ExpiredIterator`, `TrimmedDataAccess` and `ResourceNotFound`
 * as they are, with the last error after `maxAttempts`, in which throttles do not count, and with the signal's reason once
 * `stopping` aborts.
 */
export async function calling<T>(
  what: string,
  call: () => Promise<T>,
  caller: Caller,
  maxAttempts = Infinity,
): Promise<T> {
  let left = maxAttempts;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      caller.stopping.throwIfAborted();
      const action = actionOn(error);
      if (action === 'halt') throw new StreamsCallError(what, error);
      if (!isThrottling(error)) left--;
      if (action !== 'retry' || left <= 0) throw error;
      await waitAfterFailure(what, error, attempt, caller);
    }
  }
}

/** The wait before a call is repeated: 100 ms to 10 s with full jitter. Most of it is told quietly. */
export async function waitAfterFailure(
  what: string,
  err: unknown,
  attempt: number,
  caller: Caller,
): Promise<void> {
  const delayMs = backoff.delayMs(attempt, caller.random);
  caller.logger[isLoud(attempt) ? 'warn' : 'debug'](
    { err, attempt, delayMs },
    `${what} failed and is repeated`,
  );
  await wait(delayMs, caller);
}

/** Soon, and then about each five minutes: while the service is away, this comes from each shard. */
function isLoud(attempt: number): boolean {
  return [4, 8, 16, 32].includes(attempt) || attempt % 64 === 0;
}

/** A function that resolves when the budget has a call to give. */
export function pacing(budget: CallBudget, caller: Caller): () => Promise<void> {
  let wholeAtMs = 0;
  return async () => {
    const call = takeCall(wholeAtMs, caller.clock.now(), budget);
    wholeAtMs = call.wholeAtMs;
    await wait(call.waitMs, caller);
  };
}

/** Sleeps, and rejects with the signal's reason once `stopping` aborts. */
export async function wait(delayMs: number, { clock, stopping }: Caller): Promise<void> {
  if (delayMs > 0) await clock.sleep(delayMs, stopping);
  stopping.throwIfAborted();
}
