import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './index.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Whether a sleep is over after this time has passed. */
async function isOverAfter(sleep: Promise<void>, passMs: number): Promise<boolean> {
  let over = false;
  void sleep.then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(passMs);
  return over;
}

describe('the system clock', () => {
  it('sleeps as long as it is told to', async () => {
    const sleep = systemClock.sleep(1000);
    expect(await isOverAfter(sleep, 999)).toBe(false);
    expect(await isOverAfter(sleep, 1)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('wakes at once when its signal aborts, before or while it sleeps, and leaves no timer', async () => {
    expect(await isOverAfter(systemClock.sleep(1000, AbortSignal.abort()), 0)).toBe(true);
    const stop = new AbortController();
    const sleep = systemClock.sleep(1000, stop.signal);
    stop.abort();
    expect(await isOverAfter(sleep, 0)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sleeps longer than one timer can, and for ever', async () => {
    const month = 30 * 24 * 3_600_000;
    const sleep = systemClock.sleep(month);
    expect(await isOverAfter(sleep, month - 1)).toBe(false);
    expect(await isOverAfter(sleep, 1)).toBe(true);
    const stop = new AbortController();
    const forever = systemClock.sleep(Number.POSITIVE_INFINITY, stop.signal);
    expect(await isOverAfter(forever, month)).toBe(false);
    stop.abort();
    expect(await isOverAfter(forever, 0)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
