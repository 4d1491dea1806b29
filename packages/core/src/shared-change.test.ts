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
  tags: { SS: ['a'] },
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
  type Item = Record<string, never> & {
    readonly lines: { sku: string }[];
    readonly tags: Set<string>;
    total: number;
  };

  it.each<[string, (change: { new: unknown; old: unknown; keys: object }) => void]>([
    ['an attribute of an image', (change) => void Object.assign(change.new as Item, { total: 2 })],
    ['an attribute that was not there', (change) => void Object.assign(change.old as Item, { more: 2 })],
    ['an attribute that is deleted', (change) => void delete (change.new as Partial<Item>).total],
    ['a member of a list', (change) => void (change.new as Item).lines.push({ sku: 'X' })],
    [
      'something deep inside',
      (change) => void Object.assign((change.old as Item).lines[0] ?? {}, { sku: 'X' }),
    ],
    ['a member of a set', (change) => void (change.new as Item).tags.add('X')],
    ['a set that is cleared', (change) => void { ...(change.new as Item) }.tags.clear()],
    ['the keys', (change) => void Object.assign(change.keys, { pk: 'X' })],
  ])('fails where it would reach another handler of the model: %s', async (_what, mutate) => {
    // Items are decoded as they are read, until some have been taken whole.
    for (const isTakenWhole of [false, true]) {
      const stock = table('shop', { keys: { partition: 'pk' } });
      const seen: unknown[] = [];
      const reads = route.modify(
        stock,
        { id: 'reads' },
        (change) => void seen.push({ ...change.new }, { ...change.old }, change.keys),
      );
      if (isTakenWhole) await deliver([reads]);
      seen.length = 0;
      const result = await deliver([
        route.modify(stock, { id: 'changes' }, (change) => mutate(change)),
        reads,
      ]);
      const stored = {
        pk: 'A',
        total: 1,
        lines: [{ sku: 'A-1' }],
        tags: new Set(['a']),
        at: '2026-01-01',
      };
      expect(seen).toEqual([stored, stored, { pk: 'A' }]);
      expect(result).toMatchObject({ firstUnfinished: '7', counts: { failed: 1, handled: 1 } });
    }
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

  it('does not matter where they only read: also a set that the schema froze', async () => {
    const Tagged = shop.entity('Tagged', { schema: z.object({ tags: z.set(z.string()).readonly() }) });
    const seen: unknown[] = [];
    const reads = ['one', 'two'].map((id) =>
      route.modify(Tagged, { id }, (change) => void seen.push([...change.new.tags])),
    );
    expect((await deliver(reads)).firstUnfinished).toBeUndefined();
    expect(seen).toEqual([['a'], ['a']]);
  });

  it('is its own affair where it is the only one of its model', async () => {
    const result = await deliver([
      route.modify(Order, { id: 'changes' }, ({ new: order }) => {
        order.total = 2;
        order.at.setFullYear(2000);
      }),
      route.modify(shop, { id: 'other' }, (change) => {
        Object.assign(change.new, { total: 2 });
        Object.assign(change.keys, { pk: 'X' });
      }),
    ]);
    expect(result.firstUnfinished).toBeUndefined();
  });
});
