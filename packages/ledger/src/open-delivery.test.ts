import type { LedgerScope, OpenDelivery, StreamRecord } from '@sluice/core';
import { memoryStore } from '@sluice/store';
import { type VirtualClock, virtualClock } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLedger } from './ledger.js';
import type { LedgerOptions } from './options.js';
import {
  changes,
  contextOn,
  type Line,
  progressOf,
  recalled,
  scopeOf,
  sequenceOf,
} from './testing/delivery.js';
import { first, type ScriptedStore, scriptedStore } from './testing/scripted-store.js';

fc.configureGlobal({ seed: 20_260_101 });

interface World {
  readonly clock: VirtualClock;
  readonly store: ScriptedStore;
  readonly lines: Line[];
  /** As a process that has just begun would. */
  open(records: readonly StreamRecord[], more?: Opening): Promise<OpenDelivery>;
  /** The keys of the rows of progress that stand, by their sequence numbers. */
  rows(records: readonly StreamRecord[]): Promise<readonly string[]>;
}

interface Opening extends Partial<LedgerScope['context']> {
  readonly name?: string;
  readonly guard?: boolean;
}

function world(options: LedgerOptions = {}): World {
  const clock = virtualClock();
  const kept = memoryStore();
  const store = scriptedStore(kept, clock);
  const lines: Line[] = [];
  return {
    clock,
    store,
    lines,
    open(records, { name, guard, ...context } = {}) {
      const ledger = createLedger(store, { ...options, ...(guard !== undefined && { guard }) });
      return clock.run(ledger.open(records, scopeOf(records, contextOn(clock, { lines, ...context }), name)));
    },
    async rows(records) {
      const all = await kept.list(`shop-mail|${records[0]?.eventSourceARN}`, '', 10_000);
      return all.flatMap(({ sk }) => (sk.startsWith('P#') ? sk.slice(2).replace(/^0+/, '') : []));
    },
  };
}

const soon = ({ clock }: World) => clock.now() + 1_000;
const keep = (
  given: World,
  delivery: OpenDelivery,
  records: readonly StreamRecord[],
  done: Parameters<typeof progressOf>[1],
  attempts?: Parameters<typeof progressOf>[2],
) => given.clock.run(delivery.keep(progressOf(records, done, attempts), false, soon(given)));
const finish = (given: World, delivery: OpenDelivery) =>
  given.clock.run(delivery.keep(progressOf([], {}), true, soon(given)));

