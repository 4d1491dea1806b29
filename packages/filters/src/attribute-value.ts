import { canonicalDecimal, compareDecimals } from './decimal.js';
import { MalformedValueError } from './errors.js';
import type { AttributeMap, AttributeValue } from './record.js';

export type AttributeType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'M' | 'L' | 'SS' | 'NS' | 'BS';

const types: ReadonlySet<string> = new Set(['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS']);

/**
 * The type letter of a value. Throws `MalformedValueError` unless there is exactly one that DynamoDB knows. Every value that
 * is compared or decoded comes through here, and a `switch` finds the letter in half the time of a look-up.
 */
export function typeOf(value: AttributeValue): AttributeType {
  let found: string | undefined;
  for (const type in value) {
    if (found !== undefined) throw malformed(value);
    found = type;
  }
  switch (found) {
    case 'S':
    case 'N':
    case 'B':
    case 'BOOL':
    case 'NULL':
    case 'M':
    case 'L':
    case 'SS':
    case 'NS':
    case 'BS':
      return found;
    default:
      throw malformed(value);
  }
}

/** Names no other letters than known ones: in a plain item, names and text stand in their place. */
function malformed(value: unknown): MalformedValueError {
  const letters =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : undefined;
  const fault = !letters
    ? 'is not an object with a type letter'
    : letters.length === 0
      ? 'has no type letter (DynamoDB Local writes an empty map so)'
      : letters.every((letter) => types.has(letter))
        ? `has ${letters.length} type letters, ${letters.join(' and ')}`
        : 'has an unknown type letter';
  return new MalformedValueError(
    `An attribute value ${fault}. Expected exactly one of ${[...types].join(', ')}, as in { "S": "text" }; ` +
      'plain (unmarshalled) items are not stream records. Check what builds or changes the record before it reaches the router.',
  );
}

/** An attribute of a map by its own name; `constructor` and `__proto__` are names like any other. */
export function attribute(map: AttributeMap, name: string): AttributeValue | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

/**
 * Whether two values are the same to DynamoDB: numbers by value, sets without order, lists with it, types always.
 * Absent equals absent.
 */
export function sameValue(left: AttributeValue | undefined, right: AttributeValue | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  const type = typeOf(left);
  if (type !== typeOf(right)) return false;
  switch (type) {
    case 'N':
      return compareDecimals(payload(left, type), payload(right, type)) === 0;
    case 'M':
      return sameMap(payload(left, type), payload(right, type));
    case 'L':
      return sameList(payload(left, type), payload(right, type));
    case 'SS':
    case 'NS':
    case 'BS':
      return sameSet(payload(left, type), payload(right, type), type === 'NS' ? canonicalDecimal : asItIs);
    default:
      return payload(left, type) === payload(right, type);
  }
}

type Payload<T extends AttributeType> = T extends AttributeType
  ? Extract<AttributeValue, { readonly [K in T]: unknown }> extends { readonly [K in T]: infer P }
    ? P
    : never
  : never;

/** What stands behind the type letter; `type` is the value's own, as `typeOf` gave it. */
export function payload<T extends AttributeType>(value: AttributeValue, type: T): Payload<T> {
  return (value as unknown as { readonly [K in T]: Payload<T> })[type];
}

function sameMap(left: AttributeMap, right: AttributeMap): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && sameValue(left[name], right[name]))
  );
}

function sameList(left: readonly AttributeValue[], right: readonly AttributeValue[]): boolean {
  return left.length === right.length && left.every((value, index) => sameValue(value, right[index]));
}

function sameSet(
  left: readonly string[],
  right: readonly string[],
  written: (member: string) => string,
): boolean {
  if (left.length !== right.length) return false;
  // As a rule the members of a set that did not change stand in the same order.
  if (left.every((member, index) => member === right[index])) return true;
  const members = new Set(left.map(written));
  return right.every((member) => members.has(written(member)));
}

const asItIs = (member: string) => member;

/** A text for each value, the same for the same values: what is looked up instead of being compared one by one. */
export function valueKey(value: AttributeValue): string {
  const type = typeOf(value);
  return `${type}:${keyOfPayload(value, type)}`;
}

function keyOfPayload(value: AttributeValue, type: AttributeType): string {
  switch (type) {
    case 'N':
      return canonicalDecimal(payload(value, type));
    case 'M':
      return JSON.stringify(
        Object.entries(payload(value, type))
          .map(([name, inside]) => [name, valueKey(inside)] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    case 'L':
      return JSON.stringify(payload(value, type).map(valueKey));
    case 'NS':
      return JSON.stringify(payload(value, type).map(canonicalDecimal).sort());
    case 'SS':
    case 'BS':
      return JSON.stringify([...payload(value, type)].sort());
    default:
      return String(payload(value, type));
  }
}
