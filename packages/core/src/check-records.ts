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
    const record = records[index] as StreamRecord;
    const problem = problemOf(record, streamArn, previous);
    if (problem) throw new MalformedRecordError(`Record ${index + 1} of ${records.length} has ${problem}.`);
    streamArn = record.eventSourceARN;
    previous = record.dynamodb.SequenceNumber;
  }
}

/** What a record has that it cannot have where it comes, and what it should have. */
function problemOf(
  record: Partial<StreamRecord> | null | undefined,
  streamArn: string | undefined,
  previous: string | undefined,
): string | undefined {
  const { eventName, eventSourceARN, dynamodb } = record ?? {};
  if (eventName !== 'INSERT' && eventName !== 'MODIFY' && eventName !== 'REMOVE') {
    return `the eventName ${eventName}; expected INSERT, MODIFY or REMOVE; is this an event of another service?`;
  }
  if (
    streamArn === undefined &&
    (typeof eventSourceARN !== 'string' || tableOf(eventSourceARN) === undefined)
  ) {
    return `the eventSourceARN ${eventSourceARN}; expected one as arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL`;
  }
  if (streamArn !== undefined && streamArn !== eventSourceARN) {
    return `the eventSourceARN ${eventSourceARN} behind ${streamArn}; two streams are no delivery, so split it`;
  }
  const { SequenceNumber, Keys } = dynamodb ?? {};
  if (typeof SequenceNumber !== 'string' || !decimalDigits.test(SequenceNumber)) {
    return `no usable SequenceNumber, but ${SequenceNumber}; expected text of decimal digits`;
  }
  // Neighbours mostly have numbers of one length, whose order as text is their order.
  const isAbove =
    previous === undefined ||
    (SequenceNumber.length === previous.length
      ? SequenceNumber > previous
      : compareSequenceNumbers(SequenceNumber, previous) > 0);
  if (!isAbove) {
    return `the SequenceNumber ${SequenceNumber}, not above ${previous}; records of a shard ascend, so give them in order`;
  }
  if (typeof Keys !== 'object' || Object.keys(Keys ?? {}).length === 0) {
    return 'no dynamodb.Keys; expected those of the item, as in { "pk": { "S": "a" } }';
  }
  return undefined;
}

const decimalDigits = /^\d+$/;
