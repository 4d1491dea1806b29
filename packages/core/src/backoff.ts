import type { Random } from './clock.js';

/** How long to wait before the next attempt. A value without memory: the attempt is passed in. */
export interface Backoff {
  /** `attempt` is the number of attempts that failed so far, from 1. */
  delayMs(attempt: number, random: Random): number;
}

/**
 * Doubles from `initialMs` to `maxMs` and takes a random part of it ("full jitter").
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function exponentialBackoff(options: { readonly initialMs: number; readonly maxMs: number }): Backoff {
  const { initialMs, maxMs } = options;
  if (!(initialMs > 0) || !(maxMs >= initialMs)) {
    throw new RangeError(`Expected 0 < initialMs <= maxMs, got initialMs ${initialMs} and maxMs ${maxMs}.`);
  }
  return Object.freeze({
    delayMs: (attempt, random) => Math.ceil(Math.min(maxMs, initialMs * 2 ** (attempt - 1)) * random()),
  } satisfies Backoff);
}
