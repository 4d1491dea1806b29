import { describe, expect, test } from 'vitest';
import { type Scenario, scenario } from './testing/scenario.js';

function put({ shop }: Scenario, from: number, to: number): void {
  for (let n = from; n < to; n++) shop.put({ pk: `item-${n}`, n });
}

const opened = ({ streams }: Scenario) =>
  streams.calls.flatMap((call) => (call.operation === 'getShardIterator' ? [call.input] : []));

const startingPosition = 'LATEST';
const day = 24 * 3_600_000;

describe('a start at LATEST', () => {
  test('hands on what is written from then on, in old and new shards, and nothing from before', async () => {
    const given = scenario({ table: { shards: 3 } });
    put(given, 0, 20);
    for (const shardId of given.shop.openShards()) given.streams.roll(shardId);
    put(given, 20, 40);
    const polling = given.begin({ startingPosition });
    await given.clock.advance(1_000);
    put(given, 40, 60);
    for (const shardId of given.shop.openShards()) given.streams.split(shardId, 2);
    put(given, 60, 80);
    await given.clock.advance(5_000);
    await polling.stop();
    expect(given.handled.toSorted()).toEqual(given.written().slice(40));
  });

  test('loses nothing between a stop and the next start, whether a shard had given a record or not', async () => {
    const given = scenario({ table: { shards: 4 } });
    put(given, 0, 40);
    await given.clock.advance(3_600_000);
    const polling = given.begin({ startingPosition });
    await given.clock.advance(1_000);
    given.shop.put({ pk: 'first of one shard' });
    await given.clock.advance(10_000);
    await polling.stop();
    put(given, 40, 80);
    for (const shardId of given.shop.openShards()) given.streams.roll(shardId);
    put(given, 80, 120);
    await given.clock.advance(3_600_000);

    const again = given.begin({ startingPosition });
    await given.clock.advance(5_000);
    await again.stop();
    expect(given.handled.toSorted()).toEqual(given.written().slice(40));
  });

  test('asks for no LATEST iterator again: not after a restart, not for a child, not after an expiry', async () => {
    const given = scenario();
    const polling = given.begin({ startingPosition });
    await given.clock.advance(1_000);
    given.streams.expireIterators();
    given.shop.put({ pk: 'a' });
    await given.clock.advance(5_000);
    given.streams.roll(given.shardIds()[0] as string);
    given.shop.put({ pk: 'a', n: 2 });
    await given.clock.advance(5_000);
    await polling.stop();
    const again = given.begin({ startingPosition });
    await given.clock.advance(5_000);
    await again.stop();
    expect(given.handled).toEqual(given.written());
    expect(opened(given).map(({ ShardIteratorType }) => ShardIteratorType)).toEqual([
      'LATEST',
      'TRIM_HORIZON',
      'TRIM_HORIZON',
      'AFTER_SEQUENCE_NUMBER',
    ]);
  });

  test('keeps what came on the first page, also in a child that has to wait for its parent', async () => {
    const given = scenario();
    const [parent] = given.shardIds() as [string];
    const child = given.streams.roll(parent, { lateEnd: true }); // both look open
    put(given, 0, 5);
    let finish = () => {};
    const slow = new Promise<void>((resolve) => (finish = resolve));
    given.work = () => slow;
    const polling = given.begin({ startingPosition });
    await given.clock.advance(1_000);
    put(given, 5, 10);
    await given.clock.advance(20 * 60_000); // longer than an iterator lives
    put(given, 10, 15);
    finish();
    await given.clock.advance(5_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written().slice(5));
    expect(opened(given).filter(({ ShardId }) => ShardId === child)[0]).toMatchObject({
      ShardIteratorType: 'LATEST',
    });
  });

  test('does not read through the day before it, now or at a restart', async () => {
    const given = scenario();
    for (let roll = 0; roll < 6; roll++) {
      put(given, roll * 10, roll * 10 + 10);
      await given.clock.advance(day / 6 - 1);
      given.streams.roll(given.shardIds().at(-1) as string);
    }
    await given.clock.advance(120_000);
    for (let start = 0; start < 2; start++) {
      const polling = given.begin({ startingPosition });
      await given.clock.advance(2_000);
      await polling.stop();
    }
    expect(given.handled).toEqual([]);
    expect(new Set(opened(given).map(({ ShardId }) => ShardId)).size).toBe(1);
  });

  test('under a name that has read the stream already goes on where it was', async () => {
    const given = scenario();
    put(given, 0, 5);
    const polling = given.begin();
    await given.clock.advance(1_000);
    await polling.stop();
    put(given, 5, 10);
    const again = given.begin({ startingPosition });
    await given.clock.advance(1_000);
    await again.stop();
    expect(given.handled).toEqual(given.written());
  });

  test('that is throttled, or whose first call fails, still begins', async () => {
    const given = scenario();
    given.streams.fail('getShardIterator', 'ThrottlingException', { times: 2 });
    given.streams.fail('getRecords', 'ExpiredIteratorException', { times: 1 });
    const polling = given.begin({ startingPosition });
    await given.clock.advance(2_000);
    put(given, 0, 5);
    await given.clock.advance(2_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
  });
});
