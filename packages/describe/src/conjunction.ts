import {
  covers,
  type FieldTest,
  intersection,
  isCertain,
  isImpossible,
  leavesOf,
  union,
} from './field-test.js';

/** A field of a record and what it may be. */
export interface Field {
  /** Names from the record inwards: `['dynamodb', 'NewImage', 'status', 'S']`. */
  readonly path: readonly string[];
  /**
   * The path as Lambda sees it. It joins the names by dots, so that an attribute named `a.M.b` stands where the `b` of a map `a`
   * does.
   */
  readonly place: string;
  readonly test: FieldTest;
  /** The lists that the path leads through, and the element of each that is meant; `any` where it does not matter which. */
  readonly lists: readonly ListStep[];
  /** Whether a record can have several values there, of which one has to pass. */
  readonly isMany: boolean;
  /** What it may be, as a pattern has it. */
  readonly leaves: string;
  /** All of it as text: equal ones for equal fields. */
  readonly key: string;
}

export interface ListStep {
  readonly place: string;
  readonly at: number | 'any';
}

/** Fields by their places, all of which have to pass. Empty, it is passed by every record. */
export type Conjunction = ReadonlyMap<string, Field>;

/** Conjunctions, one of which has to pass. Empty, it is passed by none. */
export type Alternatives = readonly Conjunction[];

/** Told where patterns cannot say a condition as a whole, and why, as a part of a sentence. */
export type Lost = (reason: string) => void;

const tooMany = 'it has too many combinations';
const oneTest = 'a pattern tests a field, or the elements of a list, once';

export const everything: Alternatives = [new Map()];
export const nothingAtAll: Alternatives = [];

/** More alternatives than these are not made of one condition. */
const mostAlternatives = 100;

export function field(path: readonly string[], test: FieldTest, lists: readonly ListStep[] = []): Field {
  const place = path.join('.');
  const leaves = leavesOf(test);
  const inOrder = leaves.length > 1 ? leaves.map((leaf) => JSON.stringify(leaf)).sort() : leaves;
  const elements = lists.map(({ at }) => at).join();
  return {
    path,
    place,
    test,
    lists,
    isMany: lists.length > 0 || /^[SNB]S$/.test(path.at(-1) ?? ''),
    leaves: JSON.stringify(leaves),
    key: `${place}[${elements}]=${JSON.stringify(inOrder)}`,
  };
}

/** A condition on one field, as alternatives. */
export function fieldPasses(of: Field): Alternatives {
  if (isImpossible(of.test)) return nothingAtAll;
  return saysNothing(of.place, of.test) ? everything : [new Map([[of.place, of]])];
}

function saysNothing(place: string, test: FieldTest): boolean {
  return isCertain(test) || (place === 'eventName' && test.values.size === eventCount);
}

const eventCount = 3;

export function keyOf(conjunction: Conjunction): string {
  return [...conjunction.values()]
    .map(({ key }) => key)
    .sort()
    .join('&');
}

/**
 * What passes all of the conditions. Where patterns cannot say it the result is wider, and `lost` is told.
 */
export function allOf(conditions: readonly Alternatives[], lost: Lost): Alternatives {
  return conditions.reduce((left, right) => {
    if (left.length * right.length > mostAlternatives) {
      lost(tooMany);
      return left.length <= right.length ? left : right;
    }
    const both = left.flatMap((one) => right.flatMap((other) => together(one, other, lost)));
    return both.length > 1 ? tidy(both) : both;
  }, everything);
}

/** What passes one of the conditions. */
export function anyOf(conditions: readonly Alternatives[], lost: Lost): Alternatives {
  const alternatives = tidy(conditions.flat());
  if (alternatives.length <= mostAlternatives) return alternatives;
  lost(tooMany);
  return everything;
}

/** Both conjunctions as one; none where no record passes both. */
function together(one: Conjunction, other: Conjunction, lost: Lost): Alternatives {
  const fields = new Map(one);
  for (const added of other.values()) {
    const here = fields.get(added.place);
    if (!here) {
      if (meetsOtherElement(fields, added)) lost(oneTest);
      else fields.set(added.place, added);
    } else if (here.isMany || !isSamePath(here, added)) {
      // Two tests of a place with several values may be passed by two of them, which one list cannot say.
      if (here.key !== added.key) lost(oneTest);
    } else {
      const { test, isExact } = intersection(here.test, added.test);
      if (isImpossible(test)) return nothingAtAll;
      if (!isExact) lost(oneTest);
      fields.set(added.place, field(here.path, test));
    }
  }
  return [fields];
}

function isSamePath({ path }: Field, other: Field): boolean {
  return path.length === other.path.length && path.every((name, index) => name === other.path[index]);
}

/**
 * Two fields under one list have to be of one element to pass together, so fields of different elements are not put together.
 * Source: https://github.com/aws/event-ruler#json-array-matching
 */
function meetsOtherElement(fields: Conjunction, { lists }: Field): boolean {
  if (lists.length === 0) return false;
  for (const other of fields.values()) {
    for (const { place, at } of other.lists) {
      if (lists.some((step) => step.place === place && (at === 'any' || step.at !== at))) return true;
    }
  }
  return false;
}

