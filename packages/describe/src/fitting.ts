import { type Alternatives, type Conjunction, merged, withoutCovered } from './conjunction.js';
import { fit } from './fit.js';
import { longestPattern } from './pattern-text.js';
import { widenings } from './widen.js';

/** The patterns, and the routes whose records are not the only ones to pass them, with the reason. */
export interface Fitting {
  readonly patterns: readonly string[];
  readonly wider: ReadonlyMap<string, string>;
}

/**
 * Patterns for the alternatives of routes, by the routes' ids: exactly those where that fits, and wider ones otherwise. `anyRecord`
 * is what is left where nothing narrower fits.
 */
export function fitting(
  routes: readonly (readonly [id: string, Alternatives])[],
  anyRecord: Alternatives,
  maxFilters: number,
): Fitting {
  const ids = routes.map(([id]) => id);
  const owners = new Map<Conjunction, ReadonlySet<string>>();
  const wider = new Set<string>();
  const ownersOf = (some: Alternatives) => new Set(some.flatMap((one) => [...(owners.get(one) ?? [])]));
  for (const [id, alternatives] of routes) for (const one of alternatives) owners.set(one, new Set([id]));

  let current = withoutCovered(
    merged(
      routes.flatMap(([, alternatives]) => alternatives),
      (into, from) => owners.set(into, ownersOf(from)),
    ),
  );
  if (current.length === 0) return { patterns: [], wider: new Map(ids.map((id) => [id, nothingPasses])) };
  const exact = fit(current, maxFilters);
  if (exact) return { patterns: exact, wider: new Map() };

  for (const widened of widenings(current)) {
    const before = current;
    current = widened(before, (into, from, isWider) => {
      const ofThese = ownersOf(from);
      owners.set(into, ofThese);
      if (isWider) for (const id of ofThese) wider.add(id);
    });
    if (current === before) continue;
    if (current.some(({ size }) => size === 0)) break;
    const patterns = fit(current, maxFilters) && fit(withoutCovered(current), maxFilters);
    if (patterns) return { patterns, wider: new Map([...wider].map((id) => [id, tooLong(maxFilters)])) };
  }
  return {
    patterns: fit(anyRecord, maxFilters) ?? [],
    wider: new Map(ids.map((id) => [id, tooLong(maxFilters)])),
  };
}

const nothingPasses = 'no record passes it, and there is no pattern for that';

const tooLong = (maxFilters: number) =>
  `${maxFilters} filter${maxFilters > 1 ? 's' : ''} of ${longestPattern} characters cannot say all that the routes of the table ask`;
