import {
  type Context,
  createProcessMemory,
  createRouter,
  type FailureAction,
  type Handling,
  route,
  runBatch,
  type StreamRecord,
  table,
} from '@sluice/core';
import { createLedger, parkedChanges } from '@sluice/ledger';
import { memoryStore } from '@sluice/store';
import { recordsOf, seededRandom, type VirtualClock, virtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

const shop = table('shop', { keys: { partition: 'pk' } });
const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
type Handle = (record: StreamRecord, context: Context) => Handling;

const slow: Readonly<Record<string, Handle>> = {
  'ends with an error at its signal': async (_, { clock, signal }) => {
    await clock.sleep(Number.POSITIVE_INFINITY, signal);
    signal.throwIfAborted();
  },
  'never ends': () => new Promise(() => {}),
};

/** Deliveries of a minute to processes over one store, each to a new one where they are cold. */
function world(handlers: Readonly<Record<string, Handle>>, action: FailureAction = 'park-item') {
  const clock: VirtualClock = virtualClock();
  const store = memoryStore();
  const attempts: number[] = [];
  const newProcess = () => {
    const routes = Object.entries(handlers).map(([id, handle]) =>
      route.insert(shop, { id, onFailure: { action, attempts: 3 } }, ({ record }, context) => {
        if (id === 'slow') attempts.push(context.attempt);
        return handle(record, context);
      }),
    );
    const random = seededRandom(1);
    const router = createRouter({ name: 'mail', routes, ledger: createLedger(store), clock, random, logger });
    const memory = createProcessMemory();
    return (records: readonly StreamRecord[]) =>
      clock.run(runBatch(router, records, { memory, budgetMs: 60_000, reserveMs: 1_000 }));
  };
  return {
    attempts,
    newProcess,
    /** As Lambda does: again and again from the lowest that is not done. Gives how many it took; 20 at most. */
    async deliverAll(records: readonly StreamRecord[], isCold: boolean): Promise<number> {
      let process = newProcess();
      let left = records;
      for (let deliveries = 1; deliveries < 20; deliveries++) {
        const { firstUnfinished } = await process(left);
        if (firstUnfinished === undefined) return deliveries;
        left = left.slice(left.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === firstUnfinished));
        if (isCold) process = newProcess();
      }
      return 20;
    },
    async parked() {
      const names: string[] = [];
      for await (const { handlerId, reason, error, record } of parkedChanges(store, 'mail').list()) {
        names.push(`${handlerId} ${record.dynamodb.SequenceNumber} ${reason} ${error.code ?? ''}`);
      }
      return names;
    },
  };
}

const shopRecords = () => recordsOf({ table: 'shop', keys: { partition: 'pk' } });
const kinds = Object.keys(slow).flatMap((kind) => [
  { kind, where: 'in one process', isCold: false },
  { kind, where: 'in cold ones', isCold: true },
]);

describe('a handler that takes longer than a whole delivery', () => {
  it.each(kinds)('and $kind is given up at last, $where', async ({ kind, isCold }) => {
    const given = world({ slow: slow[kind] ?? quiet });
    const record = shopRecords().insert({ pk: 'a' });
    // Three attempts as its policy says; the next one too may be one that ends in time; then it is parked without being run.
    expect(await given.deliverAll([record], isCold)).toBe(5);
    expect(await given.parked()).toEqual([`slow ${record.dynamodb.SequenceNumber} attempts TOO_SLOW`]);
    if (isCold) expect(given.attempts).toEqual([1, 2, 3, 4]);
  });

  it.each(kinds)(
    'and $kind holds up no other handler and no other item for good, $where',
    async ({ kind, isCold }) => {
      const done: string[] = [];
      const note =
        (id: string) =>
        ({ dynamodb }: StreamRecord) =>
          void done.push(`${id} ${dynamodb.SequenceNumber}`);
      const build = shopRecords();
      const [poison, other] = [build.insert({ pk: 'a' }), build.insert({ pk: 'b' })];
      const given = world({
        first: note('first'),
        slow: (record, context) =>
          record.dynamodb.SequenceNumber === poison.dynamodb.SequenceNumber
            ? slow[kind]?.(record, context)
            : undefined,
        last: note('last'),
      });
      expect(await given.deliverAll([poison, other], isCold)).toBeLessThan(20);
      expect(await given.parked()).toEqual([expect.stringContaining('slow')]);
      expect(done.toSorted()).toEqual(
        [poison, other]
          .flatMap(({ dynamodb }) => [`first ${dynamodb.SequenceNumber}`, `last ${dynamodb.SequenceNumber}`])
          .toSorted(),
      );
    },
  );

  it('blocks where the policy says so', async () => {
    const given = world({ slow: slow['never ends'] ?? quiet }, 'block');
    expect(await given.deliverAll([shopRecords().insert({ pk: 'a' })], true)).toBe(20);
    expect(await given.parked()).toEqual([]);
  });
});

describe('a handler whose time was up', () => {
  it('since others had most of it has not failed', async () => {
    const given = world({ slow: (_, { clock }) => clock.sleep(40_000) });
    const build = shopRecords();
    const records = Array.from({ length: 5 }, () => build.insert({ pk: 'a' }));
    expect(await given.deliverAll(records, true)).toBe(5);
    expect(given.attempts).toEqual(Array(9).fill(1));
  });

  it('and that succeeds afterwards has succeeded', async () => {
    const given = world({ slow: (_, { clock }) => clock.sleep(100_000) });
    expect(await given.deliverAll([shopRecords().insert({ pk: 'a' })], false)).toBe(2);
    expect(given.attempts).toEqual([1]);
    expect(await given.parked()).toEqual([]);
  });
});
