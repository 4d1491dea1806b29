import { isDeepStrictEqual } from 'node:util';
import {
  type AttributeMap,
  type AttributeValue,
  canonicalDecimal,
  type NumberPolicy,
  sameValue,
} from '@sluice/filters';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeItem } from './decode.js';
import { type Difference, differences } from './diff.js';

fc.configureGlobal({ seed: 20_260_101 });

const diff = (before: AttributeMap, after: AttributeMap, numbers: NumberPolicy = 'string') =>
  differences(before, after, numbers);
const diffValue = (before: AttributeValue, after: AttributeValue) => diff({ a: before }, { a: after });

// Few names and few values: two items that are drawn apart from each other still have much in common.
const name = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'a.b', '0');
const text = fc.constantFrom('', 'x', 'y', '__proto__');
const decimal = fc.constantFrom('1', '1.0', '10E-1', '-2.5', '12345678901234567890', '12345678901234567891');
const bytes = fc.constantFrom('AQ==', 'Ag==', 'AQI=');
const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text.map((S) => ({ S })),
    decimal.map((N) => ({ N })),
    bytes.map((B) => ({ B })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true as const }),
    fc.uniqueArray(text, { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
    fc.uniqueArray(decimal, { minLength: 1, maxLength: 3, selector: canonicalDecimal }).map((NS) => ({ NS })),
    fc.uniqueArray(bytes, { minLength: 1, maxLength: 3 }).map((BS) => ({ BS })),
    fc.array(tie('value'), { maxLength: 5 }).map((L) => ({ L })),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }).map((M) => ({ M })),
  ),
}));
const item = fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true });

