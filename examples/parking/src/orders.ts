import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Engine } from '@sluice/testing';
import { shop } from './shop.js';

/** Order 2 is placed, and moves to another street. */
export const orders = [
  { pk: 'ORDER#1', street: 'Old Street', total: 30 },
  { pk: 'ORDER#2', street: 'New Street', total: 45 },
  { pk: 'ORDER#2', street: 'New Lane', total: 45 },
  { pk: 'ORDER#3', street: 'Old Street', total: 20 },
];

/** Makes the shop's table with its stream, and writes the orders one after another. */
export async function placeOrders({ region, endpoint, credentials }: Engine): Promise<void> {
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
  for (const Item of orders) await client.send(new PutCommand({ TableName: shop.name, Item }));
  client.destroy();
}
