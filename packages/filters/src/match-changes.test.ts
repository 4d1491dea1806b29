import { describe, expect, it } from 'vitest';
import {
  type AnyFilter,
  type AttributeMap,
  type AttributeValue,
  absent,
  decimal,
  matcher,
  type StreamRecord,
  table,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const v = shop.attr('v');
type Stored = AttributeValue | undefined;

function record(old: AttributeMap | undefined, now: AttributeMap | undefined): StreamRecord {
  return {
    eventName: old ? (now ? 'MODIFY' : 'REMOVE') : 'INSERT',
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: {
      Keys: {},
      ...(old && { OldImage: old }),
      ...(now && { NewImage: now }),
      SequenceNumber: '1',
    },
  };
}

const item = (stored: Stored): AttributeMap => (stored ? { v: stored } : {});
const modify = (old: Stored, now: Stored) => record(item(old), item(now));
const insert = (now: Stored) => record(undefined, item(now));
const remove = (old: Stored) => record(item(old), undefined);
const passes = (filter: AnyFilter, given: StreamRecord) => matcher(filter)(given);
const N = (text: string): AttributeValue => ({ N: text });

describe('a number that changes', () => {
  it.each<[string, string, 'increased' | 'decreased' | 'neither']>([
    ['1', '2', 'increased'],
    ['2', '1', 'decreased'],
    ['9', '10', 'increased'],
    ['-1', '-2', 'decreased'],
    ['1', '1.0', 'neither'],
    ['0', '-0', 'neither'],
    ['9007199254740992', '9007199254740993', 'increased'],
    [`0.${'1'.repeat(38)}`, `0.${'1'.repeat(37)}2`, 'increased'],
  ])('from %s to %s has %s', (old, now, change) => {
    expect(passes(v.increased(), modify(N(old), N(now)))).toBe(change === 'increased');
    expect(passes(v.decreased(), modify(N(old), N(now)))).toBe(change === 'decreased');
  });

  it.each<[string, string, string, boolean]>([
    ['10', '15', '5', true],
    ['10', '14.999', '5', false],
    ['10', '15.001', '5', true],
    ['15', '10', '5', false],
    ['-3', '2', '5', true],
    ['0', '1E-130', '1E-130', true],
    ['0.1', '0.3', '0.2', true],
    ['1E+125', '1.00000000000000000000000000000000000001E+125', '1E+87', true],
    ['1E+125', '1E+125', '1E-130', false],
    ['0', '9.9E+125', '9.9E+125', true],
  ])('from %s to %s increased by %s, exactly: %s', (old, now, by, expected) => {
    expect(passes(v.increasedBy(decimal(by)), modify(N(old), N(now)))).toBe(expected);
    expect(passes(v.decreasedBy(decimal(by)), modify(N(now), N(old)))).toBe(expected);
  });

  it('is a number before and after: one that appears has not increased, and text never does', () => {
    const filters = [v.increased(), v.decreased(), v.increasedBy(1), v.decreasedBy(1), v.crossed(1)];
    const others: Stored[] = [undefined, { S: '0' }, { NULL: true }, { NS: ['0'] }, { L: [N('0')] }];
    for (const filter of filters) {
      for (const other of others) {
        expect(passes(filter, modify(other, N('100')))).toBe(false);
        expect(passes(filter, modify(N('100'), other))).toBe(false);
      }
      expect(passes(filter, insert(N('100')))).toBe(false);
      expect(passes(filter, remove(N('100')))).toBe(false);
    }
  });

  it('changes by an amount above 0', () => {
    for (const amount of [0, -1, decimal('-0.0')]) {
      expect(() => v.increasedBy(amount)).toThrowError(/give an amount above 0/);
      expect(() => v.decreasedBy(amount)).toThrowError(TypeError);
    }
  });

  it.each(['1E+999999999', '1E-999999999', 'one'])(
    'fails the record, and takes no memory, for an N that DynamoDB cannot have written: %s',
    (text) => {
      expect(() => passes(v.increasedBy(1), modify(N('1'), N(text)))).toThrowError(
        expect.objectContaining({ code: 'MALFORMED_VALUE' }),
      );
    },
  );
});

describe('a limit', () => {
  it.each<[string, string, 'up' | 'down' | 'not']>([
    ['99', '100', 'up'],
    ['99.99', '250', 'up'],
    ['100', '101', 'not'],
    ['99', '99.99', 'not'],
    ['100', '99', 'down'],
    ['250', '-1', 'down'],
    ['100', '100.0', 'not'],
    ['101', '100', 'not'],
  ])('of 100 is crossed from %s to %s: %s', (old, now, crossed) => {
    const given = modify(N(old), N(now));
    expect(passes(v.crossed(100, 'up'), given)).toBe(crossed === 'up');
    expect(passes(v.crossed(100, 'down'), given)).toBe(crossed === 'down');
    expect(passes(v.crossed(100, 'either'), given)).toBe(crossed !== 'not');
    expect(passes(v.crossed(100), given)).toBe(crossed !== 'not');
  });

  it('of 0 is crossed like any other', () => {
    expect(passes(v.crossed(0, 'down'), modify(N('0'), N('-1')))).toBe(true);
    expect(passes(v.crossed(0, 'up'), modify(N('-1'), N('0')))).toBe(true);
  });
});

describe('members of sets and lists', () => {
  it('are added and removed one by one', () => {
    const given = modify({ SS: ['a', 'b'] }, { SS: ['b', 'vip'] });
    expect(passes(v.added(), given)).toBe(true);
    expect(passes(v.added('vip'), given)).toBe(true);
    expect(passes(v.added('b'), given)).toBe(false);
    expect(passes(v.added('x', 'vip'), given)).toBe(true);
    expect(passes(v.removed(), given)).toBe(true);
    expect(passes(v.removed('a'), given)).toBe(true);
    expect(passes(v.removed('b'), given)).toBe(false);
    expect(passes(v.removed('vip'), given)).toBe(false);
  });

  it('are the same in another order or notation', () => {
    for (const given of [
      modify({ SS: ['a', 'b'] }, { SS: ['b', 'a'] }),
      modify({ NS: ['1', '2'] }, { NS: ['2.0', '1E0'] }),
      modify({ L: [{ S: 'a' }, { S: 'b' }] }, { L: [{ S: 'b' }, { S: 'a' }] }),
    ]) {
      expect(passes(v.added(), given)).toBe(false);
      expect(passes(v.removed(), given)).toBe(false);
    }
  });

  it('of a list count as often as they occur', () => {
    const once: AttributeValue = { L: [{ S: 'a' }, { S: 'b' }] };
    const twice: AttributeValue = { L: [{ S: 'a' }, { S: 'b' }, { S: 'a' }] };
    expect(passes(v.added('a'), modify(once, twice))).toBe(true);
    expect(passes(v.added('b'), modify(once, twice))).toBe(false);
    expect(passes(v.added(), modify(once, twice))).toBe(true);
    expect(passes(v.removed('a'), modify(twice, once))).toBe(true);
    expect(passes(v.added(), modify(twice, once))).toBe(false);
    expect(
      passes(v.added('c'), modify({ L: [{ S: 'c' }, { S: 'a' }] }, { L: [{ S: 'c' }, { S: 'b' }] })),
    ).toBe(false);
  });

  it('of a list can be maps and lists, compared as values', () => {
    const line = (sku: string, count: string): AttributeValue => ({
      M: { count: N(count), sku: { S: sku } },
    });
    const given = modify({ L: [line('A', '1')] }, { L: [line('A', '1.0'), line('B', '2')] });
    expect(passes(v.added({ sku: 'B', count: 2 }), given)).toBe(true);
    expect(passes(v.added({ sku: 'A', count: 1 }), given)).toBe(false);
    expect(passes(v.added(['B']), given)).toBe(false);
  });

  it('appear and disappear with the attribute and with its item', () => {
    const tags: AttributeValue = { SS: ['vip'] };
    expect(passes(v.added('vip'), modify(undefined, tags))).toBe(true);
    expect(passes(v.added('vip'), insert(tags))).toBe(true);
    expect(passes(v.removed('vip'), modify(tags, undefined))).toBe(true);
    expect(passes(v.removed('vip'), remove(tags))).toBe(true);
    expect(passes(v.removed(), insert(tags))).toBe(false);
    expect(passes(v.added(), remove(tags))).toBe(false);
    expect(passes(v.added(), modify(undefined, undefined))).toBe(false);
  });

  it('are none in what is neither set nor list, such as the null that some marshallers write for an empty set', () => {
    const tags: AttributeValue = { SS: ['vip'] };
    for (const other of [{ NULL: true }, { S: 'vip' }, { M: { vip: { S: 'vip' } } }] as AttributeValue[]) {
      expect(passes(v.added('vip'), modify(other, tags))).toBe(true);
      expect(passes(v.removed('vip'), modify(tags, other))).toBe(true);
      expect(passes(v.removed(), modify(other, tags))).toBe(false);
      expect(passes(v.added(), modify(other, other))).toBe(false);
    }
  });

  it('stay when a set becomes the list of them', () => {
    const given = modify({ SS: ['a'] }, { L: [{ S: 'a' }] });
    expect(passes(v.added(), given)).toBe(false);
    expect(passes(v.removed(), given)).toBe(false);
    expect(passes(v.changed(), given)).toBe(true);
  });

  it('are found in long lists without comparing each with each', () => {
    const long = Array.from({ length: 20_000 }, (_, index) => ({ S: `m${index}` }));
    const given = modify({ L: long }, { L: [...long.toReversed(), { S: 'new' }] });
    expect(passes(v.added('new'), given)).toBe(true);
    expect(passes(v.removed(), given)).toBe(false);
  });
});

describe('a type that changes', () => {
  it.each<[AttributeValue, AttributeValue]>([
    [{ S: '1' }, { N: '1' }],
    [{ L: [] }, { M: {} }],
    [{ SS: ['a'] }, { M: { a: { S: 'a' } } }],
    [{ SS: ['a'] }, { L: [{ S: 'a' }] }],
    [{ S: '' }, { NULL: true }],
    [{ BOOL: false }, { NULL: true }],
  ])('is seen from %j to %j, and back, and is a change too', (one, other) => {
    for (const given of [modify(one, other), modify(other, one)]) {
      expect(passes(v.typeChanged(), given)).toBe(true);
      expect(passes(v.changed(), given)).toBe(true);
      expect(passes(v.unchanged(), given)).toBe(false);
    }
  });

  it('is a type on both sides', () => {
    expect(passes(v.typeChanged(), modify({ S: 'a' }, { S: 'b' }))).toBe(false);
    expect(passes(v.typeChanged(), modify(undefined, { S: 'b' }))).toBe(false);
    expect(passes(v.typeChanged(), modify({ S: 'a' }, undefined))).toBe(false);
    expect(passes(v.typeChanged(), insert({ S: 'a' }))).toBe(false);
    expect(passes(v.typeChanged(), remove({ S: 'a' }))).toBe(false);
  });
});

describe('an attribute that does not change', () => {
  it('is the same in both images, or in neither', () => {
    expect(passes(v.unchanged(), modify(N('1'), N('1.0')))).toBe(true);
    expect(passes(v.unchanged(), modify(undefined, undefined))).toBe(true);
    expect(passes(v.unchanged(), modify(N('1'), undefined))).toBe(false);
    expect(passes(v.unchanged(), insert(N('1')))).toBe(false);
    expect(passes(v.unchanged(), insert(undefined))).toBe(true);
    expect(passes(v.unchanged(), remove(N('1')))).toBe(false);
  });
});

describe('an attribute that is set to null', () => {
  it('was anything else before, also absent', () => {
    const none: AttributeValue = { NULL: true };
    expect(passes(v.nulled(), modify({ S: 'x' }, none))).toBe(true);
    expect(passes(v.nulled(), modify({ BOOL: false }, none))).toBe(true);
    expect(passes(v.nulled(), modify(undefined, none))).toBe(true);
    expect(passes(v.nulled(), insert(none))).toBe(true);
    expect(passes(v.nulled(), modify(none, none))).toBe(false);
    expect(passes(v.nulled(), modify({ S: 'x' }, undefined))).toBe(false);
    expect(passes(v.nulled(), remove({ S: 'x' }))).toBe(false);
  });
});

describe('names taken as they are', () => {
  const odd: AttributeMap = { 'a.b': { L: [{ M: { 'c[0]': { S: 'in' } } }] } };
  const path: AttributeMap = { a: { M: { b: { L: [{ M: { c: { S: 'in' } } }] } } } };

  it('are not paths, and paths are not them', () => {
    const named = shop.attrAt('a.b', 0, 'c[0]');
    expect(passes(named.is('in'), record(undefined, odd))).toBe(true);
    expect(passes(named.is(absent), record(undefined, path))).toBe(true);
    expect(passes(shop.attrAt('a.b').changed(), record(path, odd))).toBe(true);
    expect(passes(shop.attr('a.b').changed(), record(odd, odd))).toBe(false);
    expect(passes(shop.attr('a.b').disappeared(), record(path, odd))).toBe(true);
    expect(shop.attrAt('a', 'b', 0, 'c').is('in')).toEqual(shop.attr('a.b[0].c').is('in'));
  });

  it('may be called __proto__ or constructor, at every depth', () => {
    const proto = JSON.parse('{"__proto__":{"M":{"constructor":{"SS":["x"]}}}}') as AttributeMap;
    const named = shop.attrAt('__proto__', 'constructor');
    expect(passes(named.has('x'), record(undefined, proto))).toBe(true);
    expect(passes(named.added('x'), record({}, proto))).toBe(true);
    expect(passes(named.exists(), record({}, {}))).toBe(false);
    expect(passes(shop.attr('constructor').exists(), record({}, {}))).toBe(false);
    expect(passes(shop.attr('toString').size(0), record({}, {}))).toBe(false);
  });

  it('have to be some', () => {
    expect(() => shop.attrAt('')).toThrowError(/is not an attribute path/);
    expect(() => shop.attrAt('a', -1)).toThrowError(TypeError);
  });
});
