import type { CallContext, OpenDelivery, StreamRecord } from '@sluice/core';
import { memoryStore } from '@sluice/store';
import { type VirtualClock, virtualClock } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLedger } from './ledger.js';
import { changes, contextOn, progressOf, recalled, scopeOf } from './testing/delivery.js';
import { first, type ScriptedStore, scriptedStore } from './testing/scripted-store.js';

fc.configureGlobal({ seed: 20_260_101 });

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

function partition(records: readonly StreamRecord[]): string {
  return `shop-mail|${records[0]?.eventSourceARN}`;
}

async function keysOf(given: World, records: readonly StreamRecord[]): Promise<readonly string[]> {
  return (await given.store.list(partition(records), '', 100)).map(({ sk }) => sk);
}

describe('with a guard, a delivery', () => {
  test('of which nothing fails costs one list and one write, and leaves no trace for the one behind it', async () => {
    const given = world();
    const records = changes(6);
    const delivery = await given.open(records.slice(0, 3));
    expect(delivery.starting).toBeUndefined();
    await finish(given, delivery);
    expect(given.store.calls).toEqual([expect.stringContaining('list'), expect.stringContaining('put G#')]);
    const next = await given.open(records.slice(3));
    expect(next.starting).toBeUndefined();
    expect(next.recall).toBeUndefined();
  });

  test('leaves nothing that the list of another has to read, wherever in the stream that is', async () => {
    const given = world();
    const records = changes(20);
    for (const record of records) await finish(given, await given.open([record]));
    const list = given.store.calls.find((call) => call.startsWith('list')) ?? '';
    expect(await given.store.list(partition(records), list.replace('list ', ''), 100)).toEqual([]);
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

  test('that failed takes its note away, with one delete, also the one that it found', async () => {
    const given = world();
    const records = changes(3);
    await keep(given, await given.open(records), records, { 1: ['mail'] });
    expect(given.store.calls).toEqual([
      expect.stringContaining('list P#'),
      expect.stringContaining('put G#'),
      expect.stringContaining('put P#'),
      expect.stringContaining('delete G#'),
    ]);
    await given.open(records);
    const slow = await given.open(records);
    await keep(given, slow, records, { 1: ['mail'] });
    expect(await keysOf(given, records)).toEqual([expect.stringContaining('P#')]);
  });

  test('that failed is slow when it comes again where its note could not be taken away, and keeps what it came to', async () => {
    const given = world();
    const records = changes(3);
    const delivery = await given.open(records);
    given.store.script = (call) => (call.operation === 'delete' ? 'away' : undefined);
    await keep(given, delivery, records, { 1: ['mail'] });
    const again = await given.open(records);
    expect(recalled(again, records)).toEqual([undefined, { done: ['mail'] }, undefined]);
    expect(again.starting).toBeDefined();
  });

  test('that had nothing to keep, as after an outage of all, is not slow either', async () => {
    const given = world();
    const records = changes(3);
    await keep(given, await given.open(records), records, {});
    expect((await given.open(records)).starting).toBeUndefined();
  });

  test('is slow in both halves of one that was cut after its process ended, until they have failed in order', async () => {
    const given = world();
    const records = changes(10);
    const [low, high] = [records.slice(0, 5), records.slice(5)];
    await given.open(records);
    for (const half of [low, high]) {
      const delivery = await given.open(half);
      expect(delivery.starting).toBeDefined();
      await keep(given, delivery, half, {});
      const again = await given.open(half);
      expect(again.starting).toBeUndefined();
      await finish(given, again);
    }
  });

  test('is slow in the last part of one that was cut twice', async () => {
    const given = world();
    const records = changes(10);
    await given.open(records);
    for (const [from, to] of [
      [0, 5],
      [5, 10],
      [5, 7],
    ]) {
      const delivery = await given.open(records.slice(from, to));
      if (to !== 10) await finish(given, delivery);
    }
    expect((await given.open(records.slice(7))).starting).toBeDefined();
  });

  test('leaves nothing of a batch that was cut when all of it is done, but for notes', async () => {
    const given = world();
    const records = changes(10);
    await given.open(records);
    for (const half of [records.slice(0, 5), records.slice(5)]) {
      await finish(given, await diesIn(given, half, 0, 1, 2, 3, 4));
    }
    expect((await keysOf(given, records)).filter((key) => !key.startsWith('G#'))).toEqual([]);
  });

  test('is slow with a record in it that is known to end its process, wherever it begins and ends', async () => {
    const given = world();
    const records = changes(10);
    await given.open(records);
    await diesIn(given, records, 6);
    for (const [from, to] of [
      [5, 8],
      [6, 7],
      [6, 10],
    ]) {
      const part = records.slice(from, to);
      const delivery = await given.open(part);
      expect(delivery.starting).toBeDefined();
      await keep(given, delivery, part, {});
    }
    expect((await given.open(records.slice(7))).starting).toBeUndefined();
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
    expect((await given.open(records)).recall).toBeUndefined();
    expect(await keysOf(given, records)).toEqual([expect.stringContaining('G#')]);
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

test('calls that a process did not survive are counted, each once, and no others, wherever deliveries begin and end', async () => {
  const delivering = fc.record({
    skipped: fc.constantFrom(0, 0, 0, 1, 2),
    length: fc.integer({ min: 1, max: 6 }),
    calls: fc.array(fc.nat({ max: 5 }), { maxLength: 4 }),
    end: fc.constantFrom('dies', 'dies', 'fails', 'is done'),
    faults: fc.array(fc.option(fc.constantFrom('away' as const, 'reply lost' as const), { nil: undefined }), {
      maxLength: 3,
    }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(delivering, { maxLength: 14 }), async (deliveries) => {
      const given = world();
      const records = changes(12);
      const deaths = records.map(() => 0);
      let front = 0;
      for (const { skipped, length, calls, end, faults } of deliveries) {
        const from = front + skipped;
        const part = records.slice(from, from + length);
        if (part.length === 0) break;
        given.store.script = () => faults.shift();
        const delivery = await given.open(part);
        const counted = deaths.slice(from, from + length);
        expect(recalled(delivery, part)).toEqual(
          counted.map((times) => (times > 0 ? { failures: { mail: times }, suspects: ['mail'] } : undefined)),
        );
        if (counted.some((times) => times > 0)) expect(delivery.starting).toBeDefined();
        const told = delivery.starting ? calls.filter((index) => index < part.length) : [];
        for (const index of told) await start(given, delivery, part[index]);
        const last = told.at(-1);
        if (end === 'dies' && last !== undefined) deaths[from + last] = (counted[last] ?? 0) + 1;
        if (end === 'fails') await keep(given, delivery, part, {});
        if (end === 'is done') await finish(given, delivery);
        if (end === 'is done') front = from + length;
      }
    }),
    { numRuns: 150 },
  );
});
