import { isSluiceError } from '@sluice/filters';
import { NeverAgainError, RetryLaterError } from './errors.js';

/** Tells an outcome from anything else, across duplicated copies of this package. */
export const outcomeMarker: unique symbol = Symbol.for('sluice.outcome');

/**
 * What became of one change in one handler, or of one record in all of them. An outcome can only be had from the
 * functions of this file and from `next()`, so a middleware that forgets to return one does not compile.
 *
 * Done, and never delivered again: `handled`, `skipped`, `neverAgain`. Not done: `retryLater`, `failed`.
 */
export type Outcome = Handled | Skipped | NeverAgain | RetryLater | Failed;

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

export interface NeverAgain extends Marked {
  readonly kind: 'neverAgain';
  readonly error: Error;
}

export interface RetryLater extends Marked {
  readonly kind: 'retryLater';
  readonly error: RetryLaterError;
}

export interface Failed extends Marked {
  readonly kind: 'failed';
  readonly error: Error;
}

function marked<T extends object>(fields: T): Readonly<T & Marked> {
  return Object.freeze({ [outcomeMarker]: true as const, ...fields });
}

/** The change was dealt with. */
export const handled: Handled = marked({ kind: 'handled' as const });

/** The change needs no handling; it is done, and counted as skipped. */
export function skipped(reason: string): Skipped {
  return marked({ kind: 'skipped' as const, reason });
}

/**
 * No attempt at this change will ever succeed: it is done, and logged as an error. Give the reason, or the error that
 * shows it; `throw new NeverAgainError(…)` is the same from deeper down.
 */
export function neverAgain(reason: string | Error): NeverAgain {
  const error = typeof reason === 'string' ? new NeverAgainError(reason) : reason;
  return marked({ kind: 'neverAgain' as const, error });
}

/**
 * Not now: the change is not done, and this does not count as an attempt. The poller tries it again after `afterMs`, or
 * after its backoff; Lambda when it delivers the batch again, which takes no wish for a time. `throw new RetryLaterError(…)`
 * is the same from deeper down.
 */
export function retryLater(
  reason: string,
  options: { readonly afterMs?: number | undefined } = {},
): RetryLater {
  return later(new RetryLaterError(reason, options));
}

/** The change is not done, and will be delivered again. Whatever was thrown becomes an `Error`. */
export function failed(thrown: unknown): Failed {
  return marked({ kind: 'failed' as const, error: asError(thrown) });
}

/** Of what a delivery ended before: it counts as no attempt. */
export const notStarted = failed(new Error('The delivery ended before this was started'));

/** What a thrown value means: `RetryLaterError` and `NeverAgainError` say so, everything else is a failure. */
export function outcomeOf(thrown: unknown): Outcome {
  if (isSluiceError(thrown)) {
    // Told by its code: it may come from another copy of this package.
    if (thrown.code === 'RETRY_LATER') return later(thrown as RetryLaterError);
    if (thrown.code === 'NEVER_AGAIN') return neverAgain(thrown);
  }
  return failed(thrown);
}

/** Whether nothing more is to be done for it. */
export function isDone({ kind }: Outcome): boolean {
  return kind !== 'failed' && kind !== 'retryLater';
}

export function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && outcomeMarker in value;
}

function later(error: RetryLaterError): RetryLater {
  return marked({ kind: 'retryLater' as const, error });
}

function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const what = typeof thrown === 'string' ? thrown : typeof thrown;
  return new Error(`Something that is no Error was thrown: ${what}`, { cause: thrown });
}
