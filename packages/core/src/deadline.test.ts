import { type StreamRecord, table } from '@sluice/filters';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Clock,
  createProcessMemory,
  createRouter,
  type Logger,
  type Order,
  type Route,
  route,
  runBatch,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function record(item: string, sequence: number): StreamRecord {
  return {
    eventName: 'INSERT',
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: { Keys: { pk: { S: item } }, NewImage: { pk: { S: item } }, SequenceNumber: String(sequence) },
  };
}

/** Time as handlers that compute take it: it passes, but no timer gets its turn. */
function busyClock() {
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    sleep: (delayMs, signal) =>
      delayMs === 0
        ? Promise.resolve()
        : new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
  };
  const work = (ms: number) => {
    nowMs += ms;
  };
  return { clock, work };
}

describe('handlers that never let a timer fire', () => {
  const run = (routes: Route[], clock: Clock, order: Order = 'strict', budgetMs = 100) =>
    runBatch(
      createRouter({ routes, clock, order, logger: silent }),
      [1, 2, 3, 4].map((n) => record(`item ${n}`, n)),
      {
        memory: createProcessMemory(),
        budgetMs,
      },
    );

  it.each<Order>(['strict', 'lanes'])(
    'start nothing after the deadline all the same, in %s order',
    async (order) => {
      const { clock, work } = busyClock();
      const started: string[] = [];
      const busy = route.insert(shop, { id: 'busy' }, (change) => {
        started.push(change.record.dynamodb.SequenceNumber);
        work(50);
      });

      const result = await run([busy], clock, order);

      expect(started).toEqual(['1', '2']);
      expect(result).toMatchObject({ firstUnfinished: '3', timedOut: true, counts: { handled: 2 } });
    },
  );

  it('leave the other handlers of their record for the next delivery', async () => {
    const { clock, work } = busyClock();
    const started: string[] = [];
    const busy = (id: string) =>
      route.insert(shop, { id }, () => {
        started.push(id);
        work(100);
      });

    expect(await run([busy('first'), busy('second')], clock)).toMatchObject({
      firstUnfinished: '1',
      timedOut: true,
    });
    expect(started).toEqual(['first']);
  });

  it('are done when the last of them ends after the deadline', async () => {
    const { clock, work } = busyClock();
    const busy = route.insert(shop, { id: 'busy' }, () => work(26));

    expect(await run([busy], clock)).toMatchObject({ firstUnfinished: undefined, timedOut: false });
  });
});

describe('whenever the deadline passes', () => {
  const schema = z.object({ pk: z.string() });
  /** A delivery and its repetition in the same process; the deadline of the first one passes at the n-th look at the clock. */
  it.each([1, 2])(
    'nothing is left as running, and each record is handled once: groups of up to %d',
    async (maxSize) => {
      for (let n = 2; n < 40; n++) {
        let looks = 0;
        const clock = { ...busyClock().clock, now: () => (++looks < n ? 0 : 100) };
        const handled: string[] = [];
        const group = route.batch(shop.entity('Item', { schema }), { id: 'group', maxSize }, (changes) => {
          for (const { record } of changes) handled.push(record.dynamodb.SequenceNumber);
        });
        const router = createRouter({ routes: [group], clock, logger: silent });
        const records = [1, 2, 3].map((sequence) => record('item', sequence));
        const memory = createProcessMemory();
        const { unsettled, firstUnfinished = '4' } = await runBatch(router, records, {
          memory,
          budgetMs: 50,
        });
        expect({ n, unsettled }).toEqual({ n, unsettled: [] });
        const rest = records.slice(Number(firstUnfinished) - 1);
        expect((await runBatch(router, rest, { memory })).firstUnfinished).toBeUndefined();
        expect(handled).toEqual(['1', '2', '3']);
      }
    },
  );

  it('a layer that had its handler wait until then does not begin it', async () => {
    const { clock, work } = busyClock();
    const started: string[] = [];
    const router = createRouter({
      routes: [route.insert(shop, { id: 'h' }, () => void started.push('h'))],
      middleware: {
        handler: [
          async (_call, next) => {
            work(50);
            return next();
          },
        ],
      },
      clock,
      logger: silent,
    });
    const memory = createProcessMemory();
    const records = [record('item', 1)];
    const result = await runBatch(router, records, { memory, budgetMs: 50 });
    expect(result).toMatchObject({ firstUnfinished: '1', counts: { failed: 0 } });
    expect(started).toEqual([]);
    await runBatch(router, records, { memory, budgetMs: 100 });
    expect(started).toEqual(['h']);
  });
});

describe('the counts of a delivery that has ended', () => {
  it('do not change when a handler ends late', async () => {
    let end = () => {};
    const late = route.insert(
      shop,
      { id: 'late' },
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    const clock: Clock = { now: () => 0, sleep: async () => {} };
    const router = createRouter({ routes: [late], clock, logger: silent });
    const { counts } = await runBatch(router, [record('item', 1)], {
      memory: createProcessMemory(),
      budgetMs: 100,
    });

    end();
    await new Promise(setImmediate);

    expect(counts).toMatchObject({ records: 1, handled: 0 });
  });
});
