import assert from 'node:assert/strict';
import {
  compareSequenceNumbers,
  type GetShardIteratorInput,
  type Shard,
  type StreamRecord,
  type StreamsApi,
  type StreamViewType,
} from '@sluice/core';
import { type ConformanceTest, conformanceTests } from './conformance.js';

/** The Streams API of an engine, and what else the suite needs of the engine. */
export interface StreamsUnderTest {
  readonly api: StreamsApi;
  /** A new table with the string keys `pk` and `sk` and an enabled stream. Resolves when the stream can be read. */
  createTable(view: StreamViewType): Promise<TableUnderTest>;
  close?(): Promise<void>;
}

export interface TableUnderTest {
  readonly name: string;
  /** Writes a whole item of plain values, binary as Uint8Array. Resolves when its record can be read. */
  put(item: Readonly<Record<string, unknown>>): Promise<void>;
  remove(key: { readonly pk: string; readonly sk: string }): Promise<void>;
  /** Deletes an item as the table's time to live does. */
  expire?(key: { readonly pk: string; readonly sk: string }): Promise<void>;
  disableStream?(): Promise<void>;
}

export type StreamsCase = keyof typeof cases;

/**
 * The contract of the port to the Streams API as tests for any runner. An implementation runs all of them and gives a
 * reason for each one that it skips:
 *
 *     for (const { name, skip, run } of streamsSuite(open, { 'an unknown shard is refused': 'the engine takes any' })) {
 *       it.skipIf(skip !== undefined)(name, run);
 *     }
 */
export function streamsSuite(
  open: () => Promise<StreamsUnderTest>,
  skips: { readonly [Name in StreamsCase]?: string } = {},
): readonly ConformanceTest[] {
  return conformanceTests('streams', cases, open, skips);
}

const key = { pk: 'USER#1', sk: 'ORDER#7' };

