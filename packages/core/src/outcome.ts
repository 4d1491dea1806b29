/** Tells an outcome from anything else, across duplicated copies of this package. */
export const outcomeMarker: unique symbol = Symbol.for('sluice.outcome');

/**
 * What became of one change in one handler, or of one record in all of them. An outcome can only be had from the
 * functions of this file and from `next()`, so a middleware that forgets to return one does not compile.
 */
export type Outcome = Handled | Skipped | Failed;

interface Marked {
  readonly [outcomeMarker]: true;
}

export interface Handled extends Marked {
  readonly kind: 'handled';
}

export interface Skipped extends Marked {
  readonly kind: 'skipped';
  readonly reason: string;
}

export interface Failed extends Marked {
  readonly kind: 'failed';
  readonly error: Error;
}

/** The change was dealt with. */
export const handled: Handled = Object.freeze({ [outcomeMarker]: true as const, kind: 'handled' as const });

/** The change needs no handling; it is done, and counted as skipped. */
export function skipped(reason: string): Skipped {
  return Object.freeze({ [outcomeMarker]: true as const, kind: 'skipped' as const, reason });
}

/** The change is not done, and will be delivered again. Whatever was thrown becomes an `Error`. */
export function failed(thrown: unknown): Failed {
  return Object.freeze({ [outcomeMarker]: true as const, kind: 'failed' as const, error: asError(thrown) });
}

export function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && outcomeMarker in value;
}

function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const what =
    typeof thrown === 'string' ? thrown : `a value of type ${thrown === null ? 'null' : typeof thrown}`;
  return new Error(`Something that is not an Error was thrown: ${what}`, { cause: thrown });
}
