import {
  type DynamoDBClient,
  GetItemCommand,
  type AttributeValue as SdkValue,
} from '@aws-sdk/client-dynamodb';
import {
  type AttributeMap,
  type AttributeValue,
  ConfigurationError,
  type StreamRecord,
  tableOf,
} from '@sluice/core';
import { told } from './dynamodb-errors.js';

/**
 * Reads the item that a record is of as it is now, with one strongly consistent GetItem: in the form of a record's images (base64
 * text for binary), or `undefined` when there is no such item. The order within a set says nothing.
 *
 * The client has to be of the table's account and Region. Rejects with `ConfigurationError` when it is of another Region, and with
 * `DynamoDbStoreError` when the call fails; it needs dynamodb:GetItem on the table.
 */
export function currentItems(
  client: DynamoDBClient,
): (record: StreamRecord) => Promise<AttributeMap | undefined> {
  return async ({ eventSourceARN, dynamodb }) => {
    const TableName = tableOf(eventSourceARN) ?? '';
    return told('GetItem', TableName, client, async () => {
      await checkRegion(client, eventSourceARN);
      const input = { TableName, Key: mapValues(dynamodb.Keys, forSdk), ConsistentRead: true };
      const { Item } = await client.send(new GetItemCommand(input));
      return Item && mapValues(Item, onWire);
    });
  };
}

/** Another Region may well have a table of that name, with other items. Local engines make up Regions of their own. */
async function checkRegion(client: DynamoDBClient, streamArn: string): Promise<void> {
  const wanted = streamArn.split(':')[3] ?? '';
  if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(wanted)) return;
  const region = await client.config.region();
  if (region === wanted) return;
  throw new ConfigurationError([
    `the record is of a table in ${wanted}, and the client that reads its item is one of ${region}; give currentItems a client of ${wanted}`,
  ]);
}

/** Keys are text, numbers and binary alone. */
function forSdk(value: AttributeValue): SdkValue {
  if ('S' in value) return { S: value.S };
  if ('N' in value) return { N: value.N };
  if ('B' in value) return { B: Buffer.from(value.B, 'base64') };
  throw new TypeError(`a key of the record is not S, N or B but ${Object.keys(value)}`);
}

/** The SDK has no value for an attribute of the item that is named `__proto__`: better no answer than a wrong one. */
function onWire(value: SdkValue | undefined): AttributeValue {
  if (value === undefined) throw new TypeError('the AWS SDK gave an attribute without its value');
  if (value.S !== undefined) return { S: value.S };
  if (value.N !== undefined) return { N: value.N };
  if (value.B !== undefined) return { B: base64(value.B) };
  if (value.BOOL !== undefined) return { BOOL: value.BOOL };
  if (value.NULL !== undefined) return { NULL: true };
  if (value.M !== undefined) return { M: mapValues(value.M, onWire) };
  if (value.L !== undefined) return { L: value.L.map(onWire) };
  if (value.SS !== undefined) return { SS: value.SS };
  if (value.NS !== undefined) return { NS: value.NS };
  if (value.BS !== undefined) return { BS: value.BS.map(base64) };
  throw new TypeError('the item has a value of a type that is not known here');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** `fromEntries` keeps an attribute named `__proto__` as data. */
function mapValues<From, To>(
  map: { readonly [name: string]: From },
  each: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, each(value)]));
}
