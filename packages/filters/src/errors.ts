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

/** A filter reads an image that the record does not carry. */
export class MissingImageError extends SluiceError {
  override readonly name: string = 'MissingImageError';
  constructor(image: 'NewImage' | 'OldImage', eventName: string, viewType: string | undefined) {
    super(
      'MISSING_IMAGE',
      `A filter or handler reads ${image}, but this ${eventName} record has none (its StreamViewType is ${viewType ?? 'not stated'}). ` +
        `Give the table's stream a view type with that image (NEW_AND_OLD_IMAGES has both), and state the same one in table(…, { view }).`,
    );
  }
}

/** An entity's key template names an attribute that is no key of the record's table. */
export class MissingKeyError extends SluiceError {
  override readonly name: string = 'MissingKeyError';
  constructor(attribute: string, found: readonly string[]) {
    super(
      'MISSING_KEY',
      `An entity is told by the key attribute "${attribute}", but the record has ${found.join(', ')}. ` +
        "Give the table's real key attributes in table(…, { keys }), and templates for those in entity(…, { key }).",
    );
  }
}
