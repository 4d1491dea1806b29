import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { isSluiceError, SluiceError } from '@sluice/core';

/**
 * DynamoDB did not do what it was asked for, or its answer did not come; `cause` is the SDK's error. After a rejected `put` or
 * `delete` the write may have been applied all the same.
 */
export class DynamoDbStoreError extends SluiceError {
  override readonly name: string = 'DynamoDbStoreError';
  constructor(
    problem: string,
    options?: ErrorOptions,
    /** Whether the same call may succeed another time; not where the table is another one than it has to be. */
    readonly retryable = true,
  ) {
    super('DYNAMODB_STORE', problem, options);
  }
}

/** A row is larger than DynamoDB takes. Nothing was written, and repeating the call will not help. */
export class RowTooLargeError extends SluiceError {
  override readonly name: string = 'RowTooLargeError';
  readonly retryable = false;
  constructor(
    tableName: string,
    /** The whole of it: keys, value, and what the store keeps with them. */
    readonly bytes: number,
    readonly maxBytes: number,
  ) {
    super(
      'ROW_TOO_LARGE',
      `A row of ${bytes} bytes is too large for the table "${tableName}": DynamoDB takes ${maxBytes}, keys included. ` +
        'Keep less in it; a ledger keeps large changes elsewhere when it is given large objects.',
    );
  }
}

/** Makes a call of DynamoDB, whose failure says what was asked for, of what, and what to do. */
export async function told<T>(
  operation: string,
  tableName: string,
  client: DynamoDBClient,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (isSluiceError(cause)) throw cause;
    const { name, message } = cause instanceof Error ? cause : { name: 'Error', message: String(cause) };
    const advice = adviceOn[name] ?? '';
    const said = message.endsWith('.') ? message : `${message}.`;
    const problem = `${operation} on the table "${tableName}"${await placeOf(client)} failed with ${name}: ${said}`;
    throw new DynamoDbStoreError(problem + advice, { cause }, !wrongTable.includes(name));
  }
}

const wrongTable = ['ResourceNotFoundException', 'ValidationException'];

const access = ' Check the credentials, and whether they are of the account that has the table.';
const permissions =
  ' A store needs dynamodb:GetItem, dynamodb:Query, dynamodb:PutItem and dynamodb:DeleteItem on its table; createTable needs ' +
  'dynamodb:DescribeTable, dynamodb:CreateTable, dynamodb:DescribeTimeToLive and dynamodb:UpdateTimeToLive.';

const adviceOn: Readonly<Record<string, string | undefined>> = {
  ResourceNotFoundException:
    ' Make it with createTable({ tableName }) of @sluice/store/dynamodb, or check its name, the Region and the endpoint.',
  AccessDeniedException: permissions,
  UnrecognizedClientException: access,
  ExpiredTokenException: access,
  CredentialsProviderError: access,
  ValidationException:
    ' The table of a store has the keys pk and sk, both text; createTable makes it so. Use one that has nothing else in it.',
};

async function placeOf({ config }: DynamoDBClient): Promise<string> {
  const region = await config.region().catch(() => undefined);
  const endpoint = await config.endpoint?.().catch(() => undefined);
  const at = endpoint
    ? ` at ${endpoint.protocol}//${endpoint.hostname}${endpoint.port ? `:${endpoint.port}` : ''}`
    : '';
  return `${region ? ` in ${region}` : ''}${at}`;
}
