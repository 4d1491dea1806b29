import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { createRouter, route, type StreamViewType, table } from '@sluice/core';
import { type Engine, type StreamsUnderTest, startEngine, streamsSuite, toWire } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsStreams } from './aws-streams.js';
import { poll } from './poll.js';
import { rowStore } from './testing/row-store.js';

let engine: Engine;
let db: DynamoDBClient;

beforeAll(async () => {
  engine = await startEngine();
  db = new DynamoDBClient(engine);
});

afterAll(async () => {
  db.destroy();
  await engine.stop();
});

/** A new table with the keys `pk` and `sk` and an enabled stream. */
async function createTable(view: StreamViewType) {
  const name = `table-${randomUUID()}`;
  const keys = [
    ['pk', 'HASH'],
    ['sk', 'RANGE'],
  ] as const;
  await db.send(
    new CreateTableCommand({
      TableName: name,
      KeySchema: keys.map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
      AttributeDefinitions: keys.map(([AttributeName]) => ({ AttributeName, AttributeType: 'S' })),
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: view },
    }),
  );
  return {
    name,
    async put(item: object) {
      await db.send(new PutItemCommand({ TableName: name, Item: forSdk(toWire(item)) }));
    },
    async remove(key: object) {
      await db.send(new DeleteItemCommand({ TableName: name, Key: forSdk(toWire(key)) }));
    },
    async disableStream() {
      const StreamSpecification = { StreamEnabled: false };
      await db.send(new UpdateTableCommand({ TableName: name, StreamSpecification }));
    },
  };
}

/** The SDK wants bytes where the wire has base64. */
function forSdk<T>(value: unknown): T {
  return JSON.parse(JSON.stringify(value), (name, inner) => {
    if (name === 'B' && typeof inner === 'string') return Buffer.from(inner, 'base64');
    if (name === 'BS') return inner.map((text: string) => Buffer.from(text, 'base64'));
    return inner;
  });
}

describe('the AWS adapter keeps the contract of the Streams port', () => {
  const open = async (): Promise<StreamsUnderTest> => {
    const api = awsStreams(engine);
    return { api, createTable, close: async () => api.destroy() };
  };
  for (const { name, skip, run } of streamsSuite(open, {
    'a closed shard ends: its last records come, and there is no next iterator':
      'the engine does not find a stream any more that is disabled',
    'a delete by the time to live names DynamoDB, in lower case':
      'the engine deletes nothing by itself on demand',
    'an unknown shard is refused as ResourceNotFoundException': 'the engine accepts any shard id',
    'a limit that is not 1 to 1000 is refused as ValidationException': 'the engine accepts any limit',
  })) {
    it.skipIf(skip !== undefined)(name, run);
  }
});

describe('the poller on a real engine', () => {
  it('hands on what is written, by table name, and goes on after a restart where it was', async () => {
    const { name, put } = await createTable('NEW_AND_OLD_IMAGES');
    const seen: unknown[] = [];
    const stop = { current: new AbortController(), at: 3 };
    const router = createRouter({
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      routes: [
        route.on(table(name, { keys: { partition: 'pk', sort: 'sk' } }), { id: 'note' }, ({ record }) => {
          seen.push(record.dynamodb.NewImage?.['n']);
          if (seen.length === stop.at) stop.current.abort();
        }),
      ],
    });
    const store = rowStore();
    const { region, endpoint, credentials } = engine;
    const run = () =>
      poll(router, { streams: [name], region, endpoint, credentials, store, signal: stop.current.signal });

    for (let n = 1; n <= 3; n++) await put({ pk: 'a', sk: 'b', n });
    await run();
    for (let n = 4; n <= 6; n++) await put({ pk: 'a', sk: 'b', n });
    stop.current = new AbortController();
    stop.at = 6;
    await run();
    expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((n) => ({ N: String(n) })));
  });

  it('says where it looked for a table that is not there', async () => {
    const router = createRouter({
      routes: [route.on(table('shop', { keys: { partition: 'pk' } }), { id: 'x' }, () => {})],
    });
    const { region, endpoint, credentials } = engine;
    await expect(poll(router, { streams: ['shop'], region, endpoint, credentials })).rejects.toThrow(
      `table "shop" has no stream in ${region} at ${endpoint}`,
    );
  });
});
