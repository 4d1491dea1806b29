/** The port for time. Everything that waits or measures takes one, so that it can run under a virtual clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `delayMs`, or at once when `signal` aborts; it never rejects. The caller looks at the signal. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, delayMs);
      signal?.addEventListener('abort', wake, { once: true });
    }),
};

/** The port for randomness: a number from 0 (included) to 1 (excluded). */
export type Random = () => number;
