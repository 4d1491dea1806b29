import { isDeepStrictEqual } from 'node:util';
import { type convertToAttr, unmarshall } from '@aws-sdk/util-dynamodb';
import { type AttributeMap, type AttributeValue, decodeItem } from '@sluice/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

type SdkValue = ReturnType<typeof convertToAttr>;

fc.configureGlobal({ seed: 20_260_101 });

/** Numbers that the SDK takes without settings: it throws for what is beyond a double and not whole. */
const decimal = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }).map(String),
);
const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array).toString('base64'));
// An attribute called `__proto__` becomes the prototype of what the SDK makes; here it is data.
const name = fc.oneof(
  fc.string({ minLength: 1 }).filter((text) => text !== '__proto__'),
  fc.constantFrom('constructor', 'toString', '0', 'ä'),
);
const text = fc.string({ unit: 'grapheme' });

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
const item = fc.dictionary(name, value, { maxKeys: 6, noNullPrototype: true });

it('decoding gives what the SDK gives', () => {
  fc.assert(
    fc.property(item, (wire) => {
      const [ours, theirs] = [decodeItem(wire, 'bigint'), unmarshall(asSdkItem(wire))];
      // Vitest's own comparison does not take an attribute called `constructor` for data.
      expect(isDeepStrictEqual(ours, theirs)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

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
