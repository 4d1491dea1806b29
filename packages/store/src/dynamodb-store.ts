import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type { JsonValue, Row, Store, Written } from '@sluice/core';
import { clientFor, type DynamoDbOptions } from './dynamodb-client.js';
import { DynamoDbStoreError, RowTooLargeError, told } from './dynamodb-errors.js';
import { checkFrom, checkKey, checkKeys, maxKeyBytes } from './row-keys.js';
import { compareUtf8, ownCopy } from './rows.js';

export interface DynamoDbStore extends Store {
  /** Closes the sockets of the store's own client; one that was given stays as it is. */
  destroy(): void;
}

/**
 * A store in one table of DynamoDB, for any number of processes. `createTable` makes the table. An item of it is a row:
 *
 * | attribute   | type |                                                                         |
 * |-------------|------|-------------------------------------------------------------------------|
 * | `pk`, `sk`  | S    | the partition key and the sort key                                      |
 * | `value`     | S    | JSON text                                                               |
 * | `version`   | S    | a random UUID, new with each write                                      |
 * | `expiresAt` | N    | seconds since the epoch, the attribute of the table's TTL; may be absent |
 *
 * A `get` is one GetItem, a `list` one Query for each megabyte, both strongly consistent; a `put` is one conditional PutItem, a
 * `delete` one conditional DeleteItem. Rows that have expired stay until DynamoDB removes them, within a few days.
 *
 * The store's own client makes each call once and gives it up after 5 seconds: callers repeat calls, as `callStore` does. When a
 * client that was given repeats a put whose reply was lost, the put is applied as it should be; somebody who replaced the row in
 * between makes it a refused one.
 *
 * Throws `ConfigurationError` without a table's name. Rejects with `DynamoDbStoreError`, and with `RowTooLargeError` for a row of more than 400 KB.
 */
export function dynamoDbStore(options: DynamoDbOptions): DynamoDbStore {
  const TableName = options.tableName;
  const { client, destroy } = clientFor(options, 1);

  function call<T>(operation: string, send: () => Promise<T>): Promise<T> {
    return told(operation, TableName, client, send);
  }

  return {
    async get(pk, sk) {
      checkKeys({ pk, sk });
      const input = { TableName, Key: keyOf(pk, sk), ConsistentRead: true };
      const { Item } = await call('GetItem', () => client.send(new GetItemCommand(input)));
      return Item && rowIn(Item, TableName);
    },

    async list(pk, from, limit) {
      checkKey('pk', pk);
      checkFrom(from);
      const query = { TableName, ConsistentRead: true, ...isFrom(pk, from) };
      const rows: Row[] = [];
      let goOnAfter: Item | undefined;
      while (rows.length < limit) {
        const input = { ...query, ...limitOf(limit - rows.length), ExclusiveStartKey: goOnAfter };
        const { Items = [], LastEvaluatedKey } = await call('Query', () =>
          client.send(new QueryCommand(input)),
        );
        const found = Items.map((item) => rowIn(item, TableName));
        rows.push(...found.filter(({ sk }) => compareUtf8(sk, from) >= 0));
        goOnAfter = LastEvaluatedKey;
        if (!goOnAfter) break;
      }
      return rows;
    },

    async put(given, ifVersion) {
      const row = { ...ownCopy(given), version: randomUUID() };
      const input = { TableName, Item: itemOf(row, TableName), ...hasVersion(ifVersion) };
      const written = await conditional('PutItem', () => client.send(new PutItemCommand(input)));
      // Refused by what it wrote itself: the client has repeated a call whose reply was lost.
      const isOurs = written.applied || written.current?.version === row.version;
      return isOurs ? { applied: true, row } : written;
    },

    async delete({ pk, sk }, ifVersion) {
      checkKeys({ pk, sk });
      const input = {
        TableName,
        Key: keyOf(pk, sk),
        ...hasVersion(ifVersion),
        ReturnValues: 'ALL_OLD',
      } as const;
      const written = await conditional('DeleteItem', () => client.send(new DeleteItemCommand(input)));
      return written.applied
        ? { applied: true, row: rowIn(written.output.Attributes ?? {}, TableName) }
        : written;
    },

    destroy,
  };

  /** A condition that does not hold is an answer, with the row that stood in the way. */
  function conditional<T>(operation: string, write: () => Promise<T>): Promise<Applied<T> | Refused> {
    return call(operation, async () => {
      try {
        return { applied: true, output: await write() };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return { applied: false, current: error.Item && rowIn(error.Item, TableName) };
      }
    });
  }
}

interface Applied<T> {
  readonly applied: true;
  readonly output: T;
}

type Refused = Extract<Written, { readonly applied: false }>;

type Item = Record<string, AttributeValue>;

/** By its name: a client that was given may be of another copy of the SDK. */
function isRefusal(error: unknown): error is Error & { readonly Item?: Item } {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}

function keyOf(pk: string, sk: string): Item {
  return { pk: { S: pk }, sk: { S: sk } };
}

/** The version is asked for by an alias, since words that DynamoDB keeps for itself grow in number. */
function hasVersion(ifVersion: string | undefined) {
  const ReturnValuesOnConditionCheckFailure = 'ALL_OLD' as const;
  if (ifVersion === undefined) {
    return { ReturnValuesOnConditionCheckFailure, ConditionExpression: 'attribute_not_exists(pk)' };
  }
  return {
    ReturnValuesOnConditionCheckFailure,
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': { S: ifVersion } },
  };
}

/** DynamoDB takes no key for a condition that could not be one: too long a text begins with its longest part that could. */
function isFrom(pk: string, from: string) {
  const { read } = new TextEncoder().encodeInto(from, new Uint8Array(maxKeyBytes.sk));
  const possible = from.slice(0, read);
  if (possible === '') {
    return { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: pk } } };
  }
  return {
    KeyConditionExpression: 'pk = :pk AND sk >= :from',
    ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: possible } },
  };
}

function limitOf(limit: number) {
  return Number.isFinite(limit) ? { Limit: limit } : {};
}

function itemOf({ pk, sk, value, version, expiresAt }: Row, tableName: string): Item {
  const item: Item = { ...keyOf(pk, sk), value: { S: JSON.stringify(value) }, version: { S: version } };
  if (expiresAt !== undefined) item['expiresAt'] = { N: String(expiresAt) };
  const bytes = sizeOf(item);
  if (bytes > maxItemBytes) throw new RowTooLargeError(tableName, bytes, maxItemBytes);
  return item;
}

function rowIn({ pk, sk, value, version, expiresAt }: Item, tableName: string): Row {
  const kept = parsed(value?.S);
  if (pk?.S === undefined || sk?.S === undefined || version?.S === undefined || kept === undefined) {
    throw new DynamoDbStoreError(
      `The table "${tableName}" has an item that is no row of a store, under a key that one would have. Give the store a table of its own.`,
    );
  }
  const row = { pk: pk.S, sk: sk.S, value: kept, version: version.S };
  return expiresAt?.N === undefined ? row : { ...row, expiresAt: Number(expiresAt.N) };
}

/** `undefined` if it is not JSON. The reason is not told, because it would quote the value. */
function parsed(text: string | undefined): JsonValue | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as JsonValue);
  } catch {
    return undefined;
  }
}

/** Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
const maxItemBytes = 400 * 1024;
const maxNumberBytes = 21;

/** As DynamoDB counts: names and values. A number counts as the longest one. */
function sizeOf(item: Item): number {
  const sizes = Object.entries(item).map(
    ([name, { S }]) => Buffer.byteLength(name) + (S === undefined ? maxNumberBytes : Buffer.byteLength(S)),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
