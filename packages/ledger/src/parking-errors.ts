import { type RowKey, SluiceError } from '@sluice/core';

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
