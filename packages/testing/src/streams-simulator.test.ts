import type { Shard, ShardIteratorType, StreamDescription, StreamRecord } from '@sluice/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SimulatedStreams, type StreamsSimulatorOptions, simulateStreams } from './streams-simulator.js';
import { peakCalls } from './streams-simulator-port.js';
import type { SimulatedTable } from './streams-simulator-table.js';
import { type VirtualClock, virtualClock } from './virtual-clock.js';

const minuteMs = 60_000;

interface Scene {
  readonly clock: VirtualClock;
  readonly streams: SimulatedStreams;
  readonly shop: SimulatedTable;
}

function scene(options: Partial<StreamsSimulatorOptions> = {}, shards = 1): Scene {
  const clock = virtualClock(Date.UTC(2026, 2, 3, 12));
  const streams = simulateStreams({ clock, ...options });
  const shop = streams.createTable({ name: 'shop', keys: { partition: 'pk' }, shards });
  return { clock, streams, shop };
}

function putMany(table: SimulatedTable, count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, index) => sequenceOf(table.put({ pk: `item-${first + index}` })));
}

function sequenceOf(record: StreamRecord | undefined): string {
  if (!record) throw new Error('The write left no record.');
  return record.dynamodb.SequenceNumber;
}

const sequencesOf = (records: readonly StreamRecord[]) => records.map(sequenceOf);

function only<T>(values: readonly T[]): T {
  const [value, ...more] = values;
  if (value === undefined || more.length > 0) throw new Error(`Expected one value, found ${values.length}.`);
  return value;
}

function iteratorAt(
  { streams, shop }: Scene,
  ShardId: string,
  ShardIteratorType: ShardIteratorType,
  SequenceNumber?: string,
): Promise<string> {
  const at = { StreamArn: shop.streamArn, ShardId, ShardIteratorType };
  return streams.api.getShardIterator(SequenceNumber === undefined ? at : { ...at, SequenceNumber });
}

function page({ streams, shop }: Scene, ShardIterator: string, Limit?: number) {
  const input = { StreamArn: shop.streamArn, ShardIterator };
  return streams.api.getRecords(Limit === undefined ? input : { ...input, Limit });
}

async function pageFrom(given: Scene, shardId: string, type: ShardIteratorType, sequence?: string) {
  return page(given, await iteratorAt(given, shardId, type, sequence));
}

function describeShop({ streams, shop }: Scene): Promise<StreamDescription> {
  return streams.api.describeStream({ StreamArn: shop.streamArn });
}

async function listedIds(given: Scene): Promise<string[]> {
  return (await describeShop(given)).Shards.map(({ ShardId }) => ShardId);
}

async function listedShard(given: Scene, shardId: string): Promise<Shard | undefined> {
  return (await describeShop(given)).Shards.find(({ ShardId }) => ShardId === shardId);
}

