import { type StreamRecord, table } from '@sluice/filters';
import { describe, expect, it } from 'vitest';
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
    dynamodb: { Keys: { pk: { S: item } }, NewImage: {}, SequenceNumber: String(sequence) },
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
