import {
  type AttributeMap,
  type AttributeType,
  type AttributeValue,
  canonicalDecimal,
  compareDecimals,
  MalformedValueError,
  type NativeItem,
  type NativeValue,
  type NumberPolicy,
  typeOf,
} from '@sluice/filters';

/**
 * An item in JavaScript's types: `SS`, `NS` and `BS` are a `Set`, `B` is a `Uint8Array`, and `N` is what the policy makes
 * of it: by default a number where that is exact, and its text otherwise. An attribute called `__proto__` is an own
 * property like any other. Throws `MalformedValueError` for what DynamoDB cannot have written.
 */
export function decodeItem(item: AttributeMap, numbers: NumberPolicy = 'string'): NativeItem {
  if (typeof item !== 'object' || item === null) {
    throw new MalformedValueError('A map of attributes is no object.');
  }
  const decoded: Record<string, NativeValue> = {};
  // Like `typeOf`, this sees what somebody adds to Object.prototype, and refuses it; it is twice as fast as Object.keys.
  for (const name in item) {
    keep(decoded, name, decodeValue(item[name] as AttributeValue, numbers));
  }
  return decoded;
}

/** Sets an attribute of any name. */
export function keep(item: Record<PropertyKey, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') item[name] = value;
  else Object.defineProperty(item, name, { value, enumerable: true, configurable: true, writable: true });
}

/** One value, as `decodeItem` has it. What stands behind each type letter is read by its name: much faster than by a variable. */
export function decodeValue(value: AttributeValue, numbers: NumberPolicy): NativeValue {
  const type = typeOf(value);
  switch (type) {
    case 'S':
      return (value as Of<'S'>).S;
    case 'N':
      return decodeNumber((value as Of<'N'>).N, numbers);
    case 'B':
      return decodeBinary((value as Of<'B'>).B);
    case 'BOOL':
      return (value as Of<'BOOL'>).BOOL;
    case 'NULL':
      return null;
    case 'M':
      return decodeItem((value as Of<'M'>).M, numbers);
    case 'L':
      return (value as Of<'L'>).L.map((element) => decodeValue(element, numbers));
    case 'SS':
      return new Set(membersOf((value as Of<'SS'>).SS));
    case 'NS':
      return new Set(
        membersOf((value as Of<'NS'>).NS).map((member) => decodeNumber(member, numbers) as number),
      );
    case 'BS':
      return new Set(membersOf((value as Of<'BS'>).BS).map(decodeBinary));
  }
}

/** The value whose type letter `typeOf` found to be `T`. */
type Of<T extends AttributeType> = Extract<AttributeValue, { readonly [K in T]: unknown }>;

function membersOf(members: readonly string[]): readonly string[] {
  if (Array.isArray(members) && members.length > 0) return members;
  throw new MalformedValueError(
    'A set has no members. DynamoDB stores none without; leave the attribute out instead.',
  );
}

/** A function makes every number; the other policies only what a JavaScript number cannot hold. */
function decodeNumber(decimal: string, numbers: NumberPolicy): NativeValue {
  const short = shortNumber(decimal);
  if (typeof numbers === 'function') {
    if (short === undefined) canonicalDecimal(decimal); // throws for a text that is no number
    return numbers(decimal) as NativeValue;
  }
  if (short !== undefined) return short;
  const number = Number(decimal);
  if (survives(decimal, number)) return number;
  return numbers === 'bigint' ? (wholeNumber(decimal) ?? decimal) : decimal;
}

/** Any decimal of 15 significant digits survives the way through a double and back. */
const alwaysExactDigits = 15;

/** The number of a short decimal without an exponent, as most are; `undefined` for every other text. */
function shortNumber(decimal: string): number | undefined {
  const { length } = decimal;
  if (length === 0 || length > alwaysExactDigits) return undefined;
  for (let index = 0; index < length; index++) {
    const code = decimal.charCodeAt(index);
    if (code > nine || code < minus || code === slash) return undefined;
  }
  const number = Number(decimal);
  return Number.isNaN(number) ? undefined : number;
}

/** Between the minus sign and the nine there are the point, a slash, and the digits. */
const [minus, slash, nine] = [45, 47, 57];

/**
 * Whether the way back gives the same decimal. Whole numbers beyond the safe ones count as lost even where their text
 * would survive, as that of every tenth or so does: otherwise the type of an id would depend on its last digits.
 */
function survives(decimal: string, number: number): boolean {
  const same = compareDecimals(decimal, Number.isFinite(number) ? String(number) : '0') === 0;
  return same && (Number.isSafeInteger(number) || !Number.isInteger(number));
}

/** DynamoDB's largest numbers have 126 digits before the point. */
const mostDigits = 126;

function wholeNumber(decimal: string): bigint | undefined {
  const [, sign, digits = '', exponent] = /^(-?)0\.(\d+)e(\d+)$/.exec(canonicalDecimal(decimal)) ?? [];
  const places = Number(exponent);
  if (!(places >= digits.length && places <= mostDigits)) return undefined;
  return BigInt(`${sign}${digits.padEnd(places, '0')}`);
}

/** Lambda and the poller give base64 text; bytes are taken as they are. */
function decodeBinary(binary: string | Uint8Array): Uint8Array {
  if (typeof binary === 'string') return new Uint8Array(Buffer.from(binary, 'base64'));
  if (binary instanceof Uint8Array) return binary;
  throw new MalformedValueError('A B value is neither base64 text nor bytes. Lambda gives text.');
}