describe('the differences between two items', () => {
  it('applied to the old one, one after another, give the new one', () => {
    fc.assert(
      fc.property(item, item, (before, after) => {
        // Numbers by value: the texts of one number are made the same.
        const result = apply(decodeItem(before, canonicalDecimal), diff(before, after, canonicalDecimal));
        expect(isDeepStrictEqual(result, decodeItem(after, canonicalDecimal))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('are none for the same item, and some for every other', () => {
    fc.assert(
      fc.property(item, item, (before, after) => {
        expect(diff(before, structuredClone(before))).toEqual([]);
        expect(diff(before, after).length === 0).toBe(sameValue({ M: before }, { M: after }));
      }),
      { numRuns: 500 },
    );
  });

  it('tell nothing twice, and are the same whatever order the names come in', () => {
    fc.assert(
      fc.property(item, item, (before, after) => {
        const found = diff(before, after);
        expect(new Set(found.map((each) => JSON.stringify(each, shown))).size).toBe(found.length);
        const turned = Object.fromEntries(Object.entries(before).reverse());
        expect(isDeepStrictEqual(diff(turned, after), found)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('say what was added, removed and changed, where, by name and depth first', () => {
    expect(
      diff(
        { total: { N: '5' }, gone: { S: 'x' }, address: { M: { city: { S: 'Graz' }, zip: { S: '8010' } } } },
        { total: { N: '7.5' }, address: { M: { city: { S: 'Wien' } } }, added: { BOOL: true } },
      ),
    ).toEqual([
      { kind: 'added', path: ['added'], after: true },
      { kind: 'changed', path: ['address', 'city'], before: 'Graz', after: 'Wien' },
      { kind: 'removed', path: ['address', 'zip'], before: '8010' },
      { kind: 'removed', path: ['gone'], before: 'x' },
      { kind: 'changed', path: ['total'], before: 5, after: 7.5 },
    ]);
  });

  it('have values by the policy of numbers', () => {
    const [before, after] = [{ a: { N: '1' } }, { a: { N: '12345678901234567890' } }];
    expect(diff(before, after, 'bigint')).toMatchObject([{ before: 1, after: 12345678901234567890n }]);
    expect(diff(before, after, (decimal) => ({ decimal }))).toMatchObject([
      { before: { decimal: '1' }, after: { decimal: '12345678901234567890' } },
    ]);
  });
});

describe('what is the same', () => {
  it.each<[string, AttributeValue, AttributeValue]>([
    ['one number in two texts', { N: '1.0' }, { N: '10E-1' }],
    ['a set in another order', { SS: ['a', 'b'] }, { SS: ['b', 'a'] }],
    ['a number set in other texts', { NS: ['1', '2'] }, { NS: ['2.0', '1E0'] }],
    [
      'a map in another order',
      { M: { a: { S: 'x' }, b: { S: 'y' } } },
      { M: { b: { S: 'y' }, a: { S: 'x' } } },
    ],
  ])('gives none: %s', (_what, before, after) => {
    expect(diffValue(before, after)).toEqual([]);
  });
});

describe('a value', () => {
  it.each<[string, AttributeValue, AttributeValue, unknown, unknown]>([
    ['text becomes a number', { S: '1' }, { N: '1' }, '1', 1],
    ['a value becomes null', { S: 'x' }, { NULL: true }, 'x', null],
    ['a set becomes a list', { SS: ['a'] }, { L: [{ S: 'a' }] }, new Set(['a']), ['a']],
    ['a list becomes a map', { L: [] }, { M: {} }, [], {}],
    ['a text set becomes a number set', { SS: ['1'] }, { NS: ['1'] }, new Set(['1']), new Set([1])],
    [
      'a number changes beyond a double',
      { N: '9007199254740993' },
      { N: '9007199254740994' },
      '9007199254740993',
      '9007199254740994',
    ],
  ])('is changed as a whole where %s', (_what, old, now, before, after) => {
    expect(diffValue(old, now)).toEqual([{ kind: 'changed', path: ['a'], before, after }]);
  });
});

describe('a set', () => {
  it('tells its members, those that left before those that joined', () => {
    expect(diffValue({ SS: ['a', 'b', 'c'] }, { SS: ['d', 'c', 'a'] })).toEqual([
      { kind: 'memberRemoved', path: ['a'], member: 'b' },
      { kind: 'memberAdded', path: ['a'], member: 'd' },
    ]);
    expect(diffValue({ NS: ['1.0'] }, { NS: ['1', '2'] })).toEqual([
      { kind: 'memberAdded', path: ['a'], member: 2 },
    ]);
    expect(diffValue({ BS: ['AQ=='] }, { BS: ['Ag=='] })).toEqual([
      { kind: 'memberRemoved', path: ['a'], member: new Uint8Array([1]) },
      { kind: 'memberAdded', path: ['a'], member: new Uint8Array([2]) },
    ]);
  });
});

describe('a list', () => {
  const list = (letters: string): AttributeValue => ({ L: [...letters].map((S) => ({ S })) });

  it.each<[string, string, Difference[]]>([
    ['bc', 'abc', [{ kind: 'added', path: ['a', 0], after: 'a' }]],
    ['ac', 'abc', [{ kind: 'added', path: ['a', 1], after: 'b' }]],
    ['aa', 'aaa', [{ kind: 'added', path: ['a', 2], after: 'a' }]],
    [
      'ad',
      'abcd',
      [
        { kind: 'added', path: ['a', 1], after: 'b' },
        { kind: 'added', path: ['a', 2], after: 'c' },
      ],
    ],
    ['abc', 'ac', [{ kind: 'removed', path: ['a', 1], before: 'b' }]],
    [
      'abcd',
      'ad',
      [
        { kind: 'removed', path: ['a', 2], before: 'c' },
        { kind: 'removed', path: ['a', 1], before: 'b' },
      ],
    ],
    [
      'axyd',
      'azd',
      [
        { kind: 'changed', path: ['a', 1], before: 'x', after: 'z' },
        { kind: 'removed', path: ['a', 2], before: 'y' },
      ],
    ],
    [
      'ab',
      'ba',
      [
        { kind: 'changed', path: ['a', 0], before: 'a', after: 'b' },
        { kind: 'changed', path: ['a', 1], before: 'b', after: 'a' },
      ],
    ],
  ])('from %s to %s tells the elements between what they share at the ends', (before, after, expected) => {
    expect(diffValue(list(before), list(after))).toEqual(expected);
  });

  it('tells what is inside an element that both have at one place', () => {
    const line = (count: string): AttributeValue => ({ M: { sku: { S: 'A' }, count: { N: count } } });
    expect(diffValue({ L: [line('1'), line('2')] }, { L: [line('1'), line('3')] })).toEqual([
      { kind: 'changed', path: ['a', 1, 'count'], before: 2, after: 3 },
    ]);
  });
});

describe('names', () => {
  it('are taken as they are, and are no prototype', () => {
    const before = JSON.parse('{"__proto__":{"M":{"__proto__":{"S":"x"}}}}') as AttributeMap;
    const after = JSON.parse(
      '{"__proto__":{"M":{"__proto__":{"S":"y"},"isAdmin":{"BOOL":true}}},"constructor":{"S":"z"},"a.b":{"N":"1"}}',
    ) as AttributeMap;
    expect(diff(before, after)).toEqual([
      { kind: 'changed', path: ['__proto__', '__proto__'], before: 'x', after: 'y' },
      { kind: 'added', path: ['__proto__', 'isAdmin'], after: true },
      { kind: 'added', path: ['a.b'], after: 1 },
      { kind: 'added', path: ['constructor'], after: 'z' },
    ]);
    expect(diff({}, { toString: { S: 'own' } })).toEqual([
      { kind: 'added', path: ['toString'], after: 'own' },
    ]);
  });

  it('cannot hide what DynamoDB cannot have written', () => {
    const broken = { a: { L: [null] } } as unknown as AttributeMap;
    expect(() => diff(broken, { a: { L: [] } })).toThrowError(
      expect.objectContaining({ code: 'MALFORMED_VALUE' }),
    );
  });
});

/** Takes the differences one after another; a list has its elements moved by what is removed and added. */
function apply(before: object, found: readonly Difference[]): unknown {
  const root = structuredClone(before);
  for (const difference of found) {
    const { path } = difference;
    const parent = at(root, path.slice(0, -1));
    const last = path.at(-1) as string | number;
    switch (difference.kind) {
      case 'added':
        if (Array.isArray(parent)) parent.splice(last as number, 0, difference.after);
        else define(parent, last, difference.after);
        break;
      case 'changed':
        expect(isDeepStrictEqual(at(root, path), difference.before)).toBe(true);
        define(parent, last, difference.after);
        break;
      case 'removed':
        expect(isDeepStrictEqual(at(root, path), difference.before)).toBe(true);
        if (Array.isArray(parent)) parent.splice(last as number, 1);
        else Reflect.deleteProperty(parent, last);
        break;
      case 'memberAdded':
        (at(root, path) as Set<unknown>).add(difference.member);
        break;
      case 'memberRemoved': {
        const set = at(root, path) as Set<unknown>;
        const member = [...set].find((each) => isDeepStrictEqual(each, difference.member));
        expect(set.delete(member)).toBe(true);
      }
    }
  }
  return root;
}

function at(root: object, path: readonly (string | number)[]): object {
  return path.reduce<object>(
    (parent, segment) => Object.getOwnPropertyDescriptor(parent, segment)?.value as object,
    root,
  );
}

function define(parent: object, segment: string | number, value: unknown): void {
  Object.defineProperty(parent, segment, { value, enumerable: true, configurable: true, writable: true });
}

/** Bytes and sets as JSON that tells them apart. */
function shown(_name: string, value: unknown): unknown {
  return value instanceof Set ? { set: [...value] } : value;
}
