import { type AttributeMap, type EventName, matcher, type StreamRecord, table } from '@sluice/filters';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createProcessMemory,
  createRouter,
  type Logger,
  type Router,
  type RouterOptions,
  route,
  runBatch,
} from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });

function record(
  eventName: EventName,
  more: { table?: string; arn?: string; keys?: AttributeMap; sequence?: number } = {},
) {
  const { keys = { pk: { S: 'USER#1' }, sk: { S: 'ORDER#2' } }, sequence = 1 } = more;
  const arn =
    more.arn ??
    `arn:aws:dynamodb:eu-central-1:123456789012:table/${more.table ?? 'shop'}/stream/2026-01-01T00:00:00.000`;
  const image = { ...keys, v: { N: '1' } };
  return {
    eventName,
    eventSourceARN: arn,
    dynamodb: {
      Keys: keys,
      ...(eventName !== 'REMOVE' && { NewImage: image }),
      ...(eventName !== 'INSERT' && { OldImage: image }),
      SequenceNumber: String(sequence),
    },
  } satisfies StreamRecord;
}

const idsOf = (router: Router, given: StreamRecord) => router.match(given).map(({ route }) => route.id);
const routerOf = (options: RouterOptions) => createRouter({ logger: silent, ...options });
const deliver = (router: Router, ...records: StreamRecord[]) =>
  runBatch(router, records, { memory: createProcessMemory() });