describe('a simulated table', () => {
  it('leaves an insert, a modify and a remove in its stream, with the images of its view type', async () => {
    const given = scene();
    given.shop.put({ pk: 'a', n: 1 });
    given.shop.update({ pk: 'a', n: 2 });
    given.shop.remove({ pk: 'a' });
    const { Records } = await pageFrom(given, only(given.shop.openShards()), 'TRIM_HORIZON');
    expect(Records.map(({ eventName }) => eventName)).toEqual(['INSERT', 'MODIFY', 'REMOVE']);
    expect(Records[1]).toMatchObject({
      eventSourceARN: given.shop.streamArn,
      dynamodb: {
        ApproximateCreationDateTime: Date.UTC(2026, 2, 3, 12) / 1000,
        Keys: { pk: { S: 'a' } },
        OldImage: { pk: { S: 'a' }, n: { N: '1' } },
        NewImage: { pk: { S: 'a' }, n: { N: '2' } },
      },
    });
  });

  it('leaves no record of a write that changes nothing', () => {
    const { shop } = scene();
    shop.put({ pk: 'a', n: 1, m: 2 });
    expect(shop.put({ m: 2, n: 1, pk: 'a' })).toBeUndefined();
    expect(shop.update({ pk: 'a', n: 1 })).toBeUndefined();
    expect(shop.remove({ pk: 'b' })).toBeUndefined();
  });

  it('names DynamoDB as the one who deleted what expired', () => {
    const { shop } = scene();
    shop.put({ pk: 'a' });
    expect(shop.expire({ pk: 'a' })).toMatchObject({
      eventName: 'REMOVE',
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
    });
  });

  it('hands out records that belong to the reader', async () => {
    const given = scene();
    given.shop.put({ pk: 'a', map: { n: 1 } });
    given.shop.put({ pk: { S: 'b' }, ...JSON.parse('{"__proto__":{"S":"data"}}') }, { wire: true });
    const shardId = only(given.shop.openShards());
    const first = await pageFrom(given, shardId, 'TRIM_HORIZON');
    Object.assign(first.Records[0]?.dynamodb.Keys ?? {}, { pk: { S: 'mine' } });
    const again = await pageFrom(given, shardId, 'TRIM_HORIZON');
    expect(again.Records[0]?.dynamodb.Keys).toEqual({ pk: { S: 'a' } });
    expect(Object.keys(again.Records[1]?.dynamodb.NewImage ?? {})).toEqual(['pk', '__proto__']);
  });

  it('writes every item into the one open shard that owns its key', () => {
    const { streams, shop } = scene({}, 4);
    putMany(shop, 200);
    const shards = streams.shards(shop.streamArn);
    expect(shards.map(({ records }) => records.length > 0)).toEqual([true, true, true, true]);
    for (const { shardId, records } of shards) {
      for (const { dynamodb } of records) expect(shop.ownerOf(dynamodb.Keys, { wire: true })).toBe(shardId);
    }
    expect(streams.written(shop.streamArn)).toHaveLength(200);
  });

  it('gives out sequence numbers of 21 digits and more that grow as numbers', () => {
    const { shop } = scene({ startSequence: `${'9'.repeat(20)}5` });
    const numbers = putMany(shop, 3);
    expect(numbers.map((text) => text.length)).toEqual([22, 22, 22]);
    expect(numbers).toEqual([...numbers].sort((one, other) => Number(BigInt(one) - BigInt(other))));
  });
});

