import { type Router, tell } from '@sluice/core';

/** Calls `flush` and waits for it, at most `limitMs`. It never rejects: what goes wrong is logged. */
export async function flushWithin(
  limitMs: number,
  flush: () => unknown,
  { clock, logger }: Pick<Router, 'clock' | 'logger'>,
): Promise<void> {
  const over = new AbortController();
  const flushing = (async () => flush())().catch((err: unknown) => {
    tell(logger, 'warn', { err }, 'flush failed; the answer is not affected');
  });
  const ended = flushing.then(() => over.abort('ended')); // without a reason it would make an error, with its stack
  await Promise.race([ended, clock.sleep(Math.max(0, limitMs), over.signal)]);
  if (!over.signal.aborted) {
    tell(logger, 'warn', { limitMs }, 'flush takes too long; it is not waited for');
  }
}
