import { type RowKey, SluiceError } from '@sluice/core';

/** The store could not be asked, or told, what is done. Nothing of the delivery has been run; it comes again. */
export class LedgerUnavailableError extends SluiceError {
  override readonly name: string = 'LedgerUnavailableError';
  constructor(doing: string, cause: unknown) {
    super(
      'LEDGER_UNAVAILABLE',
      `The ledger could not ${doing}: ${cause instanceof Error ? cause.message : String(cause)} Nothing is run without it, and the records will be delivered again. ` +
        'Check the store: whether it is there and can be reached from here, its permissions, and whether it throttles.',
      { cause },
    );
  }
}

/** A row is not one that this version of the ledger can read. It has not been touched, and nothing has been run. */
export class LedgerUnreadableError extends SluiceError {
  override readonly name: string = 'LedgerUnreadableError';
  constructor({ pk, sk }: RowKey) {
    super(
      'LEDGER_UNREADABLE',
      `The row ${sk} of ${pk} is not a row of the ledger in this version. Keep the ledger in a place of its own, or delete the row; ` +
        'what it kept may then be run again.',
    );
  }
}

/**
 * The reason for which `context.signal` of a handler with `once` aborts, and the cause of its outcome: another process has taken the
 * event over, or may have, since the claim could not be renewed in time. What that one makes of the event counts.
 */
export class ClaimLostError extends SluiceError {
  override readonly name: string = 'ClaimLostError';
  constructor(options?: ErrorOptions) {
    super(
      'CLAIM_LOST',
      'The claim on this event has gone to another process, or could not be renewed in time. Stop when context.signal aborts. ' +
        'If this happens to healthy processes, raise claimMs, look for what blocks the event loop, and compare their clocks.',
      options,
    );
  }
}
