import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSluiceError, patternMatcher } from './index.js';
import { lambdaFacts, leafFacts, recordFacts, refusals } from './testing/pattern-facts.js';

const passes = (leaf: readonly unknown[], value: unknown) =>
  patternMatcher(JSON.stringify({ field: leaf }))(value === undefined ? {} : { field: value });

describe.each(Object.entries(leafFacts))('the values of a leaf with %s', (_operator, facts) => {
  it.each(facts.map(([leaf, ...values]) => [JSON.stringify(leaf), leaf, ...values] as const))(
    'pass %s as they do in event-ruler',
    (_text, leaf, passing, failing) => {
      expect(passing.filter((value) => !passes(leaf, value))).toEqual([]);
      expect(failing.filter((value) => passes(leaf, value))).toEqual([]);
    },
  );

  it('pass wherever the leaf is, and wherever in an array or an alternative', () => {
    for (const [leaf, passing, failing] of facts) {
      const deep = patternMatcher(JSON.stringify({ a: { $or: [{ b: [0] }, { c: { d: leaf } }] } }));
      const record = (value: unknown) => ({ a: [{ c: value === undefined ? {} : { d: value } }] });
      expect(passing.filter((value) => !deep(record(value)))).toEqual([]);
      expect(failing.filter((value) => deep(record(value)))).toEqual([]);
    }
  });
});

describe('a pattern', () => {
  it.each(recordFacts)('of event-ruler: %s', (_claim, pattern, matching, other) => {
    const matches = patternMatcher(JSON.stringify(pattern));
    expect(matching.filter((record) => !matches(record))).toEqual([]);
    expect(other.filter((record) => matches(record))).toEqual([]);
  });

  it.each(lambdaFacts)('of Lambda: %s', (_claim, pattern, matching, other) => {
    const matches = patternMatcher(JSON.stringify(pattern));
    expect(matching.filter((record) => !matches(record))).toEqual([]);
    expect(other.filter((record) => matches(record))).toEqual([]);
  });

  it('has the last of two fields of the same name', () => {
    const matches = patternMatcher('{"a":["x"],"a":["y"]}');
    expect([matches({ a: 'x' }), matches({ a: 'y' })]).toEqual([false, true]);
  });

  it('takes attributes by whatever name they have', () => {
    const name = '__proto__';
    const matches = patternMatcher(`{"${name}":{"S":["x"]},"constructor":["y"]}`);
    expect(matches(JSON.parse(`{"${name}":{"S":"x"},"constructor":"y"}`))).toBe(true);
    expect(matches({})).toBe(false);
  });

  it('is not slowed down by long arrays that match but for the last field', () => {
    const long = Array.from({ length: 2000 }, () => 'x');
    const names = ['a', 'b', 'c', 'd', 'e'];
    const matches = patternMatcher(
      JSON.stringify({ ...Object.fromEntries(names.map((name) => [name, ['x']])), z: ['y'] }),
    );
    expect(matches(Object.fromEntries(names.map((name) => [name, long])))).toBe(false);
  });

  it('matches any record where every kind of value is wanted or missing', () => {
    const matches = patternMatcher('{"a":{"b":[{"exists":true},{"exists":false}]}}');
    fc.assert(fc.property(fc.object(), (record) => matches(record)));
  });
});

describe('a pattern that is none', () => {
  it.each(refusals.map(([pattern, place]) => [textOf(pattern), place] as const))(
    'is refused with the place: %s',
    (text, place) => {
      const error = errorOf(text);
      expect(error).toMatchObject({ name: 'FilterPatternError', code: 'FILTER_PATTERN' });
      expect(error.message).toContain(`At ${place} of a filter pattern `);
    },
  );

  it('is told with what was expected and what came, not all of it', () => {
    expect(errorOf('{"a":{"S":["x",{"prefix":7}]}}').message).toBe(
      'At a.S[1].prefix of a filter pattern a text is expected, not 7.',
    );
    expect(errorOf(JSON.stringify({ a: 'x'.repeat(5000) })).message.length).toBeLessThan(200);
  });

  it('is one whose alternatives multiply beyond any use', () => {
    const or = { $or: Array.from({ length: 25 }, (_, index) => ({ [`a${index}`]: ['x'] })) };
    const nested = { p: or, q: or, r: { s: or } };
    expect(errorOf(JSON.stringify(nested)).message).toContain('10000 combinations');
  });
});

// Differences from event-ruler that are meant. None of them makes a pattern match more than there, but for names that are there
// twice with objects behind them: event-ruler merges those objects.
describe('beyond event-ruler', () => {
  it('an address of one version is never in a range of the other', () => {
    expect(passes([{ cidr: '0.0.0.0/0' }], '::1')).toBe(false);
    expect(passes([{ cidr: '::/8' }], '10.0.0.1')).toBe(false);
    expect(passes(['0.0.0.0'], '::f')).toBe(false);
  });

  it('a wildcard beside equals-ignore-case matches what each does alone', () => {
    expect(passes([{ wildcard: '*b' }, { 'equals-ignore-case': 'ß' }], 'A')).toBe(false);
  });

  it('an alternative of $or counts, although it has something in common with one before it in every field', () => {
    const matches = patternMatcher('{"$or":[{"a":["x","y"]},{"a":["x","z"]}]}');
    expect(['y', 'x', 'z'].map((a) => matches({ a }))).toEqual([true, true, true]);
  });

  it('an empty list of exceptions is refused', () => {
    expect(() => passes([{ 'anything-but': { prefix: [] } }], 'x')).toThrow('at least one text');
  });
});

function textOf(pattern: object | string): string {
  return typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
}

function errorOf(pattern: string) {
  try {
    patternMatcher(pattern);
  } catch (error) {
    if (isSluiceError(error)) return error;
  }
  throw new Error(`${pattern} is expected to be refused`);
}
