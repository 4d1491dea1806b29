import {
  type AttributeMap,
  type AttributeValue,
  attribute,
  canonicalDecimal,
  type NumberPolicy,
  payload,
  sameValue,
  typeOf,
} from '@sluice/filters';
import { decodeValue } from './decode.js';

/**
 * One difference between the images of a change. `path` has attribute names and list indexes, from the item inwards, as
 * they are: `['address', 'city']`, `['lines', 0]`. Values are decoded as in the images, and not by a schema.
 */
export type Difference =
  /** An attribute, map entry or list element that is new. */
  | { readonly kind: 'added'; readonly path: DifferencePath; readonly after: unknown }
  /** One that is gone. */
  | { readonly kind: 'removed'; readonly path: DifferencePath; readonly before: unknown }
  /** One that has another value or type. Two maps, lists or sets of one type are told by what is in them instead. */
  | {
      readonly kind: 'changed';
      readonly path: DifferencePath;
      readonly before: unknown;
      readonly after: unknown;
    }
  /** A member that joined or left the set at `path`. */
  | {
      readonly kind: 'memberAdded' | 'memberRemoved';
      readonly path: DifferencePath;
      readonly member: unknown;
    };

type DifferencePath = readonly (string | number)[];

/**
 * The differences between two items, none where they are the same to DynamoDB: numbers by value, sets without order. In
 * order of the attributes' names, depth first; what left a set comes before what joined it. Applied to `before` one after
 * another they give `after`.
 *
 * Lists are compared between their common start and end: element by element, and what one of them has beyond the other
 * there was removed (the last first, `path` has its index in the old list) or added (its index in the new one).
 */
export function differences(
  before: AttributeMap,
  after: AttributeMap,
  numbers: NumberPolicy,
): readonly Difference[] {
  const found: Difference[] = [];
  compareMaps([], before, after);
  return found;

  function compareMaps(path: DifferencePath, old: AttributeMap, now: AttributeMap): void {
    for (const name of [...new Set([...Object.keys(old), ...Object.keys(now)])].sort()) {
      compare([...path, name], attribute(old, name), attribute(now, name));
    }
  }

  function compareLists(path: DifferencePath, old: Values, now: Values): void {
    const shorter = Math.min(old.length, now.length);
    let start = 0;
    while (start < shorter && sameValue(old[start], now[start])) start++;
    let end = 0; // from the end, as `at` counts
    while (start - end < shorter && sameValue(old.at(end - 1), now.at(end - 1))) end--;
    const beyond = shorter + end;
    for (let i = start; i < beyond; i++) compare([...path, i], old[i], now[i]);
    for (let i = old.length + end - 1; i >= beyond; i--) compare([...path, i], old[i], undefined);
    for (let i = beyond; i < now.length + end; i++) compare([...path, i], undefined, now[i]);
  }

  function compare(path: DifferencePath, old: Value, now: Value): void {
    if (old === undefined || now === undefined) {
      if (now !== undefined) found.push({ kind: 'added', path, after: decode(now) });
      if (old !== undefined) found.push({ kind: 'removed', path, before: decode(old) });
      return;
    }
    const type = typeOf(old);
    const inside = type === typeOf(now) ? type : undefined;
    if (inside === 'M') compareMaps(path, payload(old, inside), payload(now, inside));
    else if (inside === 'L') compareLists(path, payload(old, inside), payload(now, inside));
    else if (inside === 'SS' || inside === 'NS' || inside === 'BS') {
      compareSets(path, inside, old, now);
    } else if (!sameValue(old, now)) {
      found.push({ kind: 'changed', path, before: decode(old), after: decode(now) });
    }
  }

  function compareSets(path: DifferencePath, type: SetType, old: AttributeValue, now: AttributeValue): void {
    const [left, joined] = [membersOf(type, old), membersOf(type, now)];
    // The letter of a set's members is the first of its own.
    const decodeMember = (text: string) => decode({ [type.charAt(0)]: text } as unknown as AttributeValue);
    tellMembers('memberRemoved', left, joined);
    tellMembers('memberAdded', joined, left);

    function tellMembers(kind: 'memberRemoved' | 'memberAdded', of: Members, missing: Members): void {
      for (const [key, text] of of) {
        if (!missing.has(key)) found.push({ kind, path, member: decodeMember(text) });
      }
    }
  }

  function decode(value: AttributeValue): unknown {
    return decodeValue(value, numbers);
  }
}

type SetType = 'SS' | 'NS' | 'BS';
type Members = ReadonlyMap<string, string>;

/** The members of a set, by what is the same for equal ones. */
function membersOf(type: SetType, set: AttributeValue): Members {
  const members = payload(set, type) as readonly string[];
  return new Map(members.map((text) => [type === 'NS' ? canonicalDecimal(text) : text, text]));
}

type Value = AttributeValue | undefined;
type Values = readonly AttributeValue[];
