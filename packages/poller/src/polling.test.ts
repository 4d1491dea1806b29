import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CallBudget, type PageFacts, pollDelayMs, shardBudget, takeCall } from './polling.js';

fc.configureGlobal({ seed: 20_260_101 });

const quiet: PageFacts = { records: 0, bytes: 0, ageMs: 0, emptyPages: 1, closed: false };

describe('the wait before the next page', () => {
  test('grows over empty pages from 250 to 500 to 1000 ms and no further', () => {
    expect([1, 2, 3, 4, 50].map((emptyPages) => pollDelayMs({ ...quiet, emptyPages }))).toEqual([
      250, 500, 1000, 1000, 1000,
    ]);
  });

  test('is 250 ms after a page with some fresh records', () => {
    expect(pollDelayMs({ ...quiet, records: 3, bytes: 600, emptyPages: 0, ageMs: 900 })).toBe(250);
  });

  test.each([
    ['full by count', { ...quiet, records: 1000, emptyPages: 0 }],
    ['full by size', { ...quiet, records: 3, bytes: 900_000, emptyPages: 0 }],
    ['behind by more than two seconds', { ...quiet, records: 3, ageMs: 2001, emptyPages: 0 }],
    ['an empty one of a closed shard', { ...quiet, closed: true, emptyPages: 9 }],
  ])('is nothing after a page that is %s', (_, page) => {
    expect(pollDelayMs(page)).toBe(0);
  });
});

describe('a call budget', () => {
  /** Times at which a caller that always wants to call gets to call. */
  function startsMs(calls: number, budget: CallBudget): number[] {
    let nowMs = 10_000;
    let state = 0;
    return Array.from({ length: calls }, () => {
      const { waitMs, wholeAtMs } = takeCall(state, nowMs, budget);
      state = wholeAtMs;
      nowMs += waitMs;
      return nowMs - 10_000;
    });
  }

  test('gives a shard five calls at once, then four a second', () => {
    expect(startsMs(9, shardBudget)).toEqual([0, 0, 0, 0, 0, 250, 500, 750, 1000]);
  });

  test('is never exceeded, however calls are spread', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 8 }), (gapsMs, burst) => {
        const budget = { intervalMs: 250, burst };
        let nowMs = 0;
        let state = 0;
        const starts = gapsMs.map((gapMs) => {
          nowMs += gapMs;
          const { waitMs, wholeAtMs } = takeCall(state, nowMs, budget);
          state = wholeAtMs;
          nowMs += waitMs;
          return nowMs;
        });
        for (const [first, fromMs] of starts.entries()) {
          const within = starts.slice(first).filter((ms) => ms - fromMs < 1000).length;
          expect(within).toBeLessThanOrEqual(burst + 4);
        }
      }),
    );
  });
});
