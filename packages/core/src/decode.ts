import {
  type AttributeMap,
  type AttributeType,
  type AttributeValue,
  compareDecimals,
  MalformedValueError,
  type NativeItem,
  type NativeValue,
  type NumberPolicy,
  payload,
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

export function decodeValue(value: AttributeValue, numbers: NumberPolicy): NativeValue {
  const type = typeOf(value);
  return (decoders[type] as Decoder<unknown>)(payload(value, type), numbers);
}

type Decoder<Payload> = (payload: Payload, numbers: NumberPolicy) => NativeValue;

const asIs: Decoder<string | boolean> = (plain) => plain;

const decoders: { readonly [T in AttributeType]: Decoder<ReturnType<typeof payload<T>>> } = {
  S: asIs,
  N: decodeNumber,
  B: decodeBinary,
  BOOL: asIs,
  NULL: () => null,
  M: decodeItem,
  L: (list, numbers) => list.map((value) => decodeValue(value, numbers)),
  SS: (members) => decodeSet('SS', members, (member) => member),
  NS: (members, numbers) =>
    decodeSet('NS', members, (member) => decodeNumber(member, numbers) as number | bigint | string),
  BS: (members) => decodeSet('BS', members, decodeBinary),
};

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
  if (compareDecimals(decimal, Number.isFinite(number) ? String(number) : '0') === 0) return number;
  if (typeof numbers === 'function') return numbers(decimal) as NativeValue;
  return numbers === 'bigint' && /^-?\d+$/.test(decimal) ? BigInt(decimal) : decimal;
}

/** Lambda and the poller give base64 text; bytes are taken as they are. */
function decodeBinary(binary: string | Uint8Array): Uint8Array {
  return typeof binary === 'string' ? new Uint8Array(Buffer.from(binary, 'base64')) : binary;
}
