import { peakCalls } from '@sluice/testing';
import { describe, expect, test } from 'vitest';
import { type Scenario, scenario } from './testing/scenario.js';

/** Changes `count` items. */
function put({ shop }: Scenario, count: number, prefix = 'item'): void {
  writes += 1;
  for (let n = 0; n < count; n++) shop.put({ pk: `${prefix}-${n}`, writes });
}

let writes = 0;

const opened = ({ streams }: Scenario) =>
  streams.calls.flatMap((call) => (call.operation === 'getShardIterator' ? [call.input] : []));

describe('the poller reads', () => {
  test('every record of every shard, from before its start and after it', async () => {
    const given = scenario({ table: { shards: 4 } });
    put(given, 50);
    const polling = given.begin();
    await given.clock.advance(1_000);
    put(given, 50);
    await given.clock.advance(2_000);
    await polling.stop();
    expect(given.handled.toSorted()).toEqual(given.written());
  });

  test('a stream of more shards than one page of DescribeStream lists, and a table of more streams than one page', async () => {
    const given = scenario({ table: { shards: 23 }, describePageSize: 5, listPageSize: 1 });
    put(given, 100);
    const polling = given.begin();
    await given.clock.advance(5_000);
    await polling.stop();
    expect(given.handled.toSorted()).toEqual(given.written());
  });

  test('several streams at once, by table name and by ARN, each once', async () => {
    const given = scenario();
    put(given, 3);
    const { calls } = given.streams;
    const polling = given.begin({ streams: ['shop', given.shop.streamArn] });
    await given.clock.advance(100);
    expect(given.handled).toEqual(given.written());
    expect(calls.filter(({ operation }) => operation === 'getShardIterator')).toHaveLength(1);
    await polling.stop();
  });

  test('the changes of an item in write order, across rolls and splits', async () => {
    const given = scenario();
    const order: number[] = [];
    given.work = ({ dynamodb }) => {
      const { n } = dynamodb.NewImage as { n: { N: string } };
      order.push(Number(n.N));
    };
    const polling = given.begin();
    for (let n = 0; n < 60; n++) {
      given.shop.put({ pk: 'same', n });
      const owner = given.shop.ownerOf({ pk: 'same' });
      if (n % 10 === 5) given.streams.roll(owner);
      if (n % 20 === 19) given.streams.split(owner, 2);
      await given.clock.advance(137);
    }
    await given.clock.advance(5_000);
    await polling.stop();
    expect(order).toEqual(Array.from({ length: 60 }, (_, n) => n));
  });

  test('a backlog page after page without a rest', async () => {
    const given = scenario();
    put(given, 4_500);
    const startMs = given.clock.now();
    let endMs = 0;
    given.work = () => {
      endMs = given.clock.now();
    };
    const polling = given.begin();
    await given.clock.advance(2_000);
    await polling.stop();
    expect(given.handled).toHaveLength(4_500);
    expect(endMs - startMs).toBeLessThan(1_000);
  });
});

