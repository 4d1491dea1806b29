import { SluiceError } from '@sluice/core';

/** Another process, or another part of this one, has the store file open. Nothing was read or changed. */
export class StoreInUseError extends SluiceError {
  override readonly name: string = 'StoreInUseError';
  constructor(path: string, pid: number, lockPath: string) {
    super(
      'STORE_IN_USE',
      `The store file ${path} is open in process ${pid}${pid === process.pid ? ' (this one)' : ''}, and one process at a time may use it. ` +
        `Stop that process, close its store, or use another file. If process ${pid} is something else, delete ${lockPath}.`,
    );
  }
}

/** The store file holds something that no crash leaves behind. Nothing was changed. */
export class UnreadableStoreError extends SluiceError {
  override readonly name: string = 'UnreadableStoreError';
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(
      'STORE_UNREADABLE',
      `The store file ${path} cannot be read: ${problem}. Nothing was changed. ` +
        'Put back a copy of the file, or move it away to start without the progress it holds.',
      options,
    );
  }
}

/**
 * The file could not be written. After a rejected `put` or `delete` the write may or may not be in the file; the next
 * call writes the file anew from what is known to be durable, and so decides it.
 */
export class StoreWriteError extends SluiceError {
  override readonly name: string = 'StoreWriteError';
  constructor(path: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      'STORE_WRITE_FAILED',
      `The store file ${path} could not be written: ${reason}. Mend the cause (space, permissions, the disk); the next call tries again.`,
      { cause },
    );
  }
}

export class StoreClosedError extends SluiceError {
  override readonly name: string = 'StoreClosedError';
  readonly retryable = false;
  constructor(path: string) {
    super('STORE_CLOSED', `The store over ${path} is closed. Open the file again with fileStore(path).`);
  }
}
