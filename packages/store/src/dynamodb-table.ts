import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type TableDescription,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { type Clock, ConfigurationError, systemClock } from '@sluice/core';
import { clientFor, type DynamoDbOptions } from './dynamodb-client.js';
import { DynamoDbStoreError, told } from './dynamodb-errors.js';

export interface CreateTableOptions extends DynamoDbOptions {
  /** What waiting for the table goes by; the system's by default. */
  readonly clock?: Clock;
}

/**
 * Makes the table of a store unless it is there: paid by request, with its TTL on. Resolves when it can be used, and may be
 * called again, by several at the same time too. Who makes tables by other means gives them the keys `pk` and `sk`, both
 * text, and TTL by `expiresAt`.
 *
 * Rejects with `ConfigurationError` when the table that is there has other keys, expires items by another attribute or is being
 * deleted, and with `DynamoDbStoreError` when it is not usable after 5 minutes, or a call fails.
 */
export async function createTable(options: CreateTableOptions): Promise<void> {
  const { tableName, clock = systemClock } = options;
  const { client, destroy } = clientFor(options, 3);
  try {
    if (!(await describe(client, tableName))) await create(client, tableName);
    checkKeys(await whenUsable(client, tableName, clock), tableName);
    await turnExpiryOn(client, tableName);
  } finally {
    destroy();
  }
}

const keys = [
  { name: 'pk', keyType: 'HASH' },
  { name: 'sk', keyType: 'RANGE' },
] as const;

async function create(client: DynamoDBClient, TableName: string): Promise<void> {
  const input = {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys.map(({ name, keyType }) => ({ AttributeName: name, KeyType: keyType })),
    AttributeDefinitions: keys.map(({ name }) => ({ AttributeName: name, AttributeType: 'S' as const })),
  } as const;
  await told('CreateTable', TableName, client, () =>
    client.send(new CreateTableCommand(input)).catch(except('ResourceInUseException')),
  );
}

function describe(client: DynamoDBClient, TableName: string): Promise<TableDescription | undefined> {
  return told('DescribeTable', TableName, client, async () => {
    const described = client.send(new DescribeTableCommand({ TableName }));
    return (await described.catch(except('ResourceNotFoundException')))?.Table;
  });
}

/** For an error that is an answer: it comes to nothing. */
function except(name: string): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof Error && error.name === name)) throw error;
  };
}

const lookEveryMs = 1_000;
const giveUpAfterMs = 300_000;

/** A table that was just made may be unknown for a moment. */
async function whenUsable(
  client: DynamoDBClient,
  tableName: string,
  clock: Clock,
): Promise<TableDescription> {
  for (let waitedMs = 0; waitedMs < giveUpAfterMs; waitedMs += lookEveryMs) {
    const table = await describe(client, tableName);
    const status = table?.TableStatus ?? 'CREATING';
    if (status === 'DELETING') {
      throw new ConfigurationError([
        `the table "${tableName}" is being deleted; make it anew when it is gone`,
      ]);
    }
    if (table && status !== 'CREATING') return table;
    await clock.sleep(lookEveryMs);
  }
  throw new DynamoDbStoreError(
    `The table "${tableName}" could not be used ${giveUpAfterMs / 1000} seconds after it was made. Look at it in the AWS console, then call createTable again.`,
  );
}

function checkKeys({ KeySchema = [], AttributeDefinitions = [] }: TableDescription, tableName: string): void {
  const typeOf = (name: string | undefined) =>
    AttributeDefinitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType;
  const found = KeySchema.map(
    ({ AttributeName: name, KeyType }) => `${name} (${typeOf(name)}, ${KeyType})`,
  ).join(', ');
  const wanted = keys.map(({ name, keyType }) => `${name} (S, ${keyType})`).join(', ');
  if (found === wanted) return;
  throw new ConfigurationError([
    `the table "${tableName}" has the keys ${found}, and a store needs ${wanted}; give the store a table of its own`,
  ]);
}

const expiryAttribute = 'expiresAt';

async function turnExpiryOn(client: DynamoDBClient, TableName: string): Promise<void> {
  if (await isExpiryOn(client, TableName)) return;
  const TimeToLiveSpecification = { AttributeName: expiryAttribute, Enabled: true };
  try {
    await told('UpdateTimeToLive', TableName, client, () =>
      client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification })),
    );
  } catch (error) {
    if (!(await isExpiryOn(client, TableName))) throw error; // somebody else was faster, or the reply was lost
  }
}

async function isExpiryOn(client: DynamoDBClient, TableName: string): Promise<boolean> {
  const { TimeToLiveDescription: expiry } = await told('DescribeTimeToLive', TableName, client, () =>
    client.send(new DescribeTimeToLiveCommand({ TableName })),
  );
  if (expiry?.TimeToLiveStatus !== 'ENABLED' && expiry?.TimeToLiveStatus !== 'ENABLING') return false;
  if (expiry.AttributeName === expiryAttribute) return true;
  throw new ConfigurationError([
    `the table "${TableName}" expires items by the attribute ${expiry.AttributeName}, and the rows of a store by ${expiryAttribute}; give the store a table of its own`,
  ]);
}
