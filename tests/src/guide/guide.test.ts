import { createRouter, route, table } from '@sluice/core';
import { given, recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

/** The regions of this file are the snippets of the pages in `docs/`. */

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' }, ttl: 'expiresAt', numbers: 'bigint' });

const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({
    status: z.enum(['PENDING', 'PAID', 'SHIPPED', 'CANCELLED']),
    total: z.number(),
    note: z.string().nullable().optional(),
    address: z.object({ city: z.string() }).optional(),
  }),
});

const records = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' } });
const pending = { pk: 'USER#jo', sk: 'ORDER#7', status: 'PENDING', total: 30 };
describe('routes', () => {
  it('are for one event or several', async () => {
    const seen: unknown[] = [];
    const note = (...what: unknown[]) => void seen.push(what.join(' '));
    // #region events
    const routes = [
      route.insert(Order, { id: 'placed' }, (change) => note('placed', change.new.total)),
      route.modify(Order, { id: 'changed' }, (change) => note(change.old.total, change.new.total)),
      route.remove(Order, { id: 'removed', by: 'user' }, (change) => note('removed', change.old.total)),
      route.expire(Order, { id: 'expired' }, (change) => note('expired', change.params.orderId)),
      route.on(Order, { id: 'audit', events: ['INSERT', 'REMOVE'] }, (change) => note(change.eventName)),
    ];
    // #endregion
    await given(createRouter({ routes })).when(
      records.insert(pending),
      records.modify(pending, { ...pending, total: 31 }),
      records.remove(pending),
      records.expire(pending),
    );
    expect(seen).toEqual(['placed 30', 'INSERT', '30 31', 'removed 30', 'REMOVE', 'expired 7', 'REMOVE']);
  });
});

describe('order', () => {
  it('is kept when a record fails and Lambda delivers again to a fresh process', async () => {
    const effects: string[] = [];
    let failures = 1;
    const item = (name: string) => ({ pk: `USER#${name}`, sk: 'ORDER#1', status: 'PENDING', total: 1 });
    const router = createRouter({
      routes: [
        route.on(Order, { id: 'note' }, ({ params, eventName }) => {
          if (params.userId === 'A' && failures-- > 0) throw new Error('not now');
          effects.push(`${params.userId} ${eventName}`);
        }),
      ],
    });
    const batch = [
      records.insert(item('A')),
      records.insert(item('B')),
      records.remove(item('B')),
      records.remove(item('A')),
    ];
    // #region order
    const first = await given(router).when(...batch); // A's insert fails; nothing after it is started
    expect(first.firstUnfinished).toBe(batch[0]?.dynamodb.SequenceNumber);
    expect(effects).toEqual([]);

    const second = await given(router).when(...batch); // a fresh process gets the batch again
    expect(second.firstUnfinished).toBeUndefined();
    expect(effects).toEqual(['A INSERT', 'B INSERT', 'B REMOVE', 'A REMOVE']);
    // #endregion
  });
});

describe('values', () => {
  it('arrive as they were written', async () => {
    let seen: Record<string, unknown> = {};
    const router = createRouter({
      routes: [
        route.insert(shop, { id: 'look' }, (change) => {
          seen = change.new;
        }),
      ],
    });
    await given(router).when(
      records.insert(
        { pk: { S: 'x' }, sk: { S: 'y' }, serial: { N: '12345678901234567890' }, tags: { SS: ['a', 'b'] } },
        { wire: true },
      ),
    );
    // #region values
    expect(seen['serial']).toBe(12345678901234567890n); // numbers: 'bigint'; it would be text by default
    expect(seen['tags']).toEqual(new Set(['a', 'b']));
    // #endregion
  });
});
