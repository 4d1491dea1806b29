import { type FilterNode, partsOf } from './filter.js';
import { matcher, type Predicate } from './match.js';
import type { StreamRecord } from './record.js';

/** Tests of many filters that have parts in common: a common part is tested once a record. */
export interface SharedMatchers {
  readonly tests: readonly Predicate[];
  readonly pass: Pass;
}

/** To be counted up before each record: what has been found out of another one, or of this one earlier, is forgotten. */
export interface Pass {
  number: number;
}

export function sharedMatchers(filters: readonly FilterNode[]): SharedMatchers {
  const pass: Pass = { number: 0 };
  const partOf = parts();
  const count = (filter: FilterNode): void => {
    if (partOf(filter).uses++ === 0) partsOf(filter).forEach(count);
  };
  const testOf = (filter: FilterNode): Predicate => {
    const part = partOf(filter);
    if (!part.test) {
      const test = matcher(filter, testOf);
      part.test = part.uses > 1 ? oncePerPass(test, pass) : test;
    }
    return part.test;
  };
  filters.forEach(count);
  return { tests: filters.map(testOf), pass };
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

interface Part {
  uses: number;
  test?: Predicate;
}

/** One part for equal filters. Functions are equal to themselves alone. */
function parts(): (filter: FilterNode) => Part {
  const known = new Map<FilterNode, Part>();
  const byText = new Map<string, Part>();
  const functions = new Map<unknown, number>();
  const numbered = (_name: string, value: unknown): unknown => {
    if (typeof value !== 'function') return value;
    const number = functions.get(value) ?? functions.size;
    functions.set(value, number);
    return number;
  };
  return (filter) => {
    let part = known.get(filter);
    if (!part) {
      const text = JSON.stringify(filter, numbered);
      part = byText.get(text) ?? { uses: 0 };
      byText.set(text, part);
      known.set(filter, part);
    }
    return part;
  };
}
