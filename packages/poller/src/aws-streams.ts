import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  type DynamoDBStreamsClientConfig,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams';
import {
  ConfigurationError,
  type GetRecordsOutput,
  type ListStreamsOutput,
  type StreamDescription,
  type StreamRecord,
  type StreamsApi,
} from '@sluice/core';
import type { SourceOptions } from './options.js';

/** The Streams API over the network. */
export interface AwsStreams extends StreamsApi {
  /** Where the API is, for messages: ` in eu-west-1`. Rejects with `ConfigurationError` where no region is set. */
  place(): Promise<string>;
  /** Closes the client's sockets. */
  destroy(): void;
}

/**
 * The Streams API through the AWS SDK, which makes the calls: credentials, signing, endpoints, keep-alive. Region,
 * endpoint and credentials come from `config` or from where the SDK always finds them. Retries are the poller's
 * business, so the client makes none. A call that has no answer after 15 seconds, or whose answer pauses for as long,
 * rejects with a `TimeoutError`; `requestHandler: { requestTimeout, socketTimeout, … }` changes that.
 */
export function awsStreams(config: DynamoDBStreamsClientConfig): AwsStreams {
  const requestHandler = timeLimited(config.requestHandler);
  const client = new DynamoDBStreamsClient({ ...config, requestHandler, maxAttempts: 1 });
  handOverRecordsAsSent(client);

  return {
    async listStreams(input, signal) {
      const { Streams, LastEvaluatedStreamArn } = await client.send(
        new ListStreamsCommand(input),
        within(signal),
      );
      return present({ Streams: Streams ?? [], LastEvaluatedStreamArn }) as ListStreamsOutput;
    },
    async describeStream(input, signal) {
      const { StreamDescription: stream } = await client.send(
        new DescribeStreamCommand(input),
        within(signal),
      );
      return present({ ...stream, Shards: stream?.Shards ?? [] }) as StreamDescription;
    },
    async getShardIterator(input, signal) {
      const { ShardIterator } = await client.send(new GetShardIteratorCommand(input), within(signal));
      return ShardIterator as string;
    },
    async getRecords({ StreamArn, ShardIterator, Limit }, signal) {
      const output: unknown = await client.send(
        new GetRecordsCommand({ ShardIterator, Limit }),
        within(signal),
      );
      return inLambdaForm(output as WireGetRecordsOutput, StreamArn);
    },
    async place() {
      const region = await client.config.region().catch(() => {
        throw new ConfigurationError([
          'no AWS region is set; give region, set AWS_REGION, or name one in the AWS configuration file. A local engine takes any, with its endpoint',
        ]);
      });
      return ` in ${region}${typeof config.endpoint === 'string' ? ` at ${config.endpoint}` : ''}`;
    },
    destroy: () => client.destroy(),
  };
}

/** The given Streams API, which stays its owner's; or a client for AWS's, which is closed in the end. */
export function sourceOf({ streamsApi, region, endpoint, credentials }: SourceOptions) {
  if (streamsApi) return { api: streamsApi, place: async () => '', destroy: () => {} };
  const aws = awsStreams({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
  });
  return { api: aws, place: aws.place, destroy: aws.destroy };
}

/** The SDK waits without end by default, also in the middle of an answer. A handler of one's own keeps its own limits. */
export function timeLimited(
  given: DynamoDBStreamsClientConfig['requestHandler'],
): NonNullable<DynamoDBStreamsClientConfig['requestHandler']> {
  if (given && 'handle' in given) return given;
  const limits = { connectionTimeout: 5_000, requestTimeout: 15_000, socketTimeout: 15_000 };
  return { ...limits, throwOnRequestTimeout: true, ...given };
}

function within(signal: AbortSignal | undefined) {
  return signal ? { abortSignal: signal } : {};
}

/**
 * Drops the members that did not come. The SDK types every member of a response as optional; which ones always
 * come is said by the API reference and repeated by the port, hence the casts at the calls.
 */
function present<T extends object>(response: T): T {
  return Object.fromEntries(Object.entries(response).filter(([, value]) => value != null)) as T;
}

/** What travels over the wire: Lambda's form but for the capital letters of the identity and the absent ARN. */
interface WireGetRecordsOutput {
  readonly Records: WireRecord[];
  readonly NextShardIterator?: string | null;
}

type WireRecord = Omit<StreamRecord, 'eventSourceARN' | 'userIdentity'> & {
  eventSourceARN?: string;
  userIdentity?: { Type?: string; PrincipalId?: string; type?: string; principalId?: string };
};

function inLambdaForm({ Records, NextShardIterator }: WireGetRecordsOutput, arn: string): GetRecordsOutput {
  for (const record of Records) {
    record.eventSourceARN = arn;
    const identity = record.userIdentity;
    if (identity) {
      record.userIdentity = {
        type: identity.type ?? identity.Type ?? '',
        principalId: identity.principalId ?? identity.PrincipalId ?? '',
      };
    }
  }
  const records = Records as GetRecordsOutput['Records'];
  return NextShardIterator ? { Records: records, NextShardIterator } : { Records: records };
}

/**
 * The body of a GetRecords response already is what Lambda hands to a function: seconds as numbers, binary as base64.
 * The SDK would walk it and rebuild every value, and its logging would walk it again, which together cost several
 * times as much as parsing. So for this one call the parsed body is handed over; errors and the other calls are read
 * by the SDK as ever.
 */
function handOverRecordsAsSent(client: DynamoDBStreamsClient): void {
  client.middlewareStack.remove('loggerMiddleware');
  const protocol = client.config.protocol as JsonProtocol;
  const deserialize = protocol.deserializeResponse.bind(protocol);
  protocol.deserializeResponse = async (operation, context, response) => {
    if (operation.name !== 'GetRecords' || response.statusCode >= 300) {
      return deserialize(operation, context, response);
    }
    const body = parse(context.utf8Encoder(await context.streamCollector(response.body)));
    // An answer without a next iterator ends its shard, so only what certainly is a page may count as one.
    if (!isPage(body)) throw new Error('GetRecords was answered with what is no page of records');
    return { ...body, $metadata: { httpStatusCode: response.statusCode } };
  };
}

/** `undefined` if it is not JSON. The reason is not told, because it would quote the items. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPage(body: unknown): body is { readonly Records: readonly unknown[] } {
  return typeof body === 'object' && body !== null && 'Records' in body && Array.isArray(body.Records);
}

/** The part of the client's protocol that is replaced; `aws-streams.test.ts` fails when an SDK upgrade changes it. */
interface JsonProtocol {
  deserializeResponse(
    operation: { readonly name: string },
    context: {
      streamCollector(body: unknown): Promise<Uint8Array>;
      utf8Encoder(bytes: Uint8Array): string;
    },
    response: { readonly statusCode: number; readonly body: unknown },
  ): Promise<object>;
}
