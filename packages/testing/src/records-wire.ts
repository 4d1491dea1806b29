import { convertToAttr } from '@aws-sdk/util-dynamodb';
import type { AttributeMap, AttributeValue } from '@sluice/core';

/**
 * A plain item as DynamoDB would store it, in wire form: string → S, number, bigint, `decimal('…')` and the SDK's `NumberValue` → N,
 * Uint8Array and its relatives → B (base64), Set → SS, NS or BS, array → L, object → M. Properties that are
 * `undefined` are left out. An attribute called `__proto__` is data like any other.
 *
 * Throws on what DynamoDB has no type for: an empty set, a number that is not exact, an instance of a class.
 */
export function toWire(item: object): AttributeMap {
  const given = Object.entries(item).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, valueToWire(value)]));
}

/**
 * The SDK marshalls each value. Maps and lists are walked here: it loses an attribute called `__proto__`, refuses a map with
 * one called `constructor`, and knows no base64.
 */
function valueToWire(value: unknown): AttributeValue {
  if (Array.isArray(value)) return { L: value.map(valueToWire) };
  if (isDecimal(value)) return { N: value[decimalText] };
  if (isPlainObject(value)) return { M: toWire(value) };
  const attribute = marshalled(value);
  if (attribute.B !== undefined) return { B: base64(attribute.B) };
  if (attribute.BS !== undefined) return { BS: attribute.BS.map(base64) };
  return attribute as AttributeValue; // the other letters have the same form here and in the SDK
}

/** What `decimal('…')` of `@sluice/core` holds its text by, in each copy of that package. */
const decimalText = Symbol.for('sluice.decimal');

function isDecimal(value: unknown): value is { readonly [decimalText]: string } {
  return typeof value === 'object' && value !== null && decimalText in value;
}

/** The SDK's own messages speak of options that nobody can give it from here. */
function marshalled(value: unknown) {
  try {
    return convertToAttr(value);
  } catch (cause) {
    throw new TypeError(
      `An item for a record has ${naming(value)}, which DynamoDB cannot store. Give strings, numbers (beyond MAX_SAFE_INTEGER a bigint or decimal('…')), ` +
        'booleans, null, Uint8Arrays, arrays, plain objects, a non-empty set of strings, numbers or Uint8Arrays; or the whole item in wire form, with { wire: true }.',
      { cause },
    );
  }
}

function naming(value: unknown): string {
  if (typeof value === 'object' && value !== null) return `a ${value.constructor.name}`;
  return typeof value === 'number' ? `the number ${value}` : `a ${typeof value}`;
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The SDK hands binary through as it was given: an ArrayBuffer or any view of one. */
function base64(bytes: ArrayBuffer | ArrayBufferView): string {
  return ArrayBuffer.isView(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
    : Buffer.from(bytes).toString('base64');
}

/**
 * The size of an item in bytes, by DynamoDB's rules: names and strings in UTF-8, two digits of a number a byte and
 * one byte more, three bytes a list or map and one for each element.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function sizeBytes(item: AttributeMap): number {
  return sum(Object.entries(item).map(([name, value]) => Buffer.byteLength(name) + valueSizeBytes(value)));
}

function valueSizeBytes(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S);
  if ('N' in value) return numberSizeBytes(value.N);
  if ('B' in value) return Buffer.byteLength(value.B, 'base64');
  if ('SS' in value) return sum(value.SS.map((text) => Buffer.byteLength(text)));
  if ('NS' in value) return sum(value.NS.map(numberSizeBytes));
  if ('BS' in value) return sum(value.BS.map((text) => Buffer.byteLength(text, 'base64')));
  if ('L' in value) return 3 + sum(value.L.map((element) => 1 + valueSizeBytes(element)));
  if ('M' in value) return 3 + Object.keys(value.M).length + sizeBytes(value.M);
  return 1; // BOOL and NULL
}

function numberSizeBytes(decimal: string): number {
  const significant = decimal
    .replace(/[eE].*$/, '')
    .replace(/[-+.]/g, '')
    .replace(/^0+|0+$/g, '');
  return Math.ceil(significant.length / 2) + 1 + (decimal.startsWith('-') ? 1 : 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
