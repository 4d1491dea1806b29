import { memoryStore } from '@sluice/store';
import { virtualClock } from '@sluice/testing';
import { expect, test } from 'vitest';
import { createLedger } from './ledger.js';
import { changes, contextOn, scopeOf } from './testing/delivery.js';
import { scriptedStore } from './testing/scripted-store.js';

test.each([
  [{ claimMs: 0 }, 'claimMs'],
  [{ claimMs: Number.NaN }, 'claimMs'],
  [{ claimMs: Infinity }, 'claimMs'],
  [{ keepDoneMs: -1 }, 'keepDoneMs'],
  [{ keepDoneMs: Infinity }, 'keepDoneMs'],
])('%j is refused when the ledger is made', (options, name) => {
  expect(() => createLedger(memoryStore(), options)).toThrow(new RegExp(`${name} .* got `));
});

test('what is parked is known to the next delivery from its one list, and to a source that keeps its progress itself', async () => {
  const clock = virtualClock();
  const store = scriptedStore(memoryStore(), clock);
  const ledger = createLedger(store);
  const records = changes(3);
  const [first, second] = records;
  if (!first || !second) throw new Error('no records');
  const context = contextOn(clock);
  const scope = scopeOf(records, context);
  const { parking } = await ledger.open(records, scope);
  const failure = {
    router: scope.name,
    handlerId: 'mail',
    record: first,
    reason: 'attempts' as const,
    error: new Error('scripted'),
    attempts: 10,
    failedAtMs: clock.now(),
  };
  expect(await clock.run(parking.park(failure, 'item', context))).toBe('parked');
  store.calls.length = 0;
  const next = await ledger.open(records, scope);
  expect(store.calls).toEqual([expect.stringContaining('list P#')]);
  for (const found of [next.parking, await ledger.parking(scope)]) {
    expect(found.size).toBe(1);
    expect(found.holds('mail', first)).toBe(true);
    expect(found.holds('audit', first)).toBe(false);
    expect(found.holds('mail', second)).toBe(false);
  }
});

test.each([
  [{}, false],
  [{ guard: true }, true],
])('a ledger made with %j says whether it has a guard', (options, guard) => {
  expect(createLedger(memoryStore(), options).guard).toBe(guard);
});
