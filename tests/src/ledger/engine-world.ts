import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  type AttributeMap,
  type Clock,
  isSluiceError,
  type Logger,
  type Store,
  type StreamRecord,
} from '@sluice/core';
import { awsStreams } from '@sluice/poller';
import { createTable, type DynamoDbOptions, dynamoDbStore } from '@sluice/store/dynamodb';
import {
  type Engine,
  type FaultProxy,
  startEngine,
  startFaultProxy,
  storeThrough,
  toWire,
} from '@sluice/testing';

/** A real engine with tables whose streams are real, and a proxy before it through which stores go. */
export interface EngineWorld {
  readonly engine: Engine;
  readonly proxy: FaultProxy;
  /** A new table with the key `pk`, and a sort key where one is named, and its stream. */
  newShop(sortKey?: string): Promise<Shop>;
  /** A new table of a store. */
  newStoreTable(): Promise<StoreTable>;
  stop(): Promise<void>;
}

export interface Shop {
  readonly name: string;
  put(item: object): Promise<void>;
  remove(key: object): Promise<void>;
  /** What is in its stream, from its beginning. */
  records(): Promise<readonly StreamRecord[]>;
}

export interface StoreTable {
  /** A store as a new process would make it, with a client of its own, through the proxy. */
  open(): Store;
}

/** `undefined`, with a notice, on machines that the engine is not made for. */
export async function startEngineWorld(): Promise<EngineWorld | undefined> {
  const engine = await startEngine().catch((error: unknown) => {
    if (!isSluiceError(error) || error.code !== 'ENGINE_MISSING') throw error;
    console.warn(`The tests on a real engine are skipped. ${error.message}`);
  });
  if (!engine) return undefined;
  const { region, endpoint, credentials } = engine;
  const access = { region, endpoint, credentials };
  const proxy = await startFaultProxy(endpoint);
  const db = new DynamoDBClient(access);
  const streams = awsStreams(access);
  const stores: { destroy(): void }[] = [];

  return {
    engine,
    proxy,
    async newShop(sortKey) {
      const name = `shop-${randomUUID()}`;
      const keys = sortKey === undefined ? ['pk'] : ['pk', sortKey];
      const { TableDescription } = await db.send(
        new CreateTableCommand({
          TableName: name,
          KeySchema: keys.map((AttributeName, index) => ({
            AttributeName,
            KeyType: index === 0 ? 'HASH' : 'RANGE',
          })),
          AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
          BillingMode: 'PAY_PER_REQUEST',
          StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
        }),
      );
      const StreamArn = TableDescription?.LatestStreamArn ?? '';
      return {
        name,
        async put(item) {
          await db.send(new PutItemCommand({ TableName: name, Item: forSdk(toWire(item)) }));
        },
        async remove(key) {
          await db.send(new DeleteItemCommand({ TableName: name, Key: forSdk(toWire(key)) }));
        },
        async records() {
          const { Shards } = await streams.describeStream({ StreamArn });
          const pages = await Promise.all(
            Shards.map(async ({ ShardId }) => {
              const from = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
              const ShardIterator = await streams.getShardIterator(from);
              return (await streams.getRecords({ StreamArn, ShardIterator })).Records;
            }),
          );
          return pages.flat();
        },
      };
    },
    async newStoreTable() {
      const tableName = `rows-${randomUUID()}`;
      await createTable({ tableName, ...access });
      return {
        open() {
          const options: DynamoDbOptions = { ...access, tableName, endpoint: proxy.endpoint };
          const store = dynamoDbStore(options);
          stores.push(store);
          return store;
        },
      };
    },
    async stop() {
      for (const client of [...stores, streams, db]) client.destroy();
      await proxy.close();
      await engine.stop();
    },
  };
}

/** The SDK wants bytes where the wire has base64. */
function forSdk<T>(item: AttributeMap): T {
  return JSON.parse(JSON.stringify(item), (name, inner) => {
    if (name === 'B' && typeof inner === 'string') return Buffer.from(inner, 'base64');
    if (name === 'BS') return inner.map((text: string) => Buffer.from(text, 'base64'));
    return inner;
  });
}

/**
 * A clock for what waits for a real engine. Short sleeps, as between two tries, pass at once; time limits and other long ones wake when
 * so much of those has passed. So nothing waits in the time of the machine, and no limit strikes while the engine is at work.
 */
export function hastyClock(): Clock {
  let nowMs = Date.UTC(2026, 0, 1);
  const sleeps = new Set<{ readonly wakeAtMs: number; wake(): void }>();

  function advanceTo(timeMs: number): void {
    nowMs = Math.max(nowMs, timeMs);
    for (const { wakeAtMs, wake } of [...sleeps]) if (wakeAtMs <= nowMs) wake();
  }

  return {
    now: () => nowMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wakeAtMs = nowMs + Math.max(0, delayMs);
        const sleep = { wakeAtMs, wake };
        function wake() {
          sleeps.delete(sleep);
          signal?.removeEventListener('abort', wake);
          resolve();
        }
        sleeps.add(sleep);
        signal?.addEventListener('abort', wake, { once: true });
        if (delayMs <= longestShortMs)
          void setImmediate().then(() => sleeps.has(sleep) && advanceTo(wakeAtMs));
      }),
  };
}

const longestShortMs = 2_500;

/** Tells of each call of a store before it is made: 1, 2, … */
export function watched(store: Store, onCall: (n: number) => void): Store {
  let calls = 0;
  const told = <T>(call: () => Promise<T>): Promise<T> => {
    onCall(++calls);
    return call();
  };
  return storeThrough(store, told);
}

const quiet = () => undefined;
export const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
