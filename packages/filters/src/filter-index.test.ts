import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AnyFilter,
  type AttributeMap,
  type AttributeValue,
  absent,
  all,
  any,
  type EventName,
  type FilterNode,
  filterIndex,
  keyFilter,
  matcher,
  nodeOf,
  not,
  type StreamRecord,
  streamRegion,
  table,
  where,
} from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });

/** What testing one filter after another finds: positions, and of those that cannot judge the record the error's name too. */
function linear(filters: readonly AnyFilter[], record: StreamRecord): readonly string[] {
  return filters.flatMap((filter, position) => {
    try {
      return matcher(filter)(record) ? String(position) : [];
    } catch (error) {
      return `${position} ${(error as Error).name}`;
    }
  });
}

function indexed(filters: readonly AnyFilter[], record: StreamRecord): readonly string[] {
  const entries = filters.map((filter, position) => ({ filter: nodeOf(filter), value: String(position) }));
  const find = filterIndex(
    entries,
    record.eventName,
    (position, error) => `${position} ${(error as Error).name}`,
  );
  const found = find(record);
  expect(find(record)).toEqual(found);
  return found;
}

const scalars = fc.constantFrom('x', 'y', 1, true, null, absent);
const path = fc.constantFrom('a', 'b', 'a.b', 'a[0]');
const template = fc.constantFrom('U#:u', 'U#X#:u', 'V', ':u', 'U#:rest*');

const { filter } = fc.letrec<{ filter: AnyFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.tuple(path, scalars).map(([at, one]) => shop.attr(at).is(one)),
    fc.tuple(path, scalars, scalars).map(([at, one, two]) => shop.attr(at).is(one, two)),
    fc.tuple(path, scalars).map(([at, one]) => shop.attr(at).to(one)),
    fc.tuple(path, scalars).map(([at, one]) => shop.attr(at).from(one)),
    fc.tuple(path, scalars, scalars).map(([at, one, two]) => shop.attr(at).from(one).to(two)),
    path.map((at) => shop.attr(at).changed()),
    template.map((pk) => keyFilter(shop.entity('E', { key: { pk } })) as FilterNode),
    fc
      .tuple(template, template)
      .map(([pk, sk]) => keyFilter(shop.entity('E', { key: { pk, sk } })) as FilterNode),
    fc.array(tie('filter'), { maxLength: 3 }).map((filters) => all(...filters)),
    fc.array(tie('filter'), { maxLength: 3 }).map((filters) => any(...filters)),
    tie('filter').map((one) => not(one)),
  ),
}));

const wire = fc.constantFrom<AttributeValue>(
  { S: 'x' },
  { S: 'y' },
  { S: '1' },
  { N: '1' },
  { N: '1.0' },
  { BOOL: true },
  { NULL: true },
  { M: { b: { S: 'x' } } },
  { L: [{ S: 'x' }] },
  { SS: ['x'] },
  // What DynamoDB cannot have written: a filter that looks at it cannot judge the record.
  { S: 'x', N: '1' } as never,
  {} as never,
);
const image = fc.dictionary(fc.constantFrom('a', 'b'), wire, { maxKeys: 2, noNullPrototype: true });
const keyValue = fc.constantFrom<AttributeValue>(
  { S: 'U#1' },
  { S: 'U#X#1' },
  { S: 'V' },
  { S: '' },
  { N: '7' },
  { B: 'AQ==' },
  {} as never,
);
const keys = fc.record({ pk: keyValue, sk: keyValue }, { requiredKeys: ['pk'], noNullPrototype: true });

const record = fc
  .tuple(
    fc.constantFrom<EventName>('INSERT', 'MODIFY', 'REMOVE'),
    keys,
    image,
    image,
    fc.constantFrom('both', 'none'),
  )
  .map(([eventName, Keys, NewImage, OldImage, images]) =>
    ofImages(eventName, Keys, images === 'both' ? { NewImage, OldImage } : {}),
  );

