import {
  type AnyFilter,
  type AttributeMap,
  type AttributeValue,
  absent,
  all,
  any,
  decimal,
  type EventName,
  eventName,
  imagesCarried,
  not,
  type RemovedBy,
  removedBy,
  type StreamRecord,
  type StreamViewType,
  streamRegion,
  table,
  value,
  where,
} from '@sluice/core';
import type { PathSegments } from '@sluice/filters';
import fc from 'fast-check';

/** Places that are easily taken for each other: by names with dots, by elements of one list, by names that mean something in a pattern. */
const families: readonly (readonly PathSegments[])[] = [
  [['a'], ['b']],
  [['a'], ['b'], ['c'], ['L']],
  [['a', 'b'], ['a.M.b']],
  [
    ['a', 'b.M.c'],
    ['a', 'b', 'c'],
    ['a.M.b', 'c'],
  ],
  [
    ['a', 0],
    ['a', 1],
  ],
  [
    ['a', 0, 'b'],
    ['a', 1, 'b'],
    ['a', 0, 'c'],
    ['a', 1, 'c'],
  ],
  [
    ['a', 0, 0],
    ['a', 0, 1],
    ['a', 1, 0],
  ],
  [['__proto__'], ['a', '__proto__']],
  [['prefix'], ['$or'], ['a', 'prefix']],
  [['S'], ['M'], ['L'], ['M', 'M']],
  [['S', 'S'], ['L', 0], ['M.M.S'], ['.']],
  [['Keys'], ['NewImage'], ['dynamodb'], ['a"\\b']],
];
const names = ['a', 'b', '__proto__', 'prefix'];
const texts = [
  '',
  'x',
  'xy',
  'yx',
  'AQ==',
  '10',
  'us-east-1',
  '10.0.0.1',
  '::1',
  'é😀',
  '"',
  'x"',
  '\\',
  '\u2028\0',
  'x'.repeat(300),
];
const numbers = ['0', '1', '1.5', '10', '-3', `1${'0'.repeat(29)}`, '1E+29', '0.0000000001', '1E-10'];

export const text = fc.constantFrom(...texts);
const number = fc.constantFrom(...numbers);
const base64 = fc.constantFrom('', 'AQ==', 'AQI=');
export const few = <T>(one: fc.Arbitrary<T>) => fc.uniqueArray(one, { minLength: 1, maxLength: 3 });
const { value: stored } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    { weight: 4, arbitrary: text.map((S) => ({ S })) },
    { weight: 3, arbitrary: number.map((N) => ({ N })) },
    base64.map((B) => ({ B })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true as const }),
    few(text).map((SS) => ({ SS })),
    few(fc.constantFrom('0', '1', '10')).map((NS) => ({ NS })),
    few(base64).map((BS) => ({ BS })),
    fc.array(tie('value'), { maxLength: 2 }).map((L) => ({ L })),
    fc.array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 3 }).map((entries) => ({
      M: Object.fromEntries(entries),
    })),
  ),
}));

/** What routes ask for and what items have are of the same few places and values, so that they often meet. */
export interface World {
  readonly view: StreamViewType;
  /** The name of the partition key. */
  readonly partition: string;
  readonly keyType: 'S' | 'N' | 'B';
  readonly infersTtl: boolean;
  readonly paths: readonly PathSegments[];
  readonly values: readonly AttributeValue[];
}

export const world = fc.record<World>({
  view: fc.constantFrom('NEW_AND_OLD_IMAGES', 'NEW_AND_OLD_IMAGES', 'NEW_IMAGE', 'OLD_IMAGE', 'KEYS_ONLY'),
  partition: fc.constantFrom('pk', 'pk', 'a', 'a.M.b', '$or', 'L'),
  keyType: fc.constantFrom('S', 'S', 'N', 'B'),
  infersTtl: fc.boolean(),
  paths: fc.constantFrom(...families),
  values: fc.oneof(
    fc.array(stored, { minLength: 1, maxLength: 4 }),
    fc.uniqueArray(text, { minLength: 2, maxLength: 3 }).map((some) => some.map((S) => ({ S }))),
    fc.uniqueArray(number, { minLength: 2, maxLength: 4 }).map((some) => some.map((N) => ({ N }))),
  ),
});

