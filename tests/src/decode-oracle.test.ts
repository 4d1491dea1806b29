import { isDeepStrictEqual } from 'node:util';
import { type convertToAttr, marshall, NumberValueImpl, unmarshall } from '@aws-sdk/util-dynamodb';
import { type AttributeMap, type AttributeValue, decodeItem } from '@sluice/core';
import { recordsOf } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

type SdkValue = ReturnType<typeof convertToAttr>;

fc.configureGlobal({ seed: 20_260_101 });

/** Numbers that the SDK takes without settings: it throws for what is beyond a double and not whole. */
const decimal = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }).map(String),
);
const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array).toString('base64'));
const text = fc.string({ unit: 'grapheme' });
// The SDK takes the one for a prototype when it reads, and the other for a class when it writes; here they are data.
const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__' && text !== 'constructor');
const oddName = fc.oneof(name, fc.constantFrom('constructor', 'toString', '0', 'ä'));

function itemWith(name: fc.Arbitrary<string>): fc.Arbitrary<AttributeMap> {
  const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text.map((S) => ({ S })),
      decimal.map((N) => ({ N })),
      bytes.map((B) => ({ B })),
      fc.boolean().map((BOOL) => ({ BOOL })),
      fc.constant({ NULL: true as const }),
      fc.uniqueArray(text, { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
      fc.uniqueArray(fc.integer().map(String), { minLength: 1, maxLength: 3 }).map((NS) => ({ NS })),
      fc.uniqueArray(bytes, { minLength: 1, maxLength: 3 }).map((BS) => ({ BS })),
      fc.array(tie('value'), { maxLength: 4 }).map((L) => ({ L })),
      fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }).map((M) => ({ M })),
    ),
  }));
  return fc.dictionary(name, value, { maxKeys: 6, noNullPrototype: true });
}
const item = itemWith(oddName);

describe('decoding', () => {
  it('gives what the SDK gives', () => {
    fc.assert(
      fc.property(item, (wire) => {
        const [ours, theirs] = [decodeItem(wire, 'bigint'), unmarshall(asSdkItem(wire))];
        // Vitest's own comparison does not take an attribute called `constructor` for data.
        expect(isDeepStrictEqual(ours, theirs)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('with a function for numbers gives what the SDK gives with one', () => {
    const asNumberValue = (decimal: string) => NumberValueImpl.from(decimal);
    fc.assert(
      fc.property(item, (wire) => {
        const theirs = unmarshall(asSdkItem(wire), { wrapNumbers: asNumberValue });
        expect(isDeepStrictEqual(decodeItem(wire, asNumberValue), theirs)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('gives back what the SDK marshalled', () => {
    fc.assert(
      fc.property(itemWith(name), (wire) => {
        const native = decodeItem(wire, 'bigint');
        const again = asStream(marshall(native)) as AttributeMap;
        expect(isDeepStrictEqual(decodeItem(again, 'bigint'), native)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

/** Each of these says what the SDK does, so that a release that repairs it is noticed. */
describe('where the SDK is wrong', () => {
  const both = (value: unknown) => {
    const wire = { value } as unknown as AttributeMap;
    return {
      ours: () => decodeItem(wire, 'string')['value'],
      theirs: () => unmarshall(wire as unknown as Record<string, SdkValue>)['value'],
    };
  };

  it('a decimal of 38 digits is not rounded', () => {
    const decimal = '0.12345678901234567890123456789012345678';
    const { ours, theirs } = both({ N: decimal });
    expect(ours()).toBe(decimal);
    expect(theirs()).toBe(0.12345678901234568);
  });

  it.each(['123456789012345678.5', '12345678901234567890.0', '1E+30'])(
    'the number %s does not fail its record',
    (decimal) => {
      const { ours, theirs } = both({ L: [{ N: decimal }] });
      expect(ours()).toEqual([decimal]);
      expect(theirs).toThrowError(/can't be converted to BigInt/);
    },
  );

  it('an attribute called __proto__ is data, and no prototype', () => {
    const wire = JSON.parse('{"__proto__":{"M":{"isAdmin":{"BOOL":true}}}}');
    const ours = decodeItem(wire, 'string');
    expect(JSON.stringify(ours)).toBe('{"__proto__":{"isAdmin":true}}');
    expect(ours['isAdmin']).toBeUndefined();
    const theirs = unmarshall(wire);
    expect(Object.keys(theirs)).toEqual([]);
    expect(theirs['isAdmin']).toBe(true);
  });

  it.each([
    ['', 0],
    ['0x10', 16],
    [' 1 ', 1],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['NaN', Number.NaN],
  ])('the text "%s" is refused as a number', (text, made) => {
    const { ours, theirs } = both({ N: text });
    expect(ours).toThrowError(expect.objectContaining({ code: 'MALFORMED_VALUE' }));
    expect(theirs()).toBe(made);
  });

  it.each([
    ['two type letters', { S: 'a', N: '1' }, 'a'],
    ['an empty set', { SS: [] }, new Set()],
  ])('%s cannot have been written and is refused', (_what, value, made) => {
    const { ours, theirs } = both(value);
    expect(ours).toThrowError(expect.objectContaining({ code: 'MALFORMED_VALUE' }));
    expect(theirs()).toEqual(made);
  });

  it('an attribute called constructor is a name like any other, for the builders of records too', () => {
    const item = { pk: 'a', constructor: 'Smith & Sons' };
    const { dynamodb } = recordsOf({ table: 'houses', keys: { partition: 'pk' } }).insert(item);
    expect(isDeepStrictEqual(decodeItem(dynamodb.NewImage ?? {}, 'string'), item)).toBe(true);
    expect(() => marshall(item)).toThrowError(/Unsupported type/);
  });

  it('binary of an event is bytes, not the base64 text', () => {
    const { ours, theirs } = both({ B: 'AAEC' });
    expect(ours()).toEqual(new Uint8Array([0, 1, 2]));
    expect(theirs()).toBe('AAEC');
  });
});

/** What the SDK marshals, as a stream's JSON has it: bytes are base64 text. */
function asStream(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(asStream);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, asStream(inner)]));
}

/** The SDK has bytes where the stream's JSON has base64 text. */
function asSdkItem(wire: AttributeMap): Record<string, SdkValue> {
  return Object.fromEntries(Object.entries(wire).map(([name, value]) => [name, asSdk(value)]));
}

function asSdk(value: AttributeValue): SdkValue {
  if ('B' in value) return { B: bytesOf(value.B) };
  if ('BS' in value) return { BS: value.BS.map(bytesOf) };
  if ('L' in value) return { L: value.L.map(asSdk) };
  if ('M' in value) return { M: asSdkItem(value.M) };
  return value as SdkValue;
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