describe('a delivery of which nothing fails', () => {
  test('costs one list, and no write', async () => {
    const given = world();
    const records = changes(100);
    const delivery = await given.open(records);
    expect(delivery.recall).toBeUndefined();
    expect(delivery.starting).toBeUndefined();
    expect(delivery.parking.size).toBe(0);
    await finish(given, delivery);
    expect(given.store.calls).toEqual([expect.stringMatching(/^list P#0+100000000000000000001$/)]);
  });

  test('costs the same when an earlier one of another part of the stream failed, and recalls nothing', async () => {
    const given = world();
    const records = changes(10);
    const [early, late] = [records.slice(0, 4), records.slice(4)];
    await keep(given, await given.open(late), late, { 1: ['mail'] });
    given.store.calls.length = 0;
    const delivery = await given.open(early);
    expect(delivery.recall).toBeUndefined();
    await finish(given, delivery);
    expect(given.store.calls).toHaveLength(1);
    expect(await given.rows(records)).toEqual([sequenceOf(records[9])]);
  });
});

describe('a delivery that fails', () => {
  test('writes one row, from which the next one knows what is done and how often what failed', async () => {
    const given = world();
    const records = changes(5);
    await keep(
      given,
      await given.open(records),
      records,
      { 1: ['audit', 'mail'], 2: ['audit'] },
      { 0: { mail: 1 }, 2: { mail: 1 } },
    );
    expect(given.store.calls).toEqual([expect.stringContaining('list'), expect.stringContaining('put P#')]);
    const again = await given.open(records);
    expect(recalled(again, records)).toEqual([
      { failures: { mail: 1 } },
      { done: ['audit', 'mail'] },
      { done: ['audit'], failures: { mail: 1 } },
      undefined,
      undefined,
    ]);
  });

  test('leaves a row that expires 48 hours later', async () => {
    const given = world();
    const records = changes(2);
    await keep(given, await given.open(records), records, { 1: ['mail'] });
    const [row] = await given.store.list(`shop-mail|${records[0]?.eventSourceARN}`, '', 10);
    expect(row?.expiresAt).toBe(Math.ceil(given.clock.now() / 1000) + 48 * 3600);
  });

  test('writes nothing when there is nothing to keep, or nothing new', async () => {
    const given = world();
    const records = changes(3);
    await keep(given, await given.open(records), records, {});
    expect(given.store.calls).toHaveLength(1);
    await keep(given, await given.open(records), records, { 1: ['mail'] });
    given.store.calls.length = 0;
    await keep(given, await given.open(records), records, { 1: ['mail'] });
    expect(given.store.calls).toHaveLength(1);
  });

  test('again overwrites its row, and the one that is done with all of it deletes it', async () => {
    const given = world();
    const records = changes(5);
    await keep(given, await given.open(records), records, { 1: ['mail'] }, { 0: { mail: 1 } });
    const rest = records.slice(1);
    await keep(given, await given.open(rest), rest, { 0: ['mail'] }, { 1: { mail: 1 } });
    const last = await given.open(rest);
    expect(recalled(last, rest)).toEqual([
      { done: ['mail'] },
      { failures: { mail: 1 } },
      undefined,
      undefined,
    ]);
    await finish(given, last);
    expect(await given.rows(records)).toEqual([]);
    expect((await given.open(rest)).recall).toBeUndefined();
  });

  test('that was cut in halves keeps the rows of each until the last record of that row is done', async () => {
    const given = world();
    const records = changes(10);
    const [low, high] = [records.slice(0, 5), records.slice(5)];
    const at = (index: number) => sequenceOf(records[index]);
    await keep(given, await given.open(records), records, { 3: ['mail'], 7: ['mail'] }, { 0: { mail: 1 } });
    const half = await given.open(low);
    expect(recalled(half, low)[3]).toEqual({ done: ['mail'] });
    await keep(given, half, low, { 3: ['mail'] }, { 0: { mail: 2 } });
    expect(await given.rows(records)).toEqual([at(4), at(9)]);

    const again = await given.open(low);
    expect(recalled(again, low)[0]).toEqual({ failures: { mail: 2 } });
    await finish(given, again);
    expect(await given.rows(records)).toEqual([at(9)]);

    const other = await given.open(high);
    expect(recalled(other, high)).toEqual([undefined, undefined, { done: ['mail'] }, undefined, undefined]);
    await finish(given, other);
    expect(await given.rows(records)).toEqual([]);
  });

  test('of a lane of its own does not lose what other lanes of the shard have kept, nor take its rows away', async () => {
    const given = world();
    const records = changes(10);
    const even = records.filter((_, n) => n % 2 === 0);
    const odd = records.filter((_, n) => n % 2 === 1);
    await keep(given, await given.open(odd), odd, { 2: ['mail'] });
    await keep(given, await given.open(even), even, { 3: ['mail'] });
    await finish(given, await given.open(even));
    expect(recalled(await given.open(odd), odd)[2]).toEqual({ done: ['mail'] });
  });

  test('with too much for one row writes several, from which the next one knows all, and which go together', async () => {
    const given = world();
    const records = changes(3_000);
    const handlers = Array.from({ length: 12 }, (_, n) => `handler-${n}`);
    const failures = Object.fromEntries(handlers.map((id) => [id, 3]));
    const attempts = Object.fromEntries(records.map((_, n) => [n, failures]));
    await keep(given, await given.open(records), records, {}, attempts);
    expect((await given.rows(records)).length).toBeGreaterThan(2);
    const again = await given.open(records);
    expect(new Set(recalled(again, records).map((state) => JSON.stringify(state)))).toEqual(
      new Set([JSON.stringify({ failures })]),
    );
    await finish(given, again);
    expect(await given.rows(records)).toEqual([]);
  });

  test('finds its row behind a thousand others', async () => {
    const given = world();
    const records = changes(2_002);
    const put = async (record: StreamRecord) => {
      await keep(given, await given.open([record]), [record], { 0: ['mail'] });
    };
    for (const record of records.slice(1, 2_002)) await put(record);
    const delivery = await given.open(records);
    expect(recalled(delivery, records).filter((state) => state !== undefined)).toHaveLength(2_001);
  }, 60_000);
});

describe('equal names of different things', () => {
  test('as sequence numbers and eventIDs of two tables are not mixed up', async () => {
    const given = world();
    const one = changes(3);
    const other = changes(3, { table: 'other' }).map((record, n) => ({
      ...record,
      eventID: one[n]?.eventID ?? '',
    }));
    expect(other.map(sequenceOf)).toEqual(one.map(sequenceOf));
    await keep(given, await given.open(one), one, { 1: ['mail'] });
    expect((await given.open(other)).recall).toBeUndefined();
  });

  test('as records of two routers are not mixed up', async () => {
    const given = world();
    const records = changes(3);
    await keep(given, await given.open(records), records, { 1: ['mail'] });
    expect((await given.open(records, { name: 'another' })).recall).toBeUndefined();
  });

  test('as sequence numbers of different items in two shards are not mixed up', async () => {
    const given = world();
    const one = changes(3);
    const other = one.map((record, n) => ({
      ...record,
      dynamodb: { ...record.dynamodb, Keys: { pk: { S: `of-another-shard-${n}` } } },
    }));
    await keep(given, await given.open(one), one, { 1: ['mail'] });
    const delivery = await given.open(other);
    expect(delivery.recall).toBeUndefined();
    await keep(given, delivery, other, { 2: ['mail'] });
    expect(recalled(await given.open(one), one)).toEqual([undefined, { done: ['mail'] }, undefined]);
    expect(recalled(await given.open(other), other)).toEqual([undefined, undefined, { done: ['mail'] }]);
  });
});

describe('two deliveries of the same records at the same time', () => {
  test('both keep what they have come to', async () => {
    const given = world();
    const records = changes(4);
    const [one, other] = [await given.open(records), await given.open(records)];
    await keep(given, one, records, { 1: ['mail'] }, { 0: { mail: 1 } });
    await keep(given, other, records, { 2: ['mail'] }, { 0: { mail: 2 } });
    await keep(given, one, records, { 3: ['mail'] });
    expect(recalled(await given.open(records), records)).toEqual([
      { failures: { mail: 2 } },
      { done: ['mail'] },
      { done: ['mail'] },
      { done: ['mail'] },
    ]);
  });

  test('of which one is done do not stop the other from keeping', async () => {
    const given = world();
    const records = changes(4);
    await keep(given, await given.open(records), records, { 1: ['mail'] });
    const [one, other] = [await given.open(records), await given.open(records)];
    await finish(given, one);
    await keep(given, other, records, { 1: ['mail'], 2: ['mail'] });
    expect(recalled(await given.open(records), records)[2]).toEqual({ done: ['mail'] });
  });
});

describe('a store that fails', () => {
  test.each(['away', 'reply lost'] as const)('for two calls (%s) is asked again', async (fault) => {
    const given = world();
    const records = changes(4);
    await keep(given, await given.open(records), records, { 1: ['mail'] });
    given.store.script = first(2, fault);
    expect(recalled(await given.open(records), records)[1]).toEqual({ done: ['mail'] });
  });

  test.each(['away', 'hangs'] as const)(
    'for 10 seconds (%s) makes the opening reject, since nothing may run then',
    async (fault) => {
      const given = world();
      const startMs = given.clock.now();
      given.store.script = () => fault;
      await expect(given.open(changes(4))).rejects.toMatchObject({
        name: 'LedgerUnavailableError',
        code: 'LEDGER_UNAVAILABLE',
        cause: expect.any(Error),
      });
      expect(given.clock.now() - startMs).toBeLessThanOrEqual(10_000);
      expect(given.clock.now() - startMs).toBeGreaterThan(7_000);
    },
  );

  test.each([
    ['list', 10_000],
    ['list', 3_000],
    ['put', 10_000],
  ])(
    'so that its first %s hangs is asked again, in an opening of up to %s ms',
    async (operation, budgetMs) => {
      const given = world();
      const startMs = given.clock.now();
      given.store.script = first(1, 'hangs', (call) => call.operation === operation);
      await given.open(changes(4), { guard: true, deadlineMs: startMs + budgetMs });
      expect(given.clock.now() - startMs).toBeLessThan(budgetMs / 2);
    },
  );

  test('is not asked beyond the deadline', async () => {
    const given = world();
    const startMs = given.clock.now();
    given.store.script = () => 'hangs';
    await expect(given.open(changes(4), { deadlineMs: startMs + 3_000 })).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
    });
    expect(given.clock.now() - startMs).toBe(3_000);
  });

  test('is not asked again once the work is to stop', async () => {
    const given = world();
    given.store.script = () => 'away';
    await expect(given.open(changes(4), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
    });
    expect(given.store.calls).toHaveLength(1);
  });

  test('while progress is kept is told again, also after a lost reply, and what is kept is exact', async () => {
    const given = world();
    const records = changes(4);
    const delivery = await given.open(records);
    given.store.script = first(2, 'reply lost');
    await keep(given, delivery, records, { 1: ['mail'] });
    await keep(given, delivery, records, { 1: ['mail'], 2: ['mail'] });
    expect(given.lines).toEqual([]);
    expect(recalled(await given.open(records), records)[2]).toEqual({ done: ['mail'] });
  });

  test.each(['away', 'hangs'] as const)(
    'until the time is up (%s) costs the delivery no more than that time, and is logged',
    async (fault) => {
      const given = world();
      const records = changes(4);
      const delivery = await given.open(records);
      const startMs = given.clock.now();
      given.store.script = () => fault;
      await keep(given, delivery, records, { 1: ['mail'] });
      expect(given.clock.now() - startMs).toBeLessThanOrEqual(1_000);
      expect(given.lines).toEqual([
        expect.objectContaining({ level: 'warn', message: expect.stringContaining('may be run again') }),
      ]);
    },
  );

  test('with the signal aborted, as at the deadline, still keeps progress', async () => {
    const given = world();
    const records = changes(4);
    const work = new AbortController();
    const delivery = await given.open(records, { signal: work.signal, deadlineMs: given.clock.now() + 500 });
    work.abort();
    await given.clock.advance(500);
    given.store.script = first(1, 'away');
    await keep(given, delivery, records, { 1: ['mail'] });
    expect(await given.rows(records)).toHaveLength(1);
  });

  test('when rows could go leaves them, and the delivery is done all the same', async () => {
    const given = world();
    const records = changes(4);
    await keep(given, await given.open(records), records, { 1: ['mail'] });
    const delivery = await given.open(records);
    given.store.script = (call) => (call.operation === 'delete' ? 'away' : undefined);
    await finish(given, delivery);
    expect(given.store.calls.filter((call) => call.startsWith('delete'))).toHaveLength(2);
    expect(given.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('expire') }]);
    expect(await given.rows(records)).toHaveLength(1);
  });

  test('to have a row that is none of the ledger makes the opening reject, with the row untouched', async () => {
    const given = world();
    const records = changes(4);
    await keep(given, await given.open(records), records, { 1: ['mail'] });
    const [row] = await given.store.list(`shop-mail|${records[0]?.eventSourceARN}`, '', 10);
    if (!row) throw new Error('no row');
    await given.store.put({ pk: row.pk, sk: row.sk, value: 'strange' }, row.version);
    await expect(given.open(records)).rejects.toMatchObject({ code: 'LEDGER_UNREADABLE' });
  });
});

