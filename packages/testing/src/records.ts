import { createHash } from 'node:crypto';
import {
  type AttributeMap,
  type EventName,
  type Model,
  type StreamRecord,
  type StreamViewType,
  tableOfModel,
  tablePattern,
} from '@sluice/core';
import type { WindowFields } from './lambda-simulator-windows.js';
import { sizeBytes, toWire } from './records-wire.js';

/**
 * Builds the records of one table's stream, in the order of the calls, as Lambda would hand them over: keys, images
 * as the view type has them, growing sequence numbers, an `eventID` of 32 hex digits, a size. The same calls give
 * the same records on every run. Takes a table or an entity, or the table's facts where other ones are wanted.
 *
 * ```ts
 * const shop = recordsOf(table('shop', { keys: { partition: 'pk', sort: 'sk' } }));
 * const order = { pk: 'USER#1', sk: 'ORDER#7', status: 'PENDING' };
 * const records = [shop.insert(order), shop.modify(order, { ...order, status: 'PAID' }), shop.expire(order)];
 * ```
 */
export function recordsOf(of: RecordsOptions | Model): Records {
  const options = 'kind' in of ? optionsOf(of) : of;
  const { table, keys, region = 'us-east-1', account = '123456789012' } = options;
  const streamArn = streamArnOf({
    region,
    account,
    table,
    label: options.label ?? '2026-03-03T00:00:00.000',
  });
  const stream = { streamArn, region, keys, view: options.view ?? 'NEW_AND_OLD_IMAGES' };
  let nextSequence = firstSequence(options.startSequence ?? '100000000000000000001');
  let nextSeconds = options.startSeconds ?? 1_772_539_200;

  function build(eventName: EventName, images: Images, given: RecordOptions, expired = false): StreamRecord {
    const record = streamRecord(stream, {
      eventName,
      expired,
      sequenceNumber: String(nextSequence),
      createdSeconds: given.atSeconds ?? nextSeconds,
      ...(images.newItem && {
        newImage: given.wire ? (images.newItem as AttributeMap) : toWire(images.newItem),
      }),
      ...(images.oldItem && {
        oldImage: given.wire ? (images.oldItem as AttributeMap) : toWire(images.oldItem),
      }),
    });
    nextSequence += 1n;
    nextSeconds += 1;
    return record;
  }

  return {
    streamArn,
    insert: (newItem, given = {}) => build('INSERT', { newItem }, given),
    modify: (oldItem, newItem, given = {}) => build('MODIFY', { oldItem, newItem }, given),
    remove: (oldItem, given = {}) => build('REMOVE', { oldItem }, given),
    expire: (oldItem, given = {}) => build('REMOVE', { oldItem }, given, true),
  };
}

