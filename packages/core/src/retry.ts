import type { Backoff } from './backoff.js';
import type { AnyMiddleware } from './chain.js';

export interface RetryOptions {
  /** How often a call is tried altogether within one delivery, from 1 up. */
  readonly attempts: number;
  /** How long to wait after each failed try: `exponentialBackoff(…)`, or `{ delayMs: () => 200 }`. */
  readonly backoff: Backoff;
  /** Whether a failure is worth another try; every one is by default. */
  readonly retryIf?: (error: Error) => boolean;
  /** No further try begins later than this after the first one began. No limit by default. */
  readonly budgetMs?: number;
}

/**
 * Tries what failed again, in place: around a handler, or around a record, of which only the handlers that are not done
 * run again. It gives back the last outcome. Outcomes that a handler chose (`skipped`, `retryLater`, `neverAgain`) are not tried
 * again.
 *
 * All tries of one delivery count as one attempt. The lane waits meanwhile, so keep it short: it is for what passes within
 * seconds. No wait ends at or after the deadline; one that would is not begun, and one that `context.signal` ends is the last.
 */
export function retry(options: RetryOptions): AnyMiddleware {
  const { attempts, backoff, retryIf = () => true, budgetMs = Number.POSITIVE_INFINITY } = options;
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new RangeError(`Expected retry's attempts as a whole number from 1 up, got ${attempts}.`);
  }
  if (!(budgetMs >= 0)) throw new RangeError(`Expected retry's budgetMs from 0 up, got ${budgetMs}.`);

  return async (call, next) => {
    const { clock, random, signal, deadlineMs } = call.context;
    const endMs = Math.min(deadlineMs, clock.now() + budgetMs);
    for (let tries = 1; ; tries++) {
      const outcome = await next();
      if (outcome.kind !== 'failed' || tries === attempts || !retryIf(outcome.error)) return outcome;
      const delayMs = backoff.delayMs(tries, random);
      if (clock.now() + delayMs >= endMs) return outcome;
      await clock.sleep(delayMs, signal);
      if (signal.aborted) return outcome;
    }
  };
}
