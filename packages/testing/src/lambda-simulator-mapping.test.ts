import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterAnswer,
  aged,
  answerOf,
  type Batch,
  lanesOf,
  type MappingRules,
  takeBatch,
} from './lambda-simulator-mapping.js';
import { recordsOf } from './records.js';

fc.configureGlobal({ seed: 20_260_101 });

const shop = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' } });
const records = Array.from({ length: 5 }, (_, n) => shop.insert({ pk: 'a', sk: String(n) }));
const numbers = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
const rules: MappingRules = {
  maximumRetryAttempts: 2,
  maximumRecordAgeInSeconds: -1,
  bisectBatchOnFunctionError: false,
};
const bisecting: MappingRules = { ...rules, bisectBatchOnFunctionError: true };
const failed = { kind: 'failed' } as const;
const partialAt = (index: number) => ({ kind: 'partial', retryFrom: numbers[index] as string }) as const;
const batchOf = (retries = 0, from = 0, to = 5): Batch => ({ records: records.slice(from, to), retries });

describe('after an answer', () => {
  it('nothing is left of a batch that is done', () => {
    expect(afterAnswer(batchOf(), answerOf({ retryFrom: undefined }), rules)).toEqual({
      again: [],
      discarded: [],
    });
  });

  it('a batch that failed comes again as a whole, and counts a retry', () => {
    const fault = 'names no record of the batch';
    const answer = answerOf({ retryFrom: numbers[0], fault });
    expect(afterAnswer({ ...batchOf(), requestId: 'r' }, answer, rules)).toEqual({
      again: [{ ...batchOf(1), requestId: 'r' }],
      discarded: [],
    });
  });

  it('the rest of a batch comes again, and counts a retry', () => {
    const answer = answerOf({ retryFrom: numbers[3] });
    expect(afterAnswer(batchOf(1), answer, rules)).toEqual({ again: [batchOf(2, 3)], discarded: [] });
  });

  it('the rest of a batch is discarded after the last retry, and never with -1', () => {
    expect(afterAnswer(batchOf(2), partialAt(3), rules)).toEqual({
      again: [],
      discarded: records.slice(3),
    });
    const forEver = { ...rules, maximumRetryAttempts: -1 };
    expect(afterAnswer(batchOf(9999), failed, forEver)).toEqual({ again: [batchOf(10_000)], discarded: [] });
  });
});

describe('with bisecting', () => {
  it('a batch that failed is halved, in order, and neither half has used up a retry', () => {
    expect(afterAnswer(batchOf(2), failed, bisecting)).toEqual({
      again: [batchOf(2, 0, 3), batchOf(2, 3)],
      discarded: [],
    });
  });

  it('one record cannot be halved, and uses up its retries', () => {
    const one = (retries: number) => batchOf(retries, 0, 1);
    expect(afterAnswer(one(1), failed, bisecting).again).toEqual([one(2)]);
    expect(afterAnswer(one(2), failed, bisecting)).toEqual({ again: [], discarded: records.slice(0, 1) });
  });

  it('a batch that was reported in part is cut at the number, which uses up no retry', () => {
    expect(afterAnswer(batchOf(2), partialAt(3), bisecting)).toEqual({
      again: [batchOf(2, 3)],
      discarded: [],
    });
  });

  it('a batch of which the first record was reported has nothing to cut, and uses up a retry', () => {
    expect(afterAnswer(batchOf(1), partialAt(0), bisecting).again).toEqual([batchOf(2)]);
    expect(afterAnswer(batchOf(2), partialAt(0), bisecting).discarded).toEqual(records);
  });

  it('a record that always fails is found, and only it is discarded', () => {
    fc.assert(
      fc.property(fc.nat(4), fc.integer({ min: 0, max: 3 }), (poison, maximumRetryAttempts) => {
        let pending: readonly Batch[] = [batchOf()];
        const discarded: unknown[] = [];
        while (pending.length > 0) {
          const [batch, ...later] = pending as [Batch, ...Batch[]];
          const isPoisoned = batch.records.includes(records[poison] as (typeof records)[0]);
          const answer = isPoisoned ? failed : { kind: 'done' as const };
          const next = afterAnswer(batch, answer, { ...bisecting, maximumRetryAttempts });
          discarded.push(...next.discarded);
          pending = [...next.again, ...later];
        }
        expect(discarded).toEqual([records[poison]]);
      }),
    );
  });
});

