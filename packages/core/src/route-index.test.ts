import { any, type EventName, type Filter, not, type StreamRecord, table, where } from '@sluice/filters';
import { describe, expect, it } from 'vitest';
import {
  createRouter,
  type Explanation,
  explain,
  type Logger,
  type Router,
  type RouterOptions,
  route,
} from './index.js';

const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const keys = { partition: 'pk' };
const shop = table('shop', { keys });

const arnOf = (name: string, account = '123456789012') =>
  `arn:aws:dynamodb:eu-central-1:${account}:table/${name}/stream/2026-01-01T00:00:00.000`;

function record(streamArn: string, status = 'PAID', eventName: EventName = 'INSERT'): StreamRecord {
  const image = { pk: { S: 'ORDER#1' }, status: { S: status } };
  return {
    eventName,
    eventSourceARN: streamArn,
    dynamodb: {
      Keys: { pk: image.pk },
      ...(eventName === 'REMOVE' ? { OldImage: image } : { NewImage: image }),
      SequenceNumber: '1',
    },
  };
}

const idsOf = (router: Router, given: StreamRecord) => router.match(given).map(({ route }) => route.id);
const routerOf = (options: RouterOptions) =>
  createRouter({ logger: silent, unknownTable: 'skip', ...options });

describe('a table', () => {
  const audit = (name: string, id = name) => route.insert(table(name, { keys }), { id }, quiet);

  it('is meant by its name in whatever account, or by its ARN in one', () => {
    const router = routerOf({
      routes: [audit('shop'), audit('arn:aws:dynamodb:eu-central-1:123456789012:table/shop', 'one')],
    });
    expect(idsOf(router, record(arnOf('shop')))).toEqual(['shop', 'one']);
    expect(idsOf(router, record(arnOf('shop', '999999999999')))).toEqual(['shop']);
    expect(idsOf(router, record(arnOf('shop-2')))).toEqual([]);
  });

  it('is meant by a pattern; routes of overlapping ones keep their common order', () => {
    const router = routerOf({
      routes: [audit('shop-*'), audit('shop'), audit('*-prod'), audit('shop-prod')],
    });
    expect(idsOf(router, record(arnOf('shop-prod')))).toEqual(['shop-*', '*-prod', 'shop-prod']);
    expect(idsOf(router, record(arnOf('cart-prod')))).toEqual(['*-prod']);
    expect(idsOf(router, record(arnOf('shop')))).toEqual(['shop']);
  });

  it('of overlapping patterns is compiled once for all streams of the same ones', () => {
    let compiled = 0;
    const counted: Filter & { readonly description: string } = Object.defineProperty(
      { ...where('', () => true, { reads: [] }), description: 'counted' },
      'description',
      {
        enumerable: true,
        get: () => {
          compiled++;
          return 'counted';
        },
      },
    );
    const routes = ['shop-*', '*-prod'].map((name) =>
      route.insert(table(name, { keys }), { id: name, when: counted }, quiet),
    );
    const router = routerOf({ routes });
    const ids = idsOf(router, record(arnOf('shop-a-prod')));
    const afterFirst = compiled;
    expect(idsOf(router, record(arnOf('shop-b-prod')))).toEqual(ids);
    expect(compiled).toBe(afterFirst);
  });

  it('is meant by an alias, which then is no name itself', () => {
    const router = routerOf({ routes: [audit('shop')], tables: { shop: 'Stack-Shop-1A2B' } });
    expect(idsOf(router, record(arnOf('Stack-Shop-1A2B')))).toEqual(['shop']);
    expect(idsOf(router, record(arnOf('shop')))).toEqual([]);
    expect(router.tables.map(({ name, model }) => [name, model.name])).toEqual([['Stack-Shop-1A2B', 'shop']]);
  });

  it('is meant by what the environment says at start', () => {
    const router = routerOf({ routes: [audit('shop-${STAGE}', 'it')], env: { STAGE: 'prod' } });
    expect(idsOf(router, record(arnOf('shop-prod')))).toEqual(['it']);
  });

  it('that cannot be is told at start, with everything else', () => {
    const wrong = { routes: [audit('my table'), audit('shop-${STAGE}')], tables: { cart: 'x' }, env: {} };
    expect(() => routerOf(wrong)).toThrowError(
      /^Problems at start:\n.*"cart", but no route.*\n.*"my table" is no table's name.*\n.*STAGE/,
    );
  });

  it('of a stream that no route names is refused, and the names that it is not are told', () => {
    const router = routerOf({ routes: [audit('shop')], tables: { shop: 'shop-*' }, unknownTable: 'fail' });
    expect(() => router.match(record(arnOf('cart')))).toThrowError(/the routes name shop-\*/);
  });
});

