import { createHash } from 'node:crypto';
import {
  type AttributeMap,
  eventIdOf,
  type FailedChange,
  type FailureReason,
  itemKeyOf,
  type JsonValue,
  type NewRow,
  type ParkingMode,
  type Row,
  type RowKey,
  type StreamRecord,
} from '@sluice/core';
import { ParkedChangeUnreadableError } from './parking-errors.js';
import { padded } from './sequence-key.js';

/** One handler's parked changes of one item of a stream. */
export interface Queue {
  readonly routerName: string;
  readonly streamArn: string;
  readonly handlerId: string;
  /** The item as a digest of 22 characters. */
  readonly item: string;
}

/** `Q` where later changes of the item queue, `A` where changes of it are parked one by one. Tools find queues by either. */
export type MarkKind = 'Q' | 'A';

/** Which change of the queue was announced last, and when. See `openParking`. */
export interface Mark {
  /** Its sort key in the queue. */
  readonly announced: string;
  readonly announcedAtMs: number;
}

/**
 * A row of a queue:
 *
 *     PARKED ──► RUNNING ──► ENDED (DONE)
 *       ▲ │         │ failed, or its claim is over
 *       └─┼─────────┘
 *         └──► ENDED (DISCARDED)
 *
 *     no row ──► ENDED (MISSED): it was announced and did not come; one that comes after all takes its place
 */
export type ParkedRow =
  | { readonly state: 'PARKED'; readonly change: StoredChange }
  | {
      readonly state: 'RUNNING';
      readonly change: StoredChange;
      readonly owner: string;
      /** The claim of that owner is over then, unless it renews it. */
      readonly untilMs: number;
    }
  | {
      readonly state: 'ENDED';
      readonly as: 'DONE' | 'DISCARDED' | 'MISSED';
      readonly endedAtMs: number;
      /** Tells which parking of the change it ended; 0 where that could not be read. */
      readonly parkedAtMs: number;
    };

export interface StoredChange {
  /** Without its images when they are in `object`. */
  readonly record: StreamRecord;
  /** The key of the whole record among the large objects. */
  readonly object?: string;
  readonly eventId: string;
  readonly handlerId: string;
  readonly mode: ParkingMode;
  readonly reason: FailureReason;
  readonly error: StoredError;
  /** Failed ones so far, those of redrives among them. */
  readonly attempts: number;
  readonly failedAtMs: number;
  readonly parkedAtMs: number;
}

export interface StoredError {
  readonly name: string;
  /** Its first 2000 characters. */
  readonly message: string;
  readonly code?: string;
}

/** What a row holds at most, so that a few fields more still fit into 400 KB. */
export const largestRowBytes = 350_000;
/** Stream records live 24 hours, so nothing that ended longer ago comes again. */
export const endedLifetimeMs = 48 * 3_600_000;
const longestMessage = 2_000;
const itemLength = 22;

export function queueOf(routerName: string, handlerId: string, record: StreamRecord): Queue {
  return { routerName, streamArn: record.eventSourceARN, handlerId, item: itemOf(record.dynamodb.Keys) };
}

export function itemOf(Keys: AttributeMap): string {
  const record: StreamRecord = {
    eventName: 'INSERT',
    eventSourceARN: '',
    dynamodb: { Keys, SequenceNumber: '0' },
  };
  return createHash('sha256').update(itemKeyOf(record)).digest('base64url').slice(0, itemLength);
}

/** Names the stream among those of its router, so that tools need not be told. */
export function streamRow(routerName: string, streamArn: string): NewRow {
  return { pk: routerName, sk: `S#${streamArn}`, value: { streamArn } };
}

export function streamPk(routerName: string, streamArn: string): string {
  return `${routerName}|${streamArn}`;
}

export function queuePk({ routerName, streamArn, handlerId, item }: Queue): string {
  return `${routerName}|${streamArn}|${handlerId}|${item}`;
}

/** Sequence numbers are text of one length, so that their order is that of the rows. */
export function changeKey(queue: Queue, sequenceNumber: string): RowKey {
  return { pk: queuePk(queue), sk: padded(sequenceNumber) };
}

export function markKey(queue: Queue, kind: MarkKind): RowKey {
  return {
    pk: streamPk(queue.routerName, queue.streamArn),
    sk: `${kind}#${markName(queue)}`,
  };
}

/** Of a queue; what was parked alone holds nothing. */
export function isMarkKey({ sk }: RowKey): boolean {
  return sk.startsWith(markPrefix('Q'));
}

/** Begins the sort keys of the marks of an item, or of all. */
export function markPrefix(kind: MarkKind, item?: string): string {
  return item === undefined ? `${kind}#` : `${kind}#${item}#`;
}

/** Of a mark's sort key, after its kind: items first, so that those of a delivery's few items can be asked for. */
export function markName({ handlerId, item }: Pick<Queue, 'handlerId' | 'item'>): string {
  return `${item}#${handlerId}`;
}

/** A handler's id may hold any character. */
export function markedQueue(sk: string): Pick<Queue, 'handlerId' | 'item'> {
  const itemAt = 2;
  return { handlerId: sk.slice(itemAt + itemLength + 1), item: sk.slice(itemAt, itemAt + itemLength) };
}

