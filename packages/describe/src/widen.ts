import {
  type Alternatives,
  type Conjunction,
  type Field,
  field,
  hull,
  keyOf,
  merged,
} from './conjunction.js';
import { isCertain, shortened } from './field-test.js';

/** Told which conjunctions became which, and whether more records pass what they became. */
type OnChange = (into: Conjunction, from: readonly Conjunction[], isWider: boolean) => void;

/** The same alternatives, or fewer and wider ones. */
export type Widening = (alternatives: Alternatives, onChange: OnChange) => Alternatives;

/**
 * The ways to make alternatives fit, the ones that let the fewest other records through first: those of the same fields become one,
 * lists become beginnings of texts, and then fields are left out, the ones that few alternatives have first.
 */
export function* widenings(alternatives: Alternatives): Generator<Widening> {
  const most = Math.max(...alternatives.map(({ size }) => size));
  yield* gentle(alternatives.length);
  for (let fields = most - 1; fields >= 1; fields--) {
    yield (current, onChange) => withFields(current, fields, onChange);
    yield* gentle(alternatives.length);
  }
}

function* gentle(count: number): Generator<Widening> {
  for (let left = count; left > 1; left /= 2) yield halved;
  for (const entries of [256, 64, 16, 4, 1]) {
    yield (current, onChange) => changed(current, (one) => withShortLists(one, entries), onChange);
  }
}

/** Of the alternatives with the same fields each two that are neighbours by their texts become one. */
function halved(alternatives: Alternatives, onChange: OnChange): Alternatives {
  const groups = Map.groupBy(alternatives, (one) => [...one.keys()].sort().join('&'));
  const pairs = [...groups.values()].flatMap((group) => {
    const sorted = group.length > 1 ? sortedByKey(group) : group;
    return Array.from({ length: Math.ceil(sorted.length / 2) }, (_, index) =>
      sorted.slice(index * 2, index * 2 + 2),
    );
  });
  if (pairs.length === alternatives.length) return alternatives;
  const hulls = pairs.map((pair) => {
    const [first] = pair as [Conjunction, ...Conjunction[]];
    if (pair.length === 1) return first;
    const into = hull(pair);
    onChange(into, pair, true);
    return into;
  });
  return mergedTelling(hulls, onChange);
}

function sortedByKey(group: readonly Conjunction[]): readonly Conjunction[] {
  return group
    .map((one) => ({ one, key: keyOf(one) }))
    .sort((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ one }) => one);
}

function withShortLists(conjunction: Conjunction, entries: number): Conjunction {
  const fields = [...conjunction.values()].map((one) => ({ one, test: shortened(one.test, entries) }));
  if (fields.every(({ one, test }) => test === one.test)) return conjunction;
  const kept = fields.flatMap(({ one, test }) => (isCertain(test) ? [] : field(one.path, test, one.lists)));
  return byPlace(kept);
}

/** With so many fields at most: those that most alternatives have. */
function withFields(alternatives: Alternatives, atMost: number, onChange: OnChange): Alternatives {
  const counts = new Map<string, number>();
  for (const one of alternatives) {
    for (const place of one.keys()) counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const countOf = ({ place }: Field) => counts.get(place) ?? 0;
  const cut = (one: Conjunction) => {
    if (one.size <= atMost) return one;
    return byPlace([...one.values()].sort((left, right) => countOf(right) - countOf(left)).slice(0, atMost));
  };
  return changed(alternatives, cut, onChange);
}

function byPlace(fields: readonly Field[]): Conjunction {
  return new Map(fields.map((one) => [one.place, one]));
}

function changed(
  alternatives: Alternatives,
  change: (one: Conjunction) => Conjunction,
  onChange: OnChange,
): Alternatives {
  const each = alternatives.map((one) => {
    const into = change(one);
    if (into !== one) onChange(into, [one], true);
    return into;
  });
  return each.every((one, index) => one === alternatives[index])
    ? alternatives
    : mergedTelling(each, onChange);
}

function mergedTelling(alternatives: Alternatives, onChange: OnChange): Alternatives {
  return merged(alternatives, (into, from) => onChange(into, from, false));
}
