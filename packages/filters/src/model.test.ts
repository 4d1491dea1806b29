import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type AnyFilter,
  absent,
  all,
  any,
  decimal,
  eventName,
  type FilterNode,
  inferredTtl,
  keyFilter,
  modelFilter,
  not,
  removedBy,
  streamRegion,
  table,
  tableOfModel,
  value,
} from './index.js';

const keys = { partition: 'pk', sort: 'sk' } as const;
const shop = table('shop', { keys, ttl: 'expiresAt' });
const schema = z.object({ status: z.string() });
const Order = shop.entity('Order', { key: { pk: 'USER#:userId' }, schema });
const status = shop.attr('status');

const filters: readonly AnyFilter[] = [
  all(status.is('PAID'), status.changed()),
  any(status.appeared(), status.disappeared()),
  not(status.to('PAID', absent, null)),
  status.from('PENDING'),
  status.from('PENDING').to('PAID'),
  status.is(1, 1n, true, new Uint8Array([1])),
  status.is(['a', { b: new Set(['c']) }], decimal('0.1'), streamRegion),
  status.from(value.startsWith('P'), null).to(value.ofType('S'), value.exists()),
  status.matches(/^P/i),
  status.size(value.atLeast(3)),
  status.unchanged(),
  status.nulled(),
  status.typeChanged(),
  status.increased(),
  status.decreasedBy(0.5),
  status.crossed(100, 'up'),
  status.added(),
  status.removed('vip', { a: 1 }),
  shop.attrAt('a.b', 0).has('vip'),
  eventName('INSERT', 'REMOVE'),
  removedBy('ttl', shop),
  modelFilter(shop),
  modelFilter(Order),
];

describe('a filter', () => {
  it.each(filters)('is frozen, all the way down: %j', (filter) => {
    expect(thawedIn(filter)).toEqual([]);
  });

  it.each(filters)('is its own JSON: %j', (filter) => {
    expect(JSON.parse(JSON.stringify(filter))).toEqual(filter);
  });

  it('that was begun with from is the same data as any other, and is left as it is by to', () => {
    const from = status.from('PENDING');
    const text = JSON.stringify(from);
    expect(Object.keys(from)).not.toContain('to');
    expect(from.to('PAID')).toEqual({
      ...JSON.parse(text),
      after: { kind: 'oneOf', operands: [{ S: 'PAID' }] },
    });
    expect(JSON.stringify(from)).toBe(text);
  });

  it('does not follow the bytes that it was given when they change', () => {
    const bytes = new Uint8Array([1, 2]);
    const filter = status.is(bytes);
    bytes[0] = 9;
    expect(filter).toMatchObject({ test: { operands: [{ B: 'AQI=' }] } });
  });

  it('says what it was given instead of a value', () => {
    expect(() => status.is(new Date(0) as never)).toThrowError(/was given a Date, which/);
    expect(() => status.is(undefined as never)).toThrowError(/was given undefined, which/);
    expect(Object.isFrozen(decimal('1'))).toBe(true);
  });

  it.each([
    ['a Date', new Date(0)],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['undefined', undefined],
    ['an instance of a class', new (class Money {})()],
    ['a Map', new Map([['a', 1]])],
    ['an empty Set, which DynamoDB does not store', new Set()],
    ['a Set of several types', new Set(['PAID', 1])],
    ['a Set of lists', new Set([['PAID']])],
    ['absent inside of a list', [absent]],
    ['undefined inside of an object', { status: undefined }],
    ['a function', () => 'PAID'],
    ['another symbol', Symbol('absent')],
  ])('refuses to compare with %s', (_what, literal) => {
    expect(() => status.is(literal as never)).toThrowError(TypeError);
    expect(() => status.from(literal as never)).toThrowError(
      /DynamoDB cannot store there.*"no value", absent/s,
    );
    expect(() => status.to(literal as never)).toThrowError(TypeError);
  });
});

describe('a table', () => {
  it('is frozen data with defaults', () => {
    expect(thawedIn(shop)).toEqual([]);
    expect(shop).toMatchObject({
      kind: 'table',
      name: 'shop',
      keys,
      view: 'NEW_AND_OLD_IMAGES',
      ttl: 'expiresAt',
      numbers: 'string',
    });
    expect(tableOfModel(shop)).toBe(shop);
    expect(keyFilter(shop)).toBeUndefined();
    expect(modelFilter(shop)).toEqual({ kind: 'table', name: 'shop' });
  });

  it('keeps its name as it was given', () => {
    expect(table('shop-${STAGE}', { keys })).toMatchObject({ name: 'shop-${STAGE}' });
  });

  it('infers deletions by TTL only where it can: from the old image, by an attribute', () => {
    expect(shop.ttlOnReplicas).toBeUndefined();
    expect(inferredTtl(shop)).toBeUndefined();
    const infers = table('shop', { keys, ttl: 'expiresAt', view: 'OLD_IMAGE', ttlOnReplicas: 'infer' });
    expect(inferredTtl(infers.entity('Any', {}))).toBe('expiresAt');
    expect(() => table('shop', { keys, ttlOnReplicas: 'infer' })).toThrowError(/ttlOnReplicas needs ttl/);
    const view = 'NEW_IMAGE';
    expect(() => table('shop', { keys, ttl: 'expiresAt', view, ttlOnReplicas: 'infer' })).toThrowError(
      TypeError,
    );
  });

  it('does not follow the options that it was made from', () => {
    const options = { keys: { partition: 'pk' } };
    const made = table('shop', options);
    options.keys.partition = 'other';
    expect(made.keys).toEqual({ partition: 'pk' });
  });
});

describe('an entity', () => {
  it('is frozen data of its table', () => {
    expect([Object.isFrozen(Order), Object.isFrozen(Order.key)]).toEqual([true, true]);
    expect(tableOfModel(Order)).toBe(shop);
  });

  it('validates the subject image when it has a schema, and nothing without one', () => {
    expect(Order).toMatchObject({ validate: 'new', onInvalid: 'fail' });
    expect(shop.entity('Any', {})).toMatchObject({ key: {}, schema: undefined, validate: 'none' });
    expect(shop.entity('Any', { validate: 'both' })).toMatchObject({ validate: 'none' });
    expect(shop.entity('Any', { schema, validate: 'none', onInvalid: 'skip' })).toMatchObject({
      validate: 'none',
      onInvalid: 'skip',
    });
  });

  it('is told by its table and its keys, or by its table alone where it has no templates', () => {
    expect(modelFilter(Order)).toEqual(all(modelFilter(shop), keyFilter(Order) as FilterNode));
    expect(modelFilter(shop.entity('Any', {}))).toEqual({ kind: 'table', name: 'shop' });
  });
});

/** Paths to objects inside that are not frozen. */
function thawedIn(value: unknown, path = '.'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([name, part]) => thawedIn(part, `${path}/${name}`));
  return Object.isFrozen(value) ? inside : [path, ...inside];
}
