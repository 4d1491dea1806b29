import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type AnyFilter,
  type AttributeMap,
  type AttributeValue,
  absent,
  all,
  any,
  canPass,
  eventName,
  type FilterNode,
  imagesRead,
  keyFilter,
  type Literal,
  matcher,
  modelFilter,
  not,
  printFilter,
  type RemovedBy,
  removedBy,
  type StreamRecord,
  streamRegion,
  table,
  value,
} from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

/** An item in JavaScript's types. Maps are `Map`s, so that no name means anything to them. */
type Native =
  | string
  | number
  | boolean
  | null
  | Buffer
  | Set<string>
  | Set<number>
  | Native[]
  | Map<string, Native>;
type Item = Map<string, Native>;

interface Change {
  readonly event: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly key: { readonly pk: string; readonly sk: number };
  readonly table: string;
  readonly region: string;
  readonly by: RemovedBy;
  readonly time: number;
  readonly before: Item;
  readonly after: Item;
}

/** A filter as it is built, and what it means, said in terms of decoded items. */
interface Said {
  readonly filter: AnyFilter;
  readonly holds: (change: Change) => boolean;
}

/** The same for what one value is asked: an argument of `is`, `from` or `to`. */
interface Asked {
  readonly given: Given;
  readonly holds: (value: Native | undefined, change: Change) => boolean;
}
type Given = Parameters<ReturnType<typeof shop.attr>['is']>[number];

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' }, ttl: 'a', ttlOnReplicas: 'infer' });
const names = ['a', 'b', '__proto__', 'constructor', 'a.b'];

const text = fc.constantFrom('', 'x', 'xy', 'AQ==', '0', 'us-east-1');
const number = fc.constantFrom(0, 1, 1.5, 2, 10, -3, -2e30);
const bytes = fc.constantFrom(Buffer.from([]), Buffer.from([1]));
const members = <T>(one: fc.Arbitrary<T>) =>
  fc.uniqueArray(one, { minLength: 1, maxLength: 2 }).map((list) => new Set(list));
const { value: stored } = fc.letrec<{ value: Native }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    { weight: 3, arbitrary: text },
    { weight: 4, arbitrary: number },
    fc.constantFrom<Native>(true, false, null),
    bytes,
    members(fc.constantFrom('x', 'y', 'z')),
    members(fc.constantFrom(0, 1, 2)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 2 })
      .map((entries) => new Map(entries)),
  ),
}));
const item = fc
  .array(fc.tuple(fc.constantFrom(...names), stored), { maxLength: 4 })
  .map((entries) => new Map(entries));

const change: fc.Arbitrary<Change> = fc
  .record({
    event: fc.constantFrom('INSERT', 'MODIFY', 'MODIFY', 'REMOVE'),
    key: fc.record({ pk: fc.constantFrom('USER#1', 'USER#1#2', 'CART', 'USER#'), sk: fc.constantFrom(0, 7) }),
    table: fc.constantFrom('shop', 'shop-2'),
    region: fc.constantFrom('us-east-1', 'eu-central-1'),
    by: fc.constantFrom<RemovedBy>('ttl', 'user'),
    time: fc.constantFrom(0, 1, 5),
    before: item,
    after: item,
    overlap: fc.constantFrom('none', 'most', 'all'),
  })
  .map(({ overlap, after, ...change }) => ({
    ...change,
    after:
      overlap === 'none'
        ? after
        : new Map([...change.before, ...(overlap === 'all' ? [] : [...after].slice(0, 1))]),
  }));

/** A value of a filter, as users give it: maps are objects there. */
function literal(value: Native): Literal {
  if (Array.isArray(value)) return value.map(literal);
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, one]) => [name, literal(one)]));
  return value;
}

const comparison = fc
  .tuple(fc.constantFrom('lessThan', 'atMost', 'greaterThan', 'atLeast'), number)
  .map(([name, limit]) => {
    const holds: Record<typeof name, (one: number) => boolean> = {
      lessThan: (one) => one < limit,
      atMost: (one) => one <= limit,
      greaterThan: (one) => one > limit,
      atLeast: (one) => one >= limit,
    };
    return { test: value[name](limit), name, limit, holds: holds[name] };
  });

