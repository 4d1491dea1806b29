import { addressOf } from '@sluice/filters';

/**
 * What one field of a record may be, as a pattern's list of leaves says it: a union of values, of beginnings and ends of texts,
 * of everything but some texts, and of "not there". It says nothing but what Lambda's own list of operators has.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
 */
export interface FieldTest {
  readonly absent: boolean;
  readonly values: ReadonlySet<string | boolean>;
  readonly prefixes: ReadonlySet<string>;
  readonly suffixes: ReadonlySet<string>;
  /** Any value but these; the three lists above are empty then. */
  readonly allBut: ReadonlySet<string> | undefined;
}

const none: ReadonlySet<never> = new Set();

export const nothing: FieldTest = {
  absent: false,
  values: none,
  prefixes: none,
  suffixes: none,
  allBut: undefined,
};
export const present: FieldTest = { ...nothing, allBut: none };
export const absentField: FieldTest = { ...nothing, absent: true };

export function oneOf(values: Iterable<string | boolean>): FieldTest {
  return { ...nothing, values: new Set(values) };
}

export function startingWith(prefix: string): FieldTest {
  return prefix === '' ? present : { ...nothing, prefixes: new Set([prefix]) };
}

export function endingWith(suffix: string): FieldTest {
  return suffix === '' ? present : { ...nothing, suffixes: new Set([suffix]) };
}

/** Another value than these, or none. */
export function noneOf(values: Iterable<string>): FieldTest {
  return { ...nothing, absent: true, allBut: new Set(values) };
}

/** Whether it passes whatever the field is, and whether nothing passes it. */
export const isCertain = ({ absent, allBut }: FieldTest) => absent && allBut?.size === 0;
export const isImpossible = (test: FieldTest) => !test.absent && !hasValues(test);

function hasValues({ values, prefixes, suffixes, allBut }: FieldTest): boolean {
  return allBut !== undefined || values.size + prefixes.size + suffixes.size > 0;
}

function passes({ values, prefixes, suffixes, allBut }: FieldTest, value: string | boolean): boolean {
  if (typeof value === 'boolean') return allBut !== undefined || values.has(value);
  if (allBut) return !allBut.has(value);
  return values.has(value) || startsWithOne(value, prefixes) || endsWithOne(value, suffixes);
}

/** By whichever is fewer: the prefixes, or the beginnings of the text. */
function startsWithOne(text: string, prefixes: ReadonlySet<string>): boolean {
  if (prefixes.size <= text.length) return [...prefixes].some((prefix) => text.startsWith(prefix));
  for (let end = 0; end <= text.length; end++) if (prefixes.has(text.slice(0, end))) return true;
  return false;
}

function endsWithOne(text: string, suffixes: ReadonlySet<string>): boolean {
  if (suffixes.size <= text.length) return [...suffixes].some((suffix) => text.endsWith(suffix));
  for (let start = 0; start <= text.length; start++) if (suffixes.has(text.slice(start))) return true;
  return false;
}

/** What passes one of the tests, exactly. */
export function union(tests: readonly FieldTest[]): FieldTest {
  const listed = { ...nothing, ...listsOf(tests) };
  const absent = tests.some((test) => test.absent);
  const exclusions = tests.flatMap(({ allBut }) => (allBut ? [allBut] : []));
  const [first, ...others] = exclusions;
  if (!first) return { ...withoutCovered(listed), absent };
  const allBut = [...first].filter((text) => others.every((one) => one.has(text)) && !passes(listed, text));
  return { ...nothing, absent, allBut: new Set(allBut) };
}

function listsOf(tests: readonly FieldTest[]): Pick<FieldTest, 'values' | 'prefixes' | 'suffixes'> {
  return {
    values: new Set(tests.flatMap(({ values }) => [...values])),
    prefixes: new Set(tests.flatMap(({ prefixes }) => [...prefixes])),
    suffixes: new Set(tests.flatMap(({ suffixes }) => [...suffixes])),
  };
}

/** Without what another entry says already. */
function withoutCovered({ values, prefixes, suffixes, ...test }: FieldTest): FieldTest {
  const beginnings = new Set<string>();
  const ends = new Set<string>();
  for (const one of byLength(prefixes)) if (!startsWithOne(one, beginnings)) beginnings.add(one);
  for (const one of byLength(suffixes)) if (!endsWithOne(one, ends)) ends.add(one);
  const isCovered = (value: string | boolean) =>
    typeof value === 'string' && (startsWithOne(value, beginnings) || endsWithOne(value, ends));
  return {
    ...test,
    values: new Set([...values].filter((value) => !isCovered(value))),
    prefixes: beginnings,
    suffixes: ends,
  };
}

function byLength(texts: ReadonlySet<string>): readonly string[] {
  return [...texts].sort((one, other) => one.length - other.length);
}

