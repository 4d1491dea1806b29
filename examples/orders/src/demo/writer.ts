import { setTimeout } from 'node:timers/promises';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Engine } from '@sluice/testing';
import { orders } from '../orders.js';
import type { Written } from './check.js';
import type { Write } from './flow.js';

/** The shop's side of the table. */
export interface Writer {
  createTable(): Promise<void>;
  /** Makes the writes: those of one list one after another, `concurrency` lists side by side, `paceMs` between writes. */
  write(lists: readonly (readonly Write[])[], speed: Speed): Promise<readonly Written[]>;
  close(): void;
}

interface Speed {
  readonly concurrency: number;
  readonly paceMs: number;
}

export function createWriter({ endpoint, region, credentials }: Engine): Writer {
  const client = new DynamoDBClient({ endpoint, region, credentials });
  const TableName = orders.name;

  async function make({ item, action, attributes }: Write): Promise<void> {
    const Key = marshall(item);
    if (action === 'delete') await client.send(new DeleteItemCommand({ TableName, Key }));
    else if (action === 'put')
      await client.send(new PutItemCommand({ TableName, Item: marshall({ ...item, ...attributes }) }));
    else {
      const names = Object.keys(attributes);
      await client.send(
        new UpdateItemCommand({
          TableName,
          Key,
          UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
          ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: marshall(
            Object.fromEntries(names.map((name) => [`:${name}`, attributes[name]])),
          ),
        }),
      );
    }
  }

  return {
    async createTable() {
      await client.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'S' },
          ],
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          StreamSpecification: { StreamEnabled: true, StreamViewType: orders.view },
        }),
      );
    },
    async write(lists, { concurrency, paceMs }) {
      const waiting = [...lists];
      const written: Written[] = [];
      const work = async () => {
        for (let list = waiting.shift(); list; list = waiting.shift()) {
          for (const write of list) {
            const atMs = Date.now();
            await make(write);
            written.push({ ...write, atMs });
            if (paceMs > 0) await setTimeout(paceMs);
          }
        }
      };
      await Promise.all(Array.from({ length: concurrency }, work));
      return written;
    },
    close: () => client.destroy(),
  };
}
