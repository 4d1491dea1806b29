import type { Image } from './filter.js';
import type { AttributeMap, StreamRecord } from './record.js';

const marker = Symbol.for('sluice.error');

/**
 * The root of every error that Sluice throws. `code` names the decision a caller can take and never changes;
 * messages say what was expected, what came and what to do, and may be reworded.
 */
export class SluiceError extends Error {
  /** Written out, as minifiers rename classes. */
  override readonly name: string = 'SluiceError';
  readonly [marker] = true;
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Works across duplicated copies of the packages, where `instanceof` does not. */
export function isSluiceError(error: unknown): error is SluiceError {
  return typeof error === 'object' && error !== null && marker in error;
}

/** An attribute value that DynamoDB cannot have written. The message names the fault and never the data. */
export class MalformedValueError extends SluiceError {
  override readonly name: string = 'MalformedValueError';
  constructor(message: string) {
    super('MALFORMED_VALUE', message);
  }
}

/** A filter or handler reads an image that the record does not carry. */
export class MissingImageError extends SluiceError {
  override readonly name: string = 'MissingImageError';
  constructor(image: Image, { eventName, dynamodb: { StreamViewType } }: StreamRecord) {
    super(
      'MISSING_IMAGE',
      `A filter or handler reads ${image}, which this ${eventName} record lacks (its StreamViewType is ${StreamViewType ?? 'not stated'}). ` +
        "Give the table's stream and table(…, { view }) a view type with it.",
    );
  }
}

/** An entity's key template names an attribute that is no key of the record's table. */
export class MissingKeyError extends SluiceError {
  override readonly name: string = 'MissingKeyError';
  constructor(attribute: string, keys: AttributeMap) {
    super(
      'MISSING_KEY',
      `Expected the key attribute "${attribute}", but the record has ${Object.keys(keys).join(', ')}. ` +
        "Give table(…, { keys }) and entity(…, { key }) the table's real ones.",
    );
  }
}

/** A text that is no filter pattern of Lambda's. */
export class FilterPatternError extends SluiceError {
  override readonly name: string = 'FilterPatternError';
  constructor(at: string, expected: string, given: unknown, options?: ErrorOptions) {
    const text = JSON.stringify(given) ?? 'nothing';
    const came = text.length > 100 ? `${text.slice(0, 100)}…` : text;
    super('FILTER_PATTERN', `At ${at} of a filter pattern ${expected} is expected, not ${came}.`, options);
  }
}