/** Names a parked change to people and tools: stream, handler, item and sequence number. */
export function idOf({ streamArn, handlerId, item }: Queue, sk: string): string {
  return `${streamArn}|${handlerId}|${item}|${sk.replace(/^0+(?=\d)/, '')}`;
}

/** Throws a `TypeError` for what is no id. */
export function placeOf(routerName: string, id: string): { readonly queue: Queue; readonly key: RowKey } {
  const [, streamArn, handlerId, item, sequenceNumber] =
    /^([^|\s]+)\|(.+)\|([\w-]{22})\|(\d{1,40})$/s.exec(id) ?? [];
  if (!streamArn || !handlerId || !item || !sequenceNumber) {
    throw new TypeError(
      `Expected the id of a parked change, as parkedChanges(…).list() gives it; got "${id}".`,
    );
  }
  const queue = { routerName, streamArn, handlerId, item };
  return { queue, key: changeKey(queue, sequenceNumber) };
}

export function storedChange(failure: FailedChange, mode: ParkingMode, parkedAtMs: number): StoredChange {
  const { handlerId, record, reason, error, attempts, failedAtMs } = failure;
  return {
    record,
    eventId: eventIdOf(record),
    handlerId,
    mode,
    reason,
    error: storedError(error),
    attempts,
    failedAtMs,
    parkedAtMs,
  };
}

export function storedError(error: Error): StoredError {
  // Anybody may have set them to anything.
  const { name, message, code }: { readonly [Field in 'name' | 'message' | 'code']?: unknown } = error;
  const start = String(message).slice(0, longestMessage).toWellFormed();
  return { name: String(name), message: start, ...(typeof code === 'string' && { code }) };
}

/** The record as it is known to a row that has its images elsewhere. */
export function withoutImages({ dynamodb, ...rest }: StreamRecord): StreamRecord {
  const { NewImage: _, OldImage: __, ...others } = dynamodb;
  return { ...rest, dynamodb: others };
}

/** What is written is JSON as it comes back, so that a row can be told from another. */
export function asJson(value: ParkedRow | Mark): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue; // it was made of JSON just now
}

export function bytesOf(value: ParkedRow): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Throws `ParkedChangeUnreadableError` for what is not a row of a queue. */
export function parkedRow(queue: Queue, row: Row): ParkedRow {
  const problem = problemOf(row.value);
  if (problem !== undefined) throw new ParkedChangeUnreadableError(row, problem, idOf(queue, row.sk));
  return row.value as unknown as ParkedRow; // each of its fields has been looked at
}

/** `undefined` for a row that cannot be read. */
export function readable(row: Row): ParkedRow | undefined {
  return problemOf(row.value) === undefined ? (row.value as unknown as ParkedRow) : undefined; // looked at as well
}

/** Throws `ParkedChangeUnreadableError` for what is not a mark. */
export function markOf(row: Row): Mark {
  const { announced, announcedAtMs } = fieldsOf(row.value);
  if (typeof announced === 'string' && typeof announcedAtMs === 'number') return { announced, announcedAtMs };
  throw new ParkedChangeUnreadableError(row, 'it marks a queue, but does not say what was announced');
}

function problemOf(value: JsonValue): string | undefined {
  const { state, as, endedAtMs, parkedAtMs, change, owner, untilMs } = fieldsOf(value);
  if (state === 'ENDED') {
    const times = [endedAtMs, parkedAtMs];
    const isWhole =
      ['DONE', 'DISCARDED', 'MISSED'].includes(String(as)) && times.every((time) => typeof time === 'number');
    return isWhole ? undefined : 'it does not say how it ended';
  }
  if (state !== 'PARKED' && state !== 'RUNNING') return `its state is ${JSON.stringify(state)}`;
  if (state === 'RUNNING' && (typeof owner !== 'string' || typeof untilMs !== 'number')) {
    return 'it does not say who runs it';
  }
  return problemOfChange(fieldsOf(change));
}

const typesOfChange: Readonly<Record<keyof StoredChange, string>> = {
  record: 'object',
  object: 'string',
  eventId: 'string',
  handlerId: 'string',
  mode: 'string',
  reason: 'string',
  error: 'object',
  attempts: 'number',
  failedAtMs: 'number',
  parkedAtMs: 'number',
};

function problemOfChange(change: Fields): string | undefined {
  for (const [name, type] of Object.entries(typesOfChange)) {
    const value = change[name];
    if (name === 'object' && value === undefined) continue;
    if (typeof value !== type || value === null) return `its ${name} is not of the type ${type}`;
  }
  const { name, message } = fieldsOf(change['error']);
  if (typeof name !== 'string' || typeof message !== 'string') return 'its error has no name or message';
  return problemOfRecord(change['record']);
}

/** What tells which record it is; the router judges the rest when it is run. */
export function problemOfRecord(value: JsonValue | undefined): string | undefined {
  const { eventName, eventSourceARN, dynamodb } = fieldsOf(value);
  const { Keys, SequenceNumber } = fieldsOf(dynamodb);
  const texts = [eventName, eventSourceARN, SequenceNumber];
  if (texts.every((text) => typeof text === 'string') && typeof Keys === 'object' && Keys !== null)
    return undefined;
  return 'its record is no stream record';
}

interface Fields {
  readonly [name: string]: JsonValue | undefined;
}

function fieldsOf(value: JsonValue | undefined): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