function itemIn({ paths: places, values }: World): fc.Arbitrary<AttributeMap> {
  return fc.tuple(...places.map(() => fc.option(fc.constantFrom(...values), { freq: 3 }))).map((chosen) => {
    const root: MutableMap = {};
    chosen.forEach((one, index) => {
      if (one) put(root, places[index] as PathSegments, one);
    });
    return root as AttributeMap;
  });
}

type MutableMap = { [name: string]: Mutable };
type Mutable = { M?: MutableMap; L?: Mutable[] };

/** Writes a value at a path, where nothing else is in the way. */
function put(map: MutableMap, path: PathSegments, stored: AttributeValue): void {
  let parent: MutableMap | Mutable[] = map;
  path.forEach((segment, depth) => {
    if (!parent) return;
    if (Array.isArray(parent)) while (parent.length < Number(segment)) parent.push({ S: 'x' } as Mutable);
    const here = Object.hasOwn(parent, segment) ? (parent as MutableMap)[segment] : undefined;
    const next = path[depth + 1];
    const made =
      next === undefined ? structuredClone(stored) : typeof next === 'number' ? { L: [] } : { M: {} };
    const child: Mutable = (here ?? made) as Mutable;
    if (!here)
      Object.defineProperty(parent, segment, {
        value: child,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    parent = (typeof next === 'number' ? child.L : child.M) as MutableMap;
  });
}

const keyTexts = {
  S: ['USER#1', 'USER#1#X1', 'CART', '10', '1#2', '10.0.0.1', '"', 'x":1'],
  N: ['10', '1', '-3'],
  B: ['AQ==', 'AQI='],
};

export function recordIn(world: World): fc.Arbitrary<StreamRecord> {
  const { view, partition, keyType } = world;
  const item = itemIn(world);
  const key = fc
    .constantFrom(...keyTexts[keyType])
    .map((one) => ({ [keyType]: one }) as unknown as AttributeValue);
  return fc
    .record({
      eventName: fc.constantFrom<EventName>('INSERT', 'MODIFY', 'MODIFY', 'REMOVE'),
      pk: key,
      sk: fc.constantFrom<AttributeValue>({ S: 'CART' }, { S: 'USER#1' }, { N: '10' }),
      before: item,
      after: item,
      overlap: fc.constantFrom('none', 'most', 'all'),
      isTtl: fc.boolean(),
      region: fc.constantFrom('us-east-1', 'eu-central-1'),
    })
    .map(({ eventName: event, pk, sk, before, after, overlap, isTtl, region }) => {
      const Keys = { [partition]: pk, sk };
      const changed =
        overlap === 'none'
          ? after
          : {
              ...before,
              ...(overlap === 'all' ? {} : Object.fromEntries(Object.entries(after).slice(0, 1))),
            };
      const images = imagesCarried(view, event);
      const record: StreamRecord = {
        eventName: event,
        eventSourceARN: `arn:aws:dynamodb:${region}:123456789012:table/shop/stream/2026-11-22T00:00:00.000`,
        ...(isTtl &&
          event === 'REMOVE' && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
        dynamodb: {
          ApproximateCreationDateTime: 5,
          Keys,
          ...(images.has('NewImage') && { NewImage: { ...changed, ...Keys } }),
          ...(images.has('OldImage') && { OldImage: { ...before, ...Keys } }),
          SequenceNumber: '1',
          StreamViewType: view,
        },
      };
      return record;
    });
}

/** A value of an item as a filter is given it. */
function literalOf(wire: AttributeValue): unknown {
  if ('N' in wire) return decimal(wire.N);
  if ('B' in wire) return Buffer.from(wire.B, 'base64');
  if ('NULL' in wire) return null;
  if ('SS' in wire) return new Set(wire.SS);
  if ('NS' in wire) return new Set(wire.NS.map(decimal));
  if ('BS' in wire) return new Set(wire.BS.map((one) => Buffer.from(one, 'base64')));
  if ('L' in wire) return wire.L.map(literalOf);
  if ('M' in wire)
    return Object.fromEntries(Object.entries(wire.M).map(([name, one]) => [name, literalOf(one)]));
  return 'S' in wire ? wire.S : wire.BOOL;
}

/** Two literals at most, which a pattern can say. */
export function plainFilterOf(world: World): fc.Arbitrary<AnyFilter> {
  const model = worldTable({ ...world, view: 'NEW_AND_OLD_IMAGES' });
  const one = fc
    .record({
      path: fc.constantFrom(...world.paths),
      literals: fc.uniqueArray(fc.constantFrom(...world.values), { minLength: 1, maxLength: 2 }),
      other: fc.constantFrom(...world.values).map(literalOf),
      kind: fc.constantFrom('is', 'is', 'is', 'not', 'not', 'absent', 'to', 'from', 'fromTo', 'has'),
    })
    .map(({ path: [name, ...inside], literals, other, kind }): AnyFilter => {
      const attribute = model.attrAt(name as string, ...(inside as []));
      const values = literals.map(literalOf) as [never];
      if (kind === 'is') return attribute.is(...values);
      if (kind === 'not') return not(attribute.is(...values));
      if (kind === 'absent') return attribute.is(absent);
      if (kind === 'to') return attribute.to(...values);
      if (kind === 'from') return attribute.from(...values);
      return kind === 'has' ? attribute.has(...values) : attribute.from(other as never).to(...values);
    });
  return fc.oneof(
    one,
    fc.tuple(one, one).map(([left, right]) => all(left as never, right as never)),
    fc
      .tuple(one, one, one)
      .map(([left, right, also]) => all(any(left as never, right as never), also as never)),
    fc
      .tuple(one, one, one, one)
      .map(([a, b, c, d]) => any(all(a as never, b as never), all(c as never, d as never))),
  );
}

export function filterOf(world: World): fc.Arbitrary<AnyFilter> {
  const model = worldTable({ ...world, view: 'NEW_AND_OLD_IMAGES' });
  const literal = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...world.values).map(literalOf) as fc.Arbitrary<string> },
    text,
  );
  const asked = fc.oneof(
    { weight: 8, arbitrary: literal },
    { weight: 2, arbitrary: fc.constant(absent) },
    fc.constant(streamRegion),
    text.map((one) => value.startsWith(one.slice(0, 1))),
    text.map((one) => value.endsWith(one.slice(-1))),
    number.map((one) => value.atLeast(decimal(one))),
    literal.map((one) => value.has(one)),
    fc.constantFrom(
      value.exists(),
      value.size(1),
      value.matches(/x/),
      value.ofType('S', 'N'),
      value.ofType('M', 'S'),
    ),
  );
  const someAsked = fc.array(asked, { minLength: 1, maxLength: 3 }) as fc.Arbitrary<[never, ...never[]]>;
  const attribute = fc
    .constantFrom(...world.paths, [world.partition])
    .map(([name, ...inside]) => model.attrAt(name as string, ...(inside as [])));
  const comparison = fc.constantFrom(
    ...['changed', 'unchanged', 'appeared', 'disappeared', 'nulled', 'typeChanged'],
    ...['increased', 'decreased', 'exists'],
  );
  const members = fc.array(literal, { maxLength: 2 }) as fc.Arbitrary<[]>;
  const ofAttribute = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(attribute, someAsked).map(([one, tests]) => one.is(...tests)) },
    { weight: 2, arbitrary: fc.tuple(attribute, someAsked).map(([one, tests]) => one.from(...tests)) },
    { weight: 3, arbitrary: fc.tuple(attribute, someAsked).map(([one, tests]) => one.to(...tests)) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(attribute, someAsked, someAsked)
        .map(([one, old, now]) => one.from(...old).to(...now)),
    },
    { weight: 2, arbitrary: fc.tuple(attribute, comparison).map(([one, name]) => one[name as 'changed']()) },
    fc.tuple(attribute, number).map(([one, limit]) => one.crossed(decimal(limit))),
    fc.tuple(attribute, members).map(([one, list]) => one.added(...list)),
    fc.tuple(attribute, members).map(([one, list]) => one.removed(...list)),
    { weight: 2, arbitrary: fc.tuple(attribute, literal).map(([one, member]) => one.has(member)) },
  ) as fc.Arbitrary<AnyFilter>;
  const { filter } = fc.letrec<{ filter: AnyFilter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3 },
      { weight: 12, arbitrary: ofAttribute },
      { weight: 2, arbitrary: fc.constantFrom<RemovedBy>('ttl', 'user').map((by) => removedBy(by, model)) },
      fc
        .uniqueArray(fc.constantFrom<EventName>('INSERT', 'MODIFY', 'REMOVE'), { minLength: 1 })
        .map((events) => eventName(...events)),
      fc.boolean().map((passes) => where('a function', () => passes, { reads: [] })),
      fc.constant(failing),
      { weight: 5, arbitrary: parts(tie('filter')).map((some) => all(...some)) },
      { weight: 3, arbitrary: parts(tie('filter')).map((some) => any(...some)) },
      { weight: 3, arbitrary: tie('filter').map((one) => not(one as never)) },
    ),
  }));
  return filter;
}

