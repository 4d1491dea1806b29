import {
  absent,
  all,
  any,
  createRouter,
  decimal,
  eventName,
  type Filter,
  not,
  printFilter,
  removedBy,
  route,
  streamRegion,
  table,
  value,
  where,
} from '@sluice/core';
import { given, recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

/** The regions of this file are the snippets of `docs/filters.md`. */

// #region model
const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' }, ttl: 'expiresAt' });

const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({
    status: z.enum(['PENDING', 'PAID', 'SHIPPED', 'CANCELLED']),
    total: z.number(),
    note: z.string().nullable().optional(),
    address: z.object({ city: z.string() }).optional(),
    tags: z.set(z.string()).optional(),
    lines: z.array(z.object({ sku: z.string(), count: z.number() })).optional(),
    writtenIn: z.string().optional(),
    'gift.wrap': z.object({ colours: z.array(z.string()) }).optional(),
  }),
});
// #endregion

type OrderFilter = Filter<{ readonly table: 'shop'; readonly entity: 'Order' }>;

const records = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' }, region: 'eu-central-1' });
const pending = { pk: 'USER#jo', sk: 'ORDER#7', status: 'PENDING', total: 90 };

/** The names of the filters that a record passes, each in a route of its own. */
async function passedOf(filters: Readonly<Record<string, OrderFilter>>, record: typeof aRecord) {
  const routes = Object.entries(filters).map(([id, when]) => route.on(Order, { id, when }, () => undefined));
  const { handled, errors } = await given(createRouter({ routes })).when(record);
  expect(errors).toEqual([]);
  return handled;
}
const aRecord = records.insert(pending);

