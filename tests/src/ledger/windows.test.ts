import {
  type Context,
  createProcessMemory,
  createRouter,
  type Handling,
  route,
  runBatch,
  type StreamRecord,
  table,
  type WindowDelivery,
} from '@sluice/core';
import { createLedger, parkedChanges, redrive } from '@sluice/ledger';
import { memoryStore } from '@sluice/store';
import { recordsOf, seededRandom, type VirtualClock, virtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const shop = table('shop', { keys: { partition: 'pk' } });
const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const Seen = z.object({ seen: z.array(z.string()).default([]) });

/** Events of one window to processes over one store, each of them a cold one. */
function world(
  handle: (record: StreamRecord, context: Context) => Handling,
  { failures = 0, guard = false } = {},
) {
  const clock: VirtualClock = virtualClock();
  const store = memoryStore();
  const closed: (readonly string[])[] = [];
  let left = failures;
  let isDying = false;
  const router = () =>
    createRouter({
      name: 'mail',
      routes: [
        route.insert(
          shop,
          { id: 'send', onFailure: { action: 'park-item', attempts: 3 } },
          ({ record }, context) => handle(record, context),
        ),
        route.window(
          shop,
          { id: 'seen', state: Seen },
          {
            add: ({ seen }, { record }) => {
              if (isDying) return new Promise<never>(() => undefined);
              if (left-- > 0) throw new Error('not yet');
              return { seen: [...seen, record.dynamodb.SequenceNumber] };
            },
            close: ({ seen }) => void closed.push(seen),
          },
        ),
      ],
      ledger: createLedger(store, { guard }),
      clock,
      random: seededRandom(1),
      logger,
    });
  const windowOf = (records: readonly StreamRecord[]): WindowDelivery => ({
    start: '2026-01-01T00:00:00Z',
    end: '2026-01-01T00:05:00Z',
    shardId: 'shardId-00000001',
    streamArn: records[0]?.eventSourceARN ?? '',
    isFinalInvokeForWindow: true,
    isWindowTerminatedEarly: false,
    state: {},
  });
  /** How many deliveries it takes until the whole window is done; 20 at most. */
  async function deliver(records: readonly StreamRecord[], more: Partial<WindowDelivery> = {}) {
    const window = { ...windowOf(records), ...more };
    for (let deliveries = 1; deliveries < 20; deliveries++) {
      const options = { memory: createProcessMemory(), budgetMs: 60_000, reserveMs: 1_000, window };
      const { isDone } = await clock.run(runBatch(router(), records, options));
      if (isDone) return deliveries;
    }
    return 20;
  }
  return {
    closed,
    deliver,
    /** A delivery in a process that ends in the first `add`. */
    async die(records: readonly StreamRecord[]) {
      isDying = true;
      void runBatch(router(), records, { memory: createProcessMemory(), window: windowOf(records) });
      await clock.advance(1);
      isDying = false;
    },
    async parked() {
      const found: string[] = [];
      for await (const { handlerId, reason, record } of parkedChanges(store, 'mail').list()) {
        found.push(`${handlerId} ${record.dynamodb.SequenceNumber} ${reason}`);
      }
      return found;
    },
    redriveAll: () => clock.run(redrive(router(), store, 'all')),
    rows: (streamArn: string) => store.list(`mail|${streamArn}`, '', 100),
  };
}

const shopRecords = () => recordsOf({ table: 'shop', keys: { partition: 'pk' } });
const numberOf = ({ dynamodb }: StreamRecord) => dynamodb.SequenceNumber;

describe('an event of a window, delivered to one cold process after another', () => {
  it('runs no handler again that is done, while its windows are folded anew until they are', async () => {
    const shop = shopRecords();
    const records = ['A', 'B', 'C'].map((pk) => shop.insert({ pk }));
    const ran: string[] = [];
    const { deliver, closed, rows } = world((record) => void ran.push(numberOf(record)), { failures: 3 });
    expect(await deliver(records)).toBe(4);
    expect(ran).toEqual(records.map(numberOf));
    expect(closed).toEqual([records.map(numberOf)]);
    expect(await rows(records[0]?.eventSourceARN ?? '')).toEqual([]);
  });

  it('counts attempts over its deliveries, parks what is given up, and folds that too', async () => {
    const shop = shopRecords();
    const records = [shop.insert({ pk: 'A' }), shop.insert({ pk: 'B' }), shop.insert({ pk: 'A', n: 2 })];
    const attempts: string[] = [];
    const { deliver, closed, parked } = world((record, { attempt }) => {
      attempts.push(`${numberOf(record)} ${attempt}`);
      if (record === records[0]) throw new Error('no such address');
    });
    const [first, second, third] = records.map(numberOf);
    expect(await deliver(records)).toBe(3);
    expect(attempts).toEqual([`${first} 1`, `${second} 1`, `${first} 2`, `${first} 3`]);
    expect(await parked()).toEqual([`send ${first} attempts`, `send ${third} behind`]);
    expect(closed).toEqual([[first, second, third]]);
  });

  it('leaves what it parked to a redrive, in which nothing is folded', async () => {
    const shop = shopRecords();
    const records = [shop.insert({ pk: 'A' }), shop.insert({ pk: 'B' })];
    let isBroken = true;
    const { deliver, closed, parked, redriveAll } = world((record) => {
      if (isBroken && record === records[0]) throw new Error('no such address');
    });
    await deliver(records);
    isBroken = false;
    expect(await redriveAll()).toMatchObject({ done: [expect.any(String)], failed: [] });
    expect(await parked()).toEqual([]);
    expect(closed).toEqual([records.map(numberOf)]);
  });

  it('gives up a handler that never ends, though the event begins with records that are done', async () => {
    const shop = shopRecords();
    const records = ['A', 'B'].map((pk) => shop.insert({ pk }));
    const { deliver, closed, parked } = world((record) =>
      record === records[1] ? new Promise(() => {}) : undefined,
    );
    expect(await deliver(records)).toBeLessThan(10);
    expect(await parked()).toEqual([`send ${records[1]?.dynamodb.SequenceNumber} attempts`]);
    expect(closed).toEqual([records.map(numberOf)]);
  });

  it('holds the end of a process in a window route against none of the handlers that have ended before', async () => {
    const shop = shopRecords();
    const records = ['A', 'B'].map((pk) => shop.insert({ pk }));
    const attempts: string[] = [];
    const { deliver, die, closed, parked } = world(
      (record, { attempt }) => void attempts.push(`${numberOf(record)} ${attempt}`),
      { guard: true },
    );
    for (let deaths = 0; deaths < 5; deaths++) await die(records);
    expect(await deliver(records)).toBe(1);
    expect(await parked()).toEqual([]);
    expect(new Set(attempts)).toEqual(new Set(records.map((record) => `${numberOf(record)} 1`)));
    expect(closed).toEqual([records.map(numberOf)]);
  });
});