const parts = (filter: fc.Arbitrary<AnyFilter>) =>
  fc.array(filter, { minLength: 1, maxLength: 3 }) as fc.Arbitrary<never[]>;

const failing = where('a function that fails', () => {
  throw new Error('It fails.');
});

export function worldTable({ view, partition, infersTtl }: World, name = 'shop') {
  return table(name, {
    keys: { partition, sort: 'sk' },
    view: view as 'NEW_AND_OLD_IMAGES',
    ttl: 'b',
    ...(infersTtl && view.includes('OLD') && { ttlOnReplicas: 'infer' }),
  });
}

/** The alternatives of patterns without `$or`: the leaves of each place, as text. */
export function alternativesOf(
  patterns: readonly string[],
): readonly ReadonlyMap<string, readonly string[]>[] {
  return patterns.flatMap((pattern) => expanded(JSON.parse(pattern), []).map((entries) => new Map(entries)));
}

type Entries = readonly (readonly [place: string, leaves: readonly string[]])[];

function expanded(object: object, names: readonly string[]): readonly Entries[] {
  return Object.entries(object).reduce<readonly Entries[]>(
    (before, [name, inside]) => {
      const place = [...names, name];
      const leaves = () => inside.map((leaf: unknown) => JSON.stringify(leaf === '0::1' ? '::1' : leaf));
      const options: readonly Entries[] =
        name === '$or'
          ? inside.flatMap((branch: object) => expanded(branch, names))
          : Array.isArray(inside)
            ? [[[place.join('.'), leaves()]]]
            : expanded(inside, place);
      return before.flatMap((one) => options.map((other) => [...one, ...other]));
    },
    [[]],
  );
}

/**
 * Whether event-ruler takes an alternative for one that it knows already, and forgets it: of the same fields, with a leaf in common in
 * each of them.
 */
export function areTakenForOne(
  one: ReadonlyMap<string, readonly string[]>,
  other: ReadonlyMap<string, readonly string[]>,
): boolean {
  if (one.size !== other.size) return false;
  return [...one].every(([place, leaves]) => leaves.some((leaf) => other.get(place)?.includes(leaf)));
}
