import { SluiceError } from '@sluice/core';

/** A destination has not confirmed a given-up change, which therefore is not done. It may have arrived all the same. */
export class DestinationError extends SluiceError {
  override readonly name: string = 'DestinationError';
  constructor(place: string, cause: unknown, advice: string) {
    super(
      'DESTINATION_FAILED',
      `${place} has not confirmed a given-up change: ${told(cause)}. ${advice} The change is not done; it is sent again at its next attempt.`,
      { cause },
    );
  }
}

/** A call of `s3Objects` that S3 has not confirmed. It may have been carried out all the same; repeating it does no harm. */
export class ObjectStoreError extends SluiceError {
  override readonly name: string = 'ObjectStoreError';
  constructor(place: string, call: 'put' | 'get' | 'delete', cause: unknown, advice: string) {
    super(
      'OBJECT_STORE_FAILED',
      `The ${call} of an object in ${place} failed: ${told(cause)}. ${advice} The call can be repeated.`,
      { cause },
    );
  }
}

function told(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message.replace(/\.$/, '')}` : String(cause);
}