describe('the order of the routes of a record', () => {
  it('is that of their `order`, and among equal ones that in which they were given', () => {
    const of = (id: string, order?: number) =>
      route.insert(shop, { id, ...(order !== undefined && { order }) }, quiet);
    const router = routerOf({ routes: [of('c'), of('d', 5), of('a', -1), of('e', 5), of('b', -0.5)] });
    expect(idsOf(router, record(arnOf('shop')))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

describe('an exclusive group', () => {
  const of = (id: string, status: string | undefined, more: { exclusive?: string; order?: number } = {}) =>
    route.insert(shop, { id, ...(status && { when: shop.attr('status').is(status) }), ...more }, quiet);

  it('runs the first of its routes that match, in order, and leaves all others alone', () => {
    const router = routerOf({
      routes: [
        of('fallback', undefined, { exclusive: 'mail', order: 1 }),
        of('paid', 'PAID', { exclusive: 'mail' }),
        of('audit', undefined),
        of('paid too', 'PAID', { exclusive: 'mail' }),
        of('other group', undefined, { exclusive: 'push' }),
      ],
    });
    expect(idsOf(router, record(arnOf('shop'), 'PAID'))).toEqual(['paid', 'audit', 'other group']);
    expect(idsOf(router, record(arnOf('shop'), 'LOST'))).toEqual(['audit', 'other group', 'fallback']);
  });

  it('is taken by a route that cannot judge the record: it fails, and no later one runs in its place', async () => {
    const router = routerOf({
      routes: [of('paid', 'PAID', { exclusive: 'mail' }), of('fallback', undefined, { exclusive: 'mail' })],
    });
    const broken = record(arnOf('shop'));
    const malformed = { ...broken, dynamodb: { ...broken.dynamodb, NewImage: { status: {} as never } } };
    const [first, ...others] = router.match(malformed);
    expect([first?.route.id, others]).toEqual(['paid', []]);
    expect(await first?.run({} as never)).toMatchObject({
      kind: 'failed',
      error: { code: 'MALFORMED_VALUE' },
    });
  });
});

describe('what is explained of a record', () => {
  const Order = shop.entity('Order', { key: { pk: 'ORDER#:id' } });
  const User = shop.entity('User', { key: { pk: 'USER#:id' } });
  const status = Order.attr('status');
  const router = routerOf({
    routes: [
      route.insert(Order, { id: 'paid', when: status.is('PAID'), exclusive: 'one' }, quiet),
      route.insert(Order, { id: 'any', exclusive: 'one' }, quiet),
      route.insert(Order, { id: 'lost', when: status.is('LOST') }, quiet),
      route.modify(Order, { id: 'modified' }, quiet),
      route.insert(User, { id: 'user' }, quiet),
      route.insert(table('cart', { keys }), { id: 'cart' }, quiet),
    ],
    tables: { cart: 'cart-*' },
  });

  it('is for each route whether it would run, and which test decided', () => {
    expect(explain(router, record(arnOf('shop')))).toEqual([
      { routeId: 'paid', verdict: 'runs', because: 'status is "PAID"' },
      { routeId: 'any', verdict: 'excluded', because: 'paid comes first in the group "one"' },
      { routeId: 'lost', verdict: 'no match', because: 'not so: status is "LOST"' },
      { routeId: 'modified', verdict: 'no match', because: 'it is for MODIFY, not for INSERT' },
      { routeId: 'user', verdict: 'no match', because: 'not so: pk like "USER#:id"' },
      { routeId: 'cart', verdict: 'no match', because: 'the record is not of table cart-*' },
    ] satisfies Explanation[]);
  });

  it('is never the contrary of what a record has', () => {
    const notPaid = routerOf({
      routes: route.insert(
        Order,
        { id: 'open', when: not(any(status.is('PAID'), status.is('LOST'))) },
        quiet,
      ),
    });
    expect(explain(notPaid, record(arnOf('shop'), 'LOST'))).toEqual([
      { routeId: 'open', verdict: 'no match', because: 'not so: not status is "LOST"' },
    ]);
  });

  it('is told also of a malformed record, where its filter leaves the event out', () => {
    const more = routerOf({ routes: route.on(Order, { id: 'more', when: status.increased() }, quiet) });
    const inserted = record(arnOf('shop'));
    const malformed = { ...inserted, dynamodb: { ...inserted.dynamodb, NewImage: { status: {} as never } } };
    expect(explain(more, malformed)).toEqual([
      { routeId: 'more', verdict: 'no match', because: 'not so: status increased' },
    ]);
    expect(idsOf(more, malformed)).toEqual([]);
    expect(idsOf(more, { ...malformed, eventName: 'MODIFY' })).toEqual(['more']);
  });

  it('is the test that decides, also where the keys cannot be judged', () => {
    const inserted = record(arnOf('shop'));
    const keyless = { ...inserted, dynamodb: { ...inserted.dynamodb, Keys: {} } };
    const lost = explain(router, keyless).find(({ routeId }) => routeId === 'lost');
    expect(lost).toMatchObject({ verdict: 'no match', because: 'not so: status is "LOST"' });
    expect(idsOf(router, keyless)).not.toContain('lost');
  });

  it('agrees with what is run, and says why a filter cannot judge', () => {
    const broken = { ...record(arnOf('shop')) };
    const malformed = { ...broken, dynamodb: { ...broken.dynamodb, NewImage: { status: {} as never } } };
    const explained = explain(router, malformed).filter(
      ({ verdict }) => verdict === 'runs' || verdict === 'unjudged',
    );
    expect(explained.map(({ routeId }) => routeId)).toEqual(idsOf(router, malformed));
    expect(explained[0]).toMatchObject({
      verdict: 'unjudged',
      because: expect.stringContaining('no type letter'),
    });
  });
});
