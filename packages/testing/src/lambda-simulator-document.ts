import type { StreamRecord } from '@sluice/core';
import { functionArn } from './lambda-simulator-function.js';
import type { WrittenMs } from './lambda-simulator-mapping.js';
import { isoSeconds, shardId, type WindowFields } from './lambda-simulator-windows.js';

/** What Lambda sends to a mapping's on-failure destination about records that it discards. */
export interface OnFailureDocument {
  readonly requestContext: {
    readonly requestId: string;
    readonly functionArn: string;
    readonly condition: DiscardReason;
    /** Retries and one. */
    readonly approximateInvokeCount: number;
  };
  /** Not there for records that were too old. */
  readonly responseContext?: {
    readonly statusCode: 200;
    readonly executedVersion: '$LATEST';
    /** `Unhandled` for errors, `null` for reported failures. */
    readonly functionError: 'Unhandled' | null;
  };
  readonly version: '1.0';
  readonly timestamp: string;
  readonly DDBStreamBatchInfo: {
    readonly shardId: string;
    readonly startSequenceNumber: string;
    readonly endSequenceNumber: string;
    readonly approximateArrivalOfFirstRecord: string;
    readonly approximateArrivalOfLastRecord: string;
    readonly batchSize: number;
    readonly streamArn: string;
  };
  /** The event as JSON. Only an S3 destination has it. */
  readonly payload?: string;
}

export type DiscardReason = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

export interface Discard {
  /** One or more. */
  readonly records: readonly StreamRecord[];
  readonly reason: DiscardReason;
  readonly retries: number;
  /** Of the last invocation that had them; empty where there was none. */
  readonly requestId: string;
  /** Whether that one ended with an error. */
  readonly hasThrown: boolean;
  readonly nowMs: number;
  readonly writtenMs: WrittenMs;
  readonly destination: 'sqs' | 's3';
  /** Of an event of a window. */
  readonly window?: WindowFields | undefined;
}

/** Source: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html */
export function onFailureDocument(discard: Discard): OnFailureDocument {
  const { records, reason, retries, requestId, hasThrown, nowMs, writtenMs, destination, window } = discard;
  const [first, last] = [records[0], records.at(-1)] as [StreamRecord, StreamRecord];
  const isExhausted = reason === 'RetryAttemptsExhausted';
  return {
    requestContext: {
      requestId,
      functionArn,
      condition: reason,
      approximateInvokeCount: isExhausted ? retries + 1 : retries,
    },
    ...(isExhausted && {
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        functionError: hasThrown ? 'Unhandled' : null,
      },
    }),
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: first.dynamodb.SequenceNumber,
      endSequenceNumber: last.dynamodb.SequenceNumber,
      approximateArrivalOfFirstRecord: isoSeconds(writtenMs(first)),
      approximateArrivalOfLastRecord: isoSeconds(writtenMs(last)),
      batchSize: records.length,
      streamArn: first.eventSourceARN,
    },
    ...(destination === 's3' && { payload: JSON.stringify({ Records: records, ...window }) }),
  };
}