function ofImages(
  eventName: EventName,
  Keys: AttributeMap,
  { NewImage, OldImage }: { NewImage?: AttributeMap; OldImage?: AttributeMap },
): StreamRecord {
  return {
    eventName,
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: {
      Keys,
      ...(eventName !== 'REMOVE' && NewImage && { NewImage }),
      ...(eventName !== 'INSERT' && OldImage && { OldImage }),
      SequenceNumber: '1',
    },
  };
}

describe('an index of filters', () => {
  it('finds what testing one filter after another finds, in the same order, faults included', () => {
    fc.assert(
      fc.property(fc.array(filter, { minLength: 1, maxLength: 30 }), record, (filters, given) => {
        expect(indexed(filters, given)).toEqual(linear(filters, given));
      }),
      { numRuns: 2000 },
    );
  });

  describe('tests only the filters that ask for what the record has', () => {
    /** A filter with a note of its being tested, which stands first: nothing but the index can spare it. */
    const watched = (filter: AnyFilter, tested: Set<number>, number: number) => {
      const see = () => tested.add(number).size > 0;
      return all(where('seen', see, { reads: [] }), filter);
    };
    const item = { status: { S: 'S177' }, owner: { N: '77.0' } };
    const key = { pk: { S: 'T177#1' } };
    const MODIFY = ofImages('MODIFY', key, { OldImage: { status: { S: 'S1' } }, NewImage: item });
    const INSERT = ofImages('INSERT', key, { NewImage: item });
    const REMOVE = ofImages('REMOVE', key, { OldImage: item });
    const status = shop.attr('status');

    it.each<[string, StreamRecord, (number: number) => AnyFilter, readonly number[]]>([
      ['in a value', MODIFY, (number) => status.is(`S${number}`), [177]],
      ['in a value that was deleted', REMOVE, (number) => status.is(`S${number}`), [177]],
      ['in a value that changes', MODIFY, (number) => status.from('S1').to(`S${number}`), [177]],
      ['in a value that appears', INSERT, (number) => status.from(absent).to(`S${number}`), [177]],
      ['in a value that disappears', REMOVE, (number) => status.from(`S${number}`).to(absent), [177]],
      ['in a number, however it is written', MODIFY, (number) => shop.attr('owner').is(number), [77]],
      ['in one of several values', MODIFY, (number) => status.is(`S${number}`, `S${number + 1}`), [176, 177]],
      ['in one of several filters', MODIFY, inOneOfTwo, [176, 177]],
      ['at the beginning of a key', MODIFY, (number) => keyOf(`T${number}#:id`), [177]],
      ['in one place and then in another', MODIFY, inTwoPlaces, [177]],
    ])('%s', (_where, change, filterOf, expected) => {
      const tested = new Set<number>();
      const filters = Array.from({ length: 200 }, (_, number) => watched(filterOf(number), tested, number));
      expect(indexed(filters, change)).toEqual(expected.map(String));
      expect([...tested]).toEqual(expected);
    });

    function inOneOfTwo(number: number): AnyFilter {
      return any(status.is(`S${number}`), all(status.is(`S${number + 1}`), shop.attr('owner').is(77)));
    }

    function keyOf(pk: string): FilterNode {
      return keyFilter(shop.entity('E', { key: { pk } })) as FilterNode;
    }

    function inTwoPlaces(number: number): AnyFilter {
      return all(shop.attr('owner').is(number % 100), status.is(`S${number}`));
    }
  });

  it('tests what a literal alone does not decide', () => {
    const [a, b] = [shop.attr('a'), shop.attr('b')];
    const filters = [
      any(a.is('x'), all(a.is('y'), b.is('x'))),
      any(all(a.is('y'), b.is('x')), a.is('x')),
      all(a.is('y'), b.is('x')),
      all(a.is('y'), not(b.is('x'))),
    ];
    const image = (one: string, two: string) => ({ NewImage: { a: { S: one }, b: { S: two } } });
    const found = (one: string, two: string) => indexed(filters, ofImages('INSERT', {}, image(one, two)));
    expect(found('x', 'y')).toEqual(['0', '1']);
    expect(found('y', 'x')).toEqual(['0', '1', '2']);
    expect(found('y', 'y')).toEqual(['3']);
  });

  it('finds filters by their other values where one cannot be looked up', () => {
    const a = shop.attr('a');
    const filters = [
      a.is('x', ['x']),
      a.is(['x'], 'x'),
      a.is({ b: 'x' }),
      a.is('x', streamRegion),
      a.is('x'),
    ];
    const found = (value: AttributeValue) =>
      indexed(filters, ofImages('INSERT', {}, { NewImage: { a: value } }));
    expect(found({ S: 'x' })).toEqual(['0', '1', '3', '4']);
    expect(found({ L: [{ S: 'x' }] })).toEqual(['0', '1']);
    expect(found({ M: { b: { S: 'x' } } })).toEqual(['2']);
    expect(found({ S: 'eu-central-1' })).toEqual(['3']);
  });

  it('tests a part that filters have in common once a record, and anew for the next one', () => {
    let tested = 0;
    let answer = true;
    const common: FilterNode = {
      kind: 'where',
      description: 'common',
      reads: [],
      test: () => {
        tested++;
        return answer;
      },
    };
    const filters = [shop.attr('a').changed(), shop.attr('b').is('x'), not(shop.attr('a').is('y'))];
    const find = filterIndex(
      filters.map((one, value) => ({ filter: nodeOf(all(common, one)), value })),
      'INSERT',
      (value) => value,
    );
    const change = ofImages('INSERT', { pk: { S: 'U' } }, { NewImage: { a: { S: 'x' }, b: { S: 'x' } } });
    expect(find(change)).toEqual([0, 1, 2]);
    expect(tested).toBe(1);
    answer = false;
    expect(find(change)).toEqual([]);
    expect(tested).toBe(2);
  });

  it('tells functions apart that say the same of themselves', () => {
    const saying = (answer: boolean) => where('same', () => answer, { reads: [] });
    const change = ofImages('INSERT', { pk: { S: 'U' } }, { NewImage: {} });
    expect(indexed([saying(true), saying(false), saying(true), saying(false)], change)).toEqual(['0', '2']);
  });

  it('finds a filter once, however many of its values are the same', () => {
    const change = ofImages('INSERT', { pk: { S: 'U' } }, { NewImage: { a: { N: '1.0' } } });
    const twice = any(shop.attr('a').is(1, 1), shop.attr('a').is(1));
    expect(indexed([twice, twice, twice, twice], change)).toEqual(['0', '1', '2', '3']);
  });

  it('tells values of two types apart whose letters and texts say the same together', () => {
    const bytes = new Uint8Array(Buffer.from('OOLfalse', 'base64'));
    const asked = ['x', 'y', 'z'].map((text) => shop.attr('a').is(text));
    const change = ofImages('INSERT', { pk: { S: 'U' } }, { NewImage: { a: { B: 'OOLfalse' } } });
    expect(indexed([...asked, shop.attr('a').is(bytes, false)], change)).toEqual(['3']);
  });

  it('does not stand in a place for each way to combine many values of many attributes', () => {
    let written = 0;
    const counted: FilterNode = {
      kind: 'where',
      reads: [],
      test: () => true,
      // It is read wherever a test is made of the filter.
      get description() {
        written++;
        return 'counted';
      },
    };
    const oneOf = (name: string) => shop.attr(name).is(0, ...Array.from({ length: 20 }, (_, text) => text));
    const filters = Array.from({ length: 5 }, () => all(oneOf('a'), oneOf('b'), oneOf('c'), counted));
    const images = { NewImage: { a: { N: '1' }, b: { N: '2' }, c: { N: '3' } } };
    const change = ofImages('INSERT', { pk: { S: 'U' } }, images);
    const find = filterIndex(
      filters.map((filter, value) => ({ filter: nodeOf(filter), value })),
      'INSERT',
      (value) => value,
    );
    expect(find(change)).toEqual([0, 1, 2, 3, 4]);
    expect(written).toBeLessThan(1000);
  });
});
