import { type Alternatives, type Conjunction, field } from './conjunction.js';
import { split } from './field-test.js';

/**
 * The same alternatives without what two of them have in common, so that no two of the same fields have a leaf in common in each of
 * them: of two like that event-ruler takes the later one for one that it knows already, and forgets it, with all its other leaves. Lambda may be built on
 * it. `undefined` where they become too many.
 */
export function apart(alternatives: Alternatives): Alternatives | undefined {
  const most = alternatives.length + mostPieces;
  const ofPlaces = Map.groupBy(alternatives, placesOf);
  const pieces = new Map<Conjunction, Alternatives>();
  let count = 0;
  for (const [, same] of ofPlaces) {
    const kept: Conjunction[] = [];
    for (const one of same) {
      let rest: Alternatives = [one];
      for (const before of kept) {
        rest = rest.flatMap((piece) => without(piece, before));
        if (count + rest.length > most) return undefined;
      }
      kept.push(...rest);
      pieces.set(one, rest);
      count += rest.length;
    }
  }
  return alternatives.flatMap((one) => pieces.get(one) ?? []);
}

/** More than these are not added by taking alternatives apart. */
const mostPieces = 200;

function placesOf(conjunction: Conjunction): string {
  return [...conjunction.keys()].sort().join('\n');
}

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