describe('the next batch', () => {
  const windowMs = Infinity;
  const writtenMs = (record: (typeof records)[0]) => 1000 * records.indexOf(record);

  it('is what comes again before what was never delivered', () => {
    const queue = { pending: [batchOf(1, 0, 2), batchOf(1, 2, 3)], waiting: records.slice(3) };
    expect(takeBatch(queue, 0, { batchSize: 1, writtenMs, windowMs })).toEqual({
      batch: batchOf(1, 0, 2),
      rest: { pending: [batchOf(1, 2, 3)], waiting: records.slice(3) },
    });
  });

  it('has as many records as a batch may, or as are written by now', () => {
    const queue = { pending: [], waiting: records };
    const sizeAt = (nowMs: number, batchSize: number) =>
      takeBatch(queue, nowMs, { batchSize, writtenMs, windowMs }).batch.records.length;
    expect([sizeAt(9000, 3), sizeAt(9000, 100), sizeAt(1000, 100), sizeAt(999, 100)]).toEqual([3, 5, 2, 1]);
  });
});

describe('age', () => {
  const writtenMs = (record: (typeof records)[0]) => 1000 * records.indexOf(record);
  const minute = { ...rules, maximumRecordAgeInSeconds: 60 };
  const day = 86_400_000;

  it('takes off what is older than the mapping allows', () => {
    expect(aged(batchOf(1), 61_000, minute, writtenMs)).toEqual({
      batch: batchOf(1, 1),
      expired: records.slice(0, 1),
      trimmed: [],
    });
    expect(aged(batchOf(1), 60_000, minute, writtenMs).expired).toEqual([]);
    expect(aged(batchOf(1), 65_000, minute, writtenMs).batch.records).toEqual([]);
  });

  it('has the limit of what a stream keeps, where the mapping has none or a longer one', () => {
    const week = { ...rules, maximumRecordAgeInSeconds: 604_800 };
    for (const limits of [rules, week]) {
      expect(aged(batchOf(), day + 1001, limits, writtenMs)).toEqual({
        batch: batchOf(0, 2),
        expired: [],
        trimmed: records.slice(0, 2),
      });
    }
  });
});

describe('lanes', () => {
  it('keep all changes of an item together and in order, and differ from item to item', () => {
    const item = fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 30 }));
    const plan = fc.array(item, { maxLength: 60 });
    fc.assert(
      fc.property(plan, fc.integer({ min: 1, max: 10 }), (items, factor) => {
        const builder = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' } });
        const written = items.map(([pk, sk]) => builder.insert({ pk, sk }));
        const lanes = lanesOf(written, factor);
        expect(lanes).toHaveLength(factor);
        expect(lanes.flat()).toHaveLength(written.length);
        for (const lane of lanes) expect(lane).toEqual(written.filter((record) => lane.includes(record)));
        const lanesOfItem = Map.groupBy(written, ({ dynamodb }) => JSON.stringify(dynamodb.Keys));
        for (const changes of lanesOfItem.values()) {
          expect(lanes.filter((lane) => changes.some((change) => lane.includes(change)))).toHaveLength(1);
        }
      }),
    );
    const spread = lanesOf(
      Array.from({ length: 300 }, (_, n) => shop.insert({ pk: 'p', sk: `ORDER#${n}` })),
      10,
    );
    expect(Math.min(...spread.map(({ length }) => length))).toBeGreaterThan(10);
  });
});
