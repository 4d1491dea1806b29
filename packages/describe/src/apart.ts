import { type Alternatives, type Conjunction, field } from './conjunction.js';
import { split } from './field-test.js';

/**
 * The same alternatives without what two of them have in common, so that no two of the same fields have a leaf in common in each of
 * them: of two like that event-ruler takes the later one for one that it knows already, and forgets it, with all its other leaves. Lambda may be built on it.
 * `undefined` where they become too many.
 */
export function apart(alternatives: Alternatives): Alternatives | undefined {
  const ofPlaces = new Map<string, Conjunction[]>();
  const pieces: Conjunction[] = [];
  for (const one of alternatives) {
    const places = [...one.keys()].sort().join('\n');
    const before = ofPlaces.get(places) ?? [];
    let rest: Alternatives = [one];
    for (const other of before) {
      rest = rest.flatMap((piece) => without(piece, other));
      if (rest.length > mostPieces) return undefined;
    }
    pieces.push(...rest);
    ofPlaces.set(places, [...before, one]);
  }
  return pieces;
}

/** More than these are not made of one alternative. */
const mostPieces = 100;

/** What of a conjunction the other one has not, as leaves go; both are of the same fields. */
function without(one: Conjunction, other: Conjunction): Alternatives {
  const pieces: Conjunction[] = [];
  const left = new Map(one);
  for (const [place, { path, lists, test }] of one) {
    const { common, rest } = split(test, other.get(place)?.test ?? test);
    if (!common) return [one];
    if (rest) pieces.push(new Map(left).set(place, field(path, rest, lists)));
    left.set(place, field(path, common, lists));
  }
  return pieces;
}