describe('filters', () => {
  it('ask for values of the item', async () => {
    // #region values
    const filters = {
      paidOrShipped: Order.attr('status').is('PAID', 'SHIPPED'),
      noNote: Order.attr('note').is(absent, null),
      inWien: Order.attr('address').is({ city: 'Wien' }),
      exactly: Order.attr('total').is(decimal('90.00')),
      cityFromW: Order.attr('address.city').startsWith('W'),
      threeDigitSku: Order.attr('lines[0].sku').matches(/^[A-Z]-\d{3}$/),
      large: Order.attr('total').atLeast(100),
      vip: Order.attr('tags').has('vip', 'gold'),
      manyLines: Order.attr('lines').size(value.greaterThan(10)),
      someNote: Order.attr('note').exists(),
      realNote: Order.attr('note').ofType('S'),
      writtenHere: Order.attr('writtenIn').is(streamRegion),
      redWrap: Order.attrAt('gift.wrap', 'colours', 0).is('red'),
    };
    // #endregion
    const order = {
      ...pending,
      note: null,
      address: { city: 'Wien' },
      tags: new Set(['vip']),
      lines: [{ sku: 'A-100', count: 1 }],
      writtenIn: 'eu-central-1',
      'gift.wrap': { colours: ['red'] },
    };
    expect(await passedOf(filters, records.insert(order))).toEqual([
      'noNote',
      'inWien',
      'exactly',
      'cityFromW',
      'threeDigitSku',
      'vip',
      'someNote',
      'writtenHere',
      'redWrap',
    ]);
  });

  it('ask how the item changed', async () => {
    // #region changes
    const filters = {
      cityChanged: Order.attr('address.city').changed(),
      sameTotal: Order.attr('total').unchanged(),
      paid: Order.attr('status').from('PENDING').to('PAID'),
      noLongerPending: Order.attr('status').from('PENDING'),
      gotANote: Order.attr('note').appeared(),
      lostItsNote: Order.attr('note').disappeared(),
      noteCleared: Order.attr('note').nulled(),
      firstNote: Order.attr('note').from(absent, null).to(value.exists()),
      reachedFreeShipping: Order.attr('total').from(value.lessThan(100)).to(value.atLeast(100)),
      noteBecameText: Order.attr('note').typeChanged(),
    };
    // #endregion
    const paid = { ...pending, status: 'PAID', total: 120, note: 'hi', address: { city: 'Wien' } };
    expect(await passedOf(filters, records.modify({ ...pending, note: null }, paid))).toEqual([
      'cityChanged',
      'paid',
      'noLongerPending',
      'firstNote',
      'reachedFreeShipping',
      'noteBecameText',
    ]);
    expect(await passedOf(filters, records.modify(paid, pending))).toEqual(['cityChanged', 'lostItsNote']);
  });

  it('ask for numbers and members that changed', async () => {
    // #region deltas
    const filters = {
      moreExpensive: Order.attr('total').increased(),
      aLotMore: Order.attr('total').increasedBy(50),
      freeShipping: Order.attr('total').crossed(100, 'up'),
      becameVip: Order.attr('tags').added('vip'),
      someTagLost: Order.attr('tags').removed(),
      linesAdded: Order.attr('lines').added(),
    };
    // #endregion
    const before = { ...pending, tags: new Set(['new']), lines: [{ sku: 'A-100', count: 1 }] };
    const after = {
      ...pending,
      total: 110,
      tags: new Set(['vip', 'new']),
      lines: [{ sku: 'A-100', count: 2 }],
    };
    expect(await passedOf(filters, records.modify(before, after))).toEqual([
      'moreExpensive',
      'freeShipping',
      'becameVip',
      'linesAdded',
    ]);
    expect(await passedOf(filters, records.modify(after, before))).toEqual(['someTagLost', 'linesAdded']);
  });

  it('are combined, and say what else there is to say', async () => {
    // #region combined
    const filters = {
      paidOrNoted: any(Order.attr('status').to('PAID'), Order.attr('note').changed()),
      paidInWien: all(Order.attr('status').to('PAID'), Order.attr('address.city').is('Wien')),
      notCancelled: not(Order.attr('status').is('CANCELLED')),
      newOrPaid: any(eventName('INSERT'), Order.attr('status').to('PAID')),
      goneOrCancelled: any(removedBy('user', Order), Order.attr('status').to('CANCELLED')),
      oddSequence: where('odd sequence number', ({ dynamodb }) => /[13579]$/.test(dynamodb.SequenceNumber), {
        reads: [],
      }),
    };
    const words = printFilter(filters.paidInWien); // status changed to "PAID" and address.city is "Wien"
    // #endregion
    expect(words).toBe('status changed to "PAID" and address.city is "Wien"');
    const paid = { ...pending, status: 'PAID' };
    const at = (SequenceNumber: string, record: typeof aRecord) => ({
      ...record,
      dynamodb: { ...record.dynamodb, SequenceNumber },
    });
    const modified = at('101', records.modify(pending, paid));
    expect(await passedOf(filters, modified)).toEqual([
      'paidOrNoted',
      'notCancelled',
      'newOrPaid',
      'oddSequence',
    ]);
    expect(await passedOf(filters, at('102', records.remove(paid)))).toEqual([
      'notCancelled',
      'goneOrCancelled',
    ]);
  });

  it('infer deletions by TTL in replicas', async () => {
    // #region replicas
    const sessions = table('sessions', {
      keys: { partition: 'id' },
      ttl: 'expiresAt',
      ttlOnReplicas: 'infer',
    });
    const routes = [
      route.expire(sessions, { id: 'expired' }, () => undefined),
      route.remove(sessions, { id: 'loggedOut', by: 'user' }, () => undefined),
    ];
    // #endregion
    const replica = recordsOf(sessions);
    const removed = (expiresAt: number) =>
      replica.remove({ id: 'x', expiresAt }, { atSeconds: 2_000_000_000 });
    const handledBy = async (record: typeof aRecord) =>
      (await given(createRouter({ routes })).when(record)).handled;
    expect(await handledBy(removed(1_999_999_999))).toEqual(['expired']);
    expect(await handledBy(removed(2_000_000_001))).toEqual(['loggedOut']);
  });
});
