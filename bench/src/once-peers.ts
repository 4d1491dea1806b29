import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createRouter, type Logger, type RouterOptions, route, type StreamRecord } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { createLedger } from '@sluice/ledger';
import { createTable, dynamoDbStore } from '@sluice/store/dynamodb';
import type { Engine, LambdaEvent } from '@sluice/testing';
import { sink } from './group.js';
import { shop } from './shop.js';

/** The same effect once for each record, by other means: each is given as its documentation has it, with a client of its own. */

export type Access = Pick<Engine, 'endpoint' | 'region' | 'credentials'>;

/** A Lambda function that keeps what it has done in a table of the engine. */
export type OnceFunction = (
  event: LambdaEvent,
) => Promise<{ readonly batchItemFailures?: readonly unknown[] }>;

export interface Contestant {
  /** Makes the table that is needed. */
  prepare(access: Access): Promise<void>;
  /** As a new process would make it. */
  open(access: Access): OnceFunction;
}

const tableName = 'done';
const context = { getRemainingTimeInMillis: () => 60_000 };
const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

interface SluiceOptions extends Pick<RouterOptions, 'order' | 'lane' | 'concurrency'> {
  /** By default it is. */
  readonly once?: boolean;
  /** Whether the first call fails. */
  readonly failsFirst?: boolean;
}

export function sluice({ once = true, failsFirst = false, ...options }: SluiceOptions): Contestant {
  return {
    prepare: (access) => createTable({ ...access, tableName }),
    open(access) {
      let isToFail = failsFirst;
      const router = createRouter({
        name: 'shop',
        ledger: createLedger(dynamoDbStore({ ...access, tableName })),
        ...options,
        logger: silent,
        routes: route.modify(shop, { id: 'paid', once }, ({ record }) => {
          if (isToFail) {
            isToFail = false;
            throw new Error('The first one fails.');
          }
          act(record);
        }),
      });
      const handle = lambda(router);
      return (event) => handle(event, context);
    },
  };
}

export function powertools(processInParallel: boolean): Contestant {
  return {
    async prepare(access) {
      const client = new DynamoDBClient(access);
      await client.send(
        new CreateTableCommand({
          TableName: tableName,
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        }),
      );
      client.destroy();
    },
    open(access) {
      const persistenceStore = new DynamoDBPersistenceLayer({ tableName, clientConfig: access });
      const config = new IdempotencyConfig({ eventKeyJmesPath: 'eventID' });
      const processor = new BatchProcessor(EventType.DynamoDBStreams);
      const actOnce = makeIdempotent(async (record: StreamRecord) => act(record), {
        persistenceStore,
        config,
      });
      return ({ Records }) => {
        config.registerLambdaContext(context as never);
        const event = { Records: Records as unknown as { [key: string]: unknown }[] };
        return processPartialResponse(event, actOnce, processor, { processInParallel });
      };
    },
  };
}

/** No image is decoded: what is compared is what goes on around the effect. */
function act({ dynamodb: { NewImage } }: StreamRecord): void {
  sink.sum += NewImage?.['total'] ? 1 : 0;
}
