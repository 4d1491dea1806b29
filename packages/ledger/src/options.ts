import type { LargeObjects } from './large-objects.js';

export interface LedgerOptions {
  /**
   * Tells before each delivery that it begins, with one write, so that one whose process ended is known when it comes again: its
   * records then run one at a time, each told before it runs, and the end of a process during a handler is a failed attempt of it.
   * `false` by default.
   */
  readonly guard?: boolean;
  /**
   * How long a claim of a handler with `once` holds unless it is renewed, which it is each third of that: so long after a crash
   * its event waits. Milliseconds; 30 000 by default. Clocks of processes that share the store may differ by a tenth of it.
   */
  readonly claimMs?: number;
  /** How long it is remembered that a handler with `once` is done with an event. Milliseconds; 48 hours by default. */
  readonly keepDoneMs?: number;
  /** Where parked changes go that are too large for a row of the store. */
  readonly largeObjects?: LargeObjects;
  /** Names an owner of claims; `randomUUID` of `node:crypto` by default. Never gives the same twice. */
  readonly newId?: () => string;
}

const hourMs = 3_600_000;
export const defaultClaimMs = 30_000;
export const defaultKeepDoneMs = 48 * hourMs;
