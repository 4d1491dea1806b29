import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { StreamRecord } from '@sluice/core';
import { type Engine, type FaultProxy, startEngine, startFaultProxy } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentItems } from './dynamodb.js';

let engine: Engine;
let proxy: FaultProxy;
let db: DynamoDBClient;

beforeAll(async () => {
  engine = await startEngine();
  proxy = await startFaultProxy(engine.endpoint);
  const { region, credentials } = engine;
  db = new DynamoDBClient({ region, credentials, endpoint: proxy.endpoint, maxAttempts: 1 });
}, 30_000);

afterAll(async () => {
  db.destroy();
  await proxy.close();
  await engine.stop();
});

/** A record of the item with these keys, in the table of that name. */
function recordOf(
  tableName: string,
  Keys: StreamRecord['dynamodb']['Keys'],
  region = 'us-east-1',
): StreamRecord {
  return {
    eventName: 'REMOVE',
    eventSourceARN: `arn:aws:dynamodb:${region}:123456789012:table/${tableName}/stream/2026-01-01T00:00:00.000`,
    dynamodb: { Keys, SequenceNumber: '1' },
  };
}

async function createTable(keyType: 'S' | 'N' | 'B') {
  const TableName = `items-${randomUUID()}`;
  await db.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: keyType }],
    }),
  );
  return TableName;
}

describe('the current item of a record', () => {
  it('comes in the form of a record image, whatever types it has', async () => {
    const TableName = await createTable('S');
    const Item = JSON.parse(
      '{"id":{"S":"a"},"n":{"N":"1.5"},"yes":{"BOOL":true},"no":{"BOOL":false},"nothing":{"NULL":true},' +
        '"texts":{"SS":["x"]},"numbers":{"NS":["7"]},"list":{"L":[{"S":""},{"M":{}}]},"map":{"M":{"__proto__":{"S":"data"}}}}',
    );
    const bytes = Uint8Array.of(0, 127, 255);
    const binary = { b: { B: bytes }, bs: { BS: [bytes] }, empty: { B: new Uint8Array() } };
    await db.send(new PutItemCommand({ TableName, Item: Object.assign(Item, binary) }));
    const current = await currentItems(db)(recordOf(TableName, { id: { S: 'a' } }));
    const expected = JSON.parse(JSON.stringify(Item));
    Object.assign(expected, { b: { B: 'AH//' }, bs: { BS: ['AH//'] }, empty: { B: '' } });
    expect(current).toEqual(expected);
    expect(Object.keys(current ?? {}).sort()).toEqual(Object.keys(expected).sort());
    expect(JSON.stringify(current?.['map'])).toBe('{"M":{"__proto__":{"S":"data"}}}');
  });

  it('is not given without the attribute that the AWS SDK does not hand over', async () => {
    const TableName = await createTable('S');
    const Item = JSON.parse('{"id":{"S":"a"},"__proto__":{"S":"data"}}');
    await db.send(new PutItemCommand({ TableName, Item }));
    const read = currentItems(db)(recordOf(TableName, { id: { S: 'a' } }));
    await expect(read).rejects.toThrow('the AWS SDK gave an attribute without its value');
  });

  it.each([
    ['S', { S: 'é 😀' }, { S: 'é 😀' }],
    ['N', { N: '12345678901234567890123456789012345678' }, { N: '12345678901234567890123456789012345678' }],
    ['B', { B: '/wCA' }, { B: Uint8Array.of(255, 0, 128) }],
  ] as const)('is found by a key of type %s', async (keyType, wire, sdk) => {
    const TableName = await createTable(keyType);
    await db.send(new PutItemCommand({ TableName, Item: { id: sdk, found: { BOOL: true } } }));
    const record = recordOf(TableName, { id: wire });
    expect(await currentItems(db)(record)).toEqual({ id: wire, found: { BOOL: true } });
    await db.send(new DeleteItemCommand({ TableName, Key: { id: sdk } }));
    expect(await currentItems(db)(record)).toBeUndefined();
  });

  it('is not looked for in another Region, where a table may have the same name', async () => {
    const before = proxy.calls.length;
    const read = currentItems(db)(recordOf('shop', { id: { S: 'a' } }, 'eu-west-1'));
    await expect(read).rejects.toMatchObject({ code: 'CONFIGURATION' });
    await expect(read).rejects.toThrow('give currentItems a client of eu-west-1');
    expect(proxy.calls).toHaveLength(before);
  });

  it('of a local engine is read whatever Region the engine makes up', async () => {
    const TableName = await createTable('S');
    for (const region of ['ddblocal', 'dynoxide']) {
      expect(await currentItems(db)(recordOf(TableName, { id: { S: 'a' } }, region))).toBeUndefined();
    }
  });

  it('that cannot be read rejects with the table and what to do', async () => {
    const read = () => currentItems(db)(recordOf('no-such-table', { id: { S: 'a' } }));
    await expect(read()).rejects.toThrow(/^GetItem on the table "no-such-table" in us-east-1/);
    proxy.throttle(1);
    await expect(read()).rejects.toMatchObject({ code: 'DYNAMODB_STORE' });
  });
});
