import { type StreamRecord, table } from '@sluice/filters';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRecords } from './check-records.js';
import { createDrain, createRouter, type Logger, route } from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

const shop = table('shop', { keys: { partition: 'pk' } });
const arn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000';

function record(sequence: string, more: object = {}): StreamRecord {
  return {
    eventName: 'INSERT',
    eventSourceARN: arn,
    dynamodb: { Keys: { pk: { S: 'A' } }, NewImage: {}, SequenceNumber: sequence },
    ...more,
  };
}

const withDynamodb = (more: object) => record('2', { dynamodb: { ...record('2').dynamodb, ...more } });

const malformed: [string, unknown, RegExp][] = [
  ['null', null, /eventName undefined.*INSERT, MODIFY or REMOVE/],
  ['undefined', undefined, /eventName undefined/],
  ['text', 'INSERT', /eventName undefined/],
  ['a list', [], /eventName undefined/],
  ['no event name', record('2', { eventName: undefined }), /eventName undefined.*INSERT, MODIFY or REMOVE/],
  [
    'an event name of another service',
    record('2', { eventName: 'aws:kinesis:record' }),
    /eventName aws:kinesis:record;/,
  ],
  ['an event name in lower case', record('2', { eventName: 'insert' }), /eventName insert;/],
  ['an event name that objects inherit', record('2', { eventName: 'constructor' }), /eventName constructor;/],
  ['no stream', record('2', { eventSourceARN: undefined }), /eventSourceARN undefined.*arn:aws:dynamodb/],
  ['a stream that is no text', record('2', { eventSourceARN: {} }), /eventSourceARN \[object Object\]/],
  ['no dynamodb part', record('2', { dynamodb: undefined }), /no usable SequenceNumber/],
  ['null as dynamodb part', record('2', { dynamodb: null }), /no usable SequenceNumber/],
  [
    'no sequence number',
    withDynamodb({ SequenceNumber: undefined }),
    /no usable SequenceNumber, but undefined; expected text of decimal digits/,
  ],
  ['an empty sequence number', withDynamodb({ SequenceNumber: '' }), /no usable SequenceNumber, but ;/],
  [
    'a number as sequence number',
    withDynamodb({ SequenceNumber: 2 }),
    /SequenceNumber, but 2; expected text/,
  ],
  ['a bigint as sequence number', withDynamodb({ SequenceNumber: 2n }), /no usable SequenceNumber/],
  ['a negative sequence number', withDynamodb({ SequenceNumber: '-2' }), /no usable SequenceNumber/],
  ['a sequence number in hexadecimal', withDynamodb({ SequenceNumber: '0x2' }), /no usable SequenceNumber/],
  [
    'a sequence number with a line break',
    withDynamodb({ SequenceNumber: '2\n' }),
    /no usable SequenceNumber/,
  ],
  ['no keys', withDynamodb({ Keys: undefined }), /no dynamodb.Keys.*\{ "pk": \{ "S"/],
  ['null keys', withDynamodb({ Keys: null }), /no dynamodb.Keys/],
  ['empty keys', withDynamodb({ Keys: {} }), /no dynamodb.Keys/],
  ['keys that are text', withDynamodb({ Keys: 'A' }), /no dynamodb.Keys/],
];

describe('records that cannot be a delivery', () => {
  it.each(malformed)('are refused: %s', (_what, given, message) => {
    expect(() => checkRecords([record('1'), given, record('3')], undefined)).toThrowError(
      expect.objectContaining({ code: 'MALFORMED_RECORD', message: expect.stringMatching(message) }),
    );
    expect(() => checkRecords([record('1'), given], undefined)).toThrowError(/^Record 2 of 2 /);
  });

  it('are refused when they are of two streams', () => {
    const other = record('2', { eventSourceARN: arn.replace('shop', 'cart') });
    expect(() => checkRecords([record('1'), other], undefined)).toThrowError(
      /table\/cart.* behind .*table\/shop.*two streams/,
    );
    const sameTable = record('2', { eventSourceARN: arn.replace('2026', '2025') });
    expect(() => checkRecords([record('1'), sameTable], undefined)).toThrowError(/two streams/);
  });

  it.each(['', 'shop', 'arn:aws:kinesis:x:1:stream/shop'])(
    'are refused when their stream is "%s"',
    (streamArn) => {
      const given = ['1', '2'].map((sequence) => record(sequence, { eventSourceARN: streamArn }));
      expect(() => checkRecords(given, undefined)).toThrowError(
        /^Record 1 .*eventSourceARN .*; expected one as arn:aws:dynamodb/,
      );
      // Also where records of unknown tables are passed over: this is no table at all.
      const router = createRouter({
        routes: [route.on(shop, { id: 'h' }, () => undefined)],
        unknownTable: 'skip',
      });
      const drain = createDrain(router, { order: 'strict', afterFailure: { kind: 'stop' } });
      expect(() => drain.offer(given)).toThrowError(expect.objectContaining({ code: 'MALFORMED_RECORD' }));
    },
  );

  it.each([
    ['1', '1'],
    ['2', '1'],
    ['10', '9'],
    ['7', '007'],
    ['08', '7'],
    ['300000000000000499661', '300000000000000499660'],
  ])('are refused when %s is followed by %s', (first, second) => {
    expect(() => checkRecords([record(first), record(second)], undefined)).toThrowError(
      /SequenceNumber .*, not above .*ascend/,
    );
    expect(() => checkRecords([record(second)], first)).toThrowError(/not above/);
  });

  it('start nothing at all, though the fault is in the last of them', () => {
    const ran: string[] = [];
    const lines: string[] = [];
    const log = (_fields: object, message: string) => void lines.push(message);
    const logger: Logger = { debug: log, info: log, warn: log, error: log };
    const router = createRouter({
      routes: [route.on(shop, { id: 'h' }, () => void ran.push('h'))],
      logger,
    });
    for (const [, given] of malformed) {
      const drain = createDrain(router, { order: 'strict', afterFailure: { kind: 'stop' } });
      expect(() => drain.offer([record('1'), given as StreamRecord])).toThrowError();
      expect(drain.progress()).toEqual({ watermark: undefined, done: {}, attempts: {} });
      expect(drain.unfinished).toBe(0);
    }
    expect({ ran, lines }).toEqual({ ran: [], lines: [] });
  });
});

describe('records that can be a delivery', () => {
  it('are none, one or many, ascending as numbers', () => {
    checkRecords([], undefined);
    checkRecords([record('1')], undefined);
    checkRecords([record('9'), record('10'), record('0100')], '8');
    fc.assert(
      fc.property(fc.uniqueArray(fc.bigInt({ min: 0n, max: 10n ** 21n })), (numbers) => {
        const ascending = numbers.toSorted((a, b) => (a < b ? -1 : 1)).map(String);
        checkRecords(
          ascending.map((sequence) => record(sequence)),
          undefined,
        );
      }),
    );
  });

  it('hold whatever else the source puts in', () => {
    checkRecords(
      [record('1', { eventID: 7, dynamodb: { ...record('1').dynamodb, Extra: true }, more: {} })],
      undefined,
    );
  });
});
