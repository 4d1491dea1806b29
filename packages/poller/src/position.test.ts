import { recordsOf } from '@sluice/testing';
import { describe, expect, test } from 'vitest';
import { type Beginning, unread } from './checkpoint.js';
import { isWantedAt, iteratorAt, startOf } from './position.js';

const horizon: Beginning = { startingPosition: 'TRIM_HORIZON', startedAtMs: 1_000_000_500 };
const latest: Beginning = { startingPosition: 'LATEST', startedAtMs: 1_000_000_500 };
const begun = { ...unread(undefined), firstSequenceNumber: '7' };
const advanced = { ...begun, progress: { ...begun.progress, watermark: '9' } };

describe('a shard goes on', () => {
  test('behind its watermark, else at its first record, whatever the stream was begun with', () => {
    for (const beginning of [horizon, latest]) {
      expect(startOf(advanced, beginning)).toEqual({ kind: 'AFTER', sequenceNumber: '9' });
      expect(startOf(begun, beginning)).toEqual({ kind: 'AT', sequenceNumber: '7' });
    }
  });

  test('else at its oldest record; under LATEST without those from before the start, with a minute for clocks that differ', () => {
    expect(startOf(undefined, horizon)).toEqual({ kind: 'HORIZON' });
    expect(startOf(unread('parent'), latest)).toEqual({ kind: 'HORIZON', createdFrom: 1_000_000 - 60 });
  });

  test('never with an iterator of type LATEST', () => {
    const types = [advanced, begun, undefined].map(
      (kept) => iteratorAt(startOf(kept, latest)).ShardIteratorType,
    );
    expect(types).toEqual(['AFTER_SEQUENCE_NUMBER', 'AT_SEQUENCE_NUMBER', 'TRIM_HORIZON']);
  });
});

describe('of the records that the horizon gives', () => {
  const shop = recordsOf({
    table: 'shop',
    keys: { partition: 'pk' },
    startSequence: '999999999999999999999',
  });
  const [early, late] = [
    shop.insert({ pk: 'a' }, { atSeconds: 99 }),
    shop.insert({ pk: 'b' }, { atSeconds: 100 }),
  ];

  test('those from before the start are not wanted, and those that do not say when are', () => {
    const position = { kind: 'HORIZON', createdFrom: 100 } as const;
    const { ApproximateCreationDateTime: _, ...untimed } = early.dynamodb;
    expect([early, late].map((record) => isWantedAt(position, record))).toEqual([false, true]);
    expect(isWantedAt(position, { ...early, dynamodb: untimed })).toBe(true);
  });

  test('those that were read before a gap are not wanted: numbers count, not texts', () => {
    const position = { kind: 'HORIZON', after: early.dynamodb.SequenceNumber } as const;
    expect(late.dynamodb.SequenceNumber.length).toBeGreaterThan(early.dynamodb.SequenceNumber.length);
    expect([early, late].map((record) => isWantedAt(position, record))).toEqual([false, true]);
  });

  test('what is no record is wanted, for the drain to refuse', () => {
    const position = { kind: 'HORIZON', createdFrom: 100, after: '5' } as const;
    const broken: readonly unknown[] = [null, {}, { dynamodb: {} }, { dynamodb: { SequenceNumber: '' } }];
    expect(broken.map((record) => isWantedAt(position, record as never))).toEqual([true, true, true, true]);
  });
});
