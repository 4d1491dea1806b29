import { type RowKey, SluiceError } from '@sluice/core';
import type { RedriveReport } from './redrive.js';

/** A parked change cannot be read. It stays where it is. */
export class ParkedChangeUnreadableError extends SluiceError {
  override readonly name: string = 'ParkedChangeUnreadableError';
  /** By which the change can be discarded; `undefined` of a row that marks the changes of an item, and is none. */
  readonly id: string | undefined;
  constructor({ pk, sk }: RowKey, problem: string, id?: string) {
    const advice =
      id === undefined
        ? 'Mend the row, or delete it once nothing of its item is parked.'
        : `Mend what is wrong, or discard the change by its id, ${id}`;
    super(
      'PARKED_CHANGE_UNREADABLE',
      `The parked change in the row ${sk} of ${pk} cannot be read: ${problem}. Nothing was changed. ${advice}`,
    );
    this.id = id;
  }
}

/**
 * A redrive has ended before it was through: the store did not answer for 10 seconds, or a mark of parked changes cannot be read, which is the
 * `cause`. What the report tells stays so; what it does not tell is parked as it was. A change that was in hand then may have
 * been run without that being kept: it is run again when it is redriven the next time, a minute later at the earliest.
 */
export class RedriveStoppedError extends SluiceError {
  override readonly name: string = 'RedriveStoppedError';
  /** What was done until then. */
  readonly report: RedriveReport;
  constructor(report: RedriveReport, cause: unknown) {
    super(
      'REDRIVE_STOPPED',
      `The redrive has ended before it was through: ${cause instanceof Error ? cause.message : String(cause)} ` +
        `Until then ${report.done.length} changes were done and ${report.failed.length} failed, as its report tells. Redrive again once the cause is mended.`,
      { cause },
    );
    this.report = report;
  }
}

/** A change is too large for a row, and there is no other place for it. It is not parked, and stays unfinished. */
export class ParkedChangeTooLargeError extends SluiceError {
  override readonly name: string = 'ParkedChangeTooLargeError';
  constructor(bytes: number, limit: number) {
    super(
      'PARKED_CHANGE_TOO_LARGE',
      `A change of ${bytes} bytes is to be parked, and a row holds at most ${limit}. ` +
        'Give createLedger a place for large objects, as in { largeObjects: s3Objects({ bucket, prefix }) } of @sluice/store/s3.',
    );
  }
}
