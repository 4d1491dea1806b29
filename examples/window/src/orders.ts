import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { createRouter, type Logger, route, type StreamRecord } from '@sluice/core';
import { poll } from '@sluice/poller';
import type { Engine } from '@sluice/testing';
import { shop } from './shop.js';

export interface Write {
  readonly changedAt: string;
  readonly orderId: string;
  readonly status: 'PLACED' | 'PAID';
  readonly total: number;
  readonly currency: string;
  /** What the total is in euros, for the account. */
  readonly euros: number;
}

/** Three minutes of a shop. */
export const writes: readonly Write[] = [
  write('09:00:05', '1', 'PLACED', 30),
  write('09:00:20', '2', 'PLACED', 45),
  write('09:00:20', '1', 'PAID', 30),
  write('09:01:10', '2', 'PAID', 45),
  write('09:01:10', '3', 'PLACED', 50, 'USD', 45),
  write('09:01:10', '4', 'PLACED', 20),
  write('09:01:40', '4', 'PAID', 20),
  write('09:02:30', '5', 'PLACED', 10),
  write('09:02:30', '3', 'PAID', 50, 'USD', 45),
];

function write(
  time: string,
  orderId: string,
  status: Write['status'],
  total: number,
  currency = 'EUR',
  euros = total,
): Write {
  return { changedAt: `2026-01-01T${time}Z`, orderId, status, total, currency, euros };
}

/** Makes the shop's table with its stream, and writes all of it, one after another. */
export async function writeOrders({ region, endpoint, credentials }: Engine): Promise<void> {
  const client = new DynamoDBClient({ region, endpoint, credentials });
  await client.send(
    new CreateTableCommand({
      TableName: shop.name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: shop.view },
    }),
  );
  for (const { orderId, euros, ...order } of writes) {
    await client.send(new PutCommand({ TableName: shop.name, Item: { pk: `ORDER#${orderId}`, ...order } }));
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
  const collect = route.on(shop, { id: 'collect' }, ({ record }) => {
    records.push(record);
    if (records.length === writes.length) all.abort();
  });
  const router = createRouter({ routes: [collect], order: 'strict', logger });
  await poll(router, { streams: [shop.name], signal: all.signal, region, endpoint, credentials });
  return records;
}
