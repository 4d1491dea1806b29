import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ConfigurationError, callStore, putRow, type Row, type StoreCalling } from '@sluice/core';
import {
  type Engine,
  type FaultProxy,
  type StoreUnderTest,
  startEngine,
  startFaultProxy,
  storeSuite,
} from '@sluice/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTable, type DynamoDbOptions, type DynamoDbStore, dynamoDbStore } from './dynamodb.js';

// DynamoDB Local takes Java and its jar, so it runs only where it is asked for.
const engines = (['embedded', 'dynamodb-local'] as const).filter(
  (engine) => engine === 'embedded' || process.env['SLUICE_DDB_LOCAL'] === '1',
);

describe.each(engines)(
  'the DynamoDB store keeps the contract of the storage port on the %s engine',
  (name) => {
    let engine: Engine;
    let proxy: FaultProxy;

    beforeAll(async () => {
      engine = await startEngine({ engine: name });
      proxy = await startFaultProxy(engine.endpoint);
    }, 30_000);

    afterAll(async () => {
      await proxy.close();
      await engine.stop();
    });

    async function open(): Promise<StoreUnderTest> {
      const { region, credentials } = engine;
      const access = { tableName: `rows-${randomUUID()}`, region, credentials, endpoint: proxy.endpoint };
      await createTable(access);
      const opened = [dynamoDbStore(access)];
      return {
        store: opened[0] as DynamoDbStore,
        faults: proxy,
        async reopen() {
          opened[0]?.destroy();
          opened.unshift(dynamoDbStore(access));
          return opened[0] as DynamoDbStore;
        },
        close: async () => opened[0]?.destroy(),
      };
    }

    for (const { name, skip, run } of storeSuite(open)) it(name, { skip: skip !== undefined }, run);
  },
);

