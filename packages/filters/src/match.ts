import { asType, moreMembers, sameValue, typeOf, valueKey } from './attribute-value.js';
import { compareDecimals, exceedsBy } from './decimal.js';
import { MissingImageError, MissingKeyError } from './errors.js';
import type { AnyFilter, FilterKind, FilterNode, Image, RemovedBy, ValueTest } from './filter.js';
import { type KeyTemplate, parseKeyTemplate } from './key-template.js';
import { valueMatcher } from './match-value.js';
import { type PathSegments, readPath } from './path.js';
import type { AttributeMap, AttributeValue, StreamRecord } from './record.js';
import { tablePattern } from './table-pattern.js';

export type Predicate = (record: StreamRecord) => boolean;

/**
 * Makes the test of a filter, on the record as it came. The test reads only the attributes that the filter names, and
 * throws `MalformedValueError`, `MissingImageError` or `MissingKeyError` where it cannot tell: a record that cannot be
 * judged is a failed one, never an unmatched one. `partMatcher` makes the tests of a filter's parts.
 */
export function matcher(
  filter: AnyFilter,
  partMatcher: (part: FilterNode) => Predicate = (part) => matcher(part),
): Predicate {
  return (matchers[filter.kind] as Matcher<AnyFilter>)(filter, partMatcher);
}

type Matcher<F> = (filter: F, partMatcher: (part: FilterNode) => Predicate) => Predicate;

const matchers: { readonly [K in FilterKind]: Matcher<Extract<FilterNode, { kind: K }>> } = {
  all: ({ filters }, partMatcher) => unlessOneIs(false, filters.map(partMatcher)),
  any: ({ filters }, partMatcher) => unlessOneIs(true, filters.map(partMatcher)),
  not: ({ filter }, partMatcher) => {
    const test = partMatcher(filter);
    return (record) => !test(record);
  },
  table: ({ name }) => {
    const table = tablePattern(name, {});
    if ('problem' in table) throw new TypeError(`A filter cannot be tested: ${table.problem}.`);
    return (record) => table.matches(record.eventSourceARN);
  },
  eventName:
    ({ names }) =>
    (record) =>
      names.includes(record.eventName),
  removedBy:
    ({ by, ttl }) =>
    (record) =>
      record.eventName === 'REMOVE' && removerOf(record, ttl) === by,
  key: ({ templates }) => {
    const keys = Object.entries(templates).map(([name, text]) => ({ name, ...parseKeyTemplate(text) }));
    const tests = keys.map(
      ({ name, pattern }): Predicate =>
        (record) => {
          const text = keyTextOf(record, name);
          return text !== undefined && pattern.test(text);
        },
    );
    const names = keys.flatMap(({ captures }) => captures);
    if (new Set(names).size < names.length) tests.push(capturesAgree(keys));
    return unlessOneIs(false, tests);
  },
  value: ({ path, test }) => ofImage(subjectImage, path, test),
  changed: ({ path, before, after }) => {
    const tests = [ofBoth(path, (old, now) => !sameValue(old, now))];
    if (after) tests.unshift(ofImage(newImage, path, after));
    if (before) tests.unshift(ofImage(oldImage, path, before));
    return unlessOneIs(false, tests);
  },
  typeChanged: ({ path }) =>
    ofBoth(path, (old, now) => old !== undefined && now !== undefined && typeOf(old) !== typeOf(now)),
  delta: ({ path, direction, by }) =>
    ofNumbers(path, (old, now) => {
      const [more, less] = direction === 'increased' ? [now, old] : [old, now];
      return by === undefined ? compareDecimals(more, less) > 0 : exceedsBy(more, less, by);
    }),
  crossed: ({ path, limit, direction }) =>
    ofNumbers(path, (old, now) => {
      const wasBelow = compareDecimals(old, limit) < 0;
      const isBelow = compareDecimals(now, limit) < 0;
      return wasBelow !== isBelow && (direction === 'either' || (direction === 'up') === wasBelow);
    }),
  membersChanged: ({ path, change, members }) => {
    const wanted = members && new Set(members.map(valueKey));
    return ofBoth(path, (old, now) =>
      change === 'added' ? moreMembers(now, old, wanted) : moreMembers(old, now, wanted),
    );
  },
  where: ({ description, reads, test }) => {
    if (typeof test !== 'function') {
      throw new TypeError(`where("${description}") has lost its function, as in JSON; build it in code.`);
    }
    return (record) => {
      const result = test(withImages(record, reads));
      if (typeof result === 'boolean') return result;
      // A promise that nobody waits for must not end the process when it rejects.
      if (result instanceof Promise) result.catch(() => undefined);
      throw new TypeError(
        `where("${description}") gave a value of type ${typeof result}; expected true or false, not a promise.`,
      );
    };
  },
};

/**
 * One test that gives `deciding` decides alone, before or behind one that cannot judge the record: what is certain does not
 * depend on the order of tests. Without one, a test that cannot judge leaves it open, and its error is thrown.
 */
