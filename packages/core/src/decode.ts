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
 * An item in JavaScript's types: `SS`, `NS` and `BS` are a `Set`, `B` is a `Uint8Array`, `N` is a number where that is
 * exact and follows `numbers` where it is not. An attribute called `__proto__` is an own property like any other.
 * Throws `MalformedValueError` for what DynamoDB cannot have written.
 */
export function decodeItem(item: AttributeMap, numbers: NumberPolicy): NativeItem {
  const decoded: Record<string, NativeValue> = {};
  for (const name of Object.keys(item)) {
    const value = decodeValue(item[name] as AttributeValue, numbers);
    if (name === '__proto__') {
      Object.defineProperty(decoded, name, { value, enumerable: true, configurable: true, writable: true });
    } else decoded[name] = value;
  }
  return decoded;
}

/** What stands behind each type letter is read by its name: several times as fast as by a variable. */
function decodeValue(value: AttributeValue, numbers: NumberPolicy): NativeValue {
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
      return decodeSet(type, (value as Of<'SS'>).SS, (member) => member);
    case 'NS':
      return decodeSet(
        type,
        (value as Of<'NS'>).NS,
        (member) => decodeNumber(member, numbers) as number | bigint | string,
      );
    case 'BS':
      return decodeSet(type, (value as Of<'BS'>).BS, decodeBinary);
  }
}

/** The value whose type letter `typeOf` found to be `T`. */
type Of<T extends AttributeType> = Extract<AttributeValue, { readonly [K in T]: unknown }>;

function decodeSet<T extends string | number | bigint | Uint8Array>(
  type: 'SS' | 'NS' | 'BS',
  members: readonly string[],
  decode: (member: string) => T,
): ReadonlySet<T> {
  if (members.length === 0) {
    throw new MalformedValueError(
      `A value of type ${type} has no members. DynamoDB stores no empty sets; leave the attribute out instead, or use a list.`,
    );
  }
  return new Set(members.map(decode));
}

/** Any decimal of 15 significant digits survives the way through a double and back. */
const alwaysExactDigits = 15;
const plainDecimal = /^-?\d+(\.\d+)?$/;

function decodeNumber(decimal: string, numbers: NumberPolicy): NativeValue {
  const number = Number(decimal);
  if (decimal.length <= alwaysExactDigits && plainDecimal.test(decimal)) return number;
  if (survives(decimal, number)) return number;
  if (typeof numbers === 'function') return numbers(decimal) as NativeValue;
  return numbers === 'bigint' ? (wholeNumber(decimal) ?? decimal) : decimal;
}

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
  return typeof binary === 'string' ? new Uint8Array(Buffer.from(binary, 'base64')) : binary;
}