describe('listing', () => {
  it('finds the streams of a table, page by page', async () => {
    const { streams, shop } = scene({ listPageSize: 1 });
    streams.createTable({ name: 'other', keys: { partition: 'pk' } });
    streams.createTable({ name: 'silent', keys: { partition: 'pk' }, view: 'none' });
    shop.disableStream();
    const old = shop.streamArn;
    shop.enableStream();
    const first = await streams.api.listStreams({ TableName: 'shop' });
    expect(first).toEqual({
      Streams: [{ StreamArn: old, TableName: 'shop', StreamLabel: '2026-03-03T12:00:00.000' }],
      LastEvaluatedStreamArn: old,
    });
    const second = await streams.api.listStreams({ TableName: 'shop', ExclusiveStartStreamArn: old });
    expect(second.Streams.map(({ StreamArn }) => StreamArn)).toEqual([shop.streamArn]);
    expect((await streams.api.listStreams({ TableName: 'silent' })).Streams).toEqual([]);
  });

  it('describes a stream with its lineage and its sequence number ranges', async () => {
    const given = scene();
    const parent = only(given.shop.openShards());
    const child = given.streams.roll(parent);
    const { Shards, ...stream } = await describeShop(given);
    expect(stream).toEqual({
      StreamArn: given.shop.streamArn,
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      StreamLabel: '2026-03-03T12:00:00.000',
      TableName: 'shop',
      StreamStatus: 'ENABLED',
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    });
    const digits = expect.stringMatching(/^\d{21,40}$/);
    expect(Shards).toEqual([
      {
        ShardId: parent,
        SequenceNumberRange: { StartingSequenceNumber: digits, EndingSequenceNumber: digits },
      },
      { ShardId: child, ParentShardId: parent, SequenceNumberRange: { StartingSequenceNumber: digits } },
    ]);
    expect(parent).toMatch(/^shardId-\d{20}-[0-9a-f]{8}$/);
  });

  it('pages: a full page names its last shard even when none follow', async () => {
    const given = scene({ describePageSize: 2 }, 4);
    const { api } = given.streams;
    const StreamArn = given.shop.streamArn;
    const first = await api.describeStream({ StreamArn });
    expect(first.Shards).toHaveLength(2);
    expect(first.LastEvaluatedShardId).toBe(first.Shards[1]?.ShardId);
    const second = await api.describeStream({
      StreamArn,
      ExclusiveStartShardId: first.LastEvaluatedShardId as string,
    });
    expect(second.Shards).toHaveLength(2);
    const third = await api.describeStream({
      StreamArn,
      ExclusiveStartShardId: second.LastEvaluatedShardId as string,
    });
    expect(third.Shards).toEqual([]);
    expect(third.LastEvaluatedShardId).toBeUndefined();
  });

  it('goes on behind a shard that was trimmed meanwhile', async () => {
    const given = scene({ describePageSize: 1 });
    const parent = only(given.shop.openShards());
    const child = given.streams.roll(parent);
    given.streams.trimShard(parent);
    const StreamArn = given.shop.streamArn;
    const next = await given.streams.api.describeStream({ StreamArn, ExclusiveStartShardId: parent });
    expect(next.Shards.map(({ ShardId }) => ShardId)).toEqual([child]);
  });

  it('answers CHILD_SHARDS with the children of one shard, none while it is open', async () => {
    const given = scene({}, 2);
    const [one, other] = given.shop.openShards() as [string, string];
    const StreamArn = given.shop.streamArn;
    const childrenOf = async (ShardId: string) => {
      const ShardFilter = { Type: 'CHILD_SHARDS', ShardId } as const;
      return (await given.streams.api.describeStream({ StreamArn, ShardFilter })).Shards.map(
        (shard) => shard.ShardId,
      );
    };
    expect(await childrenOf(one)).toEqual([]);
    const children = given.streams.split(one, 3);
    given.streams.roll(other);
    expect(await childrenOf(one)).toEqual(children);
  });

  it('in shuffled order has the same shards over all pages, not by creation', async () => {
    const given = scene({ listing: 'shuffled', describePageSize: 3 }, 10);
    const StreamArn = given.shop.streamArn;
    const seen: string[] = [];
    for (let start: string | undefined; ; ) {
      const input = start === undefined ? { StreamArn } : { StreamArn, ExclusiveStartShardId: start };
      const { Shards, LastEvaluatedShardId } = await given.streams.api.describeStream(input);
      seen.push(...Shards.map(({ ShardId }) => ShardId));
      if (LastEvaluatedShardId === undefined) break;
      start = LastEvaluatedShardId;
    }
    expect(seen).not.toEqual(given.shop.openShards());
    expect([...seen].sort()).toEqual(given.shop.openShards());
  });

  it('shows a late child only once it is revealed, though it takes writes at once', async () => {
    const given = scene();
    const parent = only(given.shop.openShards());
    const child = given.streams.roll(parent, { lateChild: true });
    putMany(given.shop, 1);
    expect(await listedIds(given)).toEqual([parent]);
    given.streams.reveal();
    expect(await listedIds(given)).toEqual([parent, child]);
    expect((await pageFrom(given, child, 'TRIM_HORIZON')).Records).toHaveLength(1);
  });

  it('can show an open parent beside its child', async () => {
    const given = scene();
    const parent = only(given.shop.openShards());
    const child = given.streams.roll(parent, { lateEnd: true });
    expect(await listedIds(given)).toEqual([parent, child]);
    expect((await listedShard(given, parent))?.SequenceNumberRange).not.toHaveProperty(
      'EndingSequenceNumber',
    );
    given.streams.reveal();
    expect((await listedShard(given, parent))?.SequenceNumberRange).toHaveProperty('EndingSequenceNumber');
  });

  it('stays as it was while it is frozen', async () => {
    const given = scene();
    const parent = only(given.shop.openShards());
    given.streams.freezeListing(given.shop.streamArn);
    const child = given.streams.roll(parent);
    expect(await listedIds(given)).toEqual([parent]);
    given.streams.thawListing(given.shop.streamArn);
    expect(await listedIds(given)).toEqual([parent, child]);
  });

  it('of an unknown stream is refused', async () => {
    const { streams, shop } = scene();
    const StreamArn = `${shop.streamArn}1`;
    await expect(streams.api.describeStream({ StreamArn })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(await streams.api.listStreams({ TableName: 'unheard-of' })).toEqual({ Streams: [] });
  });
});

describe('reading a shard', () => {
  it('from TRIM_HORIZON gives all records in order, in pages of the limit', async () => {
    const given = scene();
    const written = putMany(given.shop, 7);
    let iterator = await iteratorAt(given, only(given.shop.openShards()), 'TRIM_HORIZON');
    const pages: string[][] = [];
    for (let index = 0; index < 4; index += 1) {
      const { Records, NextShardIterator } = await page(given, iterator, 3);
      pages.push(sequencesOf(Records));
      iterator = NextShardIterator as string;
    }
    expect(pages).toEqual([written.slice(0, 3), written.slice(3, 6), written.slice(6), []]);
    const later = putMany(given.shop, 1, 7);
    expect(sequencesOf((await page(given, iterator)).Records)).toEqual(later);
  });

  it('has at most 1000 records in a page', async () => {
    const given = scene();
    putMany(given.shop, 1001);
    const { Records } = await pageFrom(given, only(given.shop.openShards()), 'TRIM_HORIZON');
    expect(Records).toHaveLength(1000);
  });

  it('ends a page before it passes 1 MB, and never on an empty one', async () => {
    const given = scene();
    for (let index = 0; index < 5; index += 1) given.shop.put({ pk: `${index}`, text: 'x'.repeat(300_000) });
    given.shop.put({ pk: 'large', text: 'x'.repeat(1_100_000) });
    const shardId = only(given.shop.openShards());
    const first = await pageFrom(given, shardId, 'TRIM_HORIZON');
    expect(first.Records).toHaveLength(3);
    const last = given.streams.written(given.shop.streamArn).at(-1);
    expect((await pageFrom(given, shardId, 'AT_SEQUENCE_NUMBER', sequenceOf(last))).Records).toEqual([last]);
  });

  it('from LATEST gives what is written after the iterator was issued, before or after its use', async () => {
    const given = scene();
    putMany(given.shop, 2);
    const iterator = await iteratorAt(given, only(given.shop.openShards()), 'LATEST');
    const later = putMany(given.shop, 2, 2);
    expect(sequencesOf((await page(given, iterator)).Records)).toEqual(later);
  });

  it('goes on AT or AFTER a sequence number', async () => {
    const given = scene();
    const written = putMany(given.shop, 4);
    const shardId = only(given.shop.openShards());
    const at = await pageFrom(given, shardId, 'AT_SEQUENCE_NUMBER', written[1]);
    const after = await pageFrom(given, shardId, 'AFTER_SEQUENCE_NUMBER', written[1]);
    expect(sequencesOf(at.Records)).toEqual(written.slice(1));
    expect(sequencesOf(after.Records)).toEqual(written.slice(2));
  });

  it('carries the last records of a closed shard on the page without a next iterator', async () => {
    const given = scene();
    const written = putMany(given.shop, 3);
    const shardId = only(given.shop.openShards());
    const iterator = await iteratorAt(given, shardId, 'TRIM_HORIZON');
    given.streams.roll(shardId);
    const first = await page(given, iterator, 2);
    const last = await page(given, first.NextShardIterator as string, 2);
    expect(sequencesOf(last.Records)).toEqual(written.slice(2));
    expect(last).not.toHaveProperty('NextShardIterator');
  });

  it('can end a closed shard with an empty page instead', async () => {
    const given = scene({ lastPage: 'empty' });
    const written = putMany(given.shop, 1);
    const shardId = only(given.shop.openShards());
    given.streams.roll(shardId);
    const first = await pageFrom(given, shardId, 'TRIM_HORIZON');
    expect(sequencesOf(first.Records)).toEqual(written);
    expect(await page(given, first.NextShardIterator as string)).toEqual({ Records: [] });
  });

  it('ends a closed shard that never had a record', async () => {
    const given = scene();
    const shardId = only(given.shop.openShards());
    given.streams.roll(shardId);
    expect(await pageFrom(given, shardId, 'TRIM_HORIZON')).toEqual({ Records: [] });
    expect(await pageFrom(given, shardId, 'LATEST')).toEqual({ Records: [] });
  });

  it('can bring empty pages, which lose nothing', async () => {
    const given = scene();
    const written = putMany(given.shop, 2);
    const shardId = only(given.shop.openShards());
    given.streams.roll(shardId);
    given.streams.emptyPages(shardId, 2);
    const first = await pageFrom(given, shardId, 'TRIM_HORIZON');
    const second = await page(given, first.NextShardIterator as string);
    const third = await page(given, second.NextShardIterator as string);
    expect([first.Records, second.Records, sequencesOf(third.Records)]).toEqual([[], [], written]);
    expect(third).not.toHaveProperty('NextShardIterator');
  });

  it.each([0, 1001, 1.5])('with the limit %d is refused', async (limit) => {
    const given = scene();
    const iterator = await iteratorAt(given, only(given.shop.openShards()), 'LATEST');
    await expect(page(given, iterator, limit)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('with what is no iterator is refused, and with the iterator of another stream', async () => {
    const given = scene();
    const other = given.streams.createTable({ name: 'other', keys: { partition: 'pk' } });
    const foreign = await given.streams.api.getShardIterator({
      StreamArn: other.streamArn,
      ShardId: only(other.openShards()),
      ShardIteratorType: 'LATEST',
    });
    for (const iterator of ['garbage', 'a|1|garbage', `${given.shop.streamArn}|1|AAAA`, foreign]) {
      await expect(page(given, iterator)).rejects.toMatchObject({ name: 'ValidationException' });
    }
  });

  it('of an unknown shard is refused, also when the shard is of another stream', async () => {
    const given = scene();
    const other = given.streams.createTable({ name: 'other', keys: { partition: 'pk' } });
    for (const shardId of ['shardId-00000000000000000000-00000000', only(other.openShards())]) {
      await expect(iteratorAt(given, shardId, 'LATEST')).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
    }
  });

  it('is refused at a sequence number that is missing, malformed, beyond the end or out of place', async () => {
    const given = scene();
    const [written] = putMany(given.shop, 1);
    const shardId = only(given.shop.openShards());
    for (const type of ['TRIM_HORIZON', 'LATEST'] as const) {
      await expect(iteratorAt(given, shardId, type, written)).rejects.toMatchObject({
        name: 'ValidationException',
      });
    }
    for (const sequence of [undefined, '1', 'x'.repeat(21), '9'.repeat(41), '9'.repeat(40)]) {
      await expect(iteratorAt(given, shardId, 'AFTER_SEQUENCE_NUMBER', sequence)).rejects.toMatchObject({
        name: 'ValidationException',
      });
    }
  });
});

describe('an iterator', () => {
  it('works for 15 minutes and then has expired; every page brings a fresh one', async () => {
    const given = scene();
    const shardId = only(given.shop.openShards());
    const first = await iteratorAt(given, shardId, 'LATEST');
    await given.clock.advance(15 * minuteMs - 1);
    const next = (await page(given, first)).NextShardIterator as string;
    await given.clock.advance(1);
    await expect(page(given, first)).rejects.toMatchObject({ name: 'ExpiredIteratorException' });
    await given.clock.advance(14 * minuteMs);
    expect((await page(given, next)).Records).toEqual([]);
  });

  it('expires on command, of one shard or of all', async () => {
    const given = scene({}, 2);
    const [one, other] = given.shop.openShards() as [string, string];
    const iteratorOfOne = await iteratorAt(given, one, 'LATEST');
    const iteratorOfOther = await iteratorAt(given, other, 'LATEST');
    given.streams.expireIterators(one);
    await expect(page(given, iteratorOfOne)).rejects.toMatchObject({ name: 'ExpiredIteratorException' });
    expect((await page(given, iteratorOfOther)).Records).toEqual([]);
    given.streams.expireIterators();
    await expect(page(given, iteratorOfOther)).rejects.toMatchObject({ name: 'ExpiredIteratorException' });
    expect((await pageFrom(given, one, 'LATEST')).Records).toEqual([]);
  });
});

describe('trimming', () => {
  it('refuses a trimmed sequence number, and TRIM_HORIZON starts behind what was trimmed', async () => {
    const given = scene();
    const written = putMany(given.shop, 4) as [string, string, string, string];
    const shardId = only(given.shop.openShards());
    given.streams.trimRecords(shardId, written[1]);
    for (const type of ['AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER'] as const) {
      await expect(iteratorAt(given, shardId, type, written[1])).rejects.toMatchObject({
        name: 'TrimmedDataAccessException',
      });
    }
    const horizon = await pageFrom(given, shardId, 'TRIM_HORIZON');
    expect(sequencesOf(horizon.Records)).toEqual(written.slice(2));
    const at = await pageFrom(given, shardId, 'AT_SEQUENCE_NUMBER', written[2]);
    expect(sequencesOf(at.Records)).toEqual(written.slice(2));
    expect(sequencesOf(given.streams.written(given.shop.streamArn))).toEqual(written);
  });

  it('refuses a sequence number from before the shard', async () => {
    const given = scene();
    const [early] = putMany(given.shop, 1);
    const child = given.streams.roll(only(given.shop.openShards()));
    await expect(iteratorAt(given, child, 'AT_SEQUENCE_NUMBER', early)).rejects.toMatchObject({
      name: 'TrimmedDataAccessException',
    });
  });

  it('refuses an iterator whose next records were trimmed, and not one that is past them', async () => {
    const given = scene();
    const written = putMany(given.shop, 3) as [string, string, string];
    const shardId = only(given.shop.openShards());
    const before = await iteratorAt(given, shardId, 'TRIM_HORIZON');
    const past = (await page(given, before, 2)).NextShardIterator as string;
    given.streams.trimRecords(shardId, written[1]);
    await expect(page(given, before)).rejects.toMatchObject({ name: 'TrimmedDataAccessException' });
    expect(sequencesOf((await page(given, past)).Records)).toEqual(written.slice(2));
  });

  it('can be found out only when the records are read', async () => {
    const given = scene({ trimmedAt: 'GetRecords' });
    const [first] = putMany(given.shop, 2) as [string, string];
    const shardId = only(given.shop.openShards());
    given.streams.trimRecords(shardId, first);
    const iterator = await iteratorAt(given, shardId, 'AFTER_SEQUENCE_NUMBER', first);
    await expect(page(given, iterator)).rejects.toMatchObject({ name: 'TrimmedDataAccessException' });
  });

  it('removes closed shards whole; their children go on naming them', async () => {
    const given = scene();
    const parent = only(given.shop.openShards());
    const iterator = await iteratorAt(given, parent, 'TRIM_HORIZON');
    const child = given.streams.roll(parent);
    given.streams.trimShard(parent);
    expect((await describeShop(given)).Shards).toMatchObject([{ ShardId: child, ParentShardId: parent }]);
    await expect(page(given, iterator)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(iteratorAt(given, parent, 'TRIM_HORIZON')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(() => given.streams.trimShard(child)).toThrow('is open');
  });

  it('by age keeps what is younger than 24 hours', async () => {
    const given = scene();
    const parent = only(given.shop.openShards());
    putMany(given.shop, 1);
    given.streams.roll(parent);
    putMany(given.shop, 1, 1);
    await given.clock.advance(60 * minuteMs);
    const young = putMany(given.shop, 1, 2);
    await given.clock.advance(23 * 60 * minuteMs + 1);
    given.streams.trimOlderThan();
    const left = given.streams.shards(given.shop.streamArn);
    expect(left.map(({ records }) => sequencesOf(records))).toEqual([young]);
    const rolled = given.streams.roll(only(left).shardId);
    given.streams.trimOlderThan();
    expect(given.streams.shards(given.shop.streamArn).map(({ shardId }) => shardId)).toEqual([
      only(left).shardId,
      rolled,
    ]);
  });
});

describe('rolling and splitting', () => {
  it('keep the order of an item: its records move from a shard to one of its descendants', () => {
    const step = fc.record({
      action: fc.constantFrom('put', 'put', 'put', 'roll', 'split', 'late' as const),
      item: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { streams, shop } = scene({}, 2);
        for (const [n, { action, item }] of steps.entries()) {
          if (action === 'put') shop.put({ pk: `item-${item}`, n });
          const owner = shop.ownerOf({ pk: `item-${item}` });
          if (action === 'roll') streams.roll(owner);
          if (action === 'split') streams.split(owner, 2 + (item % 2));
          if (action === 'late') {
            streams.close(owner);
            streams.openChildren(owner, 1);
          }
        }
        const shards = streams.shards(shop.streamArn);
        const parents = new Map(shards.map(({ shardId, parentShardId }) => [shardId, parentShardId]));
        const isAtOrAbove = (upper: string, lower: string | undefined): boolean =>
          lower !== undefined && (upper === lower || isAtOrAbove(upper, parents.get(lower)));
        const shardsByItem = new Map<string, string[]>();
        for (const record of streams.written(shop.streamArn)) {
          const shardId = shards.find(({ records }) => records.includes(record))?.shardId as string;
          const item = JSON.stringify(record.dynamodb.Keys);
          const before = shardsByItem.get(item) ?? [];
          expect(before.every((upper) => isAtOrAbove(upper, shardId))).toBe(true);
          shardsByItem.set(item, [...before, shardId]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('give ids that sort by creation even when no time passes', () => {
    const given = scene();
    const first = only(given.shop.openShards());
    const second = given.streams.roll(first);
    const [third, fourth] = given.streams.split(second, 2) as [string, string];
    expect([fourth, second, third, first].sort()).toEqual([first, second, third, fourth]);
  });

  it('can leave a shard without a child, until it gets one', async () => {
    const given = scene();
    const parent = only(given.shop.openShards());
    given.streams.close(parent);
    expect(() => given.shop.put({ pk: 'a' })).toThrow('closed without a child');
    const [child] = given.streams.openChildren(parent, 1);
    expect(given.shop.ownerOf({ pk: 'a' })).toBe(child);
    expect(() => given.streams.close(parent)).toThrow('closed already');
    expect(() => given.streams.openChildren(child as string, 1)).toThrow('is open');
    expect(() => given.streams.openChildren(parent, 1)).toThrow('has children already');
  });
});

describe('disabling a stream', () => {
  it('closes its shards and leaves it readable; later writes leave no record', async () => {
    const given = scene();
    const shardId = only(given.shop.openShards());
    const written = putMany(given.shop, 2);
    given.shop.disableStream();
    expect(given.shop.put({ pk: 'later' })).toBeUndefined();
    expect(await describeShop(given)).toMatchObject({
      StreamStatus: 'DISABLED',
      Shards: [{ ShardId: shardId }],
    });
    const last = await pageFrom(given, shardId, 'TRIM_HORIZON');
    expect(sequencesOf(last.Records)).toEqual(written);
    expect(last).not.toHaveProperty('NextShardIterator');
  });

  it('and enabling one again gives a new ARN, new shards and records apart from the old ones', async () => {
    const given = scene();
    const [oldShard] = given.shop.openShards();
    const oldArn = given.shop.streamArn;
    given.shop.put({ pk: 'a' });
    given.shop.disableStream();
    const newArn = given.shop.enableStream('KEYS_ONLY', 2);
    given.shop.remove({ pk: 'a' });
    expect(newArn).toBe(given.shop.streamArn);
    expect(newArn).not.toBe(oldArn);
    expect(given.shop.openShards()).not.toContain(oldShard);
    expect(given.streams.written(oldArn).map(({ eventName }) => eventName)).toEqual(['INSERT']);
    expect(given.streams.written(newArn).map(({ eventName }) => eventName)).toEqual(['REMOVE']);
    expect(await describeShop(given)).toMatchObject({ StreamStatus: 'ENABLED', StreamViewType: 'KEYS_ONLY' });
  });

  it('happens when the table is deleted; the stream is gone when it is dropped', async () => {
    const given = scene();
    expect(() => given.streams.dropStream(given.shop.streamArn)).toThrow('Disable it first');
    given.shop.delete();
    expect(await describeShop(given)).toMatchObject({ StreamStatus: 'DISABLED' });
    given.streams.dropStream(given.shop.streamArn);
    await expect(describeShop(given)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(given.streams.createTable({ name: 'shop', keys: { partition: 'pk' } }).streamArn).toBeDefined();
  });

  it('passes through the states in between where the script says so', async () => {
    const given = scene();
    given.streams.setStreamStatus(given.shop.streamArn, 'ENABLING');
    expect(await describeShop(given)).toMatchObject({ StreamStatus: 'ENABLING' });
  });
});

describe('scripted faults', () => {
  it.each(['ThrottlingException', 'LimitExceededException', 'InternalServerError', 'TimeoutError'])(
    'make calls fail with %s as often as scripted, and change nothing',
    async (name) => {
      const given = scene();
      const written = putMany(given.shop, 2);
      const iterator = await iteratorAt(given, only(given.shop.openShards()), 'TRIM_HORIZON');
      given.streams.fail('getRecords', name, { times: 2 });
      await expect(page(given, iterator)).rejects.toMatchObject({ name });
      await expect(page(given, iterator)).rejects.toBeInstanceOf(Error);
      expect(sequencesOf((await page(given, iterator)).Records)).toEqual(written);
    },
  );

  it('are aimed at one operation, one stream, one shard, and can let calls through first', async () => {
    const given = scene({}, 2);
    const [one, other] = given.shop.openShards() as [string, string];
    given.streams.fail('getShardIterator', 'ThrottlingException', { shardId: one, after: 1 });
    given.streams.fail('describeStream', 'InternalServerError', { streamArn: 'another' });
    given.streams.fail('listStreams', 'InternalServerError');
    await iteratorAt(given, other, 'LATEST');
    await iteratorAt(given, one, 'LATEST');
    await iteratorAt(given, other, 'LATEST');
    await describeShop(given);
    await expect(iteratorAt(given, one, 'LATEST')).rejects.toMatchObject({ name: 'ThrottlingException' });
    await iteratorAt(given, one, 'LATEST');
  });

  it('end when they are healed', async () => {
    const given = scene();
    given.streams.fail('describeStream', 'ThrottlingException', { times: Number.POSITIVE_INFINITY });
    await expect(describeShop(given)).rejects.toThrow('Rate exceeded');
    given.streams.heal();
    expect((await describeShop(given)).Shards).toHaveLength(1);
  });

  it('can keep a call hanging until it is aborted', async () => {
    const given = scene();
    const abort = new AbortController();
    given.streams.hang('listStreams');
    let settled = false;
    const call = given.streams.api.listStreams({}, abort.signal).finally(() => {
      settled = true;
    });
    await given.clock.advance(60 * minuteMs);
    expect(settled).toBe(false);
    abort.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
  });
});

describe('calls', () => {
  it('are refused when their signal has aborted, before or on the way', async () => {
    const given = scene({ latencyMs: 100 });
    const abort = new AbortController();
    const call = given.streams.api.listStreams({}, abort.signal);
    abort.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    await expect(given.streams.api.listStreams({}, abort.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('take as long as scripted', async () => {
    const given = scene({ latencyMs: 100 });
    const start = given.clock.now();
    await given.clock.run(given.streams.api.listStreams({}));
    expect(given.clock.now() - start).toBe(100);
  });

  it('are logged with their time, their shard and how they failed', async () => {
    const given = scene();
    const shardId = only(given.shop.openShards());
    const iterator = await iteratorAt(given, shardId, 'LATEST');
    await given.clock.advance(250);
    given.streams.fail('getRecords', 'ThrottlingException');
    await expect(page(given, iterator)).rejects.toThrow();
    const atMs = given.clock.now();
    expect(given.streams.calls).toEqual([
      {
        operation: 'getShardIterator',
        atMs: atMs - 250,
        streamArn: given.shop.streamArn,
        shardId,
        input: { StreamArn: given.shop.streamArn, ShardId: shardId, ShardIteratorType: 'LATEST' },
      },
      {
        operation: 'getRecords',
        atMs,
        streamArn: given.shop.streamArn,
        shardId,
        input: { StreamArn: given.shop.streamArn, ShardIterator: iterator },
        error: 'ThrottlingException',
      },
    ]);
  });

  it('have a peak rate, over any window', async () => {
    const given = scene();
    for (const pauseMs of [0, 600, 399, 1, 5000, 10]) {
      await given.clock.advance(pauseMs);
      await describeShop(given);
    }
    expect(peakCalls(given.streams.calls)).toBe(3);
    expect(peakCalls(given.streams.calls, 1001)).toBe(4);
    expect(peakCalls([])).toBe(0);
  });
});

describe('a random simulation', () => {
  const readAll = async (seed: number) => {
    const given = scene({ seed, emptyPageChance: 0.3, shortPageChance: 0.5 });
    const written = putMany(given.shop, 30);
    given.streams.roll(only(given.shop.openShards()));
    const shardId = given.streams.shards(given.shop.streamArn)[0]?.shardId as string;
    const pages: string[][] = [];
    let iterator: string | undefined = await iteratorAt(given, shardId, 'TRIM_HORIZON');
    while (iterator !== undefined) {
      const { Records, NextShardIterator } = await page(given, iterator, 10);
      pages.push(sequencesOf(Records));
      iterator = NextShardIterator;
    }
    return { written, pages };
  };

  it('loses nothing and repeats nothing, whatever the pages look like', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { written, pages } = await readAll(seed);
      expect(pages.flat()).toEqual(written);
    }
  });

  it('is the same for the same seed and another for another', async () => {
    expect(await readAll(1)).toEqual(await readAll(1));
    expect((await readAll(1)).pages).not.toEqual((await readAll(2)).pages);
  });
});
