import { type AttributeMap, decodeItem, type StreamRecord, type StreamViewType, tableOf } from '@sluice/core';
import { printPath } from './print-value.js';

/** A record in Lambda's form, or what is wrong with it, as the rest of a sentence that names it. */
export type ReadRecord =
  | { readonly record: StreamRecord; readonly problem?: undefined }
  | { readonly record?: undefined; readonly problem: string };

/**
 * Brings a record into Lambda's form: from that of the Streams API, as the AWS CLI and the SDK print it (capital letters in the
 * identity, times as text, bytes as JSON has them, no ARN), or from Lambda's own. Nothing that is given is changed.
 */
export function streamRecordOf(given: unknown, streamArn?: string): ReadRecord {
  if (!isObject(given)) return { problem: 'is no object; expected a stream record' };
  const problem = problemOf(given, streamArn);
  if (problem) return { problem };
  const { eventSourceARN, userIdentity, dynamodb, ...others } = given;
  const { ApproximateCreationDateTime: created, ...rest } = dynamodb as Fields;
  const change = withBase64(rest);
  const inChange = problemOfChange(change);
  if (inChange) return { problem: inChange };
  const identity = identityOf(userIdentity);
  // What a record must have was looked at; the other values in its images are looked at by those who read them.
  const record = {
    ...others,
    eventSourceARN: isStreamArn(eventSourceARN) ? eventSourceARN : streamArn,
    ...(identity && { userIdentity: identity }),
    dynamodb: {
      ...(created != null && { ApproximateCreationDateTime: secondsOf(created) }),
      ...change,
    },
  } as unknown as StreamRecord;
  return { record };
}

type Fields = Readonly<Record<string, unknown>>;

function problemOf(given: Fields, streamArn: string | undefined): string | undefined {
  const { eventName, eventSource = 'aws:dynamodb', eventSourceARN, dynamodb } = given;
  if (eventSource !== 'aws:dynamodb') {
    return `is of ${eventSource}; expected a record of a DynamoDB stream, of aws:dynamodb`;
  }
  if (eventName !== 'INSERT' && eventName !== 'MODIFY' && eventName !== 'REMOVE') {
    return `has the eventName ${JSON.stringify(eventName)}; expected INSERT, MODIFY or REMOVE`;
  }
  if (!isObject(dynamodb)) return 'has no dynamodb; expected the keys and images of a change in it';
  const { Keys, SequenceNumber, StreamViewType: view, ApproximateCreationDateTime: created } = dynamodb;
  if (!isObject(Keys) || Object.keys(Keys).length === 0) {
    return 'has no dynamodb.Keys; expected those of the item, as in { "pk": { "S": "a" } }';
  }
  if (typeof SequenceNumber !== 'string' || !/^\d+$/.test(SequenceNumber)) {
    return 'has no dynamodb.SequenceNumber of digits in quotes, as "111"';
  }
  if (view != null && !views.some((known) => known === view)) {
    return `has the StreamViewType ${JSON.stringify(view)}; expected KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES`;
  }
  if (created != null && Number.isNaN(secondsOf(created))) {
    return 'has an ApproximateCreationDateTime that is neither seconds nor ISO 8601 text with a zone';
  }
  if (isStreamArn(eventSourceARN) || streamArn !== undefined) return undefined;
  return (
    `has ${eventSourceARN == null ? 'no eventSourceARN' : 'an eventSourceARN without a table'}; ` +
    'give that of its stream with --stream-arn, as aws dynamodbstreams list-streams prints it'
  );
}

const views: readonly StreamViewType[] = ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'];

function problemOfChange(change: Fields): string | undefined {
  for (const image of ['Keys', 'NewImage', 'OldImage']) {
    const path = pathOfNumber(change[image], ['dynamodb', image]);
    if (path) {
      return `has a number without quotes, which JSON may round, at ${printPath(path)}; give text, as DynamoDB has it: { "N": "12.5" }`;
    }
  }
  try {
    decodeItem(change['Keys'] as AttributeMap);
    return undefined;
  } catch (error) {
    return `has dynamodb.Keys that cannot be read: ${error instanceof Error ? error.message : error}`;
  }
}

/** Where a number of JSON stands in an image; no attribute value has one. */
function pathOfNumber(value: unknown, path: Path): Path | undefined {
  if (typeof value === 'number') return path;
  if (typeof value !== 'object' || value === null) return undefined;
  const inner = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [name, one] of inner) {
    const found = pathOfNumber(one, [...path, name]);
    if (found) return found;
  }
  return undefined;
}

type Path = readonly (string | number)[];

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether it names a table, by which routes know a stream, and can be shown. */
export function isStreamArn(arn: unknown): arn is string {
  return typeof arn === 'string' && /^[!-~]+$/.test(arn) && tableOf(arn) !== undefined;
}

function secondsOf(created: unknown): number {
  if (typeof created === 'number') return created;
  const isTime = typeof created === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(created);
  return isTime ? Math.floor(Date.parse(created) / 1000) : Number.NaN;
}

function identityOf(identity: unknown): StreamRecord['userIdentity'] {
  if (!isObject(identity)) return undefined;
  const type = identity['type'] ?? identity['Type'];
  const principalId = identity['principalId'] ?? identity['PrincipalId'];
  return { type: String(type), principalId: String(principalId) };
}

/** Bytes as JSON has them, `{ "type": "Buffer", "data": [1] }` and `{ "0": 1 }`, become base64; no attribute value looks like these. */
function withBase64(value: Fields): Fields {
  return JSON.parse(JSON.stringify(value), (_name, inner) => {
    if (!isObject(inner)) return inner;
    const bytes = inner['type'] === 'Buffer' && Array.isArray(inner['data']) ? inner['data'] : bytesIn(inner);
    return bytes ? Buffer.from(bytes).toString('base64') : inner;
  });
}

function bytesIn(value: Fields): readonly number[] | undefined {
  const bytes = Object.values(value);
  const isRight = Object.keys(value).every((name, at) => name === String(at)) && bytes.every(isByte);
  return isRight && bytes.length > 0 ? bytes : undefined;
}

function isByte(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}