/** What passes both tests, or more than that where one list cannot say it. */
export function intersection(one: FieldTest, other: FieldTest): { test: FieldTest; isExact: boolean } {
  const absent = one.absent && other.absent;
  if (one.allBut && other.allBut) {
    return { test: { ...nothing, absent, allBut: new Set([...one.allBut, ...other.allBut]) }, isExact: true };
  }
  if (one.allBut || other.allBut) {
    const [listed, { allBut }] = one.allBut ? [other, one] : [one, other];
    const values = [...listed.values].filter((value) => typeof value === 'boolean' || !allBut?.has(value));
    const isExact = ![...(allBut ?? [])].some((text) => passes({ ...listed, values: none }, text));
    return { test: { ...listed, absent, values: new Set(values) }, isExact };
  }
  const values = [...one.values, ...other.values].filter(
    (value) => passes(one, value) && passes(other, value),
  );
  const prefixes = [...one.prefixes, ...other.prefixes].filter(
    (prefix) => startsWithOne(prefix, one.prefixes) && startsWithOne(prefix, other.prefixes),
  );
  const suffixes = [...one.suffixes, ...other.suffixes].filter(
    (suffix) => endsWithOne(suffix, one.suffixes) && endsWithOne(suffix, other.suffixes),
  );
  // Texts with a beginning and an end cannot be listed: those with the beginning are.
  const crossed = [
    ...(other.suffixes.size > 0 ? one.prefixes : none),
    ...(one.suffixes.size > 0 ? other.prefixes : none),
  ];
  const test = {
    ...nothing,
    values: new Set(values),
    prefixes: new Set([...prefixes, ...crossed]),
    suffixes: new Set(suffixes),
  };
  return { test: { ...withoutCovered(test), absent }, isExact: crossed.length === 0 };
}

/** Whether everything that passes the narrow test passes the wide one. `false` where it is not certain. */
export function covers(wide: FieldTest, narrow: FieldTest): boolean {
  if (narrow.absent && !wide.absent) return false;
  if (narrow.allBut)
    return wide.allBut !== undefined && [...wide.allBut].every((text) => narrow.allBut?.has(text));
  for (const value of narrow.values) if (!passes(wide, value)) return false;
  const { allBut } = wide;
  if (allBut) return ![...allBut].some((text) => passes({ ...narrow, values: none }, text));
  for (const prefix of narrow.prefixes) if (!startsWithOne(prefix, wide.prefixes)) return false;
  for (const suffix of narrow.suffixes) if (!endsWithOne(suffix, wide.suffixes)) return false;
  return true;
}

/** The leaves of a test that the other one has too, and those that it has not; an IP address is the same however it is written. */
export function split(
  test: FieldTest,
  other: FieldTest,
): { readonly common: FieldTest | undefined; readonly rest: FieldTest | undefined } {
  const known = new Set(leavesOf(other).map(identity));
  const those = (isWanted: boolean): FieldTest | undefined => {
    const asked = (leaf: Leaf) => known.has(identity(leaf)) === isWanted;
    const part: FieldTest = {
      absent: test.absent && asked({ exists: false }),
      values: new Set([...test.values].filter(asked)),
      prefixes: new Set([...test.prefixes].filter((prefix) => asked({ prefix }))),
      suffixes: new Set([...test.suffixes].filter((suffix) => asked({ suffix }))),
      allBut: test.allBut && asked(leafOfOthers(test.allBut)) ? test.allBut : undefined,
    };
    return isImpossible(part) ? undefined : part;
  };
  return { common: those(true), rest: those(false) };
}

function identity(leaf: Leaf): string {
  if (typeof leaf === 'string') return addressOf(leaf) ?? JSON.stringify(leaf);
  if (typeof leaf === 'object' && 'anything-but' in leaf)
    return JSON.stringify({ not: leaf['anything-but'].toSorted() });
  return JSON.stringify(leaf);
}

export type Leaf =
  | string
  | boolean
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly 'anything-but': readonly string[] }
  | { readonly exists: boolean };

export function leavesOf({ absent, values, prefixes, suffixes, allBut }: FieldTest): readonly Leaf[] {
  const leaves: Leaf[] = [...values];
  for (const prefix of prefixes) leaves.push({ prefix });
  for (const suffix of suffixes) leaves.push({ suffix });
  if (allBut) leaves.push(leafOfOthers(allBut));
  if (absent) leaves.push({ exists: false });
  return leaves;
}

function leafOfOthers(allBut: ReadonlySet<string>): Leaf {
  return allBut.size > 0 ? { 'anything-but': [...allBut] } : { exists: true };
}

/** Texts that one of the test's texts begins with: so that its lists have no more than so many entries. The result is wider. */
export function shortened(test: FieldTest, mostEntries: number): FieldTest {
  if (test.allBut) {
    return {
      ...test,
      allBut: test.allBut.size > mostEntries ? new Set([...test.allBut].slice(0, mostEntries)) : test.allBut,
    };
  }
  if (test.values.size + test.prefixes.size + test.suffixes.size <= mostEntries) return test;
  const texts = [...test.values, ...test.prefixes].filter((value) => typeof value === 'string');
  const isText = texts.length === test.values.size + test.prefixes.size && test.suffixes.size === 0;
  const prefixes = isText ? commonPrefixes(texts, mostEntries) : undefined;
  return prefixes ? { ...test, values: none, prefixes } : { ...present, absent: test.absent };
}

/** The longest ones of one length that are few enough; `undefined` where there are none. */
function commonPrefixes(texts: readonly string[], atMost: number): ReadonlySet<string> | undefined {
  let fitting: ReadonlySet<string> | undefined;
  const shortest = Math.min(...texts.map(({ length }) => length));
  for (let length = 1; length <= shortest; length++) {
    const cut = new Set(texts.map((text) => text.slice(0, length)));
    if (cut.size > atMost) break;
    // A character of two units is not cut in two.
    if ([...cut].every((prefix) => prefix.isWellFormed())) fitting = cut;
  }
  return fitting;
}