/** Of a table that is described by its ARN or by a pattern, one that is meant. Throws where the environment lacks something. */
function optionsOf(model: Model): RecordsOptions {
  const { name, keys, view } = tableOfModel(model);
  const found = tablePattern(name, process.env);
  if ('problem' in found)
    throw new TypeError(
      `${found.problem}. Or give recordsOf the table's facts, as in { table: 'shop-test', keys: shop.keys, view: shop.view }.`,
    );
  const [, , , region, account, table = found.text] = found.text.split(':');
  return {
    table: table.replace(/^table\//, '').replaceAll('*', '1'),
    keys,
    view,
    ...(region && /^[\w-]+$/.test(region) && { region }),
    ...(account && /^\d+$/.test(account) && { account }),
  };
}

export interface RecordsOptions {
  readonly table: string;
  readonly keys: TableKeys;
  /** Default `NEW_AND_OLD_IMAGES`. */
  readonly view?: StreamViewType;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** Default `123456789012`. */
  readonly account?: string;
  /** The last part of the stream's ARN, an ISO time without zone. Default `2026-03-03T00:00:00.000`. */
  readonly label?: string;
  /** The sequence number of the first record: 21 to 40 digits, of which the first is not 0. The next ones add 1. */
  readonly startSequence?: string;
  /** The creation time of the first record, in seconds since the epoch. The next ones are 1 s apart. */
  readonly startSeconds?: number;
}

/** The names of a table's key attributes. */
export interface TableKeys {
  readonly partition: string;
  readonly sort?: string;
}

export interface Records {
  readonly streamArn: string;
  insert(newItem: object, options?: RecordOptions): StreamRecord;
  modify(oldItem: object, newItem: object, options?: RecordOptions): StreamRecord;
  remove(oldItem: object, options?: RecordOptions): StreamRecord;
  /** A delete that DynamoDB's time to live made. */
  expire(oldItem: object, options?: RecordOptions): StreamRecord;
}

export interface RecordOptions {
  /** The items are already in wire form, `{ pk: { S: 'USER#1' } }`, and go into the record as they are. */
  readonly wire?: boolean;
  /** The record's creation time, in whole seconds since the epoch. */
  readonly atSeconds?: number;
}

interface Images {
  readonly newItem?: object;
  readonly oldItem?: object;
}

/** The event that Lambda hands to a function for these records. */
export function lambdaEvent(records: readonly StreamRecord[]): LambdaEvent {
  return { Records: [...records] };
}

/** Of a tumbling window with what such an event has besides. */
export interface LambdaEvent extends Partial<WindowFields> {
  readonly Records: readonly StreamRecord[];
}

/** One record of a stream, with the images that the stream's view type has. Throws where the images do not agree. */
export function streamRecord(stream: RecordStream, change: ItemChange): StreamRecord {
  const { newImage, oldImage } = change;
  const keys = keysOf(stream, oldImage ?? newImage ?? {});
  if (oldImage && newImage) refuseOtherKeys(stream, keys, keysOf(stream, newImage));
  const images = {
    ...(newImage && showsNew[stream.view] && { NewImage: newImage }),
    ...(oldImage && showsOld[stream.view] && { OldImage: oldImage }),
  };
  return {
    eventID: eventIdOf(stream.streamArn, change.sequenceNumber),
    eventName: change.eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: stream.region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(change.createdSeconds),
      Keys: keys,
      ...images,
      SequenceNumber: change.sequenceNumber,
      SizeBytes: [keys, ...Object.values(images)].reduce((total, item) => total + sizeBytes(item), 0),
      StreamViewType: stream.view,
    },
    eventSourceARN: stream.streamArn,
    ...(change.expired && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
  };
}

/** The stream that a record is of. */
export interface RecordStream {
  readonly streamArn: string;
  readonly region: string;
  readonly keys: TableKeys;
  readonly view: StreamViewType;
}

/** What happened to an item, with its full images whatever the view type. */
export interface ItemChange {
  readonly eventName: EventName;
  readonly sequenceNumber: string;
  readonly createdSeconds: number;
  readonly newImage?: AttributeMap;
  readonly oldImage?: AttributeMap;
  /** Made by the table's time to live. */
  readonly expired?: boolean;
}

const showsNew: Record<StreamViewType, boolean> = {
  KEYS_ONLY: false,
  NEW_IMAGE: true,
  OLD_IMAGE: false,
  NEW_AND_OLD_IMAGES: true,
};

const showsOld: Record<StreamViewType, boolean> = {
  KEYS_ONLY: false,
  NEW_IMAGE: false,
  OLD_IMAGE: true,
  NEW_AND_OLD_IMAGES: true,
};

/** The key attributes of an item in wire form. Throws where one is missing or is not of type S, N or B. */
export function keysOf({ keys }: { readonly keys: TableKeys }, item: AttributeMap): AttributeMap {
  const names = keys.sort === undefined ? [keys.partition] : [keys.partition, keys.sort];
  return Object.fromEntries(
    names.map((name) => {
      const value = Object.hasOwn(item, name) ? item[name] : undefined;
      if (value && ('S' in value || 'N' in value || 'B' in value)) return [name, value];
      const found = value ? `type ${Object.keys(value).join()}` : 'no such attribute';
      throw new TypeError(
        `Expected the key attribute "${name}" as a string, number or binary, found ${found}.`,
      );
    }),
  );
}

function refuseOtherKeys(stream: RecordStream, before: AttributeMap, after: AttributeMap): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  throw new TypeError(
    `The two images of a MODIFY in ${stream.streamArn} have different keys. A change of key is a remove and an insert.`,
  );
}

/** `arn:aws:dynamodb:<region>:<account>:table/<table>/stream/<label>` */
export function streamArnOf(parts: {
  region: string;
  account: string;
  table: string;
  label: string;
}): string {
  return `arn:aws:dynamodb:${parts.region}:${parts.account}:table/${parts.table}/stream/${parts.label}`;
}

function eventIdOf(streamArn: string, sequenceNumber: string): string {
  return createHash('sha256').update(`${streamArn} ${sequenceNumber}`).digest('hex').slice(0, 32);
}

/** Throws where the text is not a sequence number as DynamoDB makes them. */
export function firstSequence(startSequence: string): bigint {
  if (/^[1-9]\d{20,39}$/.test(startSequence)) return BigInt(startSequence);
  throw new RangeError(
    `startSequence must be 21 to 40 digits without a leading zero, as DynamoDB's are; it is "${startSequence}".`,
  );
}
