import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { type Engine, type FaultProxy, startEngine, startFaultProxy } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTable, type DynamoDbOptions, dynamoDbStore } from './dynamodb.js';

let engine: Engine;
let proxy: FaultProxy;
let db: DynamoDBClient;

beforeAll(async () => {
  engine = await startEngine();
  proxy = await startFaultProxy(engine.endpoint);
  const { endpoint, region, credentials } = engine;
  db = new DynamoDBClient({ endpoint, region, credentials });
}, 30_000);

afterAll(async () => {
  db.destroy();
  await proxy.close();
  await engine.stop();
});

function newTable(): DynamoDbOptions {
  const { region, credentials } = engine;
  return { tableName: `rows-${randomUUID()}`, region, credentials, endpoint: proxy.endpoint };
}

describe('createTable', () => {
  it('makes a table that is paid by request, has the keys of rows, and expires them', async () => {
    const access = newTable();
    const TableName = access.tableName;
    await createTable(access);
    const { Table } = await db.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    });
    const { TimeToLiveDescription } = await db.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
  });

  it('only looks at a table that is as it should be', async () => {
    const access = newTable();
    await createTable(access);
    const before = proxy.calls.length;
    await createTable(access);
    expect(proxy.calls.slice(before)).toEqual(['DescribeTable', 'DescribeTable', 'DescribeTimeToLive']);
  });

  it('turns expiry on where that is all that is missing', async () => {
    const access = newTable();
    proxy.refuse(3, 'UpdateTimeToLive');
    await expect(createTable(access)).rejects.toMatchObject({
      code: 'DYNAMODB_STORE',
      message: expect.stringMatching(/^UpdateTimeToLive on the table "rows-/),
    });
    await createTable(access);
    const { TimeToLiveDescription } = await db.send(
      new DescribeTimeToLiveCommand({ TableName: access.tableName }),
    );
    expect(TimeToLiveDescription?.TimeToLiveStatus).toBe('ENABLED');
  });

  it('may be called by many at the same time, and loses replies without harm', async () => {
    const access = newTable();
    proxy.loseReply(2, 'CreateTable');
    proxy.loseReply(2, 'UpdateTimeToLive');
    await Promise.all([createTable(access), createTable(access), createTable(access)]);
    await createTable(access);
  });

  it('and the store find region, endpoint and credentials where the SDK does', async () => {
    vi.stubEnv('AWS_REGION', engine.region);
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', engine.endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', engine.credentials.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', engine.credentials.secretAccessKey);
    // #region store
    await createTable({ tableName: 'sluice' }); // once, where you set things up
    const store = dynamoDbStore({ tableName: 'sluice' });
    // #endregion
    await store.put({ pk: 'p', sk: 's', value: 1 }, undefined);
    expect(await store.get('p', 's')).toMatchObject({ value: 1 });
    store.destroy();
    vi.unstubAllEnvs();
  });

  it('uses a client that is given, and leaves it open', async () => {
    const { tableName } = newTable();
    await createTable({ tableName, client: db });
    await createTable({ tableName, client: db });
  });

  it.each([
    ['no sort key', [['pk', 'S', 'HASH']], 'pk (S, HASH)'],
    [
      'keys of other names',
      [
        ['PK', 'S', 'HASH'],
        ['SK', 'S', 'RANGE'],
      ],
      'PK (S, HASH), SK (S, RANGE)',
    ],
    [
      'a number for a key',
      [
        ['pk', 'S', 'HASH'],
        ['sk', 'N', 'RANGE'],
      ],
      'pk (S, HASH), sk (N, RANGE)',
    ],
  ] as const)('refuses a table that is there with %s, and changes nothing', async (_what, keys, told) => {
    const access = newTable();
    await db.send(
      new CreateTableCommand({
        TableName: access.tableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: keys.map(([AttributeName, , KeyType]) => ({ AttributeName, KeyType })),
        AttributeDefinitions: keys.map(([AttributeName, AttributeType]) => ({
          AttributeName,
          AttributeType,
        })),
      }),
    );
    await expect(createTable(access)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      problems: [
        `the table "${access.tableName}" has the keys ${told}, and a store needs pk (S, HASH), sk (S, RANGE); give the store a table of its own`,
      ],
    });
  });

  it('refuses a table that expires items by another attribute', async () => {
    const access = newTable();
    await createTable(access);
    const TableName = access.tableName;
    for (const spec of [
      { AttributeName: 'expiresAt', Enabled: false },
      { AttributeName: 'ttl', Enabled: true },
    ]) {
      await db.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: spec }));
    }
    await expect(createTable(access)).rejects.toThrow('expires items by the attribute ttl');
  });
});

