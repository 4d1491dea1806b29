import { patternMatcher } from '@sluice/filters';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  absentField,
  covers,
  endingWith,
  type FieldTest,
  intersection,
  isCertain,
  isImpossible,
  leavesOf,
  noneOf,
  oneOf,
  shortened,
  split,
  startingWith,
  union,
} from './field-test.js';

fc.configureGlobal({ seed: Number(process.env['SLUICE_SEED'] ?? 20_261_122), numRuns: 1000 });

const texts = ['', 'a', 'ab', 'abc', 'b', 'ba', 'ca', 'é😀', 'é🙂', '::1'];
const values = [undefined, true, false, ...texts];
const text = fc.constantFrom(...texts);
const some = fc.uniqueArray(text, { minLength: 1, maxLength: 4 });
const simple = fc.oneof(
  some.map(oneOf),
  some.map(noneOf),
  text.map(startingWith),
  text.map(endingWith),
  fc.boolean().map((one) => oneOf([one])),
  fc.constant(absentField),
);
const test = fc.array(simple, { minLength: 1, maxLength: 3 }).map(union);

/** The values that pass, as a pattern has it. */
function passing(test: FieldTest | undefined): readonly unknown[] {
  if (!test || isImpossible(test)) return [];
  const matches = patternMatcher(JSON.stringify({ field: leavesOf(test) }));
  return values.filter((field) => matches(field === undefined ? {} : { field }));
}

const inBoth = (one: readonly unknown[], other: readonly unknown[]) =>
  one.filter((value) => other.includes(value));

it('a union is passed by what passes one of its tests', () => {
  fc.assert(
    fc.property(test, test, (one, other) => {
      const either = new Set([...passing(one), ...passing(other)]);
      expect(new Set(passing(union([one, other])))).toEqual(either);
    }),
  );
});

it('an intersection is passed by what passes both, and where it is exact by nothing else', () => {
  fc.assert(
    fc.property(test, test, (one, other) => {
      const both = inBoth(passing(one), passing(other));
      const { test: found, isExact } = intersection(one, other);
      expect(inBoth(passing(found), both)).toEqual(both);
      if (isExact) expect(new Set(passing(found))).toEqual(new Set(both));
    }),
  );
});

it('what is covered passes, what is certain passes always, and what is shortened passes at least what it did', () => {
  fc.assert(
    fc.property(test, test, fc.constantFrom(1, 2, 3), (wide, narrow, entries) => {
      if (covers(wide, narrow)) expect(inBoth(passing(wide), passing(narrow))).toEqual(passing(narrow));
      if (isCertain(wide)) expect(passing(wide)).toEqual(values);
      const short = shortened(narrow, entries);
      expect(inBoth(passing(short), passing(narrow))).toEqual(passing(narrow));
      expect(JSON.stringify(leavesOf(short))).not.toMatch(/\\ud/);
    }),
  );
});

it('two halves of a split have no leaf in common with each other, and together all of them', () => {
  fc.assert(
    fc.property(test, test, (one, other) => {
      const { common, rest } = split(one, other);
      const leaves = (of: FieldTest | undefined) =>
        (of ? leavesOf(of) : []).map((leaf) => JSON.stringify(leaf));
      expect([...leaves(common), ...leaves(rest)].sort()).toEqual([...leaves(one)].sort());
      const known = new Set(leaves(other));
      expect(leaves(one).filter((leaf) => known.has(leaf) && !leaves(common).includes(leaf))).toEqual([]);
      if (rest) expect(split(rest, other).common).toBeUndefined();
    }),
  );
});

it('exceptions are the same in any order', () => {
  expect(split(noneOf(['a', 'b']), noneOf(['b', 'a'])).rest).toBeUndefined();
});
