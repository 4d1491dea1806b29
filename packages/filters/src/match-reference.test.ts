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
  type FilterNode,
  imagesRead,
  keyFilter,
  matcher,
  not,
  printFilter,
  type RemovedBy,
  type StreamRecord,
  table,
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
  readonly by: RemovedBy;
  readonly before: Item;
  readonly after: Item;
}

/** A filter as it is built, and what it means, said in terms of decoded items. */
interface Said {
  readonly filter: AnyFilter | FilterNode;
  readonly holds: (change: Change) => boolean;
}

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const names = ['a', 'b', '__proto__', 'constructor'];

const { value } = fc.letrec<{ value: Native }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Native>('', 'x', 'AQ==', '0', 0, 1, 1.5, -2e30, true, false, null),
    },
    fc.constantFrom<Native>(Buffer.from([]), Buffer.from([1])),
    fc
      .uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1, maxLength: 2 })
      .map((members) => new Set(members)),
    fc
      .uniqueArray(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 2 })
      .map((members) => new Set(members)),
    fc.array(tie('value'), { maxLength: 2 }),
    fc
      .array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 2 })
      .map((entries) => new Map(entries)),
  ),
}));
const item = fc
  .array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 4 })
  .map((entries) => new Map(entries));

const change: fc.Arbitrary<Change> = fc
  .record({
    event: fc.constantFrom('INSERT', 'MODIFY', 'REMOVE'),
    key: fc.record({ pk: fc.constantFrom('USER#1', 'USER#1#2', 'CART', 'USER#'), sk: fc.constantFrom(0, 7) }),
    table: fc.constantFrom('shop', 'shop-2'),
    by: fc.constantFrom<RemovedBy>('ttl', 'user'),
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

const operand = fc.constantFrom('', 'x', '0', 0, 1, 1.5, -2e30, true, false, null, Buffer.from([1]), absent);
const operands = fc.array(operand, { minLength: 1, maxLength: 3 });
type Operands = Parameters<ReturnType<typeof shop.attr>['is']>;

const attributeFilter: fc.Arbitrary<Said> = fc
  .record({
    path: fc.tuple(
      fc.constantFrom(...names),
      fc.array(fc.constantFrom<string | number>(0, 1, ...names), { maxLength: 2 }),
    ),
    kind: fc.constantFrom('is', 'changed', 'from', 'to', 'fromTo', 'appeared', 'disappeared'),
    first: operands,
    second: operands,
  })
  .map(({ path: [head, rest], kind, first, second }) => {
    const path = [head, ...rest];
    const attr = shop.attr(
      path
        .map((part, index) => (typeof part === 'number' ? `[${part}]` : index ? `.${part}` : part))
        .join(''),
    );
    const one = first as unknown as Operands;
    const two = second as unknown as Operands;
    const among = (value: Native | undefined, values: readonly unknown[]) =>
      values.some((each) => same(value, each === absent ? undefined : (each as Native)));
    /** From a test of the values on both sides. */
    const sides = (test: (old: Native | undefined, now: Native | undefined) => boolean) => (change: Change) =>
      test(
        change.event === 'INSERT' ? undefined : read(change.before, path),
        change.event === 'REMOVE' ? undefined : read(change.after, path),
      );
    const meanings: Record<typeof kind, Said> = {
      is: {
        filter: attr.is(...one),
        holds: ({ event, before, after }) => among(read(event === 'REMOVE' ? before : after, path), first),
      },
      changed: { filter: attr.changed(), holds: sides((old, now) => !same(old, now)) },
      from: { filter: attr.from(...one), holds: sides((old, now) => !same(old, now) && among(old, first)) },
      to: { filter: attr.to(...two), holds: sides((old, now) => !same(old, now) && among(now, second)) },
      fromTo: {
        filter: attr.from(...one).to(...two),
        holds: sides((old, now) => !same(old, now) && among(old, first) && among(now, second)),
      },
      appeared: {
        filter: attr.appeared(),
        holds: sides((old, now) => old === undefined && now !== undefined),
      },
      disappeared: {
        filter: attr.disappeared(),
        holds: sides((old, now) => old !== undefined && now === undefined),
      },
    };
    return meanings[kind];
  });

const recordFilter = fc.constantFrom<Said>(
  { filter: { kind: 'table', name: 'shop' }, holds: ({ table }) => table === 'shop' },
  { filter: { kind: 'eventName', names: ['INSERT', 'REMOVE'] }, holds: ({ event }) => event !== 'MODIFY' },
  {
    filter: { kind: 'removedBy', by: 'ttl' },
    holds: ({ event, by }) => event === 'REMOVE' && by === 'ttl',
  },
  {
    filter: keyFilter(shop.entity('User', { key: { pk: 'USER#:id' } })) as AnyFilter,
    holds: ({ key }) => key.pk === 'USER#1',
  },
  {
    filter: keyFilter(shop.entity('Seventh', { key: { pk: 'USER#:all*', sk: '7' } })) as AnyFilter,
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

it('a filter on the wire format says what it says on decoded items', () => {
  fc.assert(
    fc.property(said, fc.array(change, { minLength: 4, maxLength: 4 }), ({ filter, holds }, changes) => {
      const test = matcher(filter);
      const again = matcher(JSON.parse(JSON.stringify(filter)));
      expect(printFilter(filter)).not.toMatch(/undefined|\[object|\n/);
      for (const change of changes) {
        const record = recordOf(change);
        expect(test(record)).toBe(holds(change));
        expect(again(record)).toBe(holds(change));
      }
    }),
    { numRuns: 500 },
  );
});

it('a filter judges a record that has no other images than those that it is said to read', () => {
  fc.assert(
    fc.property(said, change, ({ filter, holds }, change) => {
      const { dynamodb, ...record } = recordOf(change);
      const read = imagesRead(filter, change.event);
      const { NewImage, OldImage, ...rest } = dynamodb;
      const images = {
        ...(NewImage && read.has('NewImage') && { NewImage }),
        ...(OldImage && read.has('OldImage') && { OldImage }),
      };
      expect(matcher(filter)({ ...record, dynamodb: { ...rest, ...images } })).toBe(holds(change));
    }),
    { numRuns: 300 },
  );
});

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

function recordOf({ event, key, table, by, before, after }: Change): StreamRecord {
  return {
    eventName: event,
    eventSourceARN: `arn:aws:dynamodb:us-east-1:123456789012:table/${table}/stream/2026-01-01T00:00:00.000`,
    ...(by === 'ttl' && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
    dynamodb: {
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
