import { type StreamRecord, table } from '@sluice/filters';
import { expect, it } from 'vitest';
import { type Clock, createDrain, createRouter, route } from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });

it('handlers that only compute leave the process a turn of the event loop now and then', async () => {
  let nowMs = 0;
  let handled = 0;
  const turnsAfter: number[] = [];
  const clock: Clock = {
    now: () => nowMs,
    sleep: async () => void turnsAfter.push(handled),
  };
  const busy = route.insert(shop, { id: 'busy' }, () => {
    nowMs += 5;
    handled++;
  });
  const drain = createDrain(createRouter({ routes: busy, clock }), {
    order: 'strict',
    afterFailure: { kind: 'stop' },
  });
  drain.offer(
    Array.from(
      { length: 12 },
      (_, index): StreamRecord => ({
        eventName: 'INSERT',
        eventSourceARN:
          'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
        dynamodb: { Keys: { pk: { S: String(index) } }, NewImage: {}, SequenceNumber: String(100 + index) },
      }),
    ),
  );
  await drain.until(0);
  expect(handled).toBe(12);
  expect(turnsAfter).toEqual([4, 8, 12]);
});
