import { describe, expect, it } from 'vitest';
import {
  type AnyFilter,
  type AttributeMap,
  type AttributeValue,
  absent,
  any,
  decimal,
  matcher,
  type StreamRecord,
  streamRegion,
  table,
  value,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const v = shop.attr('v');

const streamArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000';

function written(stored: AttributeValue | undefined): StreamRecord {
  return {
    eventName: 'INSERT',
    eventSourceARN: streamArn,
    dynamodb: { Keys: {}, NewImage: stored ? { v: stored } : {}, SequenceNumber: '1' },
  };
}

function changed(old: AttributeValue | undefined, now: AttributeValue | undefined): StreamRecord {
  return {
    eventName: 'MODIFY',
    eventSourceARN: streamArn,
    dynamodb: {
      Keys: {},
      OldImage: old ? { v: old } : {},
      NewImage: now ? { v: now } : {},
      SequenceNumber: '1',
    },
  };
}

const passes = (filter: AnyFilter, record: StreamRecord) => matcher(filter)(record);

/** One value of each type, and none. */
const ofEachType: readonly (AttributeValue | undefined)[] = [
  undefined,
  { S: 'text' },
  { N: '5' },
  { B: 'AQI=' },
  { BOOL: true },
  { NULL: true },
  { M: { a: { S: 'text' } } },
  { L: [{ S: 'text' }] },
  { SS: ['text'] },
  { NS: ['5'] },
  { BS: ['AQI='] },
];
const typeLetter = (stored: AttributeValue | undefined) => (stored ? Object.keys(stored)[0] : 'none');
const typesThatPass = (filter: AnyFilter) =>
  ofEachType.filter((stored) => passes(filter, written(stored))).map(typeLetter);

describe('a test of text', () => {
  it('looks at its beginning, its end, or finds an expression in it', () => {
    const name = written({ S: 'ORDER-7' });
    expect(passes(v.startsWith('ORDER-'), name)).toBe(true);
    expect(passes(v.startsWith('RDER'), name)).toBe(false);
    expect(passes(v.endsWith('-7'), name)).toBe(true);
    expect(passes(v.endsWith('ORDER'), name)).toBe(false);
    expect(passes(v.matches(/der-\d$/i), name)).toBe(true);
    expect(passes(v.matches(/der-\d$/), name)).toBe(false);
    expect(passes(v.startsWith(''), written({ S: '' }))).toBe(true);
  });

  it('is passed by text alone, never by the digits of a number or the base64 of bytes', () => {
    expect(typesThatPass(v.startsWith(''))).toEqual(['S']);
    expect(typesThatPass(v.endsWith(''))).toEqual(['S']);
    expect(typesThatPass(v.matches(/(?:)/))).toEqual(['S']);
  });

  it.each(['g', 'y', 'gy'])('gives the same answer each time it is asked, with the flag %s too', (flags) => {
    const filter = matcher(v.matches(new RegExp('ab', flags)));
    const answers = Array.from({ length: 3 }, () => filter(written({ S: 'abab' })));
    expect(answers).toEqual([true, true, true]);
  });
});

describe('a test of a number', () => {
  it.each<[string, number, string[]]>([
    ['lessThan', 10, ['9.999', '-1', '0']],
    ['atMost', 10, ['9.999', '10', '1E1', '-1', '0']],
    ['greaterThan', 10, ['10.001', '11', '1E+30']],
    ['atLeast', 10, ['10', '1E1', '10.001', '11', '1E+30']],
  ])('%s(%d) is passed by %j', (name, limit, expected) => {
    const test = v[name as 'lessThan'];
    const numbers = ['9.999', '10', '1E1', '10.001', '11', '-1', '0', '1E+30'];
    const passing = numbers.filter((N) => passes(test(limit), written({ N })));
    expect(passing).toEqual(numbers.filter((number) => expected.includes(number)));
  });

  it('is exact in the 38th digit, and beyond doubles', () => {
    const close = `0.${'1'.repeat(37)}`;
    expect(passes(v.lessThan(decimal(`${close}2`)), written({ N: `${close}1` }))).toBe(true);
    expect(passes(v.lessThan(decimal(`${close}1`)), written({ N: `${close}1` }))).toBe(false);
    expect(passes(v.greaterThan(9007199254740992n), written({ N: '9007199254740993' }))).toBe(true);
    expect(passes(v.is(decimal('1.50')), written({ N: '15E-1' }))).toBe(true);
    expect(passes(v.atMost(0), written({ N: '1E-130' }))).toBe(false);
  });

  it('is passed by numbers alone: nothing else throws, nothing else counts as 0', () => {
    for (const filter of [v.lessThan(100), v.atMost(100), v.greaterThan(-100), v.atLeast(-100)]) {
      expect(typesThatPass(filter)).toEqual(['N']);
    }
  });

  it('fails the record for an N that is none', () => {
    expect(() => passes(v.lessThan(1), written({ N: 'one' }))).toThrowError(
      expect.objectContaining({ code: 'MALFORMED_VALUE' }),
    );
  });

  it('is made of numbers that DynamoDB can store', () => {
    expect(() => v.lessThan(Number.NaN)).toThrowError(TypeError);
    expect(() => v.atLeast('10' as never)).toThrowError(TypeError);
    expect(() => decimal('ten')).toThrowError(expect.objectContaining({ code: 'MALFORMED_VALUE' }));
  });
});

describe('a test of members', () => {
  it('is passed by a set or list with one of them, in any way of writing it', () => {
    expect(passes(v.has('vip'), written({ SS: ['new', 'vip'] }))).toBe(true);
    expect(passes(v.has('vip'), written({ SS: ['new'] }))).toBe(false);
    expect(passes(v.has('old', 'vip'), written({ SS: ['new', 'vip'] }))).toBe(true);
    expect(passes(v.has(1), written({ NS: ['2', '1.0'] }))).toBe(true);
    expect(passes(v.has(new Uint8Array([1, 2])), written({ BS: ['AQI='] }))).toBe(true);
    expect(passes(v.has('vip'), written({ L: [{ S: 'vip' }] }))).toBe(true);
    expect(
      passes(
        v.has({ sku: 'A', sizes: new Set([2, 1]) }),
        written({
          L: [{ M: { sizes: { NS: ['1', '2E0'] }, sku: { S: 'A' } } }],
        }),
      ),
    ).toBe(true);
  });

  it('takes types for what they are, and looks no deeper', () => {
    expect(passes(v.has(1), written({ SS: ['1'] }))).toBe(false);
    expect(passes(v.has('1'), written({ NS: ['1'] }))).toBe(false);
    expect(passes(v.has('vip'), written({ L: [{ L: [{ S: 'vip' }] }] }))).toBe(false);
    expect(passes(v.has('vip'), written({ S: 'vip' }))).toBe(false);
    expect(passes(v.has('vip'), written({ M: { vip: { S: 'vip' } } }))).toBe(false);
    expect(passes(v.has(false), written({ L: [{ BOOL: true }, { NULL: true }] }))).toBe(false);
  });
});

describe('size', () => {
  it.each<[AttributeValue, number]>([
    [{ S: '' }, 0],
    [{ S: 'über' }, 4],
    [{ S: '👍' }, 2],
    [{ B: '' }, 0],
    [{ B: 'AQI=' }, 2],
    [{ B: 'AQID' }, 3],
    [{ M: {} }, 0],
    [JSON.parse('{"M":{"__proto__":{"S":"x"},"b":{"S":"y"}}}'), 2],
    [{ L: [] }, 0],
    [{ L: [{ S: 'a' }, { S: 'a' }] }, 2],
    [{ SS: ['a', 'b'] }, 2],
    [{ NS: ['1'] }, 1],
    [{ BS: ['AQI=', 'AQID'] }, 2],
  ])('of %j is %d', (stored, size) => {
    expect(passes(v.size(size), written(stored))).toBe(true);
    expect(passes(v.size(size + 1), written(stored))).toBe(false);
    expect(passes(v.size(value.atLeast(size)), written(stored))).toBe(true);
    expect(passes(v.size(value.lessThan(size)), written(stored))).toBe(false);
  });

  it('is what numbers, booleans and null do not have, and what is not there does not either', () => {
    expect(typesThatPass(v.size(value.atLeast(0)))).toEqual(['S', 'B', 'M', 'L', 'SS', 'NS', 'BS']);
  });
});

describe('presence and type', () => {
  it('null, false, 0, empty text and empty collections are there', () => {
    const empty: AttributeValue[] = [
      { NULL: true },
      { BOOL: false },
      { N: '0' },
      { S: '' },
      { L: [] },
      { M: {} },
    ];
    for (const stored of empty) expect(passes(v.exists(), written(stored))).toBe(true);
    expect(passes(v.exists(), written(undefined))).toBe(false);
  });

  it('a value has the type of its letter, and what is not there has none', () => {
    expect(typesThatPass(v.ofType('N', 'NULL'))).toEqual(['N', 'NULL']);
    expect(typesThatPass(v.ofType('SS'))).toEqual(['SS']);
  });
});

describe('whole sets, lists and maps', () => {
  it.each<[string, Parameters<typeof v.is>[0], AttributeValue, AttributeValue]>([
    ['a set without order', new Set(['a', 'b']), { SS: ['b', 'a'] }, { SS: ['a'] }],
    [
      'a set of numbers by value',
      new Set([1, 2n, decimal('0.5')]),
      { NS: ['5E-1', '2.0', '1'] },
      { NS: ['1'] },
    ],
    ['a set of bytes', new Set([new Uint8Array([1, 2])]), { BS: ['AQI='] }, { BS: ['AQID'] }],
    ['a list in its order', ['a', 1], { L: [{ S: 'a' }, { N: '1.0' }] }, { L: [{ N: '1' }, { S: 'a' }] }],
    ['an empty list', [], { L: [] }, { M: {} }],
    ['a map', { a: { b: null } }, { M: { a: { M: { b: { NULL: true } } } } }, { M: { a: { M: {} } } }],
    ['an empty map', {}, { M: {} }, { L: [] }],
    [
      'a map with an attribute called __proto__',
      JSON.parse('{"__proto__":true}'),
      JSON.parse('{"M":{"__proto__":{"BOOL":true}}}'),
      { M: {} },
    ],
  ])('are compared as they are stored: %s', (_what, literal, same, other) => {
    expect(passes(v.is(literal), written(same))).toBe(true);
    expect(passes(v.is(literal), written(other))).toBe(false);
    expect(passes(v.from(literal).to(absent), changed(same, undefined))).toBe(true);
  });

  it('have each member once, however often it is written', () => {
    const numbers = v.is(new Set([1, decimal('1.0')]));
    expect(passes(numbers, written({ NS: ['1'] }))).toBe(true);
    expect(passes(numbers, written({ NS: ['1', '2'] }))).toBe(false);
    const bytes = v.is(new Set([new Uint8Array([1]), new Uint8Array([1])]));
    expect(passes(bytes, written({ BS: ['AQ=='] }))).toBe(true);
    expect(passes(bytes, written({ BS: ['AQ==', 'Ag=='] }))).toBe(false);
  });

  it('do not follow what they were made from', () => {
    const list = ['a'];
    const filter = v.is(list);
    list.push('b');
    expect(passes(filter, written({ L: [{ S: 'a' }] }))).toBe(true);
  });
});

describe('tests in from and to', () => {
  it('say what the values on both sides are like', () => {
    const reached = v.from(value.lessThan(100)).to(value.atLeast(100));
    expect(passes(reached, changed({ N: '99.9' }, { N: '100' }))).toBe(true);
    expect(passes(reached, changed({ N: '100' }, { N: '101' }))).toBe(false);
    expect(passes(reached, changed(undefined, { N: '101' }))).toBe(false);
    expect(passes(reached, changed({ S: '99' }, { N: '101' }))).toBe(false);
  });

  it('stand beside values', () => {
    const filter = v.from(absent, null, value.startsWith('DRAFT')).to(value.exists());
    expect(passes(filter, changed(undefined, { S: 'x' }))).toBe(true);
    expect(passes(filter, changed({ NULL: true }, { S: 'x' }))).toBe(true);
    expect(passes(filter, changed({ S: 'DRAFT-1' }, { S: 'x' }))).toBe(true);
    expect(passes(filter, changed({ S: 'FINAL' }, { S: 'x' }))).toBe(false);
    expect(passes(filter, changed({ S: 'DRAFT-1' }, undefined))).toBe(false);
  });

  it('are no change by themselves: the value has to be another one', () => {
    const big = { N: '200' };
    expect(passes(v.to(value.atLeast(100)), changed(big, { N: '2E2' }))).toBe(false);
    expect(passes(v.to(value.exists()), changed(big, big))).toBe(false);
  });

  it('are told from a plain object that looks like one', () => {
    const map: AttributeMap = { kind: { S: 'exists' } };
    expect(passes(v.is({ kind: 'exists' }), written({ M: map }))).toBe(true);
    expect(passes(v.is({ kind: 'exists' }), written({ S: 'anything' }))).toBe(false);
  });
});

describe('the Region of the stream', () => {
  const origin = shop.attr('v');

  it('is what an origin attribute of a global table is compared with', () => {
    expect(passes(origin.is(streamRegion), written({ S: 'eu-central-1' }))).toBe(true);
    expect(passes(origin.is(streamRegion), written({ S: 'us-east-1' }))).toBe(false);
    expect(passes(any(origin.is(absent, streamRegion)), written(undefined))).toBe(true);
    expect(passes(origin.is(streamRegion), written(undefined))).toBe(false);
    expect(passes(origin.is(streamRegion), written({ SS: ['eu-central-1'] }))).toBe(false);
    expect(
      passes(origin.from('us-east-1').to(streamRegion), changed({ S: 'us-east-1' }, { S: 'eu-central-1' })),
    ).toBe(true);
  });

  it('is unknown where the ARN has none, and then equal to nothing', () => {
    const strange = (stored: AttributeValue | undefined) => ({ ...written(stored), eventSourceARN: 'shop' });
    expect(passes(origin.is(streamRegion), strange({ S: '' }))).toBe(false);
    expect(passes(origin.is(streamRegion), strange(undefined))).toBe(false);
  });

  it('is of the record and not of the machine: two records of two Regions differ', () => {
    const filter = matcher(origin.is(streamRegion));
    const record = written({ S: 'us-east-1' });
    expect(filter(record)).toBe(false);
    expect(filter({ ...record, eventSourceARN: streamArn.replace('eu-central-1', 'us-east-1') })).toBe(true);
  });
});

describe('a value that cannot be judged', () => {
  it.each([
    ['two type letters', { S: 'x', N: '1' }],
    ['no type letter', {}],
    ['a plain value', 'x'],
    ['a plain empty text', ''],
    ['a plain null', null],
  ])('fails the record in every test that looks into it: %s', (_what, malformed) => {
    const record = written(undefined);
    const given = { ...record, dynamodb: { ...record.dynamodb, NewImage: { v: malformed as never } } };
    const filters = [
      v.is('x'),
      v.is(streamRegion),
      v.startsWith('x'),
      v.endsWith('x'),
      v.matches(/x/),
      v.lessThan(1),
      v.has('x'),
      v.size(1),
      v.ofType('S'),
    ];
    for (const filter of filters) {
      expect(() => passes(filter, given)).toThrowError(expect.objectContaining({ code: 'MALFORMED_VALUE' }));
    }
  });
});
