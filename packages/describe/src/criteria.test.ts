import {
  type AnyFilter,
  absent,
  all,
  any,
  createRouter,
  decimal,
  type EventName,
  eventName,
  not,
  route,
  type StreamRecord,
  type StreamViewType,
  table,
  where,
} from '@sluice/core';
import { recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { filterCriteria } from './criteria.js';
import { criteriaOf } from './testing/criteria-of.js';

const keys = { partition: 'pk', sort: 'sk' };
const shop = table('shop', { keys, ttl: 'expiresAt' });
const Order = shop.entity('Order', { key: { pk: 'USER#:user', sk: 'ORDER#:rest*' } });
const records = recordsOf({ table: 'shop', keys });
const id = { pk: 'USER#jo', sk: 'ORDER#1' };
const bytes = Buffer.from('y');
const ignore = () => undefined;

const on = (when: AnyFilter, events?: readonly EventName[]) =>
  criteriaOf([route.on(shop, { id: 'one', ...(events && { events }), when: when as never }, ignore)]);

const inserted = (item: object) => records.insert({ ...id, ...item });
const modified = (old: object, now: object) => records.modify({ ...id, ...old }, { ...id, ...now });
const removed = (item: object) => records.remove({ ...id, ...item });

describe('what a pattern can say is filtered out where no route wants it:', () => {
  const status = shop.attr('status');
  const cases: Readonly<Record<string, [AnyFilter, wanted: StreamRecord[], others: StreamRecord[]]>> = {
    'other texts': [
      status.is('PAID'),
      [inserted({ status: 'PAID' }), removed({ status: 'PAID' })],
      [inserted({ status: 'NEW' }), inserted({}), modified({ status: 'PAID' }, { status: 'NEW' })],
    ],
    'other numbers': [
      shop.attr('n').is(1.5, 100),
      [inserted({ n: 1.5 }), inserted({ n: 100 })],
      [inserted({ n: 15 }), inserted({ n: '100' })],
    ],
    'other types': [
      shop.attr('n').ofType('N'),
      [inserted({ n: 1 })],
      [inserted({ n: '1' }), inserted({ n: null })],
    ],
    'booleans, null, no bytes': [
      any(shop.attr('b').is(Buffer.from('x')), shop.attr('c').is(true), shop.attr('d').is(null)),
      [inserted({ b: Buffer.from('x') }), inserted({ c: true }), inserted({ d: null })],
      [inserted({ b: 'x', c: false, d: 1 })],
    ],
    'other beginnings and ends': [
      any(status.startsWith('PA'), status.endsWith('ED')),
      [inserted({ status: 'PAID' }), inserted({ status: 'SHIPPED' })],
      [inserted({ status: 'NEW' })],
    ],
    'what is excluded': [
      not(status.is('PAID', 'NEW')),
      [inserted({ status: 'OLD' }), inserted({}), inserted({ status: 1 })],
      [inserted({ status: 'PAID' }), inserted({ status: 'NEW' })],
    ],
    'what is there': [
      status.is(absent),
      [inserted({})],
      [inserted({ status: 'PAID' }), inserted({ status: null })],
    ],
    'other entries of maps': [
      shop.attr('address.city').is('Wien'),
      [inserted({ address: { city: 'Wien' } })],
      [inserted({ address: { city: 'Graz' } }), inserted({ city: 'Wien' })],
    ],
    'lists without the element': [
      shop.attr('lines[0].sku').is('A'),
      [inserted({ lines: [{ sku: 'A' }] })],
      [inserted({ lines: [{ sku: 'B' }] })],
    ],
    'sets and lists without a member': [
      shop.attr('tags').has('vip'),
      [inserted({ tags: new Set(['vip', 'x']) }), inserted({ tags: ['vip'] })],
      [inserted({ tags: new Set(['x']) }), inserted({ tags: 'vip' })],
    ],
    'other transitions': [
      status.from('NEW').to('PAID'),
      [modified({ status: 'NEW' }, { status: 'PAID' })],
      [modified({ status: 'OLD' }, { status: 'PAID' }), inserted({ status: 'PAID' })],
    ],
    'what has stayed so': [
      status.to('PAID'),
      [
        modified({ status: 'NEW' }, { status: 'PAID' }),
        modified({}, { status: 'PAID' }),
        inserted({ status: 'PAID' }),
      ],
      [modified({ status: 'PAID', n: 1 }, { status: 'PAID' })],
    ],
    'what has stayed so, where either side has several': [
      status.from('A', 'B').to('A', 'C'),
      [modified({ status: 'B' }, { status: 'A' }), modified({ status: 'A' }, { status: 'C' })],
      [modified({ status: 'A', n: 1 }, { status: 'A' }), modified({ status: 'C' }, { status: 'A' })],
    ],
    'what is no change': [
      all(eventName('MODIFY'), status.is(absent)),
      [modified({ n: 1 }, { n: 2 })],
      [inserted({}), removed({})],
    ],
    'what is no number in both images': [
      shop.attr('n').crossed(10),
      [modified({ n: 1 }, { n: 11 })],
      [modified({}, { n: 11 }), inserted({ n: 11 }), removed({ n: 11 })],
    ],
  };
  it.each(Object.entries(cases))('%s', (_name, [when, wanted, others]) => {
    const { letsThrough, filters } = on(when);
    expect(filters).not.toEqual([]);
    expect(wanted.map(letsThrough)).toEqual(wanted.map(() => true));
    expect(others.map(letsThrough)).toEqual(others.map(() => false));
  });

  it('items of other keys', () => {
    const { letsThrough, filters } = criteriaOf([route.on(Order, { id: 'one' }, ignore)]);
    expect(filters).toEqual([
      { Pattern: '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"USER#"}]},"sk":{"S":[{"prefix":"ORDER#"}]}}}}' },
    ]);
    expect(letsThrough(records.insert(id))).toBe(true);
    expect(letsThrough(records.insert({ ...id, sk: 'CART' }))).toBe(false);
  });

  const ofEvents: readonly (readonly EventName[])[] = [
    ['INSERT'],
    ['MODIFY'],
    ['REMOVE'],
    ['INSERT', 'MODIFY'],
    ['MODIFY', 'REMOVE'],
    ['INSERT', 'REMOVE'],
  ];
  it.each(ofEvents.map((events) => ({ events })))(
    'events other than $events, told by their images or by their names',
    ({ events }) => {
      const one: Readonly<Record<EventName, StreamRecord>> = {
        INSERT: inserted({}),
        MODIFY: modified({ n: 1 }, { n: 2 }),
        REMOVE: removed({}),
      };
      for (const metadata of [false, true]) {
        const { letsThrough } = criteriaOf([route.on(shop, { id: 'one', events }, ignore)], { metadata });
        const through = Object.values(one).filter(letsThrough);
        expect(through.map(({ eventName }) => eventName)).toEqual(events);
      }
    },
  );

  it('deletions by TTL, or by others, where patterns may test userIdentity', () => {
    const expired = {
      ...removed({}),
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
    };
    const metadata = { metadata: true };
    const byTtl = criteriaOf([route.expire(shop, { id: 'one' }, ignore)], metadata);
    const byUser = criteriaOf([route.remove(shop, { id: 'one', by: 'user' }, ignore)], metadata);
    expect([expired, removed({})].map(byTtl.letsThrough)).toEqual([true, false]);
    expect([expired, removed({})].map(byUser.letsThrough)).toEqual([false, true]);
  });
});

describe('what a pattern cannot say passes:', () => {
  const cases: Readonly<Record<string, [AnyFilter, wanted: StreamRecord[]]>> = {
    'an attribute that is missing inside of a map, for which a name with dots can stand': [
      shop.attr('a.b').is(absent),
      [inserted({ 'a.M.b': 'x' })],
    ],
    'a missing attribute whose name has dots, for which an entry of a map can stand': [
      shop.attrAt('a.M.b').is(absent),
      [inserted({ a: { b: 'x' } })],
    ],
    'another value inside of a map, for the same reason': [
      not(shop.attr('a.b').is('x')),
      [inserted({ 'a.M.b': 'x' })],
    ],
    'two elements of one list': [
      all(shop.attr('a[0].b').is('x'), shop.attr('a[1].c').is('y')),
      [inserted({ a: [{ b: 'x' }, { c: 'y' }] })],
    ],
    'one of two elements, and another one of the same list': [
      all(any(shop.attr('a[0].b').is('x'), shop.attr('a[1].b').is('x')), shop.attr('a[0].c').is('y')),
      [inserted({ a: [{ b: 'x', c: 'y' }] }), inserted({ a: [{ c: 'y' }, { b: 'x' }] })],
    ],
    'one of two elements with other values, and another one of the same list': [
      all(any(shop.attr('a[0].b').is('x'), shop.attr('a[1].b').is('z')), shop.attr('a[0].c').is('y')),
      [inserted({ a: [{ c: 'y' }, { b: 'z' }] })],
    ],
    'an element that covers less than it seems': [
      all(
        any(shop.attr('a[0].b').is('x'), all(shop.attr('a[1].b').is('x'), shop.attr('d').is('w'))),
        shop.attr('a[0].c').is('y'),
      ),
      [inserted({ a: [{ c: 'y' }, { b: 'x' }], d: 'w' })],
    ],
    'another value in one element, where others have it': [
      not(shop.attr('a[0]').is('x')),
      [inserted({ a: ['y', 'x'] }), inserted({ a: [] })],
    ],
    'two members of one set': [
      all(shop.attr('a').has('x'), shop.attr('a').has('y')),
      [inserted({ a: new Set(['x', 'y']) })],
    ],
    'a beginning and an end together': [
      all(shop.attr('a').startsWith('x'), shop.attr('a').endsWith('y')),
      [inserted({ a: 'x-y' })],
    ],
    'numbers that may be written with an exponent': [
      shop.attr('n').is(decimal('1e30')),
      [inserted({ n: decimal('1e30') })],
    ],
    'bytes, which may be compared before they are written as base64': [
      any(
        shop.attr('a').is(Buffer.from('x')),
        shop.attr('b').has(Buffer.from('x')),
        shop.attr('c').is(new Set([Buffer.from('x')])),
        all(shop.attr('d').is('D'), not(shop.attr('e').is(Buffer.from('x')))),
      ),
      [
        inserted({ a: bytes }),
        inserted({ b: [bytes] }),
        inserted({ b: new Set([bytes]) }),
        inserted({ c: new Set([bytes]) }),
        inserted({ d: 'D', e: bytes }),
      ],
    ],
    'names that mean something in a pattern': [
      all(shop.attr('$or').is('x'), shop.attr('prefix').is('y')),
      [inserted({ $or: 'x', prefix: 'y' })],
    ],
    'maps and lists that are there': [shop.attr('a').exists(), [inserted({ a: {} }), inserted({ a: [] })]],
    'a function that fails': [
      where('it fails', () => {
        throw new Error('It fails.');
      }),
      [inserted({})],
    ],
  };
  it.each(Object.entries(cases))('%s', (_name, [when, wanted]) => {
    const { letsThrough } = on(when);
    expect(wanted.map(letsThrough)).toEqual(wanted.map(() => true));
  });

  it('deletions that TTL may have made in another Region, where that is inferred', () => {
    const replicated = table('shop', { keys, ttl: 'expiresAt', ttlOnReplicas: 'infer' });
    const { letsThrough, notPushedDown } = criteriaOf([route.expire(replicated, { id: 'one' }, ignore)], {
      metadata: true,
    });
    expect(letsThrough(removed({ expiresAt: 1 }))).toBe(true);
    expect(notPushedDown).toHaveLength(1);
  });

  it.each<StreamViewType>(['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE'])(
    'events that a stream with %s does not tell apart',
    (view) => {
      const narrow = table('shop', { keys, view });
      const { notPushedDown } = criteriaOf([route.modify(narrow, { id: 'one' }, ignore)]);
      expect(notPushedDown).toEqual([
        {
          routeId: 'one',
          condition: 'MODIFY',
          reason:
            'the images of the stream do not tell its events apart, and eventName is tested with metadata alone',
        },
      ]);
    },
  );
});

describe('the report', () => {
  it('names every condition that is left to the router, in the words of the route table, with the reason', () => {
    const when = all(
      shop.attr('total').atLeast(100),
      shop.attr('note').matches(/x/),
      where('odd', () => true),
    );
    expect(on(when, ['MODIFY']).notPushedDown).toEqual([
      {
        routeId: 'one',
        condition: 'total is at least 100',
        reason: 'a number is text in a record, and patterns compare JSON numbers alone',
      },
      {
        routeId: 'one',
        condition: 'note is text that matches /x/',
        reason: 'a pattern has no regular expressions',
      },
      { routeId: 'one', condition: 'where "odd"', reason: 'it is a function' },
    ]);
  });

  it('has one row for a condition, and one for the keys of a route', () => {
    const Line = shop.entity('Line', { key: { pk: 'USER#:user', sk: 'ORDER#:order#:user' } });
    const { notPushedDown } = criteriaOf([
      route.modify(Line, { id: 'one', when: shop.attr('a').changed() as never }, ignore),
      route.expire(shop, { id: 'two' }, ignore),
    ]);
    expect(notPushedDown.map((row) => Object.values(row))).toEqual([
      [
        'one',
        'pk like "USER#:user" and sk like "ORDER#:order#:user"',
        'a pattern tests how a key begins or ends, and not the rest; its keys have to capture the same',
      ],
      ['one', 'a changed', 'it compares the two images'],
      [
        'two',
        'removed by ttl',
        'who deleted an item stands in userIdentity, which patterns test with metadata alone',
      ],
    ]);
  });

  it('has bytes in it, and numbers that may be written in several ways, as members too', () => {
    const [x, large] = [Buffer.from('x'), decimal('1e30')];
    const when = any(
      shop.attr('a').is(x),
      not(shop.attr('b').is(x)),
      shop.attr('c').has(x),
      shop.attr('d').has(large),
    );
    const told = on(when, ['INSERT']).notPushedDown.map(({ condition, reason }) => `${condition}: ${reason}`);
    const ofBytes = 'nothing says whether bytes are compared before or after they are written as base64';
    expect(told).toEqual([
      `a is "eA==": ${ofBytes}`,
      `not b is "eA==": ${ofBytes}`,
      `c is a set or list with "eA==": ${ofBytes}`,
      'd is a set or list with 1e30: nothing promises how a number so large, small or long is written',
    ]);
  });

  it('is empty where the patterns say all', () => {
    expect(on(shop.attr('status').from('NEW').to('PAID')).notPushedDown).toEqual([]);
    expect(criteriaOf([route.on(shop, { id: 'one' }, ignore)])).toMatchObject({
      filters: [],
      notPushedDown: [],
    });
  });
});

it('takes as many filters as a quota can be, and no others', () => {
  const router = createRouter({ routes: [route.on(shop, { id: 'one' }, ignore)] });
  expect(() => filterCriteria(router, { maxFilters: 0 })).toThrow('maxFilters is 0; give 1 to 10');
  expect(() => filterCriteria(router, { maxFilters: 11 })).toThrow(RangeError);
});
