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
      let leftMs = delayMs;
      let timer = setTimeout(tick, Math.min(leftMs, longestTimerMs));
      signal?.addEventListener('abort', wake, { once: true });

      function tick(): void {
        leftMs -= longestTimerMs;
        if (leftMs > 0) timer = setTimeout(tick, Math.min(leftMs, longestTimerMs));
        else wake();
      }
      function wake(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      }
    }),
};

/** Node's timers fire at once above this. */
const longestTimerMs = 2 ** 31 - 1;

/** The port for randomness: a number from 0 (included) to 1 (excluded). */
export type Random = () => number;
