import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueKey } from './attribute-value.js';
import { type AttributeValue, sameValue, typeOf } from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<AttributeValue>(
      { S: '' },
      { S: 'a' },
      { N: '1' },
      { N: '1.0' },
      { N: '-2' },
      { B: 'AQI=' },
    ),
    fc.constantFrom<AttributeValue>({ BOOL: true }, { BOOL: false }, { NULL: true }),
    fc.constantFrom<AttributeValue>({ SS: ['a', 'b'] }, { NS: ['1', '2'] }, { BS: ['AQI='] }),
    fc.array(tie('value'), { maxLength: 3 }).map((L) => ({ L })),
    fc
      .dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), tie('value'), { maxKeys: 3 })
      .map((M) => ({ M })),
  ),
}));

describe('two values', () => {
  it.each<[string, AttributeValue, AttributeValue]>([
    ['numbers by value', { N: '1.50' }, { N: '15E-1' }],
    ['number sets by value and without order', { NS: ['1', '2.0'] }, { NS: ['2', '1E0'] }],
    ['text sets without order', { SS: ['a', 'b', 'c'] }, { SS: ['c', 'a', 'b'] }],
    ['binary sets without order', { BS: ['AQI=', 'AwQ='] }, { BS: ['AwQ=', 'AQI='] }],
    [
      'maps without order',
      { M: { a: { S: 'x' }, b: { N: '1' } } },
      { M: { b: { N: '1.0' }, a: { S: 'x' } } },
    ],
    [
      'lists element by element',
      { L: [{ N: '1' }, { SS: ['a', 'b'] }] },
      { L: [{ N: '1' }, { SS: ['b', 'a'] }] },
    ],
    ['empty lists', { L: [] }, { L: [] }],
    ['nulls', { NULL: true }, { NULL: true }],
  ])('are the same: %s', (_what, left, right) => {
    expect(sameValue(left, right)).toBe(true);
    expect(sameValue(right, left)).toBe(true);
  });

  it.each<[string, AttributeValue | undefined, AttributeValue | undefined]>([
    ['text and the number of that text', { S: '1' }, { N: '1' }],
    ['texts by code unit, not by normal form', { S: 'é' }, { S: 'e\u0301' }],
    ['an empty list and an empty map', { L: [] }, { M: {} }],
    ['a set and a list of the same members', { SS: ['a'] }, { L: [{ S: 'a' }] }],
    ['a text set and a binary set', { SS: ['AQI='] }, { BS: ['AQI='] }],
    ['a list in another order', { L: [{ S: 'a' }, { S: 'b' }] }, { L: [{ S: 'b' }, { S: 'a' }] }],
    ['a list and its beginning', { L: [{ S: 'a' }, { S: 'b' }] }, { L: [{ S: 'a' }] }],
    ['a set and a larger one', { SS: ['a'] }, { SS: ['a', 'b'] }],
    ['sets of the same size', { NS: ['1', '2'] }, { NS: ['1', '3'] }],
    ['a map and one with another name', { M: { a: { S: 'x' } } }, { M: { b: { S: 'x' } } }],
    ['a map and one with more', { M: {} }, { M: { a: { S: 'x' } } }],
    ['a name that objects inherit', { M: { toString: { S: 'x' } } }, { M: { b: { S: 'x' } } }],
    ['true and false', { BOOL: true }, { BOOL: false }],
    ['false and null', { BOOL: false }, { NULL: true }],
    ['null and absent', { NULL: true }, undefined],
    ['the empty text and absent', { S: '' }, undefined],
    ['numbers in the 38th digit', { N: `1${'0'.repeat(36)}1` }, { N: `1${'0'.repeat(36)}2` }],
  ])('differ: %s', (_what, left, right) => {
    expect(sameValue(left, right)).toBe(false);
    expect(sameValue(right, left)).toBe(false);
  });

  it('are the same when both are absent', () => {
    expect(sameValue(undefined, undefined)).toBe(true);
  });

  it('are compared by what they are: a copy is the same, and the comparison has no direction', () => {
    fc.assert(
      fc.property(value, value, (left, right) => {
        expect(sameValue(left, structuredClone(left))).toBe(true);
        expect(sameValue(left, right)).toBe(sameValue(right, left));
      }),
      { numRuns: 300 },
    );
  });

  it('have the same key when they are the same, and different ones when they differ', () => {
    const tricky = fc.constantFrom<AttributeValue>(
      { S: 'S:a' },
      { S: '["a"]' },
      { SS: ['a'] },
      { L: [{ S: 'a' }] },
      { L: [{ SS: ['a'] }] },
      { SS: ['a', 'b'] },
      { SS: ['b', 'a'] },
      { SS: ['a,b'] },
      { NS: ['1.0', '2'] },
      { NS: ['2E0', '1'] },
      { M: { a: { N: '1' }, b: { N: '2' } } },
      { M: { b: { N: '2.0' }, a: { N: '1' } } },
      JSON.parse('{"M":{"__proto__":{"N":"1"}}}'),
    );
    fc.assert(
      fc.property(fc.oneof(value, tricky), fc.oneof(value, tricky), (left, right) => {
        expect(valueKey(left) === valueKey(right)).toBe(sameValue(left, right));
      }),
      { numRuns: 2000 },
    );
  });

  it('hold an attribute called __proto__ like any other', () => {
    const admin = JSON.parse('{"M":{"__proto__":{"BOOL":true}}}') as AttributeValue;
    const guest = JSON.parse('{"M":{"__proto__":{"BOOL":false}}}') as AttributeValue;
    expect(sameValue(admin, guest)).toBe(false);
    expect(sameValue(admin, { M: {} })).toBe(false);
    expect(sameValue({ M: {} }, admin)).toBe(false);
  });

  it('cannot be compared when one of them is malformed', () => {
    const malformed = { M: { inner: {} } } as unknown as AttributeValue;
    expect(() => sameValue({ M: { inner: { S: 'x' } } }, malformed)).toThrowError(/no type letter/);
    expect(() => sameValue({ N: '1' }, { N: 'one' })).toThrowError(/not a decimal number/);
  });
});

