import { type NativeItem, type Order, route, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { given, recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { numberOf, reportOf, routerOf, shop, shopRecords } from './setup.js';

/** A record that cannot be decoded comes again for a day and holds up its shard; a value that is rounded is wrong for ever. */

const wire = { wire: true } as const;
const quiet = () => undefined;
const item = (pk: string, more: object = {}) => ({ pk: { S: pk }, ...more });

describe('a number that a JavaScript number cannot hold', () => {
  it.each([
    '123456789012345678.5',
    '12345678901234567890',
    '0.12345678901234567890123456789012345678',
    '9'.repeat(38),
    '1E+125',
    '-0.1234567890123456789',
  ])('%s fails nobody and is exact where it is read, compared or told apart', async (N) => {
    const seen: unknown[] = [];
    const [before, after] = [
      item('A', { big: { N }, list: { L: [{ N }] }, set: { NS: [N, '1'] } }),
      item('A', { big: { N }, list: { L: [{ N }, { N: '1' }] }, set: { NS: ['1', N] } }),
    ];
    const routes = [
      route.insert(shop, { id: 'unread' }, ({ keys }) => void seen.push(keys.pk)),
      route.insert(shop, { id: 'read' }, (change) => {
        const { big, list, set } = change.new as NativeItem;
        seen.push([big, ...(list as unknown[]), ...(set as Set<unknown>)].map(String));
      }),
      route.modify(shop, { id: 'changed', when: shop.attr('list').changed() }, quiet),
      route.modify(shop, { id: 'longer', when: shop.attr('list').added(1) }, quiet),
      route.modify(shop, { id: 'same number', when: shop.attr('big').changed() }, quiet),
      route.modify(shop, { id: 'same set', when: shop.attr('set').changed() }, quiet),
      route.modify(shop, { id: 'same members', when: shop.attr('set').added() }, quiet),
      route.modify(shop, { id: 'differs' }, (change) => void seen.push(change.diff())),
    ];
    const records = shopRecords();
    const { handled, failed } = await given(routerOf(routes)).when(
      records.insert(before, wire),
      records.modify(before, after, wire),
    );
    expect({ handled, failed }).toEqual({
      handled: ['unread', 'read', 'changed', 'longer', 'differs'],
      failed: [],
    });
    expect(seen).toEqual(['A', [N, N, N, '1'], [{ kind: 'added', path: ['list', 1], after: 1 }]]);
  });

  it('is a BigInt or a decimal of your own where the table says so, and those fail nobody either', async () => {
    class Decimal {
      constructor(readonly text: string) {}
    }
    const N = '12345678901234567890';
    const holding = item('A', { list: { L: [{ N }, { N: '0.5' }] }, set: { NS: [N, '2'] } });
    const keys = { partition: 'pk' } as const;
    const seen: unknown[] = [];
    for (const numbers of ['bigint', (text: string) => new Decimal(text)] as const) {
      const exact = table('shop', { keys, numbers: numbers as 'bigint' });
      const routes = [
        route.insert(exact, { id: 'h' }, (change) => {
          const { list, set } = change.new as NativeItem;
          seen.push([list, [...(set as Set<unknown>)], change.diff().length]);
        }),
        route.insert(exact, { id: 'when', when: exact.attr('list').has(12345678901234567890n) }, quiet),
      ];
      const { handled } = await given(routerOf(routes)).when(recordsOf(exact).insert(holding, wire));
      expect(handled).toEqual(['h', 'when']);
    }
    const big = 12345678901234567890n;
    expect(seen).toEqual([
      [[big, 0.5], [big, 2], 3],
      [[new Decimal(N), new Decimal('0.5')], [new Decimal(N), new Decimal('2')], 3],
    ]);
  });

  it('may be the key of an item, which is another one than its neighbour', async () => {
    const ids = new Set<string>();
    const began: unknown[] = [];
    const fails = route.insert(shop, { id: 'h' }, async ({ keys }, { idempotencyKey }) => {
      ids.add(idempotencyKey);
      began.push(keys.pk);
      await null;
      throw new Error('not now');
    });
    const records = shopRecords();
    const batch = ['9007199254740992', '9007199254740993'].map((N) => records.insert({ pk: { N } }, wire));
    const handler = lambda(routerOf([fails], { order: 'lanes' }));
    expect(await reportOf(handler, batch)).toEqual([numberOf(batch[0])]);
    expect(began).toEqual(['9007199254740992', '9007199254740993']);
    expect(ids.size).toBe(2);
  });
});

describe.each<Order>(['strict', 'lanes'])(
  'a value that DynamoDB cannot have written, in %s order',
  (order) => {
    it.each<[string, object]>([
      ['a number that is none', { N: 'NaN' }],
      ['a number without digits', { N: '' }],
      ['two type letters', { S: 'x', N: '1' }],
      ['no type letter', {}],
      ['an unknown type letter', { X: 'x' }],
      ['an empty set', { SS: [] }],
    ])('refuses neither its event nor a handler that does not read it: %s', async (_what, odd) => {
      const ran: string[] = [];
      const routes = (id: string, reads: boolean) => [
        route.insert(shop, { id, when: shop.attr('status').is('PAID') }, (change) => {
          if (reads) void change.new['odd'];
          ran.push(`${id} ${change.keys.pk} ${reads ? '' : change.new['status']}`.trim());
        }),
      ];
      const records = shopRecords();
      const paid = { status: { S: 'PAID' } };
      const batch = ['A', 'B', 'C'].map((pk) =>
        records.insert(item(pk, pk === 'B' ? { ...paid, odd } : paid), wire),
      );
      expect(await reportOf(lambda(routerOf(routes('other', false), { order })), batch)).toEqual([]);
      const reading = lambda(routerOf(routes('reading', true), { order, concurrency: 1 }));
      expect(await reportOf(reading, batch)).toEqual([numberOf(batch[1])]);
      expect(ran).toEqual(['other A PAID', 'other B PAID', 'other C PAID', 'reading A']);
    });
  },
);

describe('an attribute called __proto__', () => {
  const written = JSON.parse(
    '{"pk":{"S":"A"},"__proto__":{"M":{"isAdmin":{"BOOL":true}}},"user":{"M":{"__proto__":{"M":{"isAdmin":{"BOOL":true}}}}}}',
  );
  const records = shopRecords();

  it('is an attribute: nothing that it holds becomes part of the item', async () => {
    const seen: unknown[] = [];
    const look = (item: NativeItem) => {
      const { user } = item as { user: NativeItem };
      for (const [name, object] of Object.entries({ item, user, copy: { ...item } })) {
        seen.push([name, object['isAdmin'], 'isAdmin' in object, Object.hasOwn(object, '__proto__')]);
      }
      expect(JSON.parse(JSON.stringify(item))).toEqual(
        JSON.parse('{"pk":"A","__proto__":{"isAdmin":true},"user":{"__proto__":{"isAdmin":true}}}'),
      );
    };
    const routes = [
      route.insert(shop, { id: 'new' }, (change) => look(change.new)),
      route.remove(shop, { id: 'old' }, (change) => look(change.old)),
    ];
    const { errors } = await given(routerOf(routes)).when(
      records.insert(written, wire),
      records.remove(written, wire),
    );
    expect(errors).toEqual([]);
    const safe = ['item', 'user', 'copy'].map((name) => [name, undefined, false, true]);
    expect(seen).toEqual([...safe, ...safe]);
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });

  it('is not what a schema finds, and is found by a filter that names it', async () => {
    const User = shop.entity('User', { schema: z.object({ isAdmin: z.boolean().default(false) }) });
    const seen: unknown[] = [];
    const routes = [
      route.insert(User, { id: 'schema' }, (change) => void seen.push(change.new.isAdmin)),
      route.insert(shop, { id: 'own', when: shop.attr('isAdmin').exists() }, quiet),
      route.insert(shop, { id: 'named', when: shop.attr('__proto__.isAdmin').is(true) }, quiet),
    ];
    const { handled } = await given(routerOf(routes)).when(records.insert(written, wire));
    expect({ seen, handled }).toEqual({ seen: [false], handled: ['schema', 'named'] });
  });
});

describe('binary', () => {
  it('is bytes wherever it stands: in images, keys, lists and sets, and in filters', async () => {
    const files = table('files', { keys: { partition: 'id' } });
    const B = Buffer.from([0, 255, 16]).toString('base64');
    const seen: unknown[] = [];
    const bytes = new Uint8Array([0, 255, 16]);
    const when = files.attr('body').is(bytes);
    const { handled } = await given(
      routerOf([
        route.insert(files, { id: 'h', when }, (change) => {
          const { body, parts, set } = change.new as NativeItem;
          seen.push(change.keys.id, body, ...(parts as unknown[]), ...(set as Set<unknown>));
        }),
      ]),
    ).when(
      recordsOf(files).insert({ id: { B }, body: { B }, parts: { L: [{ B }] }, set: { BS: [B] } }, wire),
    );
    expect(handled).toEqual(['h']);
    expect(seen).toEqual([bytes, bytes, bytes, bytes]);
    expect(seen.every((value) => (value as object).constructor === Uint8Array)).toBe(true);
  });
});

describe('what decoding costs', () => {
  /** A table that counts how many numbers are decoded. */
  function counting() {
    const decoded: string[] = [];
    const numbers = (text: string) => {
      decoded.push(text);
      return Number(text);
    };
    return { decoded, metered: table('metered', { keys: { partition: 'pk' }, numbers }) };
  }
  const reading = { pk: 'A', used: 1, status: 'ON' };

  it('does not grow with the number of routes: one decoding for all that run, and none for those that do not', async () => {
    const { decoded, metered } = counting();
    const routes = Array.from({ length: 200 }, (_, index) => [
      route.modify(metered, { id: `runs ${index}`, when: metered.attr('used').increased() }, (change) => {
        return void [change.old['used'], change.new['used'], change.new['status']];
      }),
      route.modify(metered, { id: `does not ${index}`, when: metered.attr('used').is(index + 100) }, quiet),
    ]).flat();
    const { handled } = await given(routerOf(routes)).when(
      recordsOf(metered).modify(reading, { ...reading, used: 2 }),
    );
    expect(handled).toHaveLength(200);
    expect(decoded).toEqual(['1', '2']);
  });

  it('is nothing for a record that is matched, or handled, without its images', async () => {
    const { decoded, metered } = counting();
    const routes = [
      route.modify(metered, { id: 'no', when: metered.attr('used').decreased() }, quiet),
      route.modify(
        metered,
        { id: 'yes', when: metered.attr('used').increasedBy(1) },
        ({ keys }) => void keys.pk,
      ),
    ];
    await given(routerOf(routes)).when(recordsOf(metered).modify(reading, { ...reading, used: 2 }));
    expect(decoded).toEqual([]);
  });
});