describe('createTable on a service that takes its time', () => {
  const keySchema = {
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
  };
  const table = (TableStatus: string) => ({ Table: { TableStatus, ...keySchema } });
  const unknown = { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', message: 'none' };
  const exists = { __type: 'com.amazonaws.dynamodb.v20120810#ResourceInUseException', message: 'there' };
  const expiry = (TimeToLiveStatus: string) => ({
    TimeToLiveDescription: { TimeToLiveStatus, AttributeName: 'expiresAt' },
  });

  it('looks once in a second until the table can be used, also while it is not known yet', async () => {
    const { asked, waitedMs } = await against([
      ['DescribeTable', unknown],
      ['CreateTable', {}],
      ['DescribeTable', unknown],
      ['DescribeTable', table('CREATING')],
      ['DescribeTable', table('ACTIVE')],
      ['DescribeTimeToLive', expiry('ENABLING')],
    ]);
    expect(asked).toBe('all');
    expect(waitedMs).toBe(2_000);
  });

  it('waits for the table that somebody else makes at the same time, and for their expiry', async () => {
    const tooLate = { __type: 'com.amazon.coral.validate#ValidationException', message: 'already enabled' };
    const { asked } = await against([
      ['DescribeTable', unknown],
      ['CreateTable', exists],
      ['DescribeTable', table('UPDATING')],
      ['DescribeTimeToLive', expiry('DISABLED')],
      ['UpdateTimeToLive', tooLate],
      ['DescribeTimeToLive', expiry('ENABLING')],
    ]);
    expect(asked).toBe('all');
  });

  it('gives up after 5 minutes', async () => {
    const script = Array.from({ length: 301 }, () => ['DescribeTable', table('CREATING')] as const);
    const { error, waitedMs } = await against(script);
    expect(error).toMatchObject({ code: 'DYNAMODB_STORE' });
    expect(String(error)).toContain('could not be used 300 seconds after');
    expect(waitedMs).toBe(300_000);
  });

  it('does not wait for a table that is being deleted', async () => {
    const { error } = await against([
      ['DescribeTable', table('DELETING')],
      ['DescribeTable', table('DELETING')],
    ]);
    expect(error).toMatchObject({ code: 'CONFIGURATION' });
    expect(String(error)).toContain('is being deleted');
  });

  it('names the permissions that it needs where one is missing', async () => {
    const denied = { __type: 'com.amazon.coral.service#AccessDeniedException', message: 'not you' };
    const { error } = await against([['DescribeTable', denied]]);
    expect(String(error)).toMatch(
      /failed with AccessDeniedException: not you\. .* dynamodb:UpdateTimeToLive/,
    );
  });

  /** Runs `createTable` against a service that gives these answers, on a clock whose waits are over at once. */
  async function against(script: readonly (readonly [operation: string, answer: object])[]) {
    const left = [...script];
    const server = createServer(async (request, response) => {
      request.resume();
      const [operation, answer = {}] = left.shift() ?? [];
      const isExpected = request.headers['x-amz-target'] === `DynamoDB_20120810.${operation}`;
      response.writeHead(!isExpected ? 500 : '__type' in answer ? 400 : 200).end(JSON.stringify(answer));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { region, credentials } = engine;
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new DynamoDBClient({ region, credentials, endpoint, maxAttempts: 1 });
    let waitedMs = 0;
    const clock = {
      now: () => waitedMs,
      sleep: async (delayMs: number) => {
        waitedMs += delayMs;
      },
    };
    const error = await createTable({ tableName: 'rows', client, clock }).catch((thrown: unknown) => thrown);
    client.destroy();
    server.close();
    return { error, waitedMs, asked: left.length === 0 && error === undefined ? 'all' : { left, error } };
  }
});
