import type { FailedChange, OpenDelivery, Store, StreamRecord } from '@sluice/core';
import { memoryStore } from '@sluice/store';
import { type VirtualClock, virtualClock } from '@sluice/testing';
import { expect, test } from 'vitest';
import { createLedger } from './ledger.js';
import { markKey, queueOf } from './parked-rows.js';
import { changes, contextOn, progressOf, recalled, scopeOf } from './testing/delivery.js';

/** A stream of which many items have parked changes. */
interface Crowd {
  readonly clock: VirtualClock;
  readonly store: Store;
  /** Where each list since `open` was called began, and the rows that they gave. */
  readonly lists: readonly string[];
  readonly rows: () => number;
  /** Of items with a mark, in no order of these. */
  readonly parked: readonly StreamRecord[];
  /** Of items without one. */
  readonly others: readonly StreamRecord[];
  mark(record: StreamRecord, handlerId: string): Promise<void>;
  open(records: readonly StreamRecord[]): Promise<OpenDelivery>;
}

async function crowdOf(marks: number): Promise<Crowd> {
  const clock = virtualClock();
  const store = memoryStore();
  const all = changes(marks + 20);
  const [parked, others] = [all.slice(0, marks), all.slice(marks)];
  const lists: string[] = [];
  let rows = 0;
  const counting: Store = {
    ...store,
    async list(pk, from, limit) {
      const page = await store.list(pk, from, limit);
      lists.push(from);
      rows += page.length;
      return page;
    },
  };
  const crowd: Crowd = {
    clock,
    store,
    lists,
    rows: () => rows,
    parked,
    others,
    async mark(record, handlerId) {
      const key = markKey(queueOf('shop-mail', handlerId, record), 'Q');
      await store.put({ ...key, value: { announced: '1', announcedAtMs: 1 } }, undefined);
    },
    open(records) {
      lists.length = 0;
      rows = 0;
      return clock.run(createLedger(counting).open(records, scopeOf(records, contextOn(clock))));
    },
  };
  for (const record of parked) await crowd.mark(record, 'mail');
  return crowd;
}

/** A later change of the item of a record. */
function changed(record: StreamRecord | undefined, n: number): StreamRecord {
  if (!record) throw new Error('There is no such record.');
  const SequenceNumber = `9000000000000000000${String(n).padStart(2, '0')}`;
  return { ...record, dynamodb: { ...record.dynamodb, SequenceNumber } };
}

test('of 5 000 parked items a delivery of 10 others asks for its own alone, with a short list for each', async () => {
  const crowd = await crowdOf(5_000);
  const delivery = await crowd.open(crowd.others.slice(0, 10));
  expect(delivery.parking.size).toBe(0);
  expect(crowd.lists).toHaveLength(1 + 10);
  expect(crowd.lists.slice(1)).toEqual(Array(10).fill(expect.stringMatching(/^Q#[\w-]{22}#$/)));
  expect(crowd.rows()).toBeLessThanOrEqual(500 + 10 * 15);
});

test('a delivery knows which of its items have parked changes, and for which handlers', async () => {
  const crowd = await crowdOf(1_200);
  const [one, other, free] = [crowd.parked[7], crowd.parked[1_100], crowd.others[0]].map(changed);
  if (!one || !other || !free) throw new Error('There are three.');
  for (let n = 0; n < 40; n++) await crowd.mark(one, `more-${n}`);
  const { parking } = await crowd.open([one, other, free]);
  expect(parking.size).toBe(42);
  expect(['mail', 'more-0', 'more-17', 'more-39', 'audit'].map((id) => parking.holds(id, one))).toEqual([
    true,
    true,
    true,
    true,
    false,
  ]);
  expect(parking.holds('mail', other)).toBe(true);
  expect(parking.holds('more-0', other)).toBe(false);
  expect(parking.holds('mail', free)).toBe(false);
});

test('what a delivery parks itself is known to it', async () => {
  const crowd = await crowdOf(1_200);
  const records = [1, 2].map((n) => changed(crowd.others[0], n));
  const [record, next] = [changed(records[0], 1), changed(records[0], 2)];
  const { parking } = await crowd.open(records);
  const failure: FailedChange = {
    router: 'shop-mail',
    handlerId: 'mail',
    record,
    reason: 'attempts',
    error: new Error('no'),
    attempts: 10,
    failedAtMs: 0,
  };
  expect(await crowd.clock.run(parking.park(failure, 'item', contextOn(crowd.clock)))).toBe('parked');
  expect(parking.holds('mail', next)).toBe(true);
  expect(parking.size).toBe(1);
  const again = await crowd.open([next]);
  expect(again.parking.holds('mail', next)).toBe(true);
});

test('several changes of an item are asked for once', async () => {
  const crowd = await crowdOf(600);
  await crowd.open([1, 2, 3].map((n) => changed(crowd.others[0], n)));
  expect(crowd.lists).toHaveLength(1 + 1);
});

test('a delivery of many items reads on among the marks while that is cheaper than a list for each', async () => {
  const crowd = await crowdOf(1_200);
  const { parking } = await crowd.open(crowd.parked.slice(0, 600));
  expect(parking.size).toBe(1_200);
  expect(crowd.lists).toHaveLength(3);
});

test('a delivery takes one list where few items have parked changes, also when other rows follow their marks', async () => {
  const crowd = await crowdOf(499);
  const { parking } = await crowd.open(crowd.others);
  expect(parking.size).toBe(499);
  expect(crowd.lists).toHaveLength(1);
  const pk = `shop-mail|${crowd.others[0]?.eventSourceARN}`;
  for (const sk of ['S#shard-1', 'S#shard-2']) await crowd.store.put({ pk, sk, value: {} }, undefined);
  expect((await crowd.open(crowd.others)).parking.size).toBe(499);
  expect(crowd.lists).toHaveLength(1);
});

test('what earlier deliveries left is read whole, and before the marks', async () => {
  const crowd = await crowdOf(1_200);
  const many = changes(1_900).slice(1_220);
  for (const record of many.slice(1)) {
    const delivery = await crowd.open([record]);
    await crowd.clock.run(
      delivery.keep(progressOf([record], { 0: ['mail'] }), false, crowd.clock.now() + 1_000),
    );
  }
  const few = [many[0], many.at(-1)].flatMap((record) => record ?? []);
  const delivery = await crowd.open(few);
  expect(recalled(delivery, few)).toEqual([undefined, { done: ['mail'] }]);
  expect(crowd.lists.map((from) => from.slice(0, 2))).toEqual(['P#', 'P#', 'Q#', 'Q#']);
});

test('nothing is begun when the store cannot tell of one of its items', async () => {
  const crowd = await crowdOf(600);
  const { store, clock, others } = crowd;
  const failing: Store = {
    ...store,
    list: (pk, from, limit) =>
      from.startsWith('Q#') ? Promise.reject(new Error('away')) : store.list(pk, from, limit),
  };
  const opening = createLedger(failing).open(others, scopeOf(others, contextOn(clock)));
  await expect(clock.run(opening)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
});
