import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { createRouter, type Logger, route, type StreamRecord } from '@sluice/core';
import { poll } from '@sluice/poller';
import type { Engine } from '@sluice/testing';
import { catalog } from './catalog.js';
import type { Document } from './search.js';

const ids = ['1', '2', '3', '4', '5', '6'];
const sellers = ['Ann', 'Bob', 'Cid'];

/** Three sellers list six products each, and then change all of their prices, side by side. Cid has a long title. */
export const writes: readonly Document[] = [10, 12].flatMap((price) =>
  ids.flatMap((productId) =>
    sellers.map((seller) => ({ seller, productId, title: titleOf(seller, productId), price })),
  ),
);

function titleOf(seller: string, productId: string): string {
  const isLong = seller === 'Cid' && productId === '3';
  return isLong ? 'Lamp for the desk and for the shelf' : `Lamp ${productId}`;
}

/** Makes the catalog's table with its stream, and writes all of it, one after another. */
export async function writeProducts({ region, endpoint, credentials }: Engine): Promise<void> {
  const client = new DynamoDBClient({ region, endpoint, credentials });
  await client.send(
    new CreateTableCommand({
      TableName: catalog.name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: catalog.view },
    }),
  );
  for (const { seller, productId, ...product } of writes) {
    const Item = { pk: `SELLER#${seller}`, sk: `PRODUCT#${productId}`, ...product };
    await client.send(new PutCommand({ TableName: catalog.name, Item }));
  }
  client.destroy();
}

/** What the table's stream has of it, in its order. */
export async function readStream(
  { region, endpoint, credentials }: Engine,
  logger: Logger,
): Promise<readonly StreamRecord[]> {
  const records: StreamRecord[] = [];
  const all = new AbortController();
  const collect = route.on(catalog, { id: 'collect' }, ({ record }) => {
    records.push(record);
    if (records.length === writes.length) all.abort();
  });
  const router = createRouter({ routes: [collect], order: 'strict', logger });
  await poll(router, { streams: [catalog.name], signal: all.signal, region, endpoint, credentials });
  return records;
}
