import type { FilterNode } from './filter.js';
import { matcher, type Predicate } from './match.js';
import type { StreamRecord } from './record.js';

/** Matchers of many filters that have parts in common: a common part is tested once a record. */
export interface SharedMatcher {
  matcherOf(filter: FilterNode): Predicate;
  readonly pass: Pass;
}

/** To be counted up before each record: what has been found out of another one, or of this one earlier, is forgotten. */
export interface Pass {
  number: number;
}

export function sharedMatcher(filters: readonly FilterNode[]): SharedMatcher {
  const seen = new Set<string>();
  const shared = new Set<string>();
  const made = new Map<string, Predicate>();
  const pass: Pass = { number: 0 };
  const keyOf = identities();
  const look = (filter: FilterNode): void => {
    const key = keyOf(filter);
    if (seen.has(key)) shared.add(key);
    else partsOf(filter).forEach(look);
    seen.add(key);
  };
  const matcherOf = (filter: FilterNode): Predicate => {
    const key = keyOf(filter);
    let test = made.get(key);
    if (!test) {
      test = matcher(filter, matcherOf);
      if (shared.has(key)) test = oncePerPass(test, pass);
      made.set(key, test);
    }
    return test;
  };
  filters.forEach(look);
  return { matcherOf, pass };
}

function partsOf(filter: FilterNode): readonly FilterNode[] {
  if ('filters' in filter) return filter.filters;
  return filter.kind === 'not' ? [filter.filter] : [];
}

/** The record is compared too: a test may itself have another record matched. What throws is not kept, and throws again. */
function oncePerPass(test: Predicate, pass: Readonly<Pass>): Predicate {
  let testedIn = -1;
  let tested: StreamRecord | undefined;
  let result = false;
  return (record) => {
    if (testedIn !== pass.number || tested !== record) {
      result = test(record);
      tested = record;
      testedIn = pass.number;
    }
    return result;
  };
}

/** One text for equal filters. Functions are equal to themselves alone. */
function identities(): (filter: FilterNode) => string {
  const texts = new Map<FilterNode, string>();
  const functions = new Map<unknown, number>();
  const numbered = (_name: string, value: unknown): unknown => {
    if (typeof value !== 'function') return value;
    const number = functions.get(value) ?? functions.size;
    functions.set(value, number);
    return number;
  };
  return (filter) => {
    const text = texts.get(filter) ?? JSON.stringify(filter, numbered);
    texts.set(filter, text);
    return text;
  };
}
