import { type StreamRecord, tableOf } from '@sluice/filters';
import { MalformedRecordError } from './errors.js';
import { compareSequenceNumbers } from './sequence-number.js';

/**
 * Refuses records that cannot be the next ones of one shard, before anything is run: each needs an event name, keys, a
 * stream and a sequence number above the one before it. `after` is the last sequence number taken so far.
 * Throws `MalformedRecordError`, so that the source delivers them again instead of counting them as done.
 */
export function checkRecords(
  records: readonly unknown[],
  after: string | undefined,
): asserts records is readonly StreamRecord[] {
  let previous = after;
  let streamArn: string | undefined;
  for (let index = 0; index < records.length; index++) {
    const record = records[index] as Partial<StreamRecord> | null | undefined;
    const problem = problemOf(record);
    if (problem) throw new MalformedRecordError(`Record ${index} of ${records.length} ${problem}`);
    const { eventSourceARN, dynamodb } = record as StreamRecord;
    if (streamArn === undefined && tableOf(eventSourceARN) === undefined)
      throw ofNoTable(index, eventSourceARN);
    if (streamArn !== undefined && streamArn !== eventSourceARN) throw mixed(streamArn, eventSourceARN);
    const number = dynamodb.SequenceNumber;
    // Neighbours mostly have numbers of one length, whose order as text is their order.
    const isAbove =
      previous === undefined ||
      (number.length === previous.length ? number > previous : compareSequenceNumbers(number, previous) > 0);
    if (!isAbove) {
      throw new MalformedRecordError(
        `Record ${index} of ${records.length} has the sequence number ${number}, which is not above ${previous} before it. ` +
          'Records of a shard come in ascending order; give each record of a test its own, larger sequence number.',
      );
    }
    streamArn = eventSourceARN;
    previous = number;
  }
}

const decimalDigits = /^\d+$/;

function problemOf(record: Partial<StreamRecord> | null | undefined): string | undefined {
  if (typeof record !== 'object' || record === null)
    return 'is not an object. Expected a DynamoDB stream record.';
  const { eventName, eventSourceARN, dynamodb } = record;
  if (eventName !== 'INSERT' && eventName !== 'MODIFY' && eventName !== 'REMOVE') {
    return `has the eventName ${shown(eventName)}. Expected INSERT, MODIFY or REMOVE; is this an event of another service?`;
  }
  if (typeof eventSourceARN !== 'string') {
    return `has no eventSourceARN. ${expectedArn}`;
  }
  if (typeof dynamodb !== 'object' || dynamodb === null)
    return 'has no "dynamodb" part. Expected its Keys and SequenceNumber there.';
  if (typeof dynamodb.SequenceNumber !== 'string' || !decimalDigits.test(dynamodb.SequenceNumber)) {
    return `has no usable SequenceNumber (got ${shown(dynamodb.SequenceNumber)}). Expected decimal digits; without one it cannot be reported as unfinished.`;
  }
  if (
    typeof dynamodb.Keys !== 'object' ||
    dynamodb.Keys === null ||
    Object.keys(dynamodb.Keys).length === 0
  ) {
    return 'has no Keys. Expected the key attributes of the item, as in { "pk": { "S": "…" } }.';
  }
  return undefined;
}

const expectedArn =
  "Expected the stream's ARN, as in arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000.";

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function ofNoTable(index: number, streamArn: string): MalformedRecordError {
  return new MalformedRecordError(
    `Record ${index} has the eventSourceARN "${streamArn}", which names no table. ${expectedArn}`,
  );
}

function mixed(one: string, other: string): MalformedRecordError {
  return new MalformedRecordError(
    `The batch mixes records of two streams, ${one} and ${other}. One delivery comes from one shard of one stream; ` +
      'split it, since one answer cannot hold the progress of two.',
  );
}