describe('the routes of a record', () => {
  const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' } });
  const cart = table('cart', { keys: { partition: 'pk' } });

  it('are all that match, in the order in which they were given', () => {
    const router = routerOf({
      routes: [
        route.on(shop, { id: 'audit' }, quiet),
        {
          routes: [
            route.insert(Order, { id: 'placed' }, quiet),
            route.modify(Order, { id: 'changed' }, quiet),
          ],
          problems: [],
        },
        route.insert(shop, { id: 'no', when: shop.attr('v').is(2) }, quiet),
        route.insert(cart, { id: 'cart' }, quiet),
        route.insert(shop, { id: 'yes', when: shop.attr('v').is(1) }, quiet),
      ],
    });
    expect(idsOf(router, record('INSERT'))).toEqual(['audit', 'placed', 'yes']);
    expect(idsOf(router, record('MODIFY'))).toEqual(['audit', 'changed']);
    expect(idsOf(router, record('REMOVE'))).toEqual(['audit']);
    expect(idsOf(router, record('INSERT', { keys: { pk: { S: 'X' }, sk: { S: 'Y' } } }))).toEqual([
      'audit',
      'yes',
    ]);
    expect(idsOf(router, record('INSERT', { table: 'cart' }))).toEqual(['cart']);
    expect(router.tables.map(({ name }) => name)).toEqual(['shop', 'cart']);
  });

  it('run one after another in that order', async () => {
    const ran: string[] = [];
    const router = routerOf({
      routes: ['a', 'b', 'c'].map((id) =>
        route.insert(shop, { id }, async () => {
          ran.push(`${id} begins`);
          await null;
          await null;
          ran.push(`${id} ends`);
        }),
      ),
    });
    await deliver(router, record('INSERT'));
    expect(ran).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('are there once, though a route names an event twice', async () => {
    let ran = 0;
    const twice = route.on(shop, { id: 'twice', events: ['INSERT', 'INSERT'] }, () => {
      ran++;
      throw new Error('no');
    });
    expect(twice.events).toEqual(['INSERT']);
    await deliver(routerOf({ routes: [twice] }), record('INSERT'));
    expect(ran).toBe(1);
  });

  it('are those whose whole filter matches, as data and as compiled', () => {
    const v = shop.attr('v');
    const routes = [
      route.on(shop, { id: 'a' }, quiet),
      route.on(Order, { id: 'b', events: ['INSERT', 'REMOVE'], when: v.is(1) }, quiet),
      route.modify(Order, { id: 'c', when: v.changed() }, quiet),
      route.remove(cart, { id: 'd', by: 'user' }, quiet),
      route.remove(shop, { id: 'e', by: 'user', when: v.disappeared() }, quiet),
      route.expire(shop, { id: 'f' }, quiet),
    ];
    const router = routerOf({ routes });
    const given = fc.record({
      eventName: fc.constantFrom<EventName>('INSERT', 'MODIFY', 'REMOVE'),
      table: fc.constantFrom('shop', 'cart'),
      sk: fc.constantFrom('ORDER#2', 'CART'),
      ttl: fc.boolean(),
    });
    fc.assert(
      fc.property(given, ({ eventName, table, sk, ttl }) => {
        const plain = record(eventName, { table, keys: { pk: { S: 'USER#1' }, sk: { S: sk } } });
        const userIdentity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };
        const whole: StreamRecord = ttl ? { ...plain, userIdentity } : plain;
        expect(idsOf(router, whole)).toEqual(
          routes.filter(({ filter }) => matcher(filter)(whole)).map(({ id }) => id),
        );
      }),
    );
  });

  it.each([
    'arn:aws:dynamodb:us-east-1:123456789012:table/prod-orders.v2_x/stream/2026-01-01T00:00:00.000',
    'arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/prod-orders.v2_x/stream/2026-01-01T00:00:00.000',
    'arn:aws-cn:dynamodb:cn-north-1:123456789012:table/prod-orders.v2_x/stream/2026-01-01T00:00:00.000',
    'arn:aws:dynamodb:ddblocal:000000000000:table/prod-orders.v2_x/stream/2026-01-01T00:00:00.000',
  ])('are found by the table in %s', (arn) => {
    const orders = table('prod-orders.v2_x', { keys: { partition: 'pk' } });
    const router = routerOf({ routes: [route.insert(orders, { id: 'h' }, quiet)] });
    expect(idsOf(router, record('INSERT', { arn }))).toEqual(['h']);
  });
});

describe('a record that no route matches', () => {
  it('is done and counted as unmatched', async () => {
    const router = routerOf({ routes: [route.remove(shop, { id: 'h' }, quiet)] });
    const result = await deliver(
      router,
      record('INSERT'),
      record('REMOVE', { sequence: 2 }),
      record('MODIFY', { sequence: 3 }),
    );
    expect(result.firstUnfinished).toBeUndefined();
    expect(result.counts).toMatchObject({ records: 3, unmatched: 2, handled: 1, skipped: 0, failed: 0 });
  });
});

describe('a table that no route names', () => {
  const ran: string[] = [];
  const routes = [route.on(shop, { id: 'h' }, ({ record }) => void ran.push(record.dynamodb.SequenceNumber))];

  it('is refused with the names that there are, and nothing of its batch runs', async () => {
    const router = routerOf({ routes });
    await expect(deliver(router, record('INSERT', { table: 'shop2' }))).rejects.toThrowError(
      expect.objectContaining({
        code: 'UNKNOWN_TABLE',
        message: expect.stringMatching(
          /No route names the table of the stream .*shop2.*routes name shop.*unknownTable: 'skip'/,
        ),
      }),
    );
    expect(() => router.match(record('INSERT', { table: 'shop2' }))).toThrowError(/No route names/);
    expect(ran).toEqual([]);
  });

  it("is passed over with unknownTable: 'skip', and its records are counted as unmatched", async () => {
    const router = routerOf({ routes, unknownTable: 'skip' });
    const result = await deliver(router, record('INSERT', { table: 'shop2' }));
    expect(result).toMatchObject({ firstUnfinished: undefined, counts: { records: 1, unmatched: 1 } });
    expect(ran).toEqual([]);
    await deliver(router, record('INSERT'));
    expect(ran).toEqual(['1']);
  });
});

describe('a route', () => {
  it('is frozen data, however it was made', () => {
    const made = route.remove(shop, { id: 'h', by: 'user', when: shop.attr('v').disappeared() }, quiet);
    expect([made, made.events, made.filter, made.when].map((part) => Object.isFrozen(part))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(made).toMatchObject({ id: 'h', events: ['REMOVE'], model: shop });
    expect(JSON.parse(JSON.stringify(made.filter))).toEqual(made.filter);
  });

  it('that removes sees deletes by everyone, by its users only, or by TTL only', () => {
    const router = routerOf({
      routes: [
        route.remove(shop, { id: 'all' }, quiet),
        route.remove(shop, { id: 'user', by: 'user' }, quiet),
        route.remove(shop, { id: 'ttl', by: 'ttl' }, quiet),
        route.expire(shop, { id: 'expire' }, quiet),
      ],
    });
    const removed = record('REMOVE');
    const expired = { ...removed, userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } };
    expect(idsOf(router, removed)).toEqual(['all', 'user']);
    expect(idsOf(router, expired)).toEqual(['all', 'ttl', 'expire']);
  });
});

describe('the context of a handler', () => {
  it('says who it is, which attempt this is, and the identities of the event and of its own work', async () => {
    const seen: unknown[] = [];
    const router = routerOf({
      routes: ['a', 'b'].map((id) =>
        route.insert(shop, { id }, (_change, context) => {
          const { handlerId, attempt, eventId, idempotencyKey, logger, signal } = context;
          seen.push({ handlerId, attempt, eventId, idempotencyKey });
          expect([logger === silent, signal.aborted]).toEqual([true, false]);
        }),
      ),
    });
    await deliver(router, record('INSERT'));
    const identity = {
      eventId: expect.stringMatching(/^[\w-]{43}$/),
      idempotencyKey: expect.stringMatching(/^[\w-]{43}$/),
    };
    expect(seen).toEqual([
      { handlerId: 'a', attempt: 1, ...identity },
      { handlerId: 'b', attempt: 1, ...identity },
    ]);
    const [a, b] = seen as { eventId: string; idempotencyKey: string }[];
    expect(a?.eventId).toBe(b?.eventId);
    expect(a?.idempotencyKey).not.toBe(b?.idempotencyKey);
  });
});
