import { payload, sameValue, typeOf } from './attribute-value.js';
import { MissingImageError, MissingKeyError } from './errors.js';
import type { Filter, FilterKind, Operand } from './filter.js';
import { parseKeyTemplate } from './key-template.js';
import { type PathSegments, readPath } from './path.js';
import type { AttributeMap, AttributeValue, StreamRecord } from './record.js';

export type Predicate = (record: StreamRecord) => boolean;

/**
 * Makes the test of a filter, on the record as it came. The test reads only the attributes that the filter names, and
 * throws `MalformedValueError`, `MissingImageError` or `MissingKeyError` where it cannot tell: a record that cannot be
 * judged is a failed one, never an unmatched one.
 */
export function matcher(filter: Filter): Predicate {
  return (matchers[filter.kind] as (filter: Filter) => Predicate)(filter);
}

const matchers: { readonly [K in FilterKind]: (filter: Extract<Filter, { kind: K }>) => Predicate } = {
  all: ({ filters }) => {
    const tests = filters.map(matcher);
    return (record) => tests.every((test) => test(record));
  },
  any: ({ filters }) => {
    const tests = filters.map(matcher);
    return (record) => tests.some((test) => test(record));
  },
  not: ({ filter }) => {
    const test = matcher(filter);
    return (record) => !test(record);
  },
  table:
    ({ name }) =>
    (record) =>
      tableOf(record.eventSourceARN) === name,
  eventName:
    ({ names }) =>
    (record) =>
      names.includes(record.eventName),
  removedBy:
    ({ by }) =>
    (record) =>
      record.eventName === 'REMOVE' && removedBy(record) === by,
  key: ({ templates }) => {
    const tests = Object.entries(templates).map(([name, template]) => ({
      name,
      ...parseKeyTemplate(template),
    }));
    const names = tests.flatMap(({ captures }) => captures);
    const isShared = new Set(names).size < names.length;
    return ({ dynamodb: { Keys } }) => {
      const values = new Map<string, string | undefined>();
      return tests.every(({ name, pattern, captures }) => {
        if (!Object.hasOwn(Keys, name)) throw new MissingKeyError(name, Object.keys(Keys));
        const text = keyText(Keys[name]);
        const groups = text === undefined ? null : pattern.exec(text);
        return (
          groups !== null &&
          (!isShared || captures.every((capture, index) => agrees(values, capture, groups[index + 1])))
        );
      });
    };
  },
  is: ({ path, values }) => {
    return (record) => oneOf(values, readPath(subjectImage(record) ?? nothing, path));
  },
  changed:
    ({ path, before, after }) =>
    (record) => {
      const [old, now] = beforeAndAfter(record, path);
      return (
        (before === undefined || oneOf(before, old)) &&
        (after === undefined || oneOf(after, now)) &&
        !sameValue(old, now)
      );
    },
  appeared:
    ({ path }) =>
    (record) => {
      const [old, now] = beforeAndAfter(record, path);
      return old === undefined && now !== undefined;
    },
  disappeared:
    ({ path }) =>
    (record) => {
      const [old, now] = beforeAndAfter(record, path);
      return old !== undefined && now === undefined;
    },
};

/** A name that several templates capture has one value in all of them. */
function agrees(
  values: Map<string, string | undefined>,
  capture: string,
  value: string | undefined,
): boolean {
  if (values.has(capture)) return values.get(capture) === value;
  values.set(capture, value);
  return true;
}

const nothing: AttributeMap = Object.freeze({});

function oneOf(operands: readonly Operand[], value: AttributeValue | undefined): boolean {
  return operands.some((operand) => sameValue(operand === 'absent' ? undefined : operand, value));
}

function beforeAndAfter(record: StreamRecord, path: PathSegments) {
  return [readPath(oldImage(record) ?? nothing, path), readPath(newImage(record) ?? nothing, path)] as const;
}

/** The image that a record is about: what was written, or what was deleted. */
export function subjectImage(record: StreamRecord): AttributeMap | undefined {
  return record.eventName === 'REMOVE' ? oldImage(record) : newImage(record);
}

/** The new image; `undefined` for a REMOVE. Throws `MissingImageError` when the view type leaves it out. */
export function newImage(record: StreamRecord): AttributeMap | undefined {
  if (record.eventName === 'REMOVE') return undefined;
  return record.dynamodb.NewImage ?? missing('NewImage', record);
}

/** The old image; `undefined` for an INSERT. Throws `MissingImageError` when the view type leaves it out. */
export function oldImage(record: StreamRecord): AttributeMap | undefined {
  if (record.eventName === 'INSERT') return undefined;
  return record.dynamodb.OldImage ?? missing('OldImage', record);
}

function missing(image: 'NewImage' | 'OldImage', record: StreamRecord): never {
  throw new MissingImageError(image, record.eventName, record.dynamodb.StreamViewType);
}

/**
 * DynamoDB's TTL sweep marks its deletes, in the Region where the item expired.
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
 */
export function removedBy(record: StreamRecord): 'ttl' | 'user' {
  const identity = record.userIdentity;
  return identity?.type === 'Service' && identity.principalId === 'dynamodb.amazonaws.com' ? 'ttl' : 'user';
}

/** The text that a key template is matched with; binary keys have none. */
export function keyText(value: AttributeValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  const type = typeOf(value);
  if (type === 'S') return payload(value, type);
  return type === 'N' ? payload(value, type) : undefined;
}

/** The table's name in a stream ARN, in any partition and with any characters; `undefined` when there is none. */
export function tableOf(streamArn: string): string | undefined {
  return /:table\/([^/]+)/.exec(streamArn)?.[1];
}
