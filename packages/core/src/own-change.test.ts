import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  createProcessMemory,
  createRouter,
  type Logger,
  type Route,
  route,
  runBatch,
  type StreamRecord,
  table,
} from './index.js';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const shop = table('shop', { keys: { partition: 'pk' } });
const lines = z.array(z.object({ sku: z.string() })).readonly();
const Order = shop.entity('Order', { schema: z.object({ total: z.number(), lines, at: z.coerce.date() }) });

const image = {
  pk: { S: 'A' },
  total: { N: '1' },
  lines: { L: [{ M: { sku: { S: 'A-1' } } }] },
  at: { S: '2026-01-01' },
};
const record: StreamRecord = {
  eventName: 'MODIFY',
  eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
  dynamodb: { Keys: { pk: { S: 'A' } }, OldImage: image, NewImage: image, SequenceNumber: '7' },
};

const deliver = (routes: readonly Route[]) =>
  runBatch(createRouter({ routes, logger: silent }), [record], { memory: createProcessMemory() });

describe('what a handler does to its change', () => {
  it('reaches no other handler of the model: stored items are as they were stored', async () => {
    const seen: unknown[] = [];
    const result = await deliver([
      route.modify(shop, { id: 'changes' }, (change) => {
        const item = change.new as Record<string, unknown>;
        item['total'] = 2;
        delete item['lines'];
        (change.old['lines'] as unknown[]).length = 0;
        Object.assign(change.keys, { pk: 'B' });
      }),
      route.modify(
        shop,
        { id: 'reads' },
        (change) => void seen.push({ ...change.new }, { ...change.old }, change.keys),
      ),
    ]);
    const stored = { pk: 'A', total: 1, lines: [{ sku: 'A-1' }], at: '2026-01-01' };
    expect(seen).toEqual([stored, stored, { pk: 'A' }]);
    expect(result.firstUnfinished).toBeUndefined();
  });

  it.each<[string, (item: { total: number; lines: readonly { sku: string }[] }) => void]>([
    ['in place', (item) => void Object.assign(item, { total: 2 })],
    [
      'deep inside, in what the schema froze on top',
      (item) => void Object.assign(item.lines[0] ?? {}, { sku: 'X' }),
    ],
  ])('fails it where it would reach another one, in what the schema made: %s', async (_where, change) => {
    const seen: unknown[] = [];
    const result = await deliver([
      route.modify(Order, { id: 'changes' }, ({ new: order }) => change(order)),
      route.modify(Order, { id: 'reads' }, ({ new: order }) => void seen.push(order)),
    ]);
    expect(seen).toEqual([{ total: 1, lines: [{ sku: 'A-1' }], at: new Date('2026-01-01') }]);
    expect(result).toMatchObject({ firstUnfinished: '7', counts: { failed: 1, handled: 1 } });
  });

  it('is its own affair where it is the only one of its model', async () => {
    const result = await deliver([
      route.modify(Order, { id: 'changes' }, ({ new: order }) => {
        order.total = 2;
        order.at.setFullYear(2000);
      }),
      route.modify(shop, { id: 'other' }, () => undefined),
    ]);
    expect(result.firstUnfinished).toBeUndefined();
  });
});
