import { describe, expect, it } from 'vitest';
import { check, differences, type Entry, percentile, type Written } from './check.js';
import { planFlow } from './flow.js';
import { type Findings, summarise } from './summary.js';

const item = { pk: 'CUSTOMER#0', sk: 'ORDER#0' };
const write = (story: string, ...handlers: string[]): Written => ({
  item,
  action: 'set',
  attributes: {},
  story,
  handlers,
  atMs: 0,
});
const writes = [write('placed', 'mail'), write('paid', 'mail', 'pack')];

const effect = (handlerId: string, sequenceNumber: string): Entry => ({
  what: 'x',
  item: 'CUSTOMER#0/ORDER#0',
  eventName: 'MODIFY',
  sequenceNumber,
  handlerId,
  attempt: 1,
  idempotencyKey: `${handlerId}${sequenceNumber}`,
  atMs: 5,
});
const good = [effect('mail', '1'), effect('mail', '2'), effect('pack', '2')];

describe("the demo's judge", () => {
  it('finds nothing in a run in which everything happened once and in order', () => {
    expect(check(writes, good)).toEqual({
      lost: [],
      doubled: [],
      unasked: [],
      outOfOrder: [],
      latenciesMs: [5, 5, 5],
    });
  });

  it('finds an effect that is missing', () => {
    expect(check(writes, good.slice(0, 2)).lost).toEqual(['CUSTOMER#0/ORDER#0: pack of "paid"']);
  });

  it('finds an effect that happened twice', () => {
    expect(check(writes, [...good, effect('mail', '1')]).doubled).toEqual([
      'CUSTOMER#0/ORDER#0: mail of record 1',
    ]);
  });

  it('finds an effect that nothing asked for', () => {
    expect(check(writes, [...good, effect('pack', '1')]).unasked).toEqual(['CUSTOMER#0/ORDER#0: pack']);
    const ofNobody = { ...effect('pack', '3'), item: 'CUSTOMER#9/ORDER#9' };
    expect(check(writes, [...good, ofNobody]).unasked).toEqual(['CUSTOMER#9/ORDER#9: pack']);
  });

  it('finds effects in another order also where one of them came twice', () => {
    const swapped = [effect('mail', '1'), effect('pack', '2'), effect('mail', '2'), effect('mail', '1')];
    expect(check(writes, swapped)).toMatchObject({
      doubled: [expect.any(String)],
      outOfOrder: [expect.any(String)],
    });
  });

  it('finds effects in another order than the writes', () => {
    const swapped = [effect('mail', '1'), effect('pack', '2'), effect('mail', '2')];
    expect(check(writes, swapped).outOfOrder).toHaveLength(1);
  });

  it('finds records whose effects went back in time', () => {
    const twice = [write('one', 'mail'), write('two', 'mail')];
    expect(check(twice, [effect('mail', '2'), effect('mail', '1')]).outOfOrder).toHaveLength(1);
  });

  it('finds items whose effects differ between two runs', () => {
    expect(differences(good, good)).toEqual([]);
    expect(differences(good, [...good, effect('mail', '1')])).toEqual([]);
    expect(differences(good, good.slice(1))).toEqual(['CUSTOMER#0/ORDER#0']);
  });
});

describe('the summary', () => {
  const found = {
    writes,
    entries: good,
    pollerExitCode: 0,
    lambdaRun: { records: 2, invocations: 1, status: 'done' },
    lambdaEntries: good,
    killed: false,
  } satisfies Findings;

  it('is good when there is no fault', () => {
    expect(summarise(found)).toMatchObject({ ok: true, faults: [] });
  });

  it.each<[Partial<Findings>, RegExp]>([
    [{ pollerExitCode: 1 }, /exit code 1/],
    [{ entries: [...good, effect('mail', '1')] }, /^doubled/],
    [{ entries: [...good, effect('pack', '1')], killed: true }, /^nothing asked for/],
    [{ lambdaEntries: [...good, effect('mail', '1')] }, /^doubled behind Lambda/],
    [{ lambdaRun: { records: 2, invocations: 20, status: 'gave-up' } }, /never got through/],
    [{ lambdaRun: { records: 1, invocations: 1, status: 'done' } }, /1 records of 2 writes/],
  ])('says what is wrong: %o', (change, fault) => {
    const { ok, faults } = summarise({ ...found, ...change });
    expect(ok).toBe(false);
    expect(faults).toContainEqual(expect.stringMatching(fault));
  });

  it('lets pass what a kill repeats', () => {
    const entries = [...good, effect('mail', '1')];
    expect(summarise({ ...found, entries, killed: true })).toMatchObject({
      ok: true,
      doubled: [expect.any(String)],
    });
  });
});

it('the flow has an order of each kind', () => {
  const stories = new Set(
    planFlow(12)
      .flat()
      .map(({ story }) => story),
  );
  expect([...stories].sort()).toEqual([
    'cancelled',
    'paid',
    'placed',
    'price corrected',
    'removed',
    'shipped',
    'signs up',
  ]);
});

it('percentiles are values of the list', () => {
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
  expect(percentile([3, 1, 2], 0.99)).toBe(3);
});
