import type { CallContext, OpenDelivery, StreamRecord } from '@sluice/core';
import { memoryStore } from '@sluice/store';
import { type VirtualClock, virtualClock } from '@sluice/testing';
import { describe, expect, test } from 'vitest';
import { createLedger } from './ledger.js';
import { changes, contextOn, progressOf, recalled, scopeOf } from './testing/delivery.js';
import { first, type ScriptedStore, scriptedStore } from './testing/scripted-store.js';

interface World {
  readonly clock: VirtualClock;
  readonly store: ScriptedStore;
  open(
    records: readonly StreamRecord[],
    more?: Partial<CallContext> & { guard?: boolean },
  ): Promise<OpenDelivery>;
}

function world(): World {
  const clock = virtualClock();
  const store = scriptedStore(memoryStore(), clock);
  return {
    clock,
    store,
    open(records, { guard = true, ...context } = {}) {
      const ledger = createLedger(store, { guard });
      return clock.run(ledger.open(records, scopeOf(records, contextOn(clock, context))));
    },
  };
}

/** A process that begins these calls and ends with the last one. */
async function diesIn(
  given: World,
  records: readonly StreamRecord[],
  ...indexes: readonly number[]
): Promise<OpenDelivery> {
  const delivery = await given.open(records);
  for (const index of indexes) await start(given, delivery, records[index]);
  return delivery;
}

async function start(
  given: World,
  delivery: OpenDelivery,
  record: StreamRecord | undefined,
  handlerId = 'mail',
) {
  if (!record || !delivery.starting) throw new Error('It is not told what runs.');
  await given.clock.run(delivery.starting(record, handlerId));
}

async function keep(given: World, delivery: OpenDelivery, ...progress: Parameters<typeof progressOf>) {
  await given.clock.run(delivery.keep(progressOf(...progress), false, given.clock.now() + 1_000));
}

async function finish(given: World, delivery: OpenDelivery) {
  await given.clock.run(delivery.keep(progressOf([], {}), true, given.clock.now() + 1_000));
}

describe('with a guard, a delivery', () => {
  test('of which nothing fails costs one list and one write, and leaves no trace for the one behind it', async () => {
    const given = world();
    const records = changes(6);
    const delivery = await given.open(records.slice(0, 3));
    expect(delivery.starting).toBeUndefined();
    await finish(given, delivery);
    expect(given.store.calls).toEqual([expect.stringContaining('list'), expect.stringContaining('put P#')]);
    const next = await given.open(records.slice(3));
    expect(next.starting).toBeUndefined();
    expect(next.recall).toBeUndefined();
  });

  test('whose process ended is slow when it comes again: what is about to run is told before', async () => {
    const given = world();
    const records = changes(3);
    await given.open(records);
    const again = await given.open(records);
    expect(again.starting).toBeDefined();
    expect(again.recall).toBeUndefined();
  });

  test('that failed and said so is not slow', async () => {
    const given = world();
    const records = changes(3);
    await keep(given, await given.open(records), records, { 1: ['mail'] });
    expect((await given.open(records)).starting).toBeUndefined();
  });

  test('that had nothing to keep, as after an outage of all, is not slow either', async () => {
    const given = world();
    const records = changes(3);
    await keep(given, await given.open(records), records, {});
    expect((await given.open(records)).starting).toBeUndefined();
  });

  test.each([
    ['the first half', 0, 5],
    ['the second half', 5, 10],
  ])('is slow in %s of one that was cut after its process ended', async (_, from, to) => {
    const given = world();
    const records = changes(10);
    await given.open(records);
    expect((await given.open(records.slice(from, to))).starting).toBeDefined();
  });

  test('is not slow for other lanes of its shard, which lie among its records', async () => {
    const given = world();
    const records = changes(10);
    const odd = records.filter((_, n) => n % 2 === 1);
    const even = records.filter((_, n) => n % 2 === 0);
    await finish(given, await given.open(odd));
    expect((await given.open(even)).starting).toBeUndefined();
  });

  test('does not begin when that cannot be kept', async () => {
    const given = world();
    given.store.script = (call) => (call.operation === 'put' ? 'away' : undefined);
    await expect(given.open(changes(3))).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  });

  test('is begun once, also after a lost reply', async () => {
    const given = world();
    const records = changes(3);
    given.store.script = first(2, 'reply lost', ({ operation }) => operation === 'put');
    await finish(given, await given.open(records));
    expect(given.store.calls.filter((call) => call.startsWith('put'))).toHaveLength(3);
    expect((await given.open(records)).starting).toBeDefined();
  });
});

