import type { StreamRecord, StreamViewType } from '@sluice/filters';

/**
 * The port to the DynamoDB Streams API: its four calls, with AWS's own names, and records in the canonical form.
 *
 * Contract of an implementation:
 * - One call is one request: nothing is retried inside.
 * - Failures reject with an `Error` whose `name` is AWS's: `ExpiredIteratorException`, `TrimmedDataAccessException`,
 *   `ResourceNotFoundException`, `LimitExceededException`, `ThrottlingException`, `InternalServerError`, …
 * - A call whose `signal` aborts rejects.
 * - Records belong to the caller and come in shard order, with `eventSourceARN` set.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html
 */
export interface StreamsApi {
  listStreams(input: ListStreamsInput, signal?: AbortSignal): Promise<ListStreamsOutput>;
  describeStream(input: DescribeStreamInput, signal?: AbortSignal): Promise<StreamDescription>;
  /** Resolves to the iterator. */
  getShardIterator(input: GetShardIteratorInput, signal?: AbortSignal): Promise<string>;
  getRecords(input: GetRecordsInput, signal?: AbortSignal): Promise<GetRecordsOutput>;
}

export interface ListStreamsInput {
  readonly TableName?: string;
  readonly ExclusiveStartStreamArn?: string;
}

export interface ListStreamsOutput {
  readonly Streams: readonly {
    readonly StreamArn: string;
    readonly TableName: string;
    readonly StreamLabel: string;
  }[];
  readonly LastEvaluatedStreamArn?: string;
}

export interface DescribeStreamInput {
  readonly StreamArn: string;
  readonly ExclusiveStartShardId?: string;
  readonly ShardFilter?: { readonly Type: 'CHILD_SHARDS'; readonly ShardId: string };
}

export interface StreamDescription {
  readonly StreamArn: string;
  readonly StreamLabel: string;
  readonly TableName: string;
  readonly StreamStatus: 'ENABLING' | 'ENABLED' | 'DISABLING' | 'DISABLED';
  readonly StreamViewType: StreamViewType;
  /** The table's key attributes. An implementation may leave it out; then nothing is compared with it. */
  readonly KeySchema?: readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];
  readonly Shards: readonly Shard[];
  /** Present when there may be more pages; it does not mean that there are. */
  readonly LastEvaluatedShardId?: string;
}

export interface Shard {
  readonly ShardId: string;
  /** At most one parent; it may be gone from the listing. */
  readonly ParentShardId?: string;
  /** An ending number does not prove that a shard is closed; only an absent `NextShardIterator` does. */
  readonly SequenceNumberRange?: {
    readonly StartingSequenceNumber?: string;
    readonly EndingSequenceNumber?: string;
  };
}

export type ShardIteratorType = 'TRIM_HORIZON' | 'LATEST' | 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER';

export interface GetShardIteratorInput {
  readonly StreamArn: string;
  readonly ShardId: string;
  readonly ShardIteratorType: ShardIteratorType;
  /** With the two `…_SEQUENCE_NUMBER` types only. */
  readonly SequenceNumber?: string;
}

export interface GetRecordsInput {
  readonly StreamArn: string;
  readonly ShardIterator: string;
  /** 1 to 1000; 1000 by default. A page also ends at 1 MB. */
  readonly Limit?: number;
}

export interface GetRecordsOutput {
  readonly Records: readonly StreamRecord[];
  /** Absent when the shard is closed and these records, which may be many, are its last. */
  readonly NextShardIterator?: string;
}