const asked: fc.Arbitrary<Asked> = fc.oneof(
  {
    weight: 6,
    arbitrary: stored.map((one) => ({
      given: literal(one),
      holds: (it: Native | undefined) => same(it, one),
    })),
  },
  {
    weight: 2,
    arbitrary: fc.constant<Asked>({ given: absent, holds: (it: Native | undefined) => it === undefined }),
  },
  fc.constant<Asked>({
    given: streamRegion,
    holds: (it: Native | undefined, { region }: Change) => it === region,
  }),
  comparison.map(({ test, holds }) => ({
    given: test,
    holds: (it: Native | undefined) => typeof it === 'number' && holds(it),
  })),
  text.map((start) => ({
    given: value.startsWith(start),
    holds: (it: Native | undefined) => typeof it === 'string' && it.slice(0, start.length) === start,
  })),
  text.map((end) => ({
    given: value.endsWith(end),
    holds: (it: Native | undefined) => typeof it === 'string' && it.slice(it.length - end.length) === end,
  })),
  fc.constantFrom<Asked>(
    {
      given: value.matches(/y$/g),
      holds: (it: Native | undefined) => typeof it === 'string' && it.at(-1) === 'y',
    },
    { given: value.exists(), holds: (it: Native | undefined) => it !== undefined },
    {
      given: value.ofType('S', 'NS'),
      holds: (it: Native | undefined) => it !== undefined && ['S', 'NS'].includes(letter(it)),
    },
    {
      given: value.ofType('NULL', 'M', 'L'),
      holds: (it: Native | undefined) => it !== undefined && ['NULL', 'M', 'L'].includes(letter(it)),
    },
  ),
  fc.tuple(stored, stored).map(([one, two]) => ({
    given: value.has(literal(one), literal(two)),
    holds: (it: Native | undefined) => membersOf(it).some((member) => same(member, one) || same(member, two)),
  })),
  fc
    .nat(3)
    .map((size) => ({ given: value.size(size), holds: (it: Native | undefined) => sizeOf(it) === size })),
  comparison.map(({ test, holds }) => ({
    given: value.size(test),
    holds: (it: Native | undefined) => sizeOf(it) !== undefined && holds(sizeOf(it) as number),
  })),
);
const someAsked = fc.array(asked, { minLength: 1, maxLength: 3 }).map((list) => ({
  given: list.map(({ given }) => given) as [Given, ...Given[]],
  holds: (it: Native | undefined, change: Change) => list.some(({ holds }) => holds(it, change)),
}));

const path = fc
  .tuple(
    fc.constantFrom(...names),
    fc.array(fc.constantFrom<string | number>(0, 1, ...names), { maxLength: 2 }),
  )
  .map(([head, rest]) => [head, ...rest] as [string, ...(string | number)[]]);