function unlessOneIs(deciding: boolean, tests: readonly Predicate[]): Predicate {
  const [only, second] = tests;
  if (only && !second) return only;
  return (record) => {
    let open: { readonly error: unknown } | undefined;
    for (const test of tests) {
      try {
        if (test(record) === deciding) return deciding;
      } catch (error) {
        open ??= { error };
      }
    }
    if (open) throw open.error;
    return !deciding;
  };
}

/** What several templates capture under one name has one value. Keys of another form are not judged here. */
function capturesAgree(keys: readonly (KeyTemplate & { readonly name: string })[]): Predicate {
  return (record) => {
    const values = new Map<string, string | undefined>();
    return keys.every(({ name, pattern, captures }) => {
      const groups = pattern.exec(keyTextOf(record, name) ?? '');
      return captures.every((capture, index) => {
        const value = groups?.[index + 1];
        const first = values.get(capture) ?? value;
        values.set(capture, first);
        return value === first;
      });
    });
  };
}

/** The text of a key attribute. Throws `MissingKeyError` for one that the record's keys do not have. */
export function keyTextOf({ dynamodb: { Keys } }: StreamRecord, name: string): string | undefined {
  if (!Object.hasOwn(Keys, name)) throw new MissingKeyError(name, Keys);
  return keyText(Keys[name]);
}

function ofImage(
  imageOf: (record: StreamRecord) => AttributeMap | undefined,
  path: PathSegments,
  test: ValueTest,
): Predicate {
  const passes = valueMatcher(test);
  return (record) => passes(readPath(imageOf(record), path), record.eventSourceARN);
}

/** A test of an attribute's values in both images. */
function ofBoth(
  path: PathSegments,
  test: (old: AttributeValue | undefined, now: AttributeValue | undefined) => boolean,
): Predicate {
  return (record) => test(readPath(oldImage(record), path), readPath(newImage(record), path));
}

/** A test of an attribute that is a number in both images. */
function ofNumbers(path: PathSegments, test: (old: string, now: string) => boolean): Predicate {
  return ofBoth(path, (old, now) => {
    const before = asType(old, 'N');
    const after = asType(now, 'N');
    return before !== undefined && after !== undefined && test(before, after);
  });
}

/** A record with these images of those that its event has, and no others. */
function withImages(record: StreamRecord, reads: readonly Image[]): StreamRecord {
  const items = reads.map((image) => [image, imageReaders[image](record)]);
  if (items.length === 2) return record;
  const { NewImage, OldImage, ...others } = record.dynamodb;
  const read = Object.fromEntries(items.filter(([, item]) => item));
  return { ...record, dynamodb: { ...others, ...read } };
}

/** The image that a record is about: what was written, or what was deleted. */
export function subjectImage(record: StreamRecord): AttributeMap | undefined {
  return record.eventName === 'REMOVE' ? oldImage(record) : newImage(record);
}

/** The new image; `undefined` for a REMOVE. Throws `MissingImageError` when the view type leaves it out. */
export function newImage(record: StreamRecord): AttributeMap | undefined {
  return record.eventName === 'REMOVE'
    ? undefined
    : (record.dynamodb.NewImage ?? missing('NewImage', record));
}

/** The old image; `undefined` for an INSERT. Throws `MissingImageError` when the view type leaves it out. */
export function oldImage(record: StreamRecord): AttributeMap | undefined {
  return record.eventName === 'INSERT'
    ? undefined
    : (record.dynamodb.OldImage ?? missing('OldImage', record));
}

export const imageReaders: Readonly<Record<Image, typeof newImage>> = {
  NewImage: newImage,
  OldImage: oldImage,
};

function missing(image: Image, record: StreamRecord): never {
  throw new MissingImageError(image, record);
}

/**
 * Who made a REMOVE. DynamoDB's TTL sweep marks its deletes, but only in the Region where the item expired: in the other replicas
 * of a global table they look like anyone's. Where `ttl` names the attribute that items expire by, a delete without the mark
 * counts as TTL's if the item had expired by the time of the record.
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
 */
export function removerOf(record: StreamRecord, ttl: string | undefined): RemovedBy {
  const identity = record.userIdentity;
  if (identity?.type === 'Service' && identity.principalId === 'dynamodb.amazonaws.com') return 'ttl';
  if (ttl === undefined) return 'user';
  const expiresAt = asType(readPath(oldImage(record), [ttl]), 'N');
  const deletedAt = record.dynamodb.ApproximateCreationDateTime;
  const hasExpired =
    expiresAt !== undefined && deletedAt !== undefined && compareDecimals(expiresAt, String(deletedAt)) <= 0;
  return hasExpired ? 'ttl' : 'user';
}

/** The text that a key template is matched with; binary keys have none. */
export function keyText(value: AttributeValue | undefined): string | undefined {
  return asType(value, 'S') ?? asType(value, 'N');
}

/** The table's name in a stream ARN, in any partition and with any characters; `undefined` when there is none. */
export function tableOf(streamArn: string): string | undefined {
  return /:table\/([^/]+)/.exec(streamArn)?.[1];
}