describe('the type of a value', () => {
  const all: { readonly [letter: string]: AttributeValue } = {
    S: { S: '' },
    N: { N: '0' },
    B: { B: '' },
    BOOL: { BOOL: false },
    NULL: { NULL: true },
    M: { M: {} },
    L: { L: [] },
    SS: { SS: ['a'] },
    NS: { NS: ['1'] },
    BS: { BS: [''] },
  };
  it.each(Object.entries(all))('is its letter: %s', (letter, value) => {
    expect(typeOf(value)).toBe(letter);
  });

  it.each<[string, unknown, RegExp]>([
    ['no letter', {}, /has no type letter.*exactly one of S, N, B/],
    ['two letters', { S: 'secret', N: '42' }, /has 2 type letters, S and N.*exactly one/],
    ['an unknown letter', { X: 'secret' }, /unknown type letter.*exactly one of S, N, B/],
    ['a letter in lower case', { s: 'secret' }, /unknown type letter/],
    ['a name that objects inherit', { toString: 'secret' }, /unknown type letter/],
    ['the name __proto__', JSON.parse('{"__proto__":{"S":"secret"}}'), /unknown type letter/],
    ['plain text', 'secret', /plain \(unmarshalled\) items are not stream records/],
    ['plain text of one character', '4', /plain \(unmarshalled\) items are not stream records/],
    ['a plain list', ['secret'], /plain \(unmarshalled\) items are not stream records/],
    ['a plain number', 42, /plain \(unmarshalled\) items are not stream records/],
    ['a plain null', null, /plain \(unmarshalled\) items are not stream records/],
    ['nothing', undefined, /plain \(unmarshalled\) items are not stream records/],
  ])('cannot be told: %s', (_what, value, message) => {
    expect(() => typeOf(value as AttributeValue)).toThrowError(
      expect.objectContaining({ code: 'MALFORMED_VALUE', message: expect.stringMatching(message) }),
    );
    expect(() => typeOf(value as AttributeValue)).not.toThrowError(/secret|42/);
  });

  it('tells of a plain map without its names, which may be data', () => {
    const plain = { 'jane@example.com': { S: 'x' }, 'john@example.com': { S: 'y' } } as unknown;
    expect(() => typeOf(plain as AttributeValue)).toThrowError(/type letter/);
    expect(() => typeOf(plain as AttributeValue)).not.toThrowError(/example\.com/);
    const one = { 'jane@example.com': 'x' } as unknown;
    expect(() => typeOf(one as AttributeValue)).not.toThrowError(/example\.com/);
  });
});