const cases = {
  async 'the stream of a table is found by the name of the table'({ api, createTable }: StreamsUnderTest) {
    const table = await createTable('KEYS_ONLY');
    await createTable('KEYS_ONLY');
    const { Streams } = await api.listStreams({ TableName: table.name });
    assert.equal(Streams.length, 1);
    assert.equal(Streams[0]?.TableName, table.name);
    assert.ok(Streams[0]?.StreamArn.endsWith(`table/${table.name}/stream/${Streams[0].StreamLabel}`));
  },

  async 'a stream is described with its table, its view type and its shards'(given: StreamsUnderTest) {
    const table = await given.createTable('OLD_IMAGE');
    const StreamArn = await arnOf(given, table);
    const stream = await given.api.describeStream({ StreamArn });
    assert.equal(stream.StreamArn, StreamArn);
    assert.ok(StreamArn.endsWith(stream.StreamLabel));
    assert.equal(stream.TableName, table.name);
    assert.equal(stream.StreamStatus, 'ENABLED');
    assert.equal(stream.StreamViewType, 'OLD_IMAGE');
    const keys = stream.KeySchema?.map(({ AttributeName, KeyType }) => [KeyType, AttributeName]);
    if (keys) assert.deepEqual(Object.fromEntries(keys), { HASH: 'pk', RANGE: 'sk' });
    assert.ok(stream.Shards.length > 0);
    for (const { ShardId } of stream.Shards) assert.match(ShardId, /^\S{1,65}$/);
  },

  async 'the changes of an item come in write order, with growing sequence numbers'(given: StreamsUnderTest) {
    const table = await given.createTable('NEW_AND_OLD_IMAGES');
    for (let n = 0; n < 12; n += 1) await table.put({ ...key, n });
    await table.remove(key);
    const records = await readRecords(given, await arnOf(given, table), 13);
    assert.deepEqual(
      records.map(({ eventName }) => eventName),
      ['INSERT', ...Array<string>(11).fill('MODIFY'), 'REMOVE'],
    );
    assert.deepEqual(
      records.map(({ dynamodb }) => dynamodb.NewImage?.['n']),
      [...Array.from({ length: 12 }, (_, n) => ({ N: String(n) })), undefined],
    );
    for (const [index, sequence] of sequencesOf(records).entries()) {
      const before = records[index - 1]?.dynamodb.SequenceNumber;
      if (before !== undefined)
        assert.ok(compareSequenceNumbers(before, sequence) < 0, `${before} < ${sequence}`);
    }
  },

  async 'a record has the keys, and the images of its view type and event'({
    api,
    createTable,
  }: StreamsUnderTest) {
    const both = ['NewImage', 'OldImage'];
    const expected: Record<StreamViewType, readonly (readonly string[])[]> = {
      KEYS_ONLY: [[], [], []],
      NEW_IMAGE: [['NewImage'], ['NewImage'], []],
      OLD_IMAGE: [[], ['OldImage'], ['OldImage']],
      NEW_AND_OLD_IMAGES: [['NewImage'], both, ['OldImage']],
    };
    for (const view of Object.keys(expected) as StreamViewType[]) {
      const table = await createTable(view);
      await table.put({ ...key, n: 1 });
      await table.put({ ...key, n: 2 });
      await table.remove(key);
      const records = await readRecords({ api }, await arnOf({ api }, table), 3);
      assert.deepEqual(records.map(imagesOf), expected[view], view);
      for (const { dynamodb } of records) {
        assert.deepEqual(dynamodb.Keys, wireKey);
        assert.equal(dynamodb.StreamViewType, view);
      }
    }
  },

  async 'a record is in the canonical form: base64 binary, decimal text, time in seconds'(
    given: StreamsUnderTest,
  ) {
    const table = await given.createTable('NEW_AND_OLD_IMAGES');
    const bytes = new Uint8Array([0, 127, 255]);
    await table.put({
      ...key,
      number: -1.5,
      bytes,
      setOfBytes: new Set([bytes]),
      texts: new Set(['a']),
      numbers: new Set([7]),
      list: ['a', null, true, { bytes }],
      empty: { list: [], text: '', bytes: new Uint8Array() },
    });
    const StreamArn = await arnOf(given, table);
    const [record] = await readRecords(given, StreamArn, 1);
    assert.deepEqual(record?.dynamodb.NewImage, {
      ...wireKey,
      number: { N: '-1.5' },
      bytes: { B: 'AH//' },
      setOfBytes: { BS: ['AH//'] },
      texts: { SS: ['a'] },
      numbers: { NS: ['7'] },
      list: { L: [{ S: 'a' }, { NULL: true }, { BOOL: true }, { M: { bytes: { B: 'AH//' } } }] },
      empty: { M: { list: { L: [] }, text: { S: '' }, bytes: { B: '' } } },
    });
    assert.deepEqual(JSON.parse(JSON.stringify(record)), record);
    assert.equal(record.eventName, 'INSERT');
    assert.equal(record.eventSource, 'aws:dynamodb');
    assert.equal(record.eventSourceARN, StreamArn);
    assert.match(record.dynamodb.SequenceNumber, /^\d+$/);
    const seconds = record.dynamodb.ApproximateCreationDateTime;
    assert.ok(
      seconds !== undefined && seconds > 1_500_000_000 && seconds < 5_000_000_000,
      `${seconds} are seconds`,
    );
    assert.ok(!('userIdentity' in record));
  },

  async 'an empty map has its type letter, at the top and further in'(given: StreamsUnderTest) {
    const table = await given.createTable('NEW_IMAGE');
    await table.put({ ...key, top: {}, list: [{}], map: { further: {} } });
    const [record] = await readRecords(given, await arnOf(given, table), 1);
    assert.deepEqual(record?.dynamodb.NewImage, {
      ...wireKey,
      top: { M: {} },
      list: { L: [{ M: {} }] },
      map: { M: { further: { M: {} } } },
    });
  },

  async 'a page has no more records than its limit, and the next one goes on after it'(
    given: StreamsUnderTest,
  ) {
    const { StreamArn, ShardId } = await oneItemShard(given, 5);
    const start = await given.api.getShardIterator({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' });
    const pages: number[] = [];
    const seen: (string | undefined)[] = [];
    let ShardIterator: string | undefined = start;
    for (let calls = 0; seen.length < 5 && ShardIterator !== undefined && calls < maxCalls; calls += 1) {
      const page = await given.api.getRecords({ StreamArn, ShardIterator, Limit: 2 });
      pages.push(page.Records.length);
      seen.push(...numbersOf(page.Records));
      ShardIterator = page.NextShardIterator;
    }
    assert.deepEqual(seen, ['0', '1', '2', '3', '4']);
    assert.ok(Math.max(...pages) <= 2, `pages of ${pages} records`);
  },

  async 'AT_SEQUENCE_NUMBER starts with the record, AFTER_SEQUENCE_NUMBER behind it'(
    given: StreamsUnderTest,
  ) {
    const { StreamArn, ShardId, records } = await oneItemShard(given, 4);
    const SequenceNumber = sequencesOf(records)[1] as string;
    const at = { StreamArn, ShardId, SequenceNumber, ShardIteratorType: 'AT_SEQUENCE_NUMBER' } as const;
    const after = { ...at, ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' } as const;
    assert.deepEqual(numbersOf(await readFrom(given, at, 3)), ['1', '2', '3']);
    assert.deepEqual(numbersOf(await readFrom(given, after, 2)), ['2', '3']);
  },

  async 'LATEST gives what is written after the iterator was issued, and only that'(given: StreamsUnderTest) {
    const { StreamArn, ShardId, table } = await oneItemShard(given, 3);
    const ShardIterator = await given.api.getShardIterator({
      StreamArn,
      ShardId,
      ShardIteratorType: 'LATEST',
    });
    await table.put({ ...key, n: 3 });
    assert.deepEqual(numbersOf(await readOn(given, StreamArn, ShardIterator, 1)), ['3']);
  },

  async 'an open shard that is read to its tip gives empty pages, and later what is written then'(
    given: StreamsUnderTest,
  ) {
    const { StreamArn, ShardId, table } = await oneItemShard(given, 1);
    let ShardIterator = await given.api.getShardIterator({ StreamArn, ShardId, ShardIteratorType: 'LATEST' });
    for (let calls = 0; calls < 3; calls += 1) {
      const page = await given.api.getRecords({ StreamArn, ShardIterator });
      assert.deepEqual(page.Records, []);
      assert.ok(page.NextShardIterator, 'an open shard has a next iterator');
      ShardIterator = page.NextShardIterator;
    }
    await table.put({ ...key, n: 1 });
    assert.deepEqual(numbersOf(await readOn(given, StreamArn, ShardIterator, 1)), ['1']);
  },

  async 'records belong to the caller: changing them changes no later answer'(given: StreamsUnderTest) {
    const { StreamArn, ShardId, records } = await oneItemShard(given, 1);
    const expected = structuredClone(records);
    Object.assign(records[0]?.dynamodb.Keys ?? {}, { pk: { S: 'mine' } });
    Object.assign(records[0]?.dynamodb ?? {}, { SequenceNumber: '0' });
    const horizon = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
    assert.deepEqual(await readFrom(given, horizon, 1), expected);
  },

  async 'a closed shard ends: its last records come, and there is no next iterator'(given: StreamsUnderTest) {
    const { StreamArn, ShardId, table } = await oneItemShard(given, 3);
    assert.ok(table.disableStream, 'needs disableStream, or a reason to skip this case');
    await table.disableStream();
    const start = await given.api.getShardIterator({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' });
    const seen: StreamRecord[] = [];
    let ShardIterator: string | undefined = start;
    for (let calls = 0; ShardIterator !== undefined && calls < maxCalls; calls += 1) {
      const page = await given.api.getRecords({ StreamArn, ShardIterator, Limit: 2 });
      seen.push(...page.Records);
      ShardIterator = page.NextShardIterator;
    }
    assert.equal(ShardIterator, undefined, 'the shard has an end');
    assert.deepEqual(numbersOf(seen), ['0', '1', '2']);
  },

  async 'a delete by the time to live names DynamoDB, in lower case'(given: StreamsUnderTest) {
    const table = await given.createTable('NEW_AND_OLD_IMAGES');
    assert.ok(table.expire, 'needs expire, or a reason to skip this case');
    await table.put(key);
    await table.expire(key);
    const [, removed] = await readRecords(given, await arnOf(given, table), 2);
    assert.equal(removed?.eventName, 'REMOVE');
    assert.deepEqual(removed.userIdentity, { type: 'Service', principalId: 'dynamodb.amazonaws.com' });
  },

  async 'an unknown stream is refused as ResourceNotFoundException'(given: StreamsUnderTest) {
    const { StreamArn: known, ShardId } = await oneItemShard(given, 1);
    const StreamArn = known.replace(/table\/[^/]+/, 'table/no-such-table');
    const error = { name: 'ResourceNotFoundException' };
    await assert.rejects(given.api.describeStream({ StreamArn }), error);
    await assert.rejects(
      given.api.getShardIterator({ StreamArn, ShardId, ShardIteratorType: 'LATEST' }),
      error,
    );
  },

  async 'an unknown shard is refused as ResourceNotFoundException'(given: StreamsUnderTest) {
    const { StreamArn } = await oneItemShard(given, 1);
    const ShardId = 'shardId-00000000000000000001-00000000';
    await assert.rejects(
      given.api.getShardIterator({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
      {
        name: 'ResourceNotFoundException',
      },
    );
  },

  async 'what is no iterator is refused as ValidationException'(given: StreamsUnderTest) {
    const { StreamArn } = await oneItemShard(given, 1);
    const error = { name: 'ValidationException' };
    await assert.rejects(given.api.getRecords({ StreamArn, ShardIterator: 'garbage' }), error);
  },

  async 'a limit that is not 1 to 1000 is refused as ValidationException'(given: StreamsUnderTest) {
    const { StreamArn, ShardId } = await oneItemShard(given, 1);
    const ShardIterator = await given.api.getShardIterator({
      StreamArn,
      ShardId,
      ShardIteratorType: 'LATEST',
    });
    for (const Limit of [0, 1001]) {
      const call = given.api.getRecords({ StreamArn, ShardIterator, Limit });
      await assert.rejects(call, { name: 'ValidationException' }, `Limit ${Limit}`);
    }
  },

  async 'a call whose signal aborts rejects, before it is made and on its way'(given: StreamsUnderTest) {
    const { StreamArn, ShardId } = await oneItemShard(given, 1);
    const ShardIterator = await given.api.getShardIterator({
      StreamArn,
      ShardId,
      ShardIteratorType: 'LATEST',
    });
    const calls: readonly ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => given.api.listStreams({}, signal),
      (signal) => given.api.describeStream({ StreamArn }, signal),
      (signal) => given.api.getShardIterator({ StreamArn, ShardId, ShardIteratorType: 'LATEST' }, signal),
      (signal) => given.api.getRecords({ StreamArn, ShardIterator }, signal),
    ];
    for (const call of calls) {
      await assert.rejects(call(AbortSignal.abort()));
      const onTheWay = new AbortController();
      const answer = call(onTheWay.signal);
      onTheWay.abort();
      await assert.rejects(answer);
    }
  },
};

/** So that a case ends where an engine keeps its records back. Empty pages before a record are allowed. */
const maxCalls = 200;

const wireKey = { pk: { S: key.pk }, sk: { S: key.sk } };

/** A table whose one item was written `count` times with a growing `n`, and the shard that has the records. */
async function oneItemShard(given: StreamsUnderTest, count: number) {
  const table = await given.createTable('NEW_AND_OLD_IMAGES');
  for (let n = 0; n < count; n += 1) await table.put({ ...key, n });
  const StreamArn = await arnOf(given, table);
  for (const { ShardId } of await shardsOf(given, StreamArn)) {
    const records = await readFrom(given, { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }, count);
    if (records.length > 0) return { table, StreamArn, ShardId, records };
  }
  return assert.fail('no shard has the records that were written');
}

async function arnOf({ api }: Pick<StreamsUnderTest, 'api'>, table: TableUnderTest): Promise<string> {
  const { Streams } = await api.listStreams({ TableName: table.name });
  assert.equal(Streams.length, 1, 'a new table has one stream');
  return Streams[0]?.StreamArn as string;
}

async function shardsOf({ api }: Pick<StreamsUnderTest, 'api'>, StreamArn: string): Promise<Shard[]> {
  const shards: Shard[] = [];
  let start: string | undefined;
  for (let calls = 0; calls < maxCalls; calls += 1) {
    const input = start === undefined ? { StreamArn } : { StreamArn, ExclusiveStartShardId: start };
    const page = await api.describeStream(input);
    shards.push(...page.Shards);
    start = page.LastEvaluatedShardId;
    if (start === undefined) break;
  }
  return shards;
}

/** `count` records of a stream from its beginning, shard after shard. All of the suite's are of one item. */
async function readRecords(given: Pick<StreamsUnderTest, 'api'>, StreamArn: string, count: number) {
  const records: StreamRecord[] = [];
  for (const { ShardId } of await shardsOf(given, StreamArn)) {
    const from = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
    records.push(...(await readFrom(given, from, count - records.length)));
  }
  assert.equal(records.length, count, 'all records that were written can be read');
  return records;
}

async function readFrom(
  given: Pick<StreamsUnderTest, 'api'>,
  from: GetShardIteratorInput,
  count: number,
): Promise<StreamRecord[]> {
  return readOn(given, from.StreamArn, await given.api.getShardIterator(from), count);
}

/** Reads until `count` records are there, and one page more, which shows that they are all. */
async function readOn(
  { api }: Pick<StreamsUnderTest, 'api'>,
  StreamArn: string,
  start: string,
  count: number,
): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  let ShardIterator: string | undefined = start;
  for (let calls = 0; ShardIterator !== undefined && calls < maxCalls; calls += 1) {
    const hadAll = records.length >= count;
    const page = await api.getRecords({ StreamArn, ShardIterator });
    records.push(...page.Records);
    ShardIterator = page.NextShardIterator;
    if (hadAll) break;
  }
  return records;
}

function imagesOf({ dynamodb }: StreamRecord): string[] {
  return Object.keys(dynamodb)
    .filter((name) => name.endsWith('Image'))
    .sort();
}

const sequencesOf = (records: readonly StreamRecord[]) =>
  records.map(({ dynamodb }) => dynamodb.SequenceNumber);

/** The attribute `n` of the items after each change. */
function numbersOf(records: readonly StreamRecord[]): (string | undefined)[] {
  return records.map(({ dynamodb }) => {
    const n = dynamodb.NewImage?.['n'];
    return n && 'N' in n ? n.N : undefined;
  });
}
