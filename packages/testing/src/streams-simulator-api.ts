/** What the four calls of the Streams API answer, as functions of the world and the time. */
import type {
  DescribeStreamInput,
  GetRecordsInput,
  GetRecordsOutput,
  GetShardIteratorInput,
  ListStreamsInput,
  ListStreamsOutput,
  Random,
  Shard,
  StreamDescription,
} from '@sluice/core';
import { iteratorText, readIterator, type ShardIterator } from './streams-simulator-iterator.js';
import {
  type ShardState,
  type Stored,
  type Stream,
  shardsOf,
  type World,
} from './streams-simulator-world.js';

/** How the service behaves where it is free to; the defaults are in `simulateStreams`. */
export interface ApiHabits {
  readonly describePageSize: number;
  readonly listPageSize: number;
  readonly listing: 'by-id' | 'shuffled';
  readonly lastPage: 'with-records' | 'empty';
  readonly trimmedAt: 'GetShardIterator' | 'GetRecords';
  readonly emptyPageChance: number;
  readonly shortPageChance: number;
}

/** Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html */
const maxPageRecords = 1000;
const maxPageBytes = 1_048_576;
const iteratorLifetimeMs = 15 * 60_000;

/** An error of the Streams API: an `Error` with AWS's name for it, as the port to the API promises. */
export function apiError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

export function listStreams(world: World, habits: ApiHabits, input: ListStreamsInput): ListStreamsOutput {
  const all = [...world.streams.values()].filter(
    ({ tableName }) => input.TableName === undefined || tableName === input.TableName,
  );
  const start = input.ExclusiveStartStreamArn;
  const first = start === undefined ? 0 : all.findIndex(({ streamArn }) => streamArn === start) + 1;
  const page = all.slice(first, first + habits.listPageSize);
  const last = page.length === habits.listPageSize ? page.at(-1) : undefined;
  return {
    Streams: page.map(({ streamArn, tableName, label }) => ({
      StreamArn: streamArn,
      TableName: tableName,
      StreamLabel: label,
    })),
    ...(last && { LastEvaluatedStreamArn: last.streamArn }),
  };
}

/** A full page names its last shard even when no more follow, as DynamoDB's paged calls do. */
export function describeStream(
  world: World,
  habits: ApiHabits,
  input: DescribeStreamInput,
  listingOf: (streamArn: string) => readonly Shard[],
): StreamDescription {
  const stream = streamAt(world, input.StreamArn);
  const { ShardFilter: filter, ExclusiveStartShardId: start } = input;
  // Read backwards, the ids have an order of their own that has nothing to do with creation.
  const place = (shardId: string) => (habits.listing === 'by-id' ? shardId : [...shardId].reverse().join(''));
  const shards = [...listingOf(stream.streamArn)]
    .filter(({ ParentShardId }) => filter === undefined || ParentShardId === filter.ShardId)
    .filter(({ ShardId }) => start === undefined || place(ShardId) > place(start))
    .sort((one, other) => (place(one.ShardId) < place(other.ShardId) ? -1 : 1))
    .slice(0, habits.describePageSize);
  const last = shards.length === habits.describePageSize ? shards.at(-1) : undefined;
  return {
    StreamArn: stream.streamArn,
    StreamLabel: stream.label,
    TableName: stream.tableName,
    StreamStatus: stream.status,
    StreamViewType: stream.view,
    KeySchema: keySchemaOf(stream),
    Shards: shards,
    ...(last && { LastEvaluatedShardId: last.ShardId }),
  };
}

function keySchemaOf({ keys }: Stream): NonNullable<StreamDescription['KeySchema']> {
  const partition = { AttributeName: keys.partition, KeyType: 'HASH' } as const;
  return keys.sort === undefined ? [partition] : [partition, { AttributeName: keys.sort, KeyType: 'RANGE' }];
}

/** The shards of a stream as DescribeStream would show them now. */
export function listedShards(world: World, stream: Stream): Shard[] {
  return shardsOf(world, stream)
    .filter(({ listed }) => listed.shard)
    .map(({ shardId, parentShardId, startSequence, end, listed }) => ({
      ShardId: shardId,
      ...(parentShardId !== undefined && { ParentShardId: parentShardId }),
      SequenceNumberRange: {
        StartingSequenceNumber: String(startSequence),
        ...(end && listed.end && { EndingSequenceNumber: String(end.sequence) }),
      },
    }));
}

export function getShardIterator(
  world: World,
  habits: ApiHabits,
  input: GetShardIteratorInput,
  nowMs: number,
): string {
  const stream = streamAt(world, input.StreamArn);
  const shard = shardAt(world, stream.streamArn, input.ShardId);
  const position = startOf(world, shard, input);
  if (habits.trimmedAt === 'GetShardIterator') refuseTrimmed(shard, position.needs);
  return iteratorText({ ...issue(shard, nowMs), ...position });
}

type Position = Pick<ShardIterator, 'from' | 'needs'>;

/** The position is fixed when the iterator is issued, LATEST included: what is written before its use is read. */
function startOf(world: World, shard: ShardState, input: GetShardIteratorInput): Position {
  switch (input.ShardIteratorType) {
    case 'TRIM_HORIZON': {
      refuseSequence(input);
      const oldest = shard.records[0]?.sequence ?? max(shard.startSequence, shard.trimmedThrough + 1n);
      return { from: oldest, needs: oldest };
    }
    case 'LATEST': {
      refuseSequence(input);
      const next = world.lastSequence + 1n;
      return { from: next, needs: next };
    }
    case 'AT_SEQUENCE_NUMBER': {
      const named = namedSequence(world, shard, input);
      return { from: named, needs: named };
    }
    case 'AFTER_SEQUENCE_NUMBER': {
      const named = namedSequence(world, shard, input);
      return { from: named + 1n, needs: named };
    }
    default:
      throw apiError(
        'ValidationException',
        `Unknown ShardIteratorType: ${input.ShardIteratorType satisfies never}`,
      );
  }
}