const attributeFilter: fc.Arbitrary<Said> = fc
  .record({
    path,
    first: someAsked,
    second: someAsked,
    limit: number,
    amount: fc.constantFrom(0.5, 1, 8),
    compare: comparison,
    member: stored,
    direction: fc.constantFrom('up', 'down', 'either'),
    which: fc.nat(),
  })
  .map(({ path, first, second, limit, amount, compare, member, direction, which }) => {
    const attr = shop.attrAt(...(path as [string]));
    /** From a test of the values on both sides. */
    const sides =
      (test: (old: Native | undefined, now: Native | undefined, change: Change) => boolean) =>
      (change: Change) =>
        test(
          change.event === 'INSERT' ? undefined : read(change.before, path),
          change.event === 'REMOVE' ? undefined : read(change.after, path),
          change,
        );
    const numbers = (test: (old: number, now: number) => boolean) =>
      sides((old, now) => typeof old === 'number' && typeof now === 'number' && test(old, now));
    const subject = (test: Asked['holds']) => (change: Change) =>
      test(read(change.event === 'REMOVE' ? change.before : change.after, path), change);
    const gains = (many: Native | undefined, few: Native | undefined, wanted?: Native) =>
      membersOf(many).some(
        (one) =>
          (wanted === undefined || same(one, wanted)) &&
          membersOf(many).filter((other) => same(one, other)).length >
            membersOf(few).filter((other) => same(one, other)).length,
      );
    const all: readonly (readonly [AnyFilter, Said['holds']])[] = [
      [attr.is(...first.given), subject(first.holds)],
      [attr[compare.name](compare.limit), subject((it) => typeof it === 'number' && compare.holds(it))],
      [attr.changed(), sides((old, now) => !same(old, now))],
      [attr.unchanged(), sides((old, now) => same(old, now))],
      [attr.from(...first.given), sides((old, now, change) => !same(old, now) && first.holds(old, change))],
      [attr.to(...second.given), sides((old, now, change) => !same(old, now) && second.holds(now, change))],
      [
        attr.from(...first.given).to(...second.given),
        sides((old, now, change) => !same(old, now) && first.holds(old, change) && second.holds(now, change)),
      ],
      [attr.appeared(), sides((old, now) => old === undefined && now !== undefined)],
      [attr.disappeared(), sides((old, now) => old !== undefined && now === undefined)],
      [attr.nulled(), sides((old, now) => old !== null && now === null)],
      [
        attr.typeChanged(),
        sides((old, now) => old !== undefined && now !== undefined && letter(old) !== letter(now)),
      ],
      [attr.increased(), numbers((old, now) => now > old)],
      [attr.decreased(), numbers((old, now) => now < old)],
      [attr.increasedBy(amount), numbers((old, now) => now - old >= amount)],
      [attr.decreasedBy(amount), numbers((old, now) => old - now >= amount)],
      [
        attr.crossed(limit, direction),
        numbers(
          (old, now) =>
            (direction !== 'down' && old < limit && limit <= now) ||
            (direction !== 'up' && now < limit && limit <= old),
        ),
      ],
      [attr.added(), sides((old, now) => gains(now, old))],
      [attr.removed(), sides((old, now) => gains(old, now))],
      [attr.added(literal(member)), sides((old, now) => gains(now, old, member))],
      [attr.removed(literal(member)), sides((old, now) => gains(old, now, member))],
    ];
    const [filter, holds] = all[which % all.length] as (typeof all)[number];
    return { filter, holds };
  });

const recordFilter = fc.constantFrom<Said>(
  { filter: modelFilter(shop), holds: ({ table }) => table === 'shop' },
  { filter: eventName('INSERT', 'REMOVE'), holds: ({ event }) => event !== 'MODIFY' },
  { filter: removedBy('ttl'), holds: ({ event, by }) => event === 'REMOVE' && by === 'ttl' },
  {
    filter: removedBy('user', shop),
    holds: ({ event, by, before, time }) => {
      const expires = before.get('a');
      return event === 'REMOVE' && by === 'user' && !(typeof expires === 'number' && expires <= time);
    },
  },
  {
    filter: keyFilter(shop.entity('User', { key: { pk: 'USER#:id' } })) as FilterNode,
    holds: ({ key }) => key.pk === 'USER#1',
  },
  {
    filter: keyFilter(shop.entity('Seventh', { key: { pk: 'USER#:all*', sk: '7' } })) as FilterNode,
    holds: ({ key }) => key.pk !== 'CART' && key.sk === 7,
  },
);

const { said } = fc.letrec<{ said: Said }>((tie) => ({
  said: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: attributeFilter },
    recordFilter,
    fc.array(tie('said'), { maxLength: 3 }).map((parts) => ({
      filter: all(...parts.map(({ filter }) => filter)),
      holds: (change: Change) => parts.every(({ holds }) => holds(change)),
    })),
    fc.array(tie('said'), { maxLength: 3 }).map((parts) => ({
      filter: any(...parts.map(({ filter }) => filter)),
      holds: (change: Change) => parts.some(({ holds }) => holds(change)),
    })),
    tie('said').map(({ filter, holds }) => ({
      filter: not(filter),
      holds: (change: Change) => !holds(change),
    })),
  ),
}));

const changes = fc.array(change, { minLength: 4, maxLength: 4 });