test('what was kept is recalled, and nothing else, whatever goes wrong between processes that have the same records', async () => {
  const step = fc.record({
    process: fc.nat({ max: 2 }),
    isNew: fc.boolean(),
    done: fc.dictionary(fc.constantFrom('0', '1', '2'), fc.subarray(['audit', 'mail'])),
    attempts: fc.dictionary(fc.constantFrom('0', '1', '2'), fc.constant({ late: 1 })),
    part: fc.constantFrom(2, 3),
    faults: fc.array(fc.option(fc.constantFrom('away' as const, 'reply lost' as const), { nil: undefined }), {
      maxLength: 3,
    }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const given = world();
      const records = changes(3);
      const open = new Map<number, { delivery: OpenDelivery; records: readonly StreamRecord[] }>();
      const surely = new Set<string>();
      const perhaps = new Set<string>();
      for (const { process, isNew, done, attempts, part, faults } of steps) {
        if (isNew || !open.has(process)) {
          const delivered = records.slice(0, part);
          open.set(process, { delivery: await given.open(delivered), records: delivered });
        }
        const { delivery, records: delivered } = open.get(process) ?? {
          delivery: await given.open(records),
          records,
        };
        const ofThese = <T>(all: Record<string, T>) =>
          Object.fromEntries(Object.entries(all).filter(([index]) => Number(index) < delivered.length));
        given.store.script = () => faults.shift();
        given.lines.length = 0;
        await keep(given, delivery, delivered, ofThese(done), ofThese(attempts));
        given.store.script = () => undefined;
        for (const [index, ids] of Object.entries(ofThese(done))) {
          for (const id of ids) {
            perhaps.add(`${index} ${id}`);
            if (given.lines.length === 0) surely.add(`${index} ${id}`);
          }
        }
        const { recall } = await given.open(records);
        const found = new Set(
          records.flatMap((record, index) => (recall?.(record)?.done ?? []).map((id) => `${index} ${id}`)),
        );
        expect([...surely].filter((one) => !found.has(one))).toEqual([]);
        expect([...found].filter((one) => !perhaps.has(one))).toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
});

describe('rows of a batch of 10 000 records', () => {
  const records = changes(10_000);
  const span = (from: number, to: number) =>
    Object.fromEntries(Array.from({ length: to - from }, (_, n) => [from + n, ['mail']]));

  test.each([
    ['when more is done each time', records, 0],
    ['when its first records are done by then', records, 6_500],
    ['when it comes again without its first records', records.slice(6_500), 6_500],
  ])('fit into a store %s', async (_, again, doneBelow) => {
    const given = world();
    await keep(given, await given.open(records), records, span(1, 6_200));
    const second = await given.open(again);
    const { done } = progressOf(records, span(doneBelow + 1, 10_000));
    const watermark = doneBelow > 0 ? sequenceOf(records[doneBelow - 1]) : undefined;
    await given.clock.run(second.keep({ watermark, done, attempts: {} }, false, soon(given)));
    const rows = await given.store.list(`shop-mail|${records[0]?.eventSourceARN}`, 'P#', 100);
    for (const row of rows) expect(Buffer.byteLength(JSON.stringify(row))).toBeLessThan(390_000);
    const third = await given.open(again);
    expect(recalled(third, again.slice(-3))).toEqual(Array(3).fill({ done: ['mail'] }));
    expect(recalled(third, records.slice(doneBelow + 1, doneBelow + 2))).toEqual([{ done: ['mail'] }]);
  });
});