describe('a record that ends its process', () => {
  test('costs one process to be told from the others, and each further one is a failed attempt', async () => {
    const given = world();
    const records = changes(4);
    await given.open(records);
    await diesIn(given, records, 0, 1, 2);
    for (let deaths = 1; deaths <= 3; deaths++) {
      const again = await given.open(records);
      expect(recalled(again, records)).toEqual([
        undefined,
        undefined,
        { failures: { mail: deaths }, suspects: ['mail'] },
        undefined,
      ]);
      await start(given, again, records[2]);
    }
  });

  test('keeps its attempts when other records end the process too', async () => {
    const given = world();
    const records = changes(4);
    await given.open(records);
    await diesIn(given, records, 2);
    await diesIn(given, records, 1);
    await diesIn(given, records, 1);
    expect(recalled(await given.open(records), records)).toEqual([
      undefined,
      { failures: { mail: 2 }, suspects: ['mail'] },
      { failures: { mail: 1 }, suspects: ['mail'] },
      undefined,
    ]);
  });

  test('keeps its attempts over deliveries that end before it, in order or not', async () => {
    const given = world();
    const records = changes(4);
    await given.open(records);
    await diesIn(given, records, 2);
    await given.open(records);
    const orderly = await given.open(records);
    await keep(given, orderly, records, {}, { 0: { mail: 1 }, 2: { mail: 1 } });
    const again = await given.open(records);
    expect(recalled(again, records)[2]).toEqual({ failures: { mail: 1 }, suspects: ['mail'] });
  });

  test('counts on from the failures that it had before', async () => {
    const given = world();
    const records = changes(4);
    await keep(given, await given.open(records), records, {}, { 1: { mail: 4 } });
    await given.open(records);
    await diesIn(given, records, 0, 1);
    expect(recalled(await given.open(records), records)).toEqual([
      undefined,
      { failures: { mail: 5 }, suspects: ['mail'] },
      undefined,
      undefined,
    ]);
  });

  test('counts also for the half of the delivery that it is in, after a cut', async () => {
    const given = world();
    const records = changes(6);
    const low = records.slice(0, 3);
    await given.open(records);
    await diesIn(given, records, 1);
    expect(recalled(await diesIn(given, low, 0, 1), low)[1]).toMatchObject({ failures: { mail: 1 } });
    expect(recalled(await given.open(low), low)[1]).toMatchObject({ failures: { mail: 2 } });
    expect(recalled(await given.open(records), records)[1]).toMatchObject({ failures: { mail: 2 } });
  });

  test('is known also where the guard is off by now', async () => {
    const given = world();
    const records = changes(4);
    await given.open(records);
    await diesIn(given, records, 1);
    const again = await given.open(records, { guard: false });
    expect(again.starting).toBeUndefined();
    expect(recalled(again, records)[1]).toEqual({ failures: { mail: 1 }, suspects: ['mail'] });
  });

  test('is no longer one when its handler is done', async () => {
    const given = world();
    const records = changes(4);
    await given.open(records);
    await diesIn(given, records, 1);
    const again = await given.open(records);
    await start(given, again, records[1]);
    await keep(given, again, records, { 1: ['mail'] }, { 0: { mail: 1 } });
    expect(recalled(await given.open(records), records)[1]).toEqual({ done: ['mail'] });
  });
});

describe('a call that ended in order', () => {
  test('is not counted when its delivery goes on to the next one and dies there', async () => {
    const given = world();
    const records = changes(4);
    await given.open(records);
    await diesIn(given, records, 0, 1, 3);
    expect(recalled(await given.open(records), records).map((state) => state !== undefined)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  test.each([
    ['with something to keep', { 0: ['mail'] }],
    ['with nothing to keep', {}],
  ])('is not counted when its delivery ends %s, as at the deadline', async (_, done) => {
    const given = world();
    const records = changes(4);
    await given.open(records);
    await keep(given, await diesIn(given, records, 1), records, done);
    const again = await given.open(records);
    expect(recalled(again, records)[1]).toBeUndefined();
    expect(again.starting).toBeUndefined();
  });

  test('is not counted when its delivery is done, which lets go of the row', async () => {
    const given = world();
    const records = changes(4);
    await given.open(records);
    await finish(given, await diesIn(given, records, 0, 1, 2, 3));
    expect(await given.store.list(`shop-mail|${records[0]?.eventSourceARN}`, '', 10)).toEqual([]);
  });
});

describe('before a call of a slow delivery', () => {
  test('what could not be kept makes it reject, and the call is not made', async () => {
    const given = world();
    const records = changes(3);
    await given.open(records);
    const again = await given.open(records);
    given.store.script = () => 'away';
    await expect(start(given, again, records[0])).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  });

  test('one write tells it, also when the reply is lost and when another delivery of the same records writes too', async () => {
    const given = world();
    const records = changes(3);
    await given.open(records);
    const one = await given.open(records);
    const other = await given.open(records);
    given.store.script = first(1, 'reply lost', ({ operation }) => operation === 'put');
    await start(given, one, records[0]);
    await start(given, other, records[1]);
    await start(given, one, records[2]);
    // `one` is at record 2 and `other` at record 1 when both of their processes end.
    expect(recalled(await given.open(records), records)).toEqual([
      undefined,
      { failures: { mail: 1 }, suspects: ['mail'] },
      { failures: { mail: 1 }, suspects: ['mail'] },
    ]);
  });

  test('of which the row has been deleted by another delivery it is written anew', async () => {
    const given = world();
    const records = changes(3);
    await given.open(records);
    const one = await given.open(records);
    const other = await given.open(records);
    await finish(given, other);
    await start(given, one, records[0]);
    expect(recalled(await given.open(records), records)[0]).toMatchObject({ suspects: ['mail'] });
  });
});
