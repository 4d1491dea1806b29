import {
  type AttributeMap,
  type AttributeValue,
  canonicalDecimal,
  payload,
  type StreamRecord,
  typeOf,
} from '@sluice/filters';
import type { TumblingWindow } from './window.js';

const version = 'sluice-event-1';
const groupVersion = 'sluice-group-1';
const windowVersion = 'sluice-window-1';

/**
 * The identity of an event: SHA-256 in base64url of a version, the stream's ARN, the item's keys and the sequence
 * number. `eventID` is not part of it: local engines repeat it across tables.
 */
export function eventIdOf(record: StreamRecord): string {
  return groupIdOf([record]);
}

/** The identity of one handler's work on an event; stable across retries, processes and both sources. */
export function idempotencyKeyOf(record: StreamRecord, handlerId: string): string {
  return groupIdOf([record], handlerId);
}

/** The identity of exactly these events together, or of one handler's work on them; of one event it is that of the event. */
export function groupIdOf(records: readonly StreamRecord[], ...handlerId: string[]): string {
  const [first = [], ...others] = records.map(identity);
  return digest([...(others.length === 0 ? first : [groupVersion, first, ...others]), ...handlerId]);
}

/** The identity of one handler's work at the end of a window on a state, given as JSON; names in it have no order. */
export function windowIdOf(
  { streamArn, shardId, start, end }: TumblingWindow,
  handlerId: string,
  state: string,
): string {
  const window = [streamArn, shardId, start, end, handlerId];
  return digest([windowVersion, ...window, JSON.parse(state, withNamesInOrder)]);
}

function withNamesInOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The item that a record is about, as text: equal for equal keys, different for different ones. */
export function itemKeyOf({ dynamodb: { Keys } }: StreamRecord): string {
  return textOf(Keys);
}

/** The same of the partition key alone. Throws where the record has no such key. */
export function partitionKeyOf({ dynamodb: { Keys } }: StreamRecord, attribute: string): string {
  const value = Keys[attribute];
  if (value) return textOf({ [attribute]: value });
  throw new Error(
    `The lane is the partition key "${attribute}", but the record has ${Object.keys(Keys)}. Give table() its real keys.`,
  );
}

/**
 * Each part with its length before it, so that no two keys give one text. Keys that DynamoDB cannot have written are taken as
 * they are: their record fails when its routes read them, and needs its lane until then.
 * Each record in `lanes` comes through here, which is why it is not made of what `canonicalKeys` gives: that takes half as long again.
 */
function textOf(keys: AttributeMap): string {
  try {
    let text = '';
    for (const name of namesInOrder(keys)) {
      const value = keys[name] as AttributeValue;
      const type = typeOf(value);
      const plain = type === 'N' ? canonicalDecimal(payload(value, type)) : String(payload(value, type));
      text += `${name.length} ${name}${type}${plain.length} ${plain}`;
    }
    return text;
  } catch {
    return JSON.stringify(keys);
  }
}

function identity({ eventSourceARN, dynamodb: { Keys, SequenceNumber } }: StreamRecord): unknown[] {
  return [version, eventSourceARN, canonicalKeys(Keys), SequenceNumber];
}

/** Keys that DynamoDB cannot have written are taken as they are, so that a record with such can be told, parked and dropped. */
function canonicalKeys(keys: AttributeMap): unknown {
  try {
    return namesInOrder(keys).map((name) => {
      const value = keys[name] as AttributeValue;
      const type = typeOf(value);
      const plain = payload(value, type);
      return [name, type, type === 'N' ? canonicalDecimal(plain as string) : plain];
    });
  } catch {
    return keys;
  }
}

/** There are one or two, mostly in order as they are; to sort even those takes ten times as long as to look. */
function namesInOrder(keys: AttributeMap): readonly string[] {
  const names = Object.keys(keys);
  const [first = '', second = ''] = names;
  return names.length > 2 || (names.length === 2 && first > second) ? names.sort() : names;
}

/** Most processes never need one, and to load what makes it takes longer than to load all of this package. */
function digest(parts: readonly unknown[]): string {
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
