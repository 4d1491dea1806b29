import { itemKeyOf, type StreamRecord } from '@sluice/core';
import type { ReadResponse } from './lambda-response.js';
import { type OpenWindow, windowNumber } from './lambda-simulator-windows.js';

/** Records that go to the function together. */
export interface Batch {
  readonly records: readonly StreamRecord[];
  /** How many retries it has taken. Cutting a batch is none. */
  readonly retries: number;
  /** Of the invocation that had these records before; none at first. */
  readonly requestId?: string;
}

/** What is left of a lane. */
export interface Queue {
  /** Batches that come again, before anything else. */
  readonly pending: readonly Batch[];
  /** Records that were in no batch yet. */
  readonly waiting: readonly StreamRecord[];
  /** That records of were delivered, and that is not closed. */
  readonly window?: OpenWindow | undefined;
}

/** When a record was written, in milliseconds since the epoch. */
export type WrittenMs = (record: StreamRecord) => number;

export interface MappingRules {
  /** -1 for ever. */
  readonly maximumRetryAttempts: number;
  /** -1 without a limit of its own. */
  readonly maximumRecordAgeInSeconds: number;
  readonly bisectBatchOnFunctionError: boolean;
}

export interface BatchRules {
  readonly batchSize: number;
  readonly writtenMs: WrittenMs;
  /** `Infinity` without tumbling windows. */
  readonly windowMs: number;
}

/** What the mapping does next with a batch that was delivered. */
export interface Next {
  /** Delivered from now on, in this order, before anything else of the lane. */
  readonly again: readonly Batch[];
  /** After the last retry. */
  readonly discarded: readonly StreamRecord[];
}

/** `failed` for an error, and for a response that Lambda cannot read; `partial` for one that names records. */
export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'partial'; readonly retryFrom: string };

export function answerOf({ retryFrom, fault }: ReadResponse): Answer {
  if (fault !== undefined) return { kind: 'failed' };
  return retryFrom === undefined ? { kind: 'done' } : { kind: 'partial', retryFrom };
}

/**
 * Everything from the lowest number that was reported is delivered again, also what succeeded. With bisecting, a batch that failed
 * as a whole is halved, down to one record, and one that was reported in part is cut at the number, and neither uses up a retry.
 * Where that number is the first of the batch there is nothing to cut, and the delivery counts.
 *
 * Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export function afterAnswer(batch: Batch, answer: Answer, rules: MappingRules): Next {
  if (answer.kind === 'done') return { again: [], discarded: [] };
  const { records, retries } = batch;
  const rest = answer.kind === 'failed' ? records : recordsFrom(records, answer.retryFrom);
  if (rules.bisectBatchOnFunctionError) {
    if (answer.kind === 'partial' && rest.length < records.length)
      return { again: [{ ...batch, records: rest }], discarded: [] };
    if (answer.kind === 'failed' && rest.length > 1) return { again: halvesOf(batch), discarded: [] };
  }
  if (retries === rules.maximumRetryAttempts) return { again: [], discarded: rest };
  return { again: [{ ...batch, records: rest, retries: retries + 1 }], discarded: [] };
}

/** The first batch of a queue that is not empty: the first that comes again, or as many records of a window as are there by now. */
export function takeBatch(
  queue: Queue,
  nowMs: number,
  { batchSize, writtenMs, windowMs }: BatchRules,
): { readonly batch: Batch; readonly rest: Queue } {
  const [again, ...pending] = queue.pending;
  if (again) return { batch: again, rest: { ...queue, pending } };
  const [first, ...others] = queue.waiting.slice(0, batchSize) as [StreamRecord, ...StreamRecord[]];
  const number = windowNumber(first, writtenMs, windowMs);
  const end = others.findIndex(
    (record) => writtenMs(record) > nowMs || windowNumber(record, writtenMs, windowMs) !== number,
  );
  const records = [first, ...(end === -1 ? others : others.slice(0, end))];
  return {
    batch: { records, retries: 0 },
    rest: { ...queue, waiting: queue.waiting.slice(records.length) },
  };
}

/** What of a queue is next. */
export function nextOf({ pending: [again], waiting: [first] }: Queue): StreamRecord | undefined {
  return again?.records[0] ?? first;
}

/** A batch that is about to be delivered, and what of it is not delivered any more. */
export interface Aged {
  readonly batch: Batch;
  /** Older than the mapping allows. */
  readonly expired: readonly StreamRecord[];
  /** No longer in the stream, which keeps a day. */
  readonly trimmed: readonly StreamRecord[];
}

export function aged(batch: Batch, nowMs: number, rules: MappingRules, writtenMs: WrittenMs): Aged {
  const { maximumRecordAgeInSeconds: limit } = rules;
  const limitMs = limit === -1 ? Infinity : limit * 1000;
  const firstWithin = (ageMs: number) => {
    const first = batch.records.findIndex((record) => nowMs - writtenMs(record) <= ageMs);
    return first === -1 ? batch.records.length : first;
  };
  const trimmed = firstWithin(retentionMs);
  const live = Math.max(trimmed, firstWithin(limitMs));
  return {
    batch: live === 0 ? batch : { ...batch, records: batch.records.slice(live) },
    expired: batch.records.slice(trimmed, live),
    trimmed: batch.records.slice(0, trimmed),
  };
}

/** How long a stream has a record. */
export const retentionMs = 24 * 60 * 60 * 1000;

/** The records of each lane, in order: all of an item are in one. Which lane that is depends on the item's keys alone. */
export function lanesOf(
  records: readonly StreamRecord[],
  parallelizationFactor: number,
): readonly (readonly StreamRecord[])[] {
  if (parallelizationFactor === 1) return [records];
  const lanes = Array.from({ length: parallelizationFactor }, (): StreamRecord[] => []);
  for (const record of records) lanes[hashOf(itemKeyOf(record)) % lanes.length]?.push(record);
  return lanes;
}

/** FNV-1a, and then mixed: its lowest bits alone tell similar texts badly apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 8;
}

function halvesOf(batch: Batch): Batch[] {
  const middle = Math.ceil(batch.records.length / 2);
  return [
    { ...batch, records: batch.records.slice(0, middle) },
    { ...batch, records: batch.records.slice(middle) },
  ];
}

function recordsFrom(records: readonly StreamRecord[], sequenceNumber: string): readonly StreamRecord[] {
  return records.slice(records.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === sequenceNumber));
}

export function sequencesOf(records: readonly StreamRecord[]): string[] {
  return records.map(({ dynamodb }) => dynamodb.SequenceNumber);
}
