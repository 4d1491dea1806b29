import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseKeyTemplate, table } from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

function capture(template: string, key: string): Record<string, string | undefined> | undefined {
  const { captures, pattern } = parseKeyTemplate(template);
  const groups = pattern.exec(key);
  return groups ? Object.fromEntries(captures.map((name, index) => [name, groups[index + 1]])) : undefined;
}

describe('a key template', () => {
  it.each<[string, string, Record<string, string>]>([
    ['USER#:userId', 'USER#42', { userId: '42' }],
    ['CART', 'CART', {}],
    [':all', 'anything', { all: 'anything' }],
    ['A#:a#B#:b', 'A#1#B#2', { a: '1', b: '2' }],
    [':year-:month', '2026-11', { year: '2026', month: '11' }],
    ['LOG#:path*', 'LOG#a#b/c', { path: 'a#b/c' }],
    ['LOG#:path*', 'LOG#', { path: '' }],
    ['A#:a#:rest*', 'A#1#', { a: '1', rest: '' }],
    ['URN::isbn:::isbn', 'URN:isbn:0-306', { isbn: '0-306' }],
    ['T12:30#:kind', 'T12:30#x', { kind: 'x' }],
    ['a:', 'a:', {}],
    ['a.c|(x)[y]{2}^$*+?-/\\d#:id', 'a.c|(x)[y]{2}^$*+?-/\\d#7', { id: '7' }],
    ['X#:_id_2', 'X#new\nline', { _id_2: 'new\nline' }],
    ['X#:e', 'X#👩‍🚀', { e: '👩‍🚀' }],
  ])('%s captures from "%s"', (template, key, expected) => {
    expect(capture(template, key)).toEqual(expected);
  });

  it.each([
    ['USER#:userId', 'USER#'],
    ['USER#:userId', 'USER#1#2'],
    ['USER#:userId', 'user#1'],
    ['USER#:userId', 'XUSER#1'],
    ['USER#:userId', 'USER#1\nUSER#2#'],
    ['CART', 'CART#1'],
    ['CART', 'CART\n'],
    ['A#:a#B#:b', 'A#1#B#'],
    ['a.c', 'abc'],
    ['LOG#:path*', 'LOG'],
    [':year-:month', '2026-'],
    [':year-:month', '-11'],
  ])('%s does not match "%s"', (template, key) => {
    expect(capture(template, key)).toBeUndefined();
  });

  it('gives each capture as little as possible where its separator comes more than once', () => {
    expect(capture(':kind-:rest', 'a-b-c')).toEqual({ kind: 'a', rest: 'b-c' });
    expect(capture('X#:a--:b--:c#Y', 'X#1---2--3--4#Y')).toEqual({ a: '1', b: '-2', c: '3--4' });
    expect(capture(':a-:b', '--b')).toEqual({ a: '-', b: 'b' });
    expect(capture(':a-:rest*', 'x-y-z')).toEqual({ a: 'x', rest: 'y-z' });
    expect(capture(':a-x', '1-x-x')).toEqual({ a: '1-x' });
  });

  it('decides on a long key at once, also one that was made to match slowly', () => {
    const template = 'LOG#:year-:month-:day-:hour-:minute-:second';
    expect(capture(template, `LOG#${'-'.repeat(2048)}#`)).toBeUndefined();
    expect(capture(template, `LOG#${'-1'.repeat(1024)}#`)).toBeUndefined();
  });

  it('gives back the values that it was filled with, whatever is in them but #', () => {
    const literal = fc.string().map((text) => text.replaceAll(':', '').replaceAll('\u0000', ''));
    const value = fc
      .oneof(
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1, unit: 'grapheme' }),
        fc.constant('\ud800'),
      )
      .map((text) => text.replaceAll('#', '.'));
    const parts = fc.array(fc.tuple(literal, value, literal), { maxLength: 5 });
    fc.assert(
      fc.property(literal, parts, (first, parts) => {
        const names = parts.map((_, index) => `name${index}`);
        const template = first + parts.map(([a, , b], index) => `:${names[index]}#${a}#${b}`).join('');
        fc.pre(template !== '');
        const key = first + parts.map(([a, text, b]) => `${text}#${a}#${b}`).join('');
        expect(capture(template, key)).toEqual(
          Object.fromEntries(parts.map(([, text], index) => [names[index], text])),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('matches exactly the keys that can be split as it says', () => {
    const literal = fc.stringMatching(/^[-.#]{1,3}$/);
    const template = fc.tuple(
      fc.stringMatching(/^[-.#]{0,2}$/),
      fc.array(literal, { maxLength: 4 }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(template, fc.stringMatching(/^[-.#]{0,12}$/), ([first, literals, endsOpen], key) => {
        const parts = literals.map((text, index) => `:n${index}${text}`);
        const open = endsOpen ? ':last' : '';
        fc.pre(first !== '' || parts.length > 0 || endsOpen);
        expect(capture(first + parts.join('') + open, key) !== undefined).toBe(
          key.startsWith(first) && canSplit(key.slice(first.length), endsOpen ? [...literals, ''] : literals),
        );
      }),
      { numRuns: 1000 },
    );

    /** Tries every split: a capture of one or more characters other than #, then the literal, and so on. */
    function canSplit(key: string, [literal, ...others]: readonly string[]): boolean {
      if (literal === undefined) return key === '';
      for (let end = 1; end <= key.length && key[end - 1] !== '#'; end++) {
        if (key.startsWith(literal, end) && canSplit(key.slice(end + literal.length), others)) return true;
      }
      return false;
    }
  });

  it('knows what every matching key starts with', () => {
    expect(parseKeyTemplate('USER#:userId#X').prefix).toBe('USER#');
    expect(parseKeyTemplate('URN::isbn:::isbn').prefix).toBe('URN:isbn:');
    expect(parseKeyTemplate(':all').prefix).toBe('');
    expect(parseKeyTemplate('CART').prefix).toBe('CART');
  });

  it.each([
    ['', /no key is empty/],
    ['USER#:a:b', /put a separator before :b/],
    [':a#:a', /:a is captured twice/],
    [':path*x', /nothing may follow the capture with \*/],
    [':path*:b', /nothing may follow the capture with \*/],
  ])('%s is refused, with the reason and an example', (template, reason) => {
    expect(() => parseKeyTemplate(template)).toThrowError(TypeError);
    expect(() => parseKeyTemplate(template)).toThrowError(reason);
    expect(() => parseKeyTemplate(template)).toThrowError(/Example: USER#:userId/);
    const shop = table('shop', { keys: { partition: 'pk' } });
    expect(() => shop.entity('Order', { key: { pk: template } })).toThrowError(reason);
  });
});