describe('the DynamoDB store', () => {
  it.each([undefined, ''])('cannot be made with the table name %j', async (name) => {
    const options = { tableName: name as string }; // as an environment variable that is not set gives it
    expect(() => dynamoDbStore(options)).toThrow(ConfigurationError);
    await expect(createTable(options)).rejects.toThrow("give the table's name");
  });

  let engine: Engine;
  let proxy: FaultProxy;
  let access: DynamoDbOptions;
  let store: DynamoDbStore;
  const row = { pk: 'p', sk: 's', value: { mine: true } };

  beforeAll(async () => {
    engine = await startEngine();
  }, 30_000);
  afterAll(() => engine.stop());

  beforeEach(async () => {
    proxy = await startFaultProxy(engine.endpoint);
    const { region, credentials } = engine;
    access = { tableName: `rows-${randomUUID()}`, region, credentials, endpoint: proxy.endpoint };
    await createTable({ ...access, endpoint: engine.endpoint });
    store = dynamoDbStore(access);
  });

  afterEach(async () => {
    vi.useRealTimers();
    store.destroy();
    await proxy.close();
  });

  /** A client of one's own, which repeats calls inside, and the engine for looking behind the store. */
  function withClient<T>(
    settings: { endpoint: string; maxAttempts: number },
    use: (client: DynamoDBClient) => Promise<T>,
  ) {
    const { region, credentials } = engine;
    const client = new DynamoDBClient({ region, credentials, ...settings });
    return use(client).finally(() => client.destroy());
  }

  function storedItem({ pk, sk }: { pk: string; sk: string }) {
    const input = { TableName: access.tableName, Key: { pk: { S: pk }, sk: { S: sk } } };
    return withClient({ endpoint: engine.endpoint, maxAttempts: 1 }, async (client) => {
      return (await client.send(new GetItemCommand(input))).Item;
    });
  }

  it('keeps a row as an item with its keys, its value as JSON text, its version and its time of expiry', async () => {
    const written = await store.put({ ...row, expiresAt: 4_102_444_800 }, undefined);
    expect(await storedItem(row)).toEqual({
      pk: { S: 'p' },
      sk: { S: 's' },
      value: { S: '{"mine":true}' },
      version: { S: written.applied && written.row.version },
      expiresAt: { N: '4102444800' },
    });
    expect(written.applied && written.row.version).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  });

  it('makes one call for each of its functions, and one more for each further megabyte of a list', async () => {
    const written = await store.put(row, undefined);
    await store.put(row, undefined);
    await store.get('p', 's');
    await store.delete(row, (written as { row: Row }).row.version);
    expect(proxy.calls).toEqual(['PutItem', 'PutItem', 'GetItem', 'DeleteItem']);
    for (let n = 0; n < 3; n++)
      await store.put({ pk: 'big', sk: `${n}`, value: 'x'.repeat(400_000) }, undefined);
    const before = proxy.calls.length;
    expect(await store.list('big', '', Infinity)).toHaveLength(3);
    expect(proxy.calls.slice(before)).toEqual(['Query', 'Query']);
    expect(await store.list('big', '', 0)).toEqual([]);
  });

  it('tells of a call that fails at once: its own client repeats nothing', async () => {
    proxy.throttle(1);
    await expect(store.get('p', 's')).rejects.toMatchObject({
      code: 'DYNAMODB_STORE',
      cause: { name: 'ProvisionedThroughputExceededException' },
      message:
        `GetItem on the table "${access.tableName}" in us-east-1 at ${proxy.endpoint} failed with ` +
        'ProvisionedThroughputExceededException: The fault proxy throttles this call.',
    });
    proxy.refuse(1);
    await expect(store.list('p', '', 1)).rejects.toMatchObject({ code: 'DYNAMODB_STORE' });
    proxy.away();
    await expect(store.put(row, undefined)).rejects.toMatchObject({ code: 'DYNAMODB_STORE' });
    proxy.back();
    expect(proxy.calls).toEqual(['GetItem', 'Query']);
    expect(await store.get('p', 's')).toBeUndefined();
  });

  it('gives a call up that has no answer for 5 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const held = proxy.hold('GetItem');
    const call = expect(store.get('p', 's')).rejects.toMatchObject({ cause: { name: 'TimeoutError' } });
    await held.came;
    vi.advanceTimersByTime(5_000);
    await call;
  });

  it('a put that is applied when its caller has repeated it already changes nothing more', async () => {
    const held = proxy.hold('PutItem');
    const late = store.put({ ...row, value: 'late' }, undefined);
    await held.came;
    const second = await store.put({ ...row, value: 'second' }, undefined);
    await held.release();
    expect(second.applied).toBe(true);
    expect(await late).toEqual({ applied: false, current: second.applied && second.row });
    expect(await store.list('p', '', 10)).toEqual([second.applied && second.row]);
  });

  it('is got by callers that repeat through resets, throttling, lost replies and a call that hangs', async () => {
    const held = proxy.hold('PutItem');
    proxy.refuse(2, 'PutItem');
    proxy.throttle(2, 'PutItem');
    proxy.loseReply(2, 'PutItem');
    const written = await putRow(store, row, undefined, repeating(held.came));
    expect(written.applied).toBe(true);
    await held.release();
    expect(await store.get('p', 's')).toEqual(written.applied && written.row);
    proxy.away();
    const failures: unknown[] = [];
    const onFailure = (error: unknown) => {
      if (failures.push(error) === 3) proxy.back();
    };
    const read = await callStore(() => store.get('p', 's'), { ...repeating(), onFailure });
    expect(failures).toHaveLength(3);
    expect(read).toEqual(written.applied && written.row);
  });

  it('with a client that repeats calls: a put whose reply was lost is applied', async () => {
    await withClient({ endpoint: proxy.endpoint, maxAttempts: 3 }, async (client) => {
      const given = dynamoDbStore({ tableName: access.tableName, client });
      proxy.loseReply(1);
      const created = await given.put(row, undefined);
      expect(created.applied).toBe(true);
      proxy.loseReply(1);
      const replaced = await given.put(
        { ...row, value: 2 },
        created.applied ? created.row.version : undefined,
      );
      expect(replaced.applied).toBe(true);
      expect(proxy.calls).toHaveLength(4);
      given.destroy();
      expect(await given.get('p', 's')).toEqual(replaced.applied && replaced.row);
    });
  });

  it('takes a row of up to 400 KB as DynamoDB counts them, and refuses a larger one with the size it has', async () => {
    const aroundValue = 'pk p sk s value "" version'.replaceAll(' ', '').length + randomUUID().length;
    const longest = 'x'.repeat(409_600 - aroundValue);
    expect((await store.put({ ...row, value: longest }, undefined)).applied).toBe(true);
    await expect(store.put({ ...row, value: longest.replace('x', 'é') }, undefined)).rejects.toMatchObject({
      code: 'ROW_TOO_LARGE',
      bytes: 409_601,
      maxBytes: 409_600,
    });
    expect(proxy.calls).toEqual(['PutItem']);
  });

  it('says how to make a table that is not there', async () => {
    const lost = dynamoDbStore({ ...access, tableName: 'no-such-table' });
    await expect(lost.put(row, undefined)).rejects.toThrow(
      /^PutItem on the table "no-such-table" in us-east-1 at .* failed with ResourceNotFoundException: .* createTable/,
    );
    await expect(lost.get('p', 's')).rejects.toMatchObject({ retryable: false });
    lost.destroy();
  });

  it.each([
    ['nothing else', {}],
    ['a value that is not JSON', { value: { S: '{secret' }, version: { S: '1' } }],
    ['a value that is not text', { value: { N: '1' }, version: { S: '1' } }],
  ])(
    'refuses an item that somebody else put, with %s, and quotes nothing of it',
    async (_what, attributes) => {
      await withClient({ endpoint: engine.endpoint, maxAttempts: 1 }, async (client) => {
        const Item = { pk: { S: 'p' }, sk: { S: 's' }, ...attributes };
        await client.send(new PutItemCommand({ TableName: access.tableName, Item }));
      });
      const error = { code: 'DYNAMODB_STORE', message: expect.not.stringContaining('secret') };
      await expect(store.get('p', 's')).rejects.toMatchObject(error);
      await expect(store.list('p', '', 1)).rejects.toMatchObject(error);
      await expect(store.put(row, undefined)).rejects.toMatchObject(error);
    },
  );
});

/** Repeats at once. The 10 seconds that a call may take pass for the first call when that event comes, and for others never. */
function repeating(...firstTooLate: Promise<void>[]): StoreCalling {
  const never = new Promise<void>(() => {});
  const sleep = (delayMs: number) => (delayMs < 10_000 ? setImmediate() : (firstTooLate.shift() ?? never));
  return { clock: { now: () => 0, sleep }, random: () => 0, maxAttempts: 100 };
}
