import type { StreamRecord, StreamsApi } from '@sluice/core';
import { describe, expect, test } from 'vitest';
import { type Scenario, scenario } from './testing/scenario.js';

function put({ shop }: Scenario, from: number, to: number): void {
  for (let n = from; n < to; n++) shop.put({ pk: `item-${n}`, n });
}

const opened = ({ streams }: Scenario) =>
  streams.calls.flatMap((call) => (call.operation === 'getShardIterator' ? [call.input] : []));

describe('an iterator that expired', () => {
  test('is replaced behind the last record that was read: nothing is lost, nothing comes twice, LATEST is never used', async () => {
    const given = scenario();
    put(given, 0, 5);
    const polling = given.begin();
    await given.clock.advance(400);
    given.streams.expireIterators();
    put(given, 5, 10);
    await given.clock.advance(2_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
    expect(opened(given).slice(1)).toMatchObject([
      { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: given.written()[4] },
    ]);
  });

  test('before the first record is replaced at the beginning', async () => {
    const given = scenario();
    const polling = given.begin();
    await given.clock.advance(400);
    given.streams.expireIterators();
    put(given, 0, 3);
    await given.clock.advance(2_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
    expect(opened(given).map(({ ShardIteratorType }) => ShardIteratorType)).toEqual([
      'TRIM_HORIZON',
      'TRIM_HORIZON',
    ]);
  });

  test('each time is replaced with backoff, not in a storm', async () => {
    const given = scenario();
    given.streams.fail('getRecords', 'ExpiredIteratorException', { times: Infinity });
    const polling = given.begin();
    await given.clock.advance(60_000);
    await polling.stop();
    expect(given.streams.calls.length).toBeLessThan(60);
  });
});

describe.each(['ThrottlingException', 'LimitExceededException', 'InternalServerError', 'TimeoutError'])(
  '%s',
  (name) => {
    test.each(['getShardIterator', 'getRecords', 'describeStream', 'listStreams'] as const)(
      'of %s is waited out: no shard counts as read, nothing is lost or doubled',
      async (operation) => {
        const given = scenario({ table: { shards: 2 } });
        put(given, 0, 10);
        given.streams.fail(operation, name, { times: 5 });
        const polling = given.begin();
        await given.clock.advance(60_000);
        put(given, 10, 20);
        for (const shardId of given.shop.openShards()) given.streams.roll(shardId);
        given.streams.fail(operation, name, { times: 5 });
        await given.clock.advance(120_000);
        await polling.stop();
        expect(given.handled.toSorted()).toEqual(given.written());
      },
    );

    test('for an hour is told soon and then now and again, not at each of its hundreds of failures', async () => {
      const given = scenario();
      given.streams.fail('getRecords', name, { times: Infinity });
      const polling = given.begin();
      const told = () => given.logs.filter(({ level }) => level === 'warn').length;
      await given.clock.advance(5_000);
      expect(told()).toBeGreaterThan(0);
      await given.clock.advance(3_600_000);
      await polling.stop();
      expect(told()).toBeGreaterThan(10);
      expect(told()).toBeLessThan(25);
    });

    test('for a minute leads to few calls', async () => {
      const given = scenario();
      given.streams.fail('getRecords', name, { times: Infinity });
      const polling = given.begin();
      await given.clock.advance(60_000);
      await polling.stop();
      expect(given.streams.calls.length).toBeLessThan(60);
      expect(given.logs.some(({ level }) => level === 'warn')).toBe(true);
    });
  },
);

describe('a record that fails', () => {
  test('is retried until it succeeds, holds only the changes of its item, and these keep their order', async () => {
    const given = scenario();
    const failing = 'bad';
    let mended = false;
    given.work = ({ dynamodb }) => {
      if (!mended && JSON.stringify(dynamodb.Keys).includes(failing)) throw new Error('not yet');
    };
    given.shop.put({ pk: failing, n: 1 });
    put(given, 0, 20);
    given.shop.put({ pk: failing, n: 2 });
    const polling = given.begin();
    await given.clock.advance(3_600_000);
    put(given, 20, 40);
    await given.clock.advance(2_000);
    const [first, ...others] = given.written();
    const second = others.splice(20, 1)[0];
    expect(given.handled).toEqual(others);

    mended = true;
    await given.clock.advance(31_000);
    expect(given.handled).toEqual([...others, first, second]);
    await polling.stop();
  });

  test('and keeps on failing stops the reading of its shard when too much is ahead of it, not before', async () => {
    const given = scenario();
    given.work = ({ dynamodb }) => {
      if (JSON.stringify(dynamodb.Keys).includes('bad')) throw new Error('never');
    };
    given.shop.put({ pk: 'bad' });
    for (let n = 0; n < 30; n++) given.shop.put({ pk: 'bad', n });
    const polling = given.begin({ maxAhead: 10 });
    await given.clock.advance(60_000);
    const reads = given.streams.calls.filter(({ operation }) => operation === 'getRecords').length;
    expect(reads).toBe(1);
    await polling.stop();
  });

  test('lets only so many records of other items pass: what is kept of them stays small', async () => {
    const given = scenario();
    let mended = false;
    given.work = ({ dynamodb }) => {
      if (!mended && JSON.stringify(dynamodb.Keys).includes('bad')) throw new Error('not yet');
    };
    given.shop.put({ pk: 'bad' });
    put(given, 0, 5_000);
    const polling = given.begin();
    await given.clock.advance(60_000);
    // A page of 1000 leaves 999 done ahead of the failed record; one more page may come on top of the limit.
    expect(given.handled).toHaveLength(1_999);

    mended = true;
    await given.clock.advance(35_000);
    expect(given.handled.toSorted()).toEqual(given.written());
    await polling.stop();
  });
});

test.each([
  [
    'no sequence number',
    (record: StreamRecord) => ({ ...record, dynamodb: { ...record.dynamodb, SequenceNumber: '' } }),
  ],
  ['no dynamodb part', ({ dynamodb: _, ...record }: StreamRecord) => record],
  ['nothing in it', () => null],
])('a record with %s ends the poll with an error, and is not counted as done', async (_, damage) => {
  const given = scenario();
  put(given, 0, 3);
  const broken: StreamsApi = {
    ...given.streams.api,
    async getRecords(input, signal) {
      const page = await given.streams.api.getRecords(input, signal);
      return { ...page, Records: page.Records.map(damage) as StreamRecord[] };
    },
  };
  const { end } = given.begin({ streamsApi: broken });
  await expect(given.clock.run(end)).rejects.toMatchObject({ code: 'MALFORMED_RECORD' });
  expect(given.handled).toEqual([]);
  expect(JSON.stringify(given.store.puts)).not.toContain('watermark');
});

describe('a refusal', () => {
  test('ends the poll with an error that says what is needed, after the work that was going on', async () => {
    const given = scenario({ table: { shards: 2 } });
    put(given, 0, 20);
    const [one, other] = given.shardIds() as [string, string];
    let finish = () => {};
    const slow = new Promise<void>((resolve) => (finish = resolve));
    given.work = () => slow;
    const { end } = given.begin();
    await given.clock.advance(1_000);
    given.streams.fail('getRecords', 'AccessDeniedException', { shardId: one });
    await given.clock.advance(2_000);
    finish();
    await expect(given.clock.run(end)).rejects.toMatchObject({
      code: 'STREAMS_CALL',
      message: expect.stringMatching(/AccessDeniedException.*dynamodb:GetRecords/s),
      cause: { name: 'AccessDeniedException' },
    });
    expect(given.handled.length).toBeGreaterThan(0);
    expect(JSON.stringify(given.store.valueOf(other))).toContain(given.handled.at(-1));
    expect(given.clock.wakeTimes()).toEqual([]);
  });
});

describe('a gap', () => {
  /** Reads some, stops, and comes back when records behind the checkpoint have been trimmed. */
  async function awayForTooLong(
    given: Scenario,
  ): Promise<{ readonly lastRead: string; readonly firstLeft: string }> {
    put(given, 0, 5);
    const polling = given.begin();
    await given.clock.advance(1_000);
    await polling.stop();
    put(given, 5, 20);
    const written = given.written();
    given.streams.trimRecords(given.shardIds()[0] as string, written[9] as string);
    return { lastRead: written[4] as string, firstLeft: written[10] as string };
  }

  test.each(['GetShardIterator', 'GetRecords'] as const)(
    'told by %s halts by default: the error has the bounds, the checkpoint stays where it was',
    async (trimmedAt) => {
      const given = scenario({ trimmedAt });
      const { lastRead } = await awayForTooLong(given);
      const kept = given.store.valueOf(given.shardIds()[0] as string);

      const { end } = given.begin();
      await expect(given.clock.run(end)).rejects.toMatchObject({
        code: 'STREAM_GAP',
        gap: { condition: 'TrimmedDataAccess', shardId: given.shardIds()[0], afterSequenceNumber: lastRead },
      });
      expect(given.handled).toHaveLength(5);
      expect(given.store.valueOf(given.shardIds()[0] as string)).toEqual(kept);
    },
  );

  test.each(['GetShardIterator', 'GetRecords'] as const)(
    'told by %s is reported once with its exact bounds under onGap: report, and reading goes on behind it',
    async (trimmedAt) => {
      const given = scenario({ trimmedAt });
      const { lastRead, firstLeft } = await awayForTooLong(given);
      const polling = given.begin({ onGap: 'report' });
      await given.clock.advance(2_000);
      await polling.stop();
      await given.begin({ onGap: 'report' }).stop();
      expect(given.handled).toEqual(given.written().filter((_, n) => n < 5 || n >= 10));
      const gaps = given.logs.filter(({ fields }) => fields['type'] === 'gap');
      expect(gaps).toEqual([
        {
          level: 'error',
          message: 'records went away before they were read',
          fields: {
            type: 'gap',
            condition: 'TrimmedDataAccess',
            streamArn: given.shop.streamArn,
            shardId: given.shardIds()[0],
            afterSequenceNumber: lastRead,
            resumedAt: firstLeft,
          },
        },
      ]);
    },
  );

  test('before a failed first record is found too, though nothing was done before it', async () => {
    const given = scenario();
    given.work = () => {
      throw new Error('always');
    };
    put(given, 0, 1);
    const polling = given.begin();
    await given.clock.advance(6_000);
    await polling.stop();
    given.streams.trimRecords(given.shardIds()[0] as string, given.written()[0] as string);
    await expect(given.clock.run(given.begin().end)).rejects.toMatchObject({ code: 'STREAM_GAP' });
  });

  test('of a whole shard that went away half read halts, or is reported and its children are read', async () => {
    const given = scenario();
    put(given, 0, 5);
    const polling = given.begin();
    await given.clock.advance(1_000);
    await polling.stop();
    const [parent] = given.shardIds() as [string];
    put(given, 5, 10);
    given.streams.roll(parent);
    put(given, 10, 15);
    given.streams.trimShard(parent);

    await expect(given.clock.run(given.begin().end)).rejects.toMatchObject({
      code: 'STREAM_GAP',
      gap: { condition: 'ShardLost', shardId: parent, afterSequenceNumber: given.written()[4] },
    });
    expect(given.handled).toHaveLength(5);

    const reporting = given.begin({ onGap: 'report' });
    await given.clock.advance(2_000);
    await reporting.stop();
    expect(given.handled).toEqual(given.written().filter((_, n) => n < 5 || n >= 10));
    expect(given.store.valueOf(parent)).toMatchObject({ state: 'LOST' });
    expect(given.logs.filter(({ fields }) => fields['condition'] === 'ShardLost')).toHaveLength(1);
  });

  test('is not what trimming at the horizon means: nothing had been read there', async () => {
    const given = scenario();
    put(given, 0, 3);
    given.streams.fail('getRecords', 'TrimmedDataAccessException', { times: 2 });
    const polling = given.begin();
    await given.clock.advance(10_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
    expect(given.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('is not what a "not found" means while the shard is listed', async () => {
    const given = scenario();
    put(given, 0, 3);
    given.streams.fail('getShardIterator', 'ResourceNotFoundException', { times: 3 });
    const polling = given.begin();
    await given.clock.advance(10_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
  });
});

describe('a stream that ends', () => {
  test('because it was disabled is read to its end, and then the poll resolves', async () => {
    const given = scenario({ table: { shards: 2 } });
    put(given, 0, 10);
    const { end } = given.begin();
    await given.clock.advance(1_000);
    put(given, 10, 20);
    given.shop.disableStream();
    await given.clock.run(end);
    expect(given.handled.toSorted()).toEqual(given.written());
    expect(given.clock.wakeTimes()).toEqual([]);
  });

  test('because it is gone with shards that were not read to their ends rejects: nobody knows what they held', async () => {
    const given = scenario();
    put(given, 0, 3);
    const { end } = given.begin();
    await given.clock.advance(1_000);
    given.shop.disableStream();
    given.streams.dropStream(given.shop.streamArn);
    await expect(given.clock.run(end)).rejects.toMatchObject({
      code: 'STREAM_GAP',
      gap: { condition: 'StreamGone', streamArn: given.shop.streamArn },
    });
    expect(given.handled).toHaveLength(3);
  });

  test("because it is gone ends its poll under onGap: 'report', with an error in the log", async () => {
    const given = scenario();
    put(given, 0, 3);
    const { end } = given.begin({ onGap: 'report' });
    await given.clock.advance(1_000);
    given.shop.disableStream();
    given.streams.dropStream(given.shop.streamArn);
    await given.clock.run(end);
    expect(given.logs.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'the stream is gone; what was unread in these shards is lost',
    ]);
  });
});
