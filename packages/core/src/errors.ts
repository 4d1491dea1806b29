import { type PathSegments, printPath, SluiceError } from '@sluice/filters';

/** Everything that is wrong with a set-up, found at start and told at once. Nothing has been read or run. */
export class ConfigurationError extends SluiceError {
  override readonly name: string = 'ConfigurationError';
  constructor(readonly problems: readonly string[]) {
    super('CONFIGURATION', ['Problems at start:', ...problems].join('\n  - '));
  }
}

/** A batch with a record that cannot be a stream record, or not in this place. Nothing of the batch has been run. */
export class MalformedRecordError extends SluiceError {
  override readonly name: string = 'MalformedRecordError';
  constructor(message: string) {
    super('MALFORMED_RECORD', message);
  }
}

/** Records of a table that no route names. Nothing of the batch has been run. */
export class UnknownTableError extends SluiceError {
  override readonly name: string = 'UnknownTableError';
  constructor(streamArn: string, tables: readonly string[]) {
    super(
      'UNKNOWN_TABLE',
      `No route names the table of the stream ${streamArn}; the routes name ${tables.join(', ')}. ` +
        "Give table() its real name, take the stream away, or set unknownTable: 'skip'.",
    );
  }
}

/** Records for a window route came in a delivery that is of no window. Nothing of it has been run. */
export class NoWindowError extends SluiceError {
  override readonly name: string = 'NoWindowError';
  constructor(handlerId: string, streamArn: string) {
    super(
      'NO_WINDOW',
      `${handlerId} is a window route, but these records of ${streamArn} came without a window. Set TumblingWindowInSeconds on ` +
        "the stream's event source mapping of Lambda; the poller has no windows.",
    );
  }
}

/**
 * A stored item does not fit its entity's schema. What the schema says of it is in `issues` and stays out of the message
 * and of enumeration, and so of logs: schemas quote values, and paths can be keys of a map.
 */
export class InvalidItemError extends SluiceError {
  override readonly name: string = 'InvalidItemError';
  declare readonly issues: readonly { readonly path: string; readonly message: string }[];
  constructor(entity: string, found: readonly Issue[]) {
    const attributes = [...new Set(found.map(({ path }) => path[0] ?? 'the whole item'))];
    super(
      'INVALID_ITEM',
      `An item of ${entity} does not fit its schema: ${attributes.join(', ')}. error.issues tells why, and may quote the item. ` +
        "Mend the schema or the item, or set onInvalid: 'skip'. Numbers beyond JavaScript's precision are text without table(…, { numbers }).",
    );
    hideIssues(this, found);
  }
}

/**
 * What a window route keeps is not what its schema reads. Why is in `issues`, and nowhere else, since it may quote the state:
 * names in it are often data.
 */
export class WindowStateError extends SluiceError {
  override readonly name: string = 'WindowStateError';
  declare readonly issues: InvalidItemError['issues'];
  constructor(
    readonly handlerId: string,
    how: 'has kept' | 'gave',
    found: readonly Issue[] = [],
  ) {
    super(
      'WINDOW_STATE',
      `What ${handlerId} ${how} is no state, read from JSON, that fits its schema. error.issues tells why, and may quote it. ` +
        (how === 'gave'
          ? 'Give JSON that the schema takes.'
          : 'Let the schema take what earlier releases kept.'),
    );
    hideIssues(this, found);
  }
}

export interface Issue {
  readonly path: PathSegments;
  readonly message: string;
}

function hideIssues(error: Error, found: readonly Issue[]): void {
  const issues = found.map(({ path, message }) => ({ path: printPath(path), message }));
  Object.defineProperty(error, 'issues', { value: issues });
}

/**
 * To be thrown by handlers and middleware: not now. The change is not done, is tried again after `afterMs` or the source's
 * own time, and this does not count as an attempt.
 */
export class RetryLaterError extends SluiceError {
  override readonly name: string = 'RetryLaterError';
  /** Times that have passed already are "at once". */
  readonly afterMs: number | undefined;
  constructor(
    message: string,
    options: { readonly afterMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    const { afterMs } = options;
    if (!Number.isFinite(afterMs ?? 0)) throw new RangeError(`afterMs is ${afterMs}; give a finite number.`);
    super('RETRY_LATER', message, options);
    this.afterMs = afterMs;
  }
}

/** As many processes ended while a handler ran as its policy allows attempts. It was not run again. */
export class ProcessEndedError extends SluiceError {
  override readonly name: string = 'ProcessEndedError';
  constructor() {
    super(
      'PROCESS_ENDED',
      'As often as the policy allows attempts, the process ran out of memory or time, or was killed, in this handler.',
    );
  }
}

/** A handler took a whole delivery and did not end within it, as often as its policy allows attempts and once more. */
export class TooSlowError extends SluiceError {
  override readonly name: string = 'TooSlowError';
  constructor() {
    super(
      'TOO_SLOW',
      'This handler outlasted more deliveries than its policy allows attempts. Pass context.signal on to what it waits for, ' +
        'give it a timeout(), or raise the time limit of the function.',
    );
  }
}

/** To be thrown by handlers and middleware: no attempt at this change will ever succeed. It is done, and logged as an error. */
export class NeverAgainError extends SluiceError {
  override readonly name: string = 'NeverAgainError';
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super('NEVER_AGAIN', message, options);
  }
}
