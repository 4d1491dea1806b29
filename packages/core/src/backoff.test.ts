import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponentialBackoff } from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

describe('exponential backoff', () => {
  it('doubles from its beginning to its limit', () => {
    const { delayMs } = exponentialBackoff({ initialMs: 100, maxMs: 1000 });
    const atMost = (attempt: number) => delayMs(attempt, () => 1 - Number.EPSILON);
    expect([1, 2, 3, 4, 5, 6, 1000, 100_000].map(atMost)).toEqual([
      100, 200, 400, 800, 1000, 1000, 1000, 1000,
    ]);
  });

  it('takes a random part of that, and never more', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), random, (attempt, part) => {
        const delay = exponentialBackoff({ initialMs: 3, maxMs: 30_000 }).delayMs(attempt, () => part);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(30_000, 3 * 2 ** (attempt - 1)));
      }),
    );
  });

  it.each([
    [0, 1],
    [-1, 1],
    [2, 1],
    [Number.NaN, 1],
    [1, Number.NaN],
  ])('refuses initialMs %d with maxMs %d', (initialMs, maxMs) => {
    expect(() => exponentialBackoff({ initialMs, maxMs })).toThrowError(/Expected 0 < initialMs <= maxMs/);
  });
});
