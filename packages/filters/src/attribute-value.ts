import { canonicalDecimal, compareDecimals } from './decimal.js';
import { MalformedValueError } from './errors.js';
import type { AttributeMap, AttributeValue } from './record.js';

const types = ['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS'] as const;

export type AttributeType = (typeof types)[number];

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
  const letters = Object.keys(value ?? {});
  const fault =
    letters.length === 0
      ? 'no type letter (DynamoDB Local writes an empty map so)'
      : letters.every((letter) => (types as readonly string[]).includes(letter))
        ? `${letters.length} type letters, ${letters.join(' and ')}`
        : 'an unknown type letter';
  return new MalformedValueError(
    `An attribute value has ${fault}. Expected exactly one of ${types.join(', ')}; ` +
      'pass records on as they came: plain (unmarshalled) items are not stream records.',
  );
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

/** What stands behind this type letter; `undefined` for a value of another type, and where there is none. */
export function asType<T extends AttributeType>(
  value: AttributeValue | undefined,
  type: T,
): Payload<T> | undefined {
  return value !== undefined && typeOf(value) === type ? payload(value, type) : undefined;
}

/** What a map or list has of its own by this name or index; `constructor` and `__proto__` are names like any other. */
export function attribute(
  parent: AttributeMap | readonly AttributeValue[],
  name: string | number,
): AttributeValue | undefined {
  return Object.hasOwn(parent, name) ? (parent as AttributeMap)[name] : undefined;
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
    case 'L': {
      const [elements, others] = [payload(left, type), payload(right, type)];
      return elements.length === others.length && elements.every((one, at) => sameValue(one, others[at]));
    }
    case 'SS':
    case 'NS':
    case 'BS': {
      const [members, others] = [payload(left, type), payload(right, type)];
      if (members.length !== others.length) return false;
      // As a rule the members of a set that did not change stand in the same order.
      return members.every((member, at) => member === others[at]) || !moreMembers(left, right);
    }
    default:
      return payload(left, type) === payload(right, type);
  }
}

function sameMap(left: AttributeMap, right: AttributeMap): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => sameValue(left[name], attribute(right, name)))
  );
}

/** Whether a value has more of one of the members, or of any, than another one has: a member counts as often as it occurs. */
export function moreMembers(
  many: AttributeValue | undefined,
  few: AttributeValue | undefined,
  wanted?: ReadonlySet<string>,
): boolean {
  const candidates = memberKeys(many).filter((key) => wanted?.has(key) !== false);
  if (candidates.length === 0) return false;
  const spare = new Map<string, number>();
  for (const key of memberKeys(few)) spare.set(key, (spare.get(key) ?? 0) + 1);
  return candidates.some((key) => {
    const left = spare.get(key) ?? 0;
    spare.set(key, left - 1);
    return left < 1;
  });
}

/** A text for each value, the same for the same values: what is looked up instead of being compared one by one. */
export function valueKey(value: AttributeValue): string {
  const type = typeOf(value);
  return `${type}:${keyOf(value, type)}`;
}

/** The same for values of one type. Of a text it is the text itself. */
export function keyOf(value: AttributeValue, type: AttributeType): string {
  switch (type) {
    case 'N':
      return canonicalDecimal(payload(value, type));
    case 'M': {
      const entries = Object.entries(payload(value, type));
      return JSON.stringify(entries.map(([name, inside]) => JSON.stringify([name, valueKey(inside)])).sort());
    }
    case 'L':
      return JSON.stringify(memberKeys(value));
    case 'SS':
    case 'NS':
    case 'BS':
      return JSON.stringify(memberKeys(value).sort());
    default:
      return String(payload(value, type));
  }
}

/** The `valueKey` of each member of a set or list. What is neither has none. */
export function memberKeys(value: AttributeValue | undefined): string[] {
  if (value === undefined) return [];
  const type = typeOf(value);
  switch (type) {
    case 'L':
      return payload(value, type).map(valueKey);
    case 'SS':
    case 'NS':
    case 'BS':
      return payload(value, type).map(
        (member) => `${type[0]}:${type === 'NS' ? canonicalDecimal(member) : member}`,
      );
    default:
      return [];
  }
}
