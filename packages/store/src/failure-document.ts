import { eventIdOf, type FailedChange, type FailureReason } from '@sluice/core';

/**
 * A given-up change as JSON: the record that Lambda sends to an on-failure destination, as a batch of one, with `payload` as Lambda's
 * S3 destination has it, and with what Lambda does not tell in `sluice`. Times are ISO 8601 in UTC.
 *
 * What readers of Lambda's documents expect is there even where there is only one thing to say (`condition`, `responseContext`).
 * `requestId`, `functionArn` and `shardId` are not: a change does not know them.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export interface FailureDocument {
  readonly version: '1.0';
  /** When the last attempt failed. */
  readonly timestamp: string;
  readonly requestContext: {
    readonly condition: 'RetryAttemptsExhausted';
    readonly approximateInvokeCount: number;
  };
  readonly responseContext: {
    readonly statusCode: 200;
    readonly executedVersion: '$LATEST';
    readonly functionError: 'Unhandled';
  };
  readonly DDBStreamBatchInfo: {
    readonly startSequenceNumber: string;
    readonly endSequenceNumber: string;
    /** Absent where the record has no time. */
    readonly approximateArrivalOfFirstRecord?: string;
    readonly approximateArrivalOfLastRecord?: string;
    readonly batchSize: 1;
    readonly streamArn: string;
  };
  /** The text of `{ "Records": [record] }`, an event as a Lambda function gets it. */
  readonly payload?: string;
  readonly sluice: {
    readonly router?: string;
    readonly handlerId: string;
    readonly eventId: string;
    readonly reason: FailureReason;
    /** The message is cut after 2000 characters. */
    readonly error: { readonly name: string; readonly message: string; readonly code?: string };
    readonly attempts: number;
    /** There when `payload` is not, with its size in UTF-8: the record has to be read again from the stream, within 24 hours. */
    readonly recordOmitted?: { readonly payloadBytes: number };
  };
}

/** The document of a failure, with the record inside unless `withRecord` is false. */
export function failureDocument(
  failure: FailedChange,
  { withRecord = true }: { readonly withRecord?: boolean } = {},
): FailureDocument {
  const { router, handlerId, record, reason, error, attempts, failedAtMs } = failure;
  const { SequenceNumber, ApproximateCreationDateTime = Number.NaN } = record.dynamodb;
  const arrival = timeText(ApproximateCreationDateTime * 1000);
  const payload = JSON.stringify({ Records: [record] });
  return {
    version: '1.0',
    timestamp: timeText(failedAtMs) ?? '',
    requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: attempts },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    DDBStreamBatchInfo: {
      startSequenceNumber: SequenceNumber,
      endSequenceNumber: SequenceNumber,
      ...(arrival && { approximateArrivalOfFirstRecord: arrival, approximateArrivalOfLastRecord: arrival }),
      batchSize: 1,
      streamArn: record.eventSourceARN,
    },
    ...(withRecord && { payload }),
    sluice: {
      ...(router !== undefined && { router }),
      handlerId,
      eventId: eventIdOf(record),
      reason,
      error: errorData(error),
      attempts,
      ...(!withRecord && { recordOmitted: { payloadBytes: Buffer.byteLength(payload) } }),
    },
  };
}

/** Nothing for what is no time. Whole seconds are without a fraction, as in Lambda's documents. */
function timeText(ms: number): string | undefined {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString().replace('.000Z', 'Z');
}

function errorData(error: Error): FailureDocument['sluice']['error'] {
  // Anybody may have set them to anything.
  const { name, message, code }: { readonly [Field in 'name' | 'message' | 'code']?: unknown } = error;
  const start = String(message).slice(0, 2000);
  return { name: String(name), message: start, ...(typeof code === 'string' && { code }) };
}
