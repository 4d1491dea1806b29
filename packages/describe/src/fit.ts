import { apart } from './apart.js';
import { type Alternatives, type Conjunction, type Field, field, hull } from './conjunction.js';
import { type FieldTest, nothing } from './field-test.js';
import { isOfDynamodb, longestPattern, type OrLevel, patternText } from './pattern-text.js';

/**
 * As few patterns as may be, that together say the alternatives exactly; `undefined` where so many do not fit. No patterns are
 * given where every record passes.
 */
export function fit(all: Alternatives, maxFilters: number): readonly string[] | undefined {
  if (all.some(({ size }) => size === 0)) return [];
  const isHopeless = leastLength(all, sharedKeys(all)) > longestPattern * maxFilters;
  const alternatives = isHopeless ? undefined : apart(all);
  if (!alternatives) return undefined;
  if (alternatives.length <= maxFilters) {
    const texts = alternatives.map((one) => patternText([one], none, 'record'));
    if (texts.every(isShort)) return texts;
  }
  return packed(alternatives, maxFilters);
}

const none: ReadonlySet<string> = new Set();

const isShort = (text: string) => text.length <= longestPattern;

interface Bin {
  readonly members: (readonly [position: number, Conjunction])[];
  length: number;
}

/** Several alternatives in a pattern, with a long list cut into pieces where it has to be. */
function packed(alternatives: Alternatives, maxFilters: number): readonly string[] | undefined {
  const shared = alternatives.length > 1 ? sharedKeys(alternatives) : none;
  const all = alternatives.find(({ size }) => size === shared.size);
  // It has nothing but what the others have too.
  if (all) return fit([all], maxFilters);
  const level = levelOf(alternatives, shared);
  const text = (some: Alternatives) => patternText(some, shared, level);
  const frame = text([onlyShared(alternatives[0], shared), new Map()]).length;
  const room = longestPattern - frame;
  const weighed = (one: Conjunction) => ({ one, length: (text([one, one]).length - frame) / 2 + 3 });
  const whole = alternatives.map(weighed);
  if (whole.reduce((sum, { length }) => sum + length, 0) > room * maxFilters) return undefined;
  const pieces = whole.flatMap(({ one, length }, position) => {
    const some = length <= longestPiece ? [one] : cut(one, Math.ceil(length / longestPiece));
    return some.map((piece) => ({ ...weighed(piece), position }));
  });
  const bins: Bin[] = Array.from({ length: maxFilters }, () => ({ members: [], length: 0 }));
  for (const { one, length, position } of pieces.sort((left, right) => right.length - left.length)) {
    const bin = bins.find((each) => each.length + length <= room);
    if (!bin) return undefined;
    bin.members.push([position, one]);
    bin.length += length;
  }
  const texts = bins
    .filter(({ members }) => members.length > 0)
    .map(({ members }) => {
      const ofEach = Map.groupBy(
        members.sort(([one], [other]) => one - other),
        ([position]) => position,
      );
      return text(Array.from(ofEach.values(), (some) => hull(some.map(([, piece]) => piece))));
    });
  return texts.every(isShort) ? texts : undefined;
}

function levelOf(alternatives: Alternatives, shared: ReadonlySet<string>): OrLevel {
  const differing = alternatives.flatMap((one) => [...one.values()]).filter(({ key }) => !shared.has(key));
  return differing.every(isOfDynamodb) ? 'dynamodb' : 'record';
}

/** What all lists take, to see early that there is no room. */
function leastLength(alternatives: Alternatives, shared: ReadonlySet<string>): number {
  const fields = alternatives.flatMap((one) => [...one.values()]).filter(({ key }) => !shared.has(key));
  return fields.reduce((sum, { leaves }) => sum + leaves.length + '"S":'.length, 0);
}

/** Pieces of this length leave little room at the ends of patterns. */
const longestPiece = 700;

function sharedKeys(alternatives: Alternatives): ReadonlySet<string> {
  const [first = new Map<string, Field>(), ...others] = alternatives;
  const keys = [...first].filter(([place, { key }]) => others.every((one) => one.get(place)?.key === key));
  return new Set(keys.map(([, { key }]) => key));
}

function onlyShared(conjunction: Conjunction | undefined, shared: ReadonlySet<string>): Conjunction {
  return new Map([...(conjunction ?? [])].filter(([, { key }]) => shared.has(key)));
}

/** A conjunction as several, each with a part of its longest list. */
function cut(conjunction: Conjunction, pieces: number): Alternatives {
  const [longest] = [...conjunction.values()].sort((one, other) => sizeOf(other.test) - sizeOf(one.test));
  if (!longest || sizeOf(longest.test) < 2) return [conjunction];
  const each = Math.ceil(sizeOf(longest.test) / pieces);
  return partsOf(longest.test, each).map((test) =>
    new Map(conjunction).set(longest.place, field(longest.path, test, longest.lists)),
  );
}

const sizeOf = ({ values, prefixes, suffixes }: FieldTest) => values.size + prefixes.size + suffixes.size;

function partsOf({ values, prefixes, suffixes, absent }: FieldTest, size: number): readonly FieldTest[] {
  const parts = [
    ...chunks([...values], size).map((some) => ({ ...nothing, values: new Set(some) })),
    ...chunks([...prefixes], size).map((some) => ({ ...nothing, prefixes: new Set(some) })),
    ...chunks([...suffixes], size).map((some) => ({ ...nothing, suffixes: new Set(some) })),
  ];
  return parts.map((part, index) => ({ ...part, absent: absent && index === 0 }));
}

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}
