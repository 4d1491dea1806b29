import { expect, test } from 'vitest';
import { childLooks, type ListingPart } from './child-looks.js';
import { scenario } from './testing/scenario.js';

function asked() {
  const looks: { part: ListingPart; answer: () => void; fail: (error: Error) => void }[] = [];
  const childrenOf = childLooks(
    (part) => new Promise<void>((answer, fail) => looks.push({ part, answer, fail })),
  );
  return { looks, childrenOf };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the children of one shard are asked for by its name', async () => {
  const { looks, childrenOf } = asked();
  const found = childrenOf('shard-1');
  await turn();
  expect(looks.map(({ part }) => part)).toEqual([
    { ShardFilter: { Type: 'CHILD_SHARDS', ShardId: 'shard-1' } },
  ]);
  looks[0]?.answer();
  await found;
});

test('shards that end during a look share the next one, from the oldest of them on, and none is answered by a look before its end', async () => {
  const { looks, childrenOf } = asked();
  const first = childrenOf('shard-1');
  await turn();
  const ended: string[] = [];
  const later = ['shard-3', 'shard-2', 'shard-4'].map(async (shardId) => {
    await childrenOf(shardId);
    ended.push(shardId);
  });
  looks[0]?.answer();
  await first;
  await turn();
  expect(ended).toEqual([]);
  expect(looks[1]?.part).toEqual({ ExclusiveStartShardId: 'shard-2' });
  looks[1]?.answer();
  await Promise.all(later);
  expect(looks).toHaveLength(2);
});

test('a look that fails is told to those who wait for it alone', async () => {
  const { looks, childrenOf } = asked();
  const first = childrenOf('shard-1');
  await turn();
  const second = childrenOf('shard-2');
  looks[0]?.fail(new Error('refused'));
  await expect(first).rejects.toThrow('refused');
  await turn();
  looks[1]?.answer();
  await second;
});

test('a hundred shards that roll at the same time have their children open within seconds, for a few calls', async () => {
  const given = scenario();
  const [first] = given.shardIds() as [string];
  given.streams.split(first, 100);
  const polling = given.begin();
  await given.clock.advance(5_000);
  const before = given.streams.calls.length;
  for (const shardId of given.shop.openShards()) given.streams.roll(shardId);
  await given.clock.advance(10_000);
  const calls = given.streams.calls.slice(before);
  const opened = calls.flatMap(({ operation, shardId }) =>
    operation === 'getShardIterator' ? [shardId] : [],
  );
  expect(new Set(opened)).toEqual(new Set(given.shop.openShards()));
  expect(calls.filter(({ operation }) => operation === 'describeStream').length).toBeLessThan(20);
  await polling.stop();
});
