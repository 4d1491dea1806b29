import { type FieldValue, fieldsOf, type Membership } from './lambda-pattern-fields.js';
import { type Leaf, type Rule, rulesOf } from './lambda-pattern-rules.js';

/**
 * Compiles one pattern of a Lambda event source mapping's `FilterCriteria`: fields of a pattern are ANDed, the values of a leaf ORed,
 * and an array in the record matches by any of its elements, where all fields under one array have to come from the same element.
 * Field names are joined by dots, so that `{"a":{"b":…}}` also tests a field that is named `a.b`.
 *
 * The rules are those of the open-source matcher `aws/event-ruler` 2.0.1. Three of them surprise: a text in a pattern that is an IP
 * address matches each way to write that address, numbers are compared as IEEE doubles, and a prefix that ends in a quote matches
 * the whole text too. It differs in one thing: event-ruler forgets an alternative of `$or` that has a value in common with an earlier one in
 * each of its fields, where the fields are the same, with all other values in it. Of a name that is there twice the last one counts. How long a pattern may be is up to who makes the mapping.
 *
 * Throws a `FilterPatternError` (code `FILTER_PATTERN`) that says where in the pattern what was expected.
 * Sources: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html and https://github.com/aws/event-ruler
 */
export function patternMatcher(pattern: string): (record: object) => boolean {
  const rules = rulesOf(pattern).map(inOrder);
  return (record) => {
    const fields = fieldsOf(record);
    return rules.some((rule) => matchesFrom(0, rule, fields, new Map()));
  };
}

type Fields = ReadonlyMap<string, readonly FieldValue[]>;
type Entries = readonly (readonly [path: string, leaf: Leaf])[];

/** The order counts where a field has to be absent: only the array elements that fields before it chose are looked at. */
function inOrder(rule: Rule): Entries {
  return [...rule].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Whether the fields from an index on can all be met by values that are in the array elements chosen so far. */
function matchesFrom(index: number, rule: Entries, fields: Fields, chosen: Membership): boolean {
  const entry = rule[index];
  if (!entry) return true;
  const [path, { mayBeAbsent, tests }] = entry;
  const tried = new Set<Membership>();
  let isThere = false;
  for (const { value, elements } of fields.get(path) ?? []) {
    const next = together(chosen, elements);
    if (!next) continue;
    isThere = true;
    if (tried.has(next) || !tests.some((test) => test(value))) continue;
    if (matchesFrom(index + 1, rule, fields, next)) return true;
    tried.add(next);
  }
  return !isThere && mayBeAbsent && matchesFrom(index + 1, rule, fields, chosen);
}

/** Both memberships, or `undefined` where they are in different elements of one array; `chosen` itself where nothing is new. */
function together(chosen: Membership, elements: Membership): Membership | undefined {
  let merged = chosen;
  for (const [array, element] of elements) {
    const before = chosen.get(array);
    if (before === undefined) merged = new Map([...merged, [array, element]]);
    else if (before !== element) return undefined;
  }
  return merged;
}
