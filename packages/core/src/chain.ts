import { failed, type Outcome, outcomeMarker } from './outcome.js';

/**
 * One layer of the onion. `next()` runs everything inside it and resolves to the outcome; it never rejects. It may be
 * called again (a retry does). When a layer throws, or gives back anything but an outcome, that is a failed outcome for the
 * layers around it.
 */
export type Middleware<Unit> = (unit: Unit, next: () => Promise<Outcome>) => Promise<Outcome>;

/** Builds the onion once; the first middleware is the outermost. Without any, `innermost` is the whole chain. */
export function chain<Unit>(
  middleware: readonly Middleware<Unit>[],
  innermost: (unit: Unit) => Promise<Outcome>,
): (unit: Unit) => Promise<Outcome> {
  return middleware.reduceRight<(unit: Unit) => Promise<Outcome>>(
    (inner, layer) => async (unit) => {
      try {
        const outcome = await layer(unit, () => inner(unit).catch(failed));
        if (typeof outcome === 'object' && outcome !== null && outcomeMarker in outcome) return outcome;
        throw new TypeError('A middleware gave back no outcome. End it with: return next().');
      } catch (error) {
        return failed(error);
      }
    },
    innermost,
  );
}
