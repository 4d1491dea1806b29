import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { ConfigurationError } from '@sluice/core';

/** Which table, and how to reach it. What is left out comes from where the SDK always finds it. */
export interface DynamoDbOptions extends Pick<DynamoDBClientConfig, 'region' | 'endpoint' | 'credentials'> {
  readonly tableName: string;
  /**
   * A client of your own, used as it is; `region`, `endpoint` and `credentials` are its own then. Callers of a store repeat
   * calls, so give it `maxAttempts: 1` and a time limit for requests below 10 seconds.
   */
  readonly client?: DynamoDBClient;
}

/** The client to use, and what ends it if it is not the caller's. Throws `ConfigurationError` without a table's name. */
export function clientFor(
  { tableName, client, ...access }: DynamoDbOptions,
  maxAttempts: number,
): { readonly client: DynamoDBClient; destroy(): void } {
  if (typeof tableName !== 'string' || tableName === '') {
    throw new ConfigurationError([
      `a store in DynamoDB has the tableName ${JSON.stringify(tableName)}; give the table's name`,
    ]);
  }
  if (client) return { client, destroy() {} };
  const own = new DynamoDBClient({ ...access, requestHandler: limits, maxAttempts });
  return { client: own, destroy: () => own.destroy() };
}

/** Without limits the SDK waits for ever. These are below the 10 seconds after which callers give a call of a store up. */
const limits = {
  connectionTimeout: 2_000,
  requestTimeout: 5_000,
  socketTimeout: 5_000,
  throwOnRequestTimeout: true,
};