function refuseSequence({ SequenceNumber, ShardIteratorType }: GetShardIteratorInput): void {
  if (SequenceNumber === undefined) return;
  throw apiError('ValidationException', `A SequenceNumber should not be passed for ${ShardIteratorType}`);
}

function namedSequence(
  world: World,
  shard: ShardState,
  { SequenceNumber: text }: GetShardIteratorInput,
): bigint {
  if (text === undefined || !/^\d{21,40}$/.test(text)) {
    throw apiError('ValidationException', `Expected a SequenceNumber of 21 to 40 digits, got ${text}`);
  }
  const sequence = BigInt(text);
  if (sequence > (shard.end?.sequence ?? world.lastSequence)) {
    throw apiError('ValidationException', `SequenceNumber ${text} is beyond the end of ${shard.shardId}`);
  }
  return sequence;
}

export function getRecords(
  world: World,
  habits: ApiHabits,
  random: Random,
  input: GetRecordsInput,
  nowMs: number,
): GetRecordsOutput {
  const limit = input.Limit ?? maxPageRecords;
  if (!Number.isInteger(limit) || limit < 1 || limit > maxPageRecords) {
    throw apiError('ValidationException', `Expected a Limit of 1 to ${maxPageRecords}, got ${limit}`);
  }
  const iterator = readIterator(input.ShardIterator);
  if (!iterator) throw apiError('ValidationException', 'Invalid ShardIterator');
  if (iterator.streamArn !== input.StreamArn) {
    throw apiError(
      'ValidationException',
      `The ShardIterator is of ${iterator.streamArn}, not of ${input.StreamArn}`,
    );
  }
  streamAt(world, iterator.streamArn);
  const shard = shardAt(world, iterator.streamArn, iterator.shardId);
  refuseExpired(shard, iterator, nowMs);
  refuseTrimmed(shard, iterator.needs);
  const page = takePage(shard, iterator.from, pageLimit(shard, habits, random, limit));
  const last = page.at(-1);
  const from = last ? last.sequence + 1n : iterator.from;
  const ended = shard.end && from > (shard.records.at(-1)?.sequence ?? 0n);
  const isLastPage = ended && (page.length === 0 || habits.lastPage === 'with-records');
  return {
    Records: page.map(({ record }) => structuredClone(record)),
    ...(!isLastPage && { NextShardIterator: iteratorText({ ...issue(shard, nowMs), from, needs: from }) }),
  };
}

function refuseExpired(shard: ShardState, iterator: ShardIterator, nowMs: number): void {
  const expired =
    iterator.generation !== shard.iteratorGeneration || nowMs - iterator.issuedMs >= iteratorLifetimeMs;
  if (expired)
    throw apiError('ExpiredIteratorException', 'Iterator expired. The iterator is older than 15 minutes.');
}

/** An iterator is refused once a record that it stands before or on is gone. */
function refuseTrimmed(shard: ShardState, needs: bigint): void {
  if (needs >= shard.startSequence && needs > shard.trimmedThrough) return;
  throw apiError(
    'TrimmedDataAccessException',
    'The requested sequence number is beyond the trim horizon of the shard',
  );
}

/** 0 for a page that comes back empty although there may be more. */
function pageLimit(shard: ShardState, habits: ApiHabits, random: Random, limit: number): number {
  if (shard.emptyPages > 0) {
    shard.emptyPages -= 1;
    return 0;
  }
  if (habits.emptyPageChance > 0 && random() < habits.emptyPageChance) return 0;
  if (habits.shortPageChance > 0 && random() < habits.shortPageChance)
    return 1 + Math.floor(random() * limit);
  return limit;
}

/** A page ends at the limit or before it passes 1 MB; a single record is never too large. */
function takePage(shard: ShardState, from: bigint, limit: number): Stored[] {
  const page: Stored[] = [];
  let bytes = 0;
  for (let index = firstFrom(shard.records, from); page.length < limit; index += 1) {
    const stored = shard.records[index];
    if (!stored) break;
    bytes += stored.record.dynamodb.SizeBytes ?? 0;
    if (page.length > 0 && bytes > maxPageBytes) break;
    page.push(stored);
  }
  return page;
}

/** The index of the first record with this number or a higher one, by halving. */
function firstFrom(records: readonly Stored[], from: bigint): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle] as Stored).sequence < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function issue(shard: ShardState, nowMs: number) {
  const { shardId, stream, iteratorGeneration: generation } = shard;
  return { streamArn: stream.streamArn, shardId, issuedMs: nowMs, generation };
}

function streamAt(world: World, streamArn: string): Stream {
  const stream = world.streams.get(streamArn);
  if (stream) return stream;
  throw apiError('ResourceNotFoundException', `Requested resource not found: Stream: ${streamArn} not found`);
}

function shardAt(world: World, streamArn: string, shardId: string): ShardState {
  const shard = world.shards.get(shardId);
  if (shard?.stream.streamArn === streamArn) return shard;
  throw apiError('ResourceNotFoundException', `Requested resource not found: Shard: ${shardId} not found`);
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
