import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttributeMap, parsePath, pathOf, printPath, readPath } from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'length', '0', 'with space', 'ümlaut', '#', ':', '-1'),
  fc.string({ minLength: 1 }).filter((text) => !/[.[\]]/.test(text)),
);
const segments = fc
  .tuple(name, fc.array(fc.oneof(name, fc.nat(1000)), { maxLength: 5 }))
  .map(([first, rest]) => [first, ...rest]);

describe('an attribute path', () => {
  it.each<[string, (string | number)[]]>([
    ['status', ['status']],
    ['address.city', ['address', 'city']],
    ['lines[0].sku', ['lines', 0, 'sku']],
    ['grid[1][23]', ['grid', 1, 23]],
    ['a.b[2].c.d[0]', ['a', 'b', 2, 'c', 'd', 0]],
    ['__proto__.constructor', ['__proto__', 'constructor']],
    ['0', ['0']],
  ])('is read and printed: %s', (text, expected) => {
    expect(parsePath(text)).toEqual(expected);
    expect(printPath(expected)).toBe(text);
    expect(Object.isFrozen(parsePath(text))).toBe(true);
  });

  it.each<[(string | number)[], string]>([
    [['a.b', 0, 'c'], '["a.b"][0].c'],
    [['a', 'b[0]'], 'a["b[0]"]'],
    [['a"b.c'], '["a\\"b.c"]'],
  ])('of odd names is printed so that nobody takes it for another one: %j', (segments, printed) => {
    expect(pathOf(segments)).toEqual(segments);
    expect(Object.isFrozen(pathOf(segments))).toBe(true);
    expect(printPath(segments)).toBe(printed);
  });

  it.each([[[]], [[0]], [['']], [['a', '']], [['a', -1]], [['a', 1.5]], [['a', undefined]], [['a', {}]]])(
    'is not made of %j',
    (segments) => {
      expect(() => pathOf(segments)).toThrowError(/is not an attribute path/);
    },
  );

  it('survives printing and reading', () => {
    fc.assert(
      fc.property(segments, (path) => {
        expect(parsePath(printPath(path))).toEqual(path);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    '[0]',
    'a[',
    'a]',
    'a[]',
    'a[x]',
    'a[-1]',
    'a[0]b',
    'a[1.5]',
    'a.[0]',
  ])('refuses "%s" and shows what one looks like', (text) => {
    expect(() => parsePath(text)).toThrowError(TypeError);
    expect(() => parsePath(text)).toThrowError(/is not an attribute path.*lines\[0\]\.sku or attrAt/);
  });
});

describe('reading a path of an image', () => {
  const image: AttributeMap = {
    status: { S: 'PAID' },
    address: { M: { city: { S: 'Wien' }, geo: { M: { lat: { N: '48' } } } } },
    lines: { L: [{ M: { sku: { S: 'A-1' } } }, { S: 'plain' }, { L: [{ N: '7' }] }] },
    tags: { SS: ['a', 'b'] },
    'a.b': { S: 'a name with a dot' },
  };
  const read = (path: string) => readPath(image, parsePath(path));

  it.each([
    ['status', { S: 'PAID' }],
    ['address.city', { S: 'Wien' }],
    ['address.geo.lat', { N: '48' }],
    ['lines[0].sku', { S: 'A-1' }],
    ['lines[1]', { S: 'plain' }],
    ['lines[2][0]', { N: '7' }],
  ])('finds %s', (path, expected) => {
    expect(read(path)).toEqual(expected);
  });

  it.each([
    ['an absent name', 'nothing'],
    ['a name in an absent map', 'nothing.at.all'],
    ['a name in text', 'status.length'],
    ['an index of text', 'status[0]'],
    ['an index of a set', 'tags[0]'],
    ['a name in a list', 'lines.length'],
    ['an index of a map', 'address[0]'],
    ['an index out of range', 'lines[3]'],
    ['a name in an element that is no map', 'lines[1].sku'],
    ['a name that objects inherit', 'constructor'],
    ['a name that objects inherit, deeper', 'address.toString'],
    ['the prototype', '__proto__'],
    ['the prototype, deeper', 'address.__proto__'],
    ['an attribute whose own name has a dot, which no path names', 'a.b'],
  ])('finds nothing at %s', (_what, path) => {
    expect(read(path)).toBeUndefined();
  });

  it('finds attributes that are called __proto__ and constructor when they are there', () => {
    const odd = JSON.parse(
      '{"__proto__":{"M":{"constructor":{"S":"in"}}},"constructor":{"S":"out"}}',
    ) as AttributeMap;
    expect(readPath(odd, ['__proto__', 'constructor'])).toEqual({ S: 'in' });
    expect(readPath(odd, ['constructor'])).toEqual({ S: 'out' });
  });

  it.each([
    ['without a type letter', {}],
    ['with two type letters', { M: {}, S: 'x' }],
    ['that is plain', 'Wien'],
  ])('cannot tell what is inside a parent %s', (_what, parent) => {
    const malformed = { address: parent } as unknown as AttributeMap;
    expect(() => readPath(malformed, ['address', 'city'])).toThrowError(
      expect.objectContaining({ code: 'MALFORMED_VALUE' }),
    );
    expect(() => readPath(malformed, ['address', 0])).toThrowError(
      expect.objectContaining({ code: 'MALFORMED_VALUE' }),
    );
  });
});
