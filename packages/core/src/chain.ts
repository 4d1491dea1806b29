import type { AnyCall } from './calls.js';
import { failed, type Outcome, outcomeMarker, outcomeOf } from './outcome.js';

/**
 * One layer of the onion. `next()` runs everything inside it and resolves to the outcome; it never rejects. It may be
 * called again (a retry does), and may be given a changed unit for what is inside, made from its own:
 * `next({ ...unit, context: contextWith(unit.context, { signal }) })`. What a layer throws is an outcome for the layers around
 * it, as in a handler; one that gives back anything but an outcome has failed.
 */
export type Middleware<Unit> = (unit: Unit, next: (changed?: Unit) => Promise<Outcome>) => Promise<Outcome>;

/** A middleware that fits around batches, records and handlers. */
export type AnyMiddleware = <Call extends AnyCall>(
  call: Call,
  next: (changed?: Call) => Promise<Outcome>,
) => Promise<Outcome>;

/** Builds the onion once; the first middleware is the outermost. Without any, `innermost` is the whole chain. */
export function chain<Unit>(
  middleware: readonly Middleware<Unit>[],
  innermost: (unit: Unit) => Promise<Outcome>,
): (unit: Unit) => Promise<Outcome> {
  return middleware.reduceRight<(unit: Unit) => Promise<Outcome>>(
    (inner, layer) => async (unit) => {
      try {
        const outcome = await layer(unit, (changed = unit) => inner(changed).catch(outcomeOf));
        if (typeof outcome === 'object' && outcome !== null && outcomeMarker in outcome) return outcome;
        return failed(new TypeError('A middleware gave back no outcome. End it with: return next().'));
      } catch (error) {
        return outcomeOf(error);
      }
    },
    innermost,
  );
}