it('a filter on the wire format says what it says on decoded items', () => {
  fc.assert(
    fc.property(said, changes, ({ filter, holds }, changes) => {
      const test = matcher(filter);
      const again = matcher(JSON.parse(JSON.stringify(filter)));
      expect(printFilter(filter)).not.toMatch(/undefined|\[object|\n/);
      for (const change of changes) {
        const record = recordOf(change);
        expect(test(record)).toBe(holds(change));
        expect(again(record)).toBe(holds(change));
      }
    }),
    { numRuns: 2000 },
  );
});

it('a filter judges a record that has no other images than those that it is said to read, and touches no others', () => {
  fc.assert(
    fc.property(said, change, ({ filter, holds }, change) => {
      const { dynamodb, ...record } = recordOf(change);
      const read = imagesRead(filter, change.event);
      const { NewImage, OldImage, ...rest } = dynamodb;
      const images = {
        ...(NewImage && read.has('NewImage') && { NewImage }),
        ...(OldImage && read.has('OldImage') && { OldImage }),
      };
      const touched = new Set<string | symbol>();
      const watched = new Proxy(
        { ...rest, ...images },
        {
          get: (target, name) => {
            touched.add(name);
            return Reflect.get(target, name);
          },
        },
      );
      expect(matcher(filter)({ ...record, dynamodb: watched })).toBe(holds(change));
      const others = (['NewImage', 'OldImage'] as const).filter((image) => !read.has(image));
      expect(others.filter((image) => touched.has(image))).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

it('a filter that no record of an event can pass lets none pass', () => {
  let impossible = 0;
  fc.assert(
    fc.property(said, changes, ({ filter }, changes) => {
      for (const change of changes) {
        if (canPass(filter, change.event)) continue;
        impossible++;
        expect(matcher(filter)(recordOf(change))).toBe(false);
      }
    }),
    { numRuns: 2000 },
  );
  expect(impossible).toBeGreaterThan(500);
});

/** The type letter of a decoded value. */
function letter(value: Native): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return 'S';
  if (typeof value === 'number') return 'N';
  if (typeof value === 'boolean') return 'BOOL';
  if (Buffer.isBuffer(value)) return 'B';
  if (Array.isArray(value)) return 'L';
  if (value instanceof Map) return 'M';
  return typeof [...value][0] === 'number' ? 'NS' : 'SS';
}

function membersOf(value: Native | undefined): readonly Native[] {
  return Array.isArray(value) ? value : value instanceof Set ? [...value] : [];
}

function sizeOf(value: Native | undefined): number | undefined {
  if (value instanceof Map || value instanceof Set) return value.size;
  return typeof value === 'string' || Buffer.isBuffer(value) || Array.isArray(value)
    ? value.length
    : undefined;
}

function same(left: Native | undefined, right: Native | undefined): boolean {
  return isDeepStrictEqual(left, right);
}

function read(item: Item, [name, ...rest]: readonly (string | number)[]): Native | undefined {
  let value = item.get(name as string);
  for (const part of rest) {
    if (typeof part === 'number') value = Array.isArray(value) ? value[part] : undefined;
    else value = value instanceof Map ? value.get(part) : undefined;
  }
  return value;
}

function recordOf({ event, key, table, region, by, time, before, after }: Change): StreamRecord {
  return {
    eventName: event,
    eventSourceARN: `arn:aws:dynamodb:${region}:123456789012:table/${table}/stream/2026-01-01T00:00:00.000`,
    ...(by === 'ttl' && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
    dynamodb: {
      ApproximateCreationDateTime: time,
      Keys: { pk: { S: key.pk }, sk: { N: String(key.sk) } },
      ...(event !== 'REMOVE' && { NewImage: wireMap(after, 'after') }),
      ...(event !== 'INSERT' && { OldImage: wireMap(before, 'before') }),
      SequenceNumber: '1',
    },
  };
}

/** The two sides write numbers, sets and maps differently: what is the same must not depend on how it is written. */
type Side = 'before' | 'after';

function wireMap(map: Item, side: Side): AttributeMap {
  const entries = [...map].map(([name, value]) => [name, wire(value, side)] as const);
  return Object.fromEntries(ordered(entries, side));
}

function wire(value: Native, side: Side): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') return { N: wireNumber(value, side) };
  if (Buffer.isBuffer(value)) return { B: value.toString('base64') };
  if (Array.isArray(value)) return { L: value.map((each) => wire(each, side)) };
  if (value instanceof Map) return { M: wireMap(value, side) };
  const members = ordered([...value], side);
  return typeof members[0] === 'number'
    ? { NS: members.map((member) => wireNumber(member as number, side)) }
    : { SS: members as string[] };
}

function wireNumber(number: number, side: Side): string {
  return side === 'before' ? String(number) : number.toExponential().toUpperCase();
}

function ordered<T>(list: readonly T[], side: Side): readonly T[] {
  return side === 'before' ? list : list.toReversed();
}
