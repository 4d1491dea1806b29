import type { StreamRecord } from '@sluice/filters';
import type { CallContext } from './context.js';
import type { RouterOptions } from './router.js';

/**
 * What becomes of a change that a handler does not get done:
 *
 * - `block`: it stays, and what follows it in its lane waits.
 * - `park-record`: it is set aside in the ledger, and is done. Later changes of its item go on.
 * - `park-item`: it is set aside, and so are, behind it and in order, later changes of its item for this handler.
 * - `drop`: it is given up, and logged as an error; sent to a destination before that, where one is given.
 */
export type FailureAction = 'block' | 'park-record' | 'park-item' | 'drop';

/** For a handler, or in the router for all that say nothing themselves. */
export type FailurePolicy = Keeping | Dropping;

interface Keeping extends Attempts {
  readonly action: Exclude<FailureAction, 'drop'>;
  readonly destination?: never;
}

interface Dropping extends Attempts {
  readonly action: 'drop';
  /** Where the change is sent first. It is done when this has resolved. */
  readonly destination?: Destination;
}

interface Attempts {
  /**
   * How many failed attempts it takes; 10 by default. An attempt is a delivery in which the handler failed. `neverAgain`, and an item
   * that does not fit its entity with `onInvalid: 'park'`, take one.
   */
  readonly attempts?: number;
}

/** A change that its handler did not get done, with everything that is needed to try it again. */
export interface FailedChange {
  /** The router's name. */
  readonly router: string | undefined;
  readonly handlerId: string;
  readonly record: StreamRecord;
  readonly reason: FailureReason;
  readonly error: Error;
  /** Failed attempts so far. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly failedAtMs: number;
}

/**
 * - `attempts`: as many failed as its policy allows.
 * - `never-again`: the handler said that none will succeed, or the item does not fit its schema.
 * - `crashed`: as many processes as its policy allows attempts ended while the handler ran.
 * - `behind`: it was not tried; an earlier change of its item is parked.
 */
export type FailureReason = 'attempts' | 'never-again' | 'crashed' | 'behind';

/**
 * Where given-up changes are sent. Resolves when the receiver has confirmed it; when it rejects, the change is not done, and both
 * are tried again. A crash in between leads to a second sending.
 */
export type Destination = (failure: FailedChange, context: CallContext) => Promise<unknown>;

/** A policy with its defaults. */
export type GivingUp = FailurePolicy & { readonly attempts: number };

/** What is given as its name alone, as a policy. */
export function policyOf(given: FailureAction | FailurePolicy | undefined): FailurePolicy | undefined {
  return typeof given === 'string' ? { action: given } : given;
}

/** The policy that a handler goes by; none where nobody asked for one and there is no ledger to park anything in. */
export function givingUp(
  given: FailurePolicy | undefined,
  { ledger, lane }: Pick<RouterOptions, 'ledger' | 'lane'>,
): GivingUp | undefined {
  if (!given && !ledger) return undefined;
  // Where changes have no order there is nothing for later ones to wait for.
  return { attempts: 10, ...(given ?? { action: lane === 'unordered' ? 'park-record' : 'park-item' }) };
}