describe('at the end of a shard the poller', () => {
  test.each(['with-records', 'empty'] as const)(
    'keeps the last page, which comes without a next iterator (%s)',
    async (lastPage) => {
      const given = scenario({ lastPage });
      put(given, 5);
      given.streams.close(given.shardIds()[0] as string);
      const polling = given.begin();
      await given.clock.advance(1_000);
      await polling.stop();
      expect(given.handled).toEqual(given.written());
    },
  );

  test('reads the children from their beginning, at once', async () => {
    const given = scenario();
    put(given, 5);
    const polling = given.begin();
    await given.clock.advance(500);
    const [parent] = given.shardIds() as [string];
    given.streams.split(parent, 2);
    put(given, 10);
    await given.clock.advance(1_000); // the quiet shard's next poll, and no more
    await polling.stop();
    expect(given.handled.toSorted()).toEqual(given.written());
    expect(opened(given).map(({ ShardIteratorType }) => ShardIteratorType)).toEqual(
      Array(3).fill('TRIM_HORIZON'),
    );
  });

  test('does not open a child before the last record of the parent is done', async () => {
    const given = scenario();
    let finish = () => {};
    given.work = () => new Promise((resolve) => (finish = resolve));
    put(given, 1, 'of the parent');
    const [parent] = given.shardIds() as [string];
    const child = given.streams.roll(parent);
    put(given, 1, 'of the child');
    const polling = given.begin();
    await given.clock.advance(300_000);
    expect(opened(given).map(({ ShardId }) => ShardId)).toEqual([parent]);

    given.work = () => {};
    finish();
    await given.clock.advance(0);
    expect(opened(given).map(({ ShardId }) => ShardId)).toEqual([parent, child]);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
  });

  test.each([
    ['6 seconds', 6_000, 8_000],
    ['half an hour', 1_800_000, 1_800_000 + 61_000],
  ])('finds a child that is listed only after %s', async (_, lateMs, byMs) => {
    const given = scenario();
    const polling = given.begin();
    await given.clock.advance(1_000);
    given.streams.roll(given.shardIds()[0] as string, { lateChild: true });
    put(given, 3);
    await given.clock.advance(1_000 + lateMs);
    expect(given.handled).toEqual([]);
    given.streams.reveal();
    await given.clock.advance(byMs - lateMs + 1_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
  });

  test('finds a sibling that is listed later than the other one', async () => {
    const given = scenario();
    let hidden: string | undefined;
    const polling = given.begin({
      streamsApi: {
        ...given.streams.api,
        async describeStream(input, signal) {
          const stream = await given.streams.api.describeStream(input, signal);
          return { ...stream, Shards: stream.Shards.filter(({ ShardId }) => ShardId !== hidden) };
        },
      },
    });
    await given.clock.advance(500);
    hidden = given.streams.split(given.shardIds()[0] as string, 2)[1];
    put(given, 20);
    await given.clock.advance(10_000);
    expect(given.handled.length).toBeLessThan(20);
    hidden = undefined;
    await given.clock.advance(62_000);
    await polling.stop();
    expect(given.handled.toSorted()).toEqual(given.written());
  });

  test('goes on with the other shards when it has no child at all', async () => {
    const given = scenario({ table: { shards: 2 } });
    const polling = given.begin();
    await given.clock.advance(1_000);
    given.streams.close(given.shop.ownerOf({ pk: 'item-0' }));
    await given.clock.advance(600_000);
    const written = Array.from({ length: 20 }, (_, n) => canPut(given, `item-${n}`));
    await given.clock.advance(2_000);
    await polling.stop();
    expect(written).toContain(true);
    expect(given.handled).toEqual(given.written());
  });

  test('does not read a finished shard again, however long it is listed', async () => {
    const given = scenario();
    put(given, 3);
    given.streams.roll(given.shardIds()[0] as string);
    const polling = given.begin();
    await given.clock.advance(20 * 60_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
    expect(opened(given)).toHaveLength(2);
  });

  test('crosses the empty pages of closed shards without a rest: a quiet day takes two seconds', async () => {
    const given = scenario();
    let [shardId] = given.shardIds() as [string];
    for (let roll = 0; roll < 6; roll++) {
      put(given, 1); // behind five empty pages
      given.streams.emptyPages(shardId, 5);
      shardId = given.streams.roll(shardId);
    }
    put(given, 1);
    const startMs = given.clock.now();
    let seenMs = 0;
    given.work = () => {
      seenMs = given.clock.now();
    };
    const polling = given.begin();
    await given.clock.advance(10_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
    expect(seenMs - startMs).toBeLessThanOrEqual(2_000);
  });
});

describe('what the listing shows', () => {
  test('a child whose parent was trimmed away is read', async () => {
    const given = scenario();
    const [parent] = given.shardIds() as [string];
    given.streams.roll(parent);
    given.streams.trimShard(parent);
    put(given, 3);
    const polling = given.begin();
    await given.clock.advance(1_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
  });

  test('a child that is listed before its parent waits for it', async () => {
    const given = scenario();
    const [grandparent] = given.shardIds() as [string];
    const parent = given.streams.roll(grandparent, { lateChild: true });
    given.shop.put({ pk: 'same', n: 1 });
    given.streams.roll(parent);
    given.shop.put({ pk: 'same', n: 2 });
    const polling = given.begin();
    await given.clock.advance(600_000);
    expect(given.handled).toEqual([]);
    given.streams.reveal();
    await given.clock.advance(62_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
  });

  test('a late child whose parent is long finished is found, though all shards in work are newer', async () => {
    const given = scenario({ table: { shards: 2 } });
    const polling = given.begin();
    await given.clock.advance(1_000);
    const [slow, quick] = given.shop.openShards() as [string, string];
    given.streams.roll(slow, { lateChild: true });
    await given.clock.advance(120_000);
    const newer = given.streams.roll(quick);
    await given.clock.advance(1_000);
    given.streams.roll(newer);
    put(given, 20);
    await given.clock.advance(120_000);
    expect(given.handled.length).toBeLessThan(20);
    given.streams.reveal();
    await given.clock.advance(11 * 60_000);
    await polling.stop();
    expect(given.handled.toSorted()).toEqual(given.written());
  });

  test('an open parent beside its child is waited for', async () => {
    const given = scenario();
    put(given, 2);
    const [parent] = given.shardIds() as [string];
    given.streams.roll(parent, { lateEnd: true });
    put(given, 2);
    const polling = given.begin();
    await given.clock.advance(3_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
  });

  test('a listing that is stale for an hour loses no shard and repeats none', async () => {
    const given = scenario({ listing: 'shuffled', describePageSize: 2, table: { shards: 3 } });
    const polling = given.begin();
    await given.clock.advance(1_000);
    given.streams.freezeListing(given.shop.streamArn);
    for (const shardId of given.shop.openShards()) given.streams.split(shardId, 2);
    put(given, 40);
    await given.clock.advance(3_600_000);
    given.streams.thawListing(given.shop.streamArn);
    await given.clock.advance(600_000);
    await polling.stop();
    expect(given.handled.toSorted()).toEqual(given.written());
  });

  test('a page of the listing that fails does not pass for the end of the list', async () => {
    const given = scenario({ table: { shards: 9 }, describePageSize: 3 });
    put(given, 40);
    // The first call is the search for the stream; the third is in the middle of the listing.
    given.streams.fail('describeStream', 'InternalServerError', { after: 2, times: 3 });
    const polling = given.begin();
    await given.clock.advance(20_000);
    await polling.stop();
    expect(given.handled.toSorted()).toEqual(given.written());
    expect(new Set(opened(given).map(({ ShardId }) => ShardId)).size).toBe(9);
  });
});

describe('the call rates', () => {
  test('of DescribeStream stay below what the stream allows, when many shards end at once', async () => {
    const given = scenario({ table: { shards: 60 } });
    const polling = given.begin();
    await given.clock.advance(2_000);
    for (const shardId of given.shop.openShards()) given.streams.roll(shardId);
    await given.clock.advance(60_000);
    await polling.stop();
    expect(
      peakCalls(given.streams.calls.filter(({ operation }) => operation === 'describeStream')),
    ).toBeLessThanOrEqual(8);
  });

  test('of GetRecords stay within each shard’s budget, and fall to one a second when it is quiet', async () => {
    const given = scenario();
    const [parent] = given.shardIds() as [string];
    put(given, 1);
    given.streams.emptyPages(parent, 40);
    const child = given.streams.roll(parent);
    const callsOf = (shard: string) =>
      given.streams.calls.filter(({ operation, shardId }) => operation === 'getRecords' && shardId === shard);
    const polling = given.begin();
    await given.clock.advance(60_000);
    await polling.stop();
    expect(callsOf(parent)).toHaveLength(41);
    expect(peakCalls(callsOf(parent), 8_000)).toBeLessThanOrEqual(5 + 4 * 8);
    expect(peakCalls(callsOf(child).slice(-30))).toBe(1);
  });
});

function canPut({ shop }: Scenario, pk: string): boolean {
  try {
    return shop.put({ pk }) !== undefined;
  } catch {
    return false; // its shard is closed
  }
}
