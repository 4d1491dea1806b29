import { type AttributeMap, patternMatcher, route } from '@sluice/core';
import type { LambdaFunction } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { answering, mapped, noting, numberOf, reporting, routed, shop, writes } from './setup.js';

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html

const records = writes('A1 B1 C1 A2 B2 C2');
const [, B1, C1, A2, B2, C2] = records;
const keyIn = (...names: readonly string[]) => ({ Pattern: pattern({ Keys: { pk: { S: names } } }) });
const notA = { Filters: [keyIn('B', 'C')] };
const failing = () => {
  throw new Error('no luck');
};

describe('FilterCriteria', () => {
  it('keep a record from the function unless one of the patterns fits', async () => {
    const filterCriteria = { Filters: [keyIn('B'), keyIn('nobody'), keyIn('C')] };
    const { report, batches } = await mapped(records, () => null, { filterCriteria });
    expect(batches).toEqual(['B1 C1 B2 C2']);
    expect(report).toMatchObject({ status: 'done', filteredOut: [numberOf(records[0]), numberOf(A2)] });
  });

  it('make no batch where no record passes', async () => {
    const { report } = await mapped(records, failing, { filterCriteria: { Filters: [keyIn('nobody')] } });
    expect(report).toMatchObject({ status: 'done', invocations: [], filteredOut: records.map(numberOf) });
  });

  it('leave the batches full', async () => {
    const { batches } = await mapped(records, () => null, { filterCriteria: notA, batchSize: 2 });
    expect(batches).toEqual(['B1 C1', 'B2 C2']);
  });

  it('leave a record out of what comes again', async () => {
    const { batches } = await mapped(records, answering(reporting(C1)), { filterCriteria: notA });
    expect(batches).toEqual(['B1 C1 B2 C2', 'C1 B2 C2']);
  });

  it('have a record neither discarded nor left over, whatever becomes of those around it', async () => {
    const discarding = { filterCriteria: notA, maximumRetryAttempts: 1, onFailure: 'sqs' } as const;
    const { report } = await mapped(records, failing, discarding);
    expect(report.discarded).toEqual([B1, C1, B2, C2].map(numberOf));
    expect(report.documents).toMatchObject([{ DDBStreamBatchInfo: { batchSize: 4 } }]);
    const endless = await mapped(records, failing, { filterCriteria: notA, maxInvocations: 2 });
    expect(endless.report.unfinished).toEqual([B1, C1, B2, C2].map(numberOf));
  });

  it('change nothing for a router none of whose routes wants what they keep back', async () => {
    const { ran, noted } = noting({ B1: 1 });
    const onlyNamed = [noted, route.remove(shop, { id: 'removed' }, failing)];
    const { report } = await routed(records, onlyNamed, { filterCriteria: notA });
    expect(report.status).toBe('done');
    expect(ran).toEqual(['B1', 'C1', 'B2', 'C2']);
  });
});

describe('FilterCriteria of a mapping with tumbling windows', () => {
  const startMs = Date.UTC(2026, 0, 1);
  const counting: LambdaFunction = ({ state, Records }) => ({
    state: { count: Number(state?.['count'] ?? 0) + Records.length },
  });
  /** A1, B1 and C1 in the first minute, A2 in the second, B2 and C2 in the third. */
  const seconds = [0, 0, 0, 60, 120, 120];
  const inMinutes = (filterCriteria: { Filters: { Pattern: string }[] }) => ({
    filterCriteria,
    tumblingWindowInSeconds: 60,
    writtenMs: (record: (typeof records)[0]) =>
      startMs + 1000 * (seconds[records.findIndex((one) => numberOf(one) === numberOf(record))] ?? 0),
  });

  it('have a window closed by what passes of the next, and none begun by what does not', async () => {
    const { report, batches } = await mapped(records, counting, inMinutes(notA));
    expect(batches).toEqual(['B1 C1', '', 'B2 C2', '']);
    expect(report.windows).toMatchObject([
      { start: '2026-01-01T00:00:00Z', endedBy: 'time' },
      { start: '2026-01-01T00:02:00Z', endedBy: 'shardEnd' },
    ]);
  });

  it('have a window closed at its time where nothing behind it passes, as the shard goes on', async () => {
    const { report, batches } = await mapped(records, counting, inMinutes({ Filters: [firstOnes()] }));
    expect(batches).toEqual(['A1 B1 C1', '']);
    expect(report.windows).toMatchObject([{ start: '2026-01-01T00:00:00Z', endedBy: 'time' }]);
    expect(report.filteredOut).toEqual([A2, B2, C2].map(numberOf));
  });
});