/** The same condition with fewer alternatives. */
export function tidy(alternatives: Alternatives): Alternatives {
  return withoutCovered(merged(alternatives));
}

/** Alternatives that differ in one field become one. `onMerge` is told which ones became which. */
export function merged(alternatives: Alternatives, onMerge: OnMerge = () => undefined): Alternatives {
  let current = once(alternatives, onMerge);
  for (let pass = 0; pass < mostPasses; pass++) {
    const next = once(mergedOnce(current, onMerge), onMerge);
    if (next.length === current.length) return next;
    current = next;
  }
  return current;
}

const mostPasses = 10;

type OnMerge = (into: Conjunction, from: readonly Conjunction[]) => void;

function once(alternatives: Alternatives, onMerge: OnMerge): Alternatives {
  if (alternatives.length < 2) return alternatives;
  return Array.from(Map.groupBy(alternatives, keyOf).values(), (same) => {
    const [first] = same as [Conjunction, ...Conjunction[]];
    if (same.length > 1) onMerge(first, same);
    return first;
  });
}

function mergedOnce(alternatives: Alternatives, onMerge: OnMerge): Alternatives {
  if (alternatives.length < 2) return alternatives;
  const groups = new Map<string, { readonly place: string; readonly members: Conjunction[] }>();
  for (const conjunction of alternatives) {
    for (const [rest, place] of restsOf(conjunction)) {
      const group = groups.get(rest);
      if (group) group.members.push(conjunction);
      else groups.set(rest, { place, members: [conjunction] });
    }
  }
  const becomes = new Map<Conjunction, Conjunction | undefined>();
  const largestFirst = [...groups.values()].sort((one, other) => other.members.length - one.members.length);
  for (const { place, members } of largestFirst) {
    const [first, ...others] = members.filter((member) => !becomes.has(member));
    if (!first || others.length === 0) continue;
    const into = unionAt(place, [first, ...others]);
    for (const other of others) becomes.set(other, undefined);
    becomes.set(first, into);
    onMerge(into, [first, ...others]);
  }
  return alternatives.flatMap((one) => (becomes.has(one) ? (becomes.get(one) ?? []) : one));
}

/** For each field of a conjunction: all the others as text, with the field's place. */
function restsOf(conjunction: Conjunction): readonly (readonly [rest: string, place: string])[] {
  const fields = [...conjunction.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
  return fields.map(({ place }) => {
    const rest = fields.map((one) => (one.place === place ? place : one.key));
    return [rest.join('&'), place];
  });
}

function unionAt(place: string, members: readonly Conjunction[]): Conjunction {
  const fields = members.flatMap((member) => member.get(place) ?? []);
  const into = new Map(members[0]);
  const united = unionOf(fields);
  if (united) into.set(place, united);
  else into.delete(place);
  return into;
}

/** `undefined` where every record passes. */
function unionOf(fields: readonly Field[]): Field | undefined {
  const [first] = fields as [Field, ...Field[]];
  const test = union(fields.map((one) => one.test));
  if (saysNothing(first.place, test)) return undefined;
  const lists = first.lists.map((step, index) =>
    fields.every((one) => one.lists[index]?.at === step.at) ? step : { ...step, at: 'any' as const },
  );
  return field(first.path, test, lists);
}

/** The smallest conjunction which whatever passes one of these passes; all of them have the same fields. */
export function hull(members: readonly Conjunction[]): Conjunction {
  const [first] = members as [Conjunction, ...Conjunction[]];
  const into = new Map<string, Field>();
  for (const place of first.keys()) {
    const united = unionOf(members.flatMap((member) => member.get(place) ?? []));
    if (united) into.set(place, united);
  }
  return into;
}

/** Comparing each with each takes long for thousands; they are tidier then than they could be, and no less right. */
const mostComparisons = 500_000;

/** The alternatives that no other one covers. */
export function withoutCovered(alternatives: Alternatives): Alternatives {
  if (alternatives.length < 2) return alternatives;
  const empty = alternatives.find(({ size }) => size === 0);
  if (empty) return [empty];
  const byFirstPlace = Map.groupBy(alternatives, (one) => one.keys().next().value ?? '');
  const covered = new Set<Conjunction>();
  let comparisons = 0;
  for (const narrow of alternatives) {
    for (const place of narrow.keys()) {
      for (const wide of byFirstPlace.get(place) ?? []) {
        if (comparisons++ > mostComparisons) return alternatives.filter((one) => !covered.has(one));
        if (wide !== narrow && !covered.has(wide) && isCovered(narrow, wide)) covered.add(narrow);
      }
    }
  }
  return alternatives.filter((one) => !covered.has(one));
}

function isCovered(narrow: Conjunction, wide: Conjunction): boolean {
  if (wide.size > narrow.size) return false;
  for (const [place, one] of wide) {
    const other = narrow.get(place);
    if (!other || !covers(one.test, other.test)) return false;
    if (one.lists.some(({ at }, index) => at !== 'any' && at !== other.lists[index]?.at)) return false;
  }
  return true;
}
