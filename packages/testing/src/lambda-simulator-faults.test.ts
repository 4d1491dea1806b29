import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultByChance, faultsFrom, type LambdaFaultChances } from './lambda-simulator-faults.js';
import { seededRandom } from './seeded-random.js';

const about = (number: number) => ({ number, records: [], retries: 0, lane: 0, duplicateOf: undefined });

describe('faults by chance', () => {
  it('do not strike without a chance, and all strike when they are certain', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(faultByChance({}, seededRandom(seed))).toEqual({});
        const certain = { cold: 1, oldest: 1, crash: 1, timeout: 1, freeze: 1, duplicate: 1 };
        const fault = faultByChance({ ...certain, withinMs: 10, withinSteps: 3 }, seededRandom(seed));
        expect(Object.keys(fault).sort()).toEqual([
          'afterTimeout',
          'crash',
          'duplicate',
          'sandbox',
          'timeout',
        ]);
        for (const moment of [fault.crash, fault.timeout]) {
          const [unit, value] = Object.entries(moment ?? {})[0] as [string, number];
          expect(value).toBeLessThan(unit === 'ms' ? 10 : 3);
        }
        expect(fault.duplicate?.afterMs).toBeLessThan(10);
      }),
    );
  });

  it('depend on the seed and the number of the invocation alone', () => {
    const chances: LambdaFaultChances = { cold: 0.3, crash: 0.3, timeout: 0.3, duplicate: 0.3 };
    const story = (seed: number) =>
      [1, 2, 3, 4, 5, 6].map((number) => faultsFrom(chances, seed)(about(number)));
    expect(story(7)).toEqual(story(7));
    expect(story(7)).not.toEqual(story(8));
    expect(new Set(story(7).map((fault) => JSON.stringify(fault))).size).toBeGreaterThan(1);
  });

  it('leave the rest of a story as it is when one chance is changed', () => {
    const withCrash = faultByChance({ crash: 1, duplicate: 1 }, seededRandom(3));
    const { crash, ...rest } = withCrash;
    expect(crash).toBeDefined();
    expect(rest).toEqual(faultByChance({ duplicate: 1 }, seededRandom(3)));
  });
});

it('a script gets what is known of an invocation, and numbers of its own', () => {
  const seen: unknown[] = [];
  const faultOf = faultsFrom(({ random, ...invocation }) => {
    seen.push(invocation, random() < 1);
    return invocation.number === 2 ? { crash: { step: 0 } } : undefined;
  });
  expect([faultOf(about(1)), faultOf(about(2))]).toEqual([{}, { crash: { step: 0 } }]);
  expect(seen).toEqual([about(1), true, about(2), true]);
});