/** What a pattern cannot say, with the nearest that it can: some records come that are not wanted, or wanted ones do not. */
describe('a pattern cannot say', () => {
  const modified = (oldItem: AttributeMap, newItem: AttributeMap) => ({
    eventName: 'MODIFY',
    dynamodb: { Keys: { pk: { S: 'A' } }, OldImage: oldItem, NewImage: newItem, SequenceNumber: '1' },
  });
  const now = (item: AttributeMap) => modified({}, item);
  const text = (S: string) => ({ status: { S } });
  const number = (N: string) => ({ total: { N } });
  const list = (...values: readonly string[]) => ({ tags: { L: values.map((S) => ({ S })) } });

  it.each([
    {
      wish: 'that an attribute changed: no field is compared with another',
      nearest: {
        OldImage: { status: { S: [{ exists: true }] } },
        NewImage: { status: { S: [{ exists: true }] } },
      },
      wanted: modified(text('NEW'), text('PAID')),
      unwanted: modified(text('PAID'), text('PAID')),
    },
    {
      wish: 'by how much a number changed, or that it crossed a threshold',
      nearest: {
        OldImage: { total: { N: [{ exists: true }] } },
        NewImage: { total: { N: [{ exists: true }] } },
      },
      wanted: modified(number('90'), number('110')),
      unwanted: modified(number('110'), number('111')),
    },
    {
      wish: 'which item of a list it means: any of them will do',
      nearest: { NewImage: { tags: { L: { S: ['first'] } } } },
      wanted: now(list('first', 'second')),
      unwanted: now(list('second', 'first')),
    },
    {
      wish: 'how long a list is',
      nearest: { NewImage: { tags: { L: { S: [{ exists: true }] } } } },
      wanted: now(list('a', 'b', 'c')),
      unwanted: now(list('a')),
    },
    {
      wish: 'how many attributes a map has',
      nearest: { NewImage: { address: { M: { city: { S: [{ exists: true }] } } } } },
      wanted: now({ address: { M: { city: { S: 'x' }, zip: { S: 'y' } } } }),
      unwanted: now({ address: { M: { city: { S: 'x' } } } }),
    },
    {
      wish: 'that two parts of keys are the same: a prefix captures nothing',
      nearest: { Keys: { pk: { S: [{ prefix: 'USER#' }] }, sk: { S: [{ prefix: 'OWNER#' }] } } },
      wanted: { dynamodb: { Keys: { pk: { S: 'USER#1' }, sk: { S: 'OWNER#1' } } } },
      unwanted: { dynamodb: { Keys: { pk: { S: 'USER#1' }, sk: { S: 'OWNER#2' } } } },
    },
  ])('$wish', ({ nearest, wanted, unwanted }) => {
    const matches = patternMatcher(pattern(nearest));
    expect([matches(wanted), matches(unwanted)]).toEqual([true, true]);
  });

  it.each([
    {
      wish: 'a range of an attribute N, which is a text in the stream',
      nearest: { NewImage: { total: { N: [{ numeric: ['>', 100] }] } } },
      wanted: [now(number('150'))],
    },
    {
      wish: 'that two texts are one number',
      nearest: { NewImage: { total: { N: ['100'] } } },
      wanted: [now(number('1E+2')), now(number('100.0'))],
    },
    {
      wish: 'that an attribute is there whatever its type: only values exist',
      nearest: { NewImage: { status: [{ exists: true }] } },
      wanted: [now(text('PAID')), now({ status: { NULL: true } }), now({ status: { L: [{ S: 'x' }] } })],
    },
    {
      wish: 'that a map or a list is there, which is no value',
      nearest: { NewImage: { tags: { L: [{ exists: true }] } } },
      wanted: [now(list('a')), now(list())],
    },
  ])('$wish', ({ nearest, wanted }) => {
    expect(wanted.filter(patternMatcher(pattern(nearest)))).toEqual([]);
  });

  it('that an attribute is not there without naming each type of a value, and then it takes maps and lists for nothing', () => {
    const absent = patternMatcher(
      pattern({ NewImage: { tags: { S: [{ exists: false }], N: [{ exists: false }] } } }),
    );
    expect([now({}), now(list('a')), now({ tags: { M: {} } })].map(absent)).toEqual([true, true, true]);
  });

  it('more than ten things in ten patterns', async () => {
    const Filters = Array.from({ length: 11 }, (_, index) => keyIn(`${index}`));
    await expect(mapped(records, () => null, { filterCriteria: { Filters } })).rejects.toThrow('at most 10');
  });
});

function pattern(dynamodb: object): string {
  return JSON.stringify({ dynamodb });
}

function firstOnes() {
  return { Pattern: pattern({ NewImage: { name: { S: [{ suffix: '1' }] } } }) };
}
