import type {
  DescribeStreamInput,
  GetRecordsInput,
  GetShardIteratorInput,
  ListStreamsInput,
  Shard,
  StreamsApi,
} from '@sluice/core';
import { seededRandom } from './seeded-random.js';
import type { StreamsSimulatorOptions } from './streams-simulator.js';
import {
  type ApiHabits,
  describeStream,
  getRecords,
  getShardIterator,
  listedShards,
  listStreams,
} from './streams-simulator-api.js';
import { type Fault, faultError, strike } from './streams-simulator-faults.js';
import { readIterator } from './streams-simulator-iterator.js';
import { existingStream, type World } from './streams-simulator-world.js';

/** The port over the world. Every call is logged, takes its time, and then is struck by a fault or answered. */
export function simulatedApi({ account, options, frozen, calls, faults }: Parts): StreamsApi {
  const { clock, latencyMs = 0 } = options;
  const habits = habitsOf(options);
  const random = seededRandom(options.seed ?? 1);

  async function answer<T>(call: StreamsCall, signal: AbortSignal | undefined, make: () => T): Promise<T> {
    calls.push(call);
    try {
      signal?.throwIfAborted();
      const fault = strike(faults, call);
      if (fault?.error === 'hang') await abortOf(signal);
      await (latencyMs > 0 ? clock.sleep(latencyMs, signal) : undefined); // an abort in the same turn counts, too
      signal?.throwIfAborted();
      if (fault) throw faultError(fault.error);
      return make();
    } catch (error) {
      call.error = error instanceof Error ? error.name : String(error);
      throw error;
    }
  }

  const about = (streamArn?: string, shardId?: string) => ({ atMs: clock.now(), streamArn, shardId });
  const listed = (streamArn: string) =>
    frozen.get(streamArn) ?? listedShards(account, existingStream(account, streamArn));

  return {
    listStreams: (input, signal) =>
      answer({ ...about(), operation: 'listStreams', input }, signal, () =>
        listStreams(account, habits, input),
      ),
    describeStream: (input, signal) =>
      answer({ ...about(input.StreamArn), operation: 'describeStream', input }, signal, () =>
        describeStream(account, habits, input, listed),
      ),
    getShardIterator: (input, signal) =>
      answer({ ...about(input.StreamArn, input.ShardId), operation: 'getShardIterator', input }, signal, () =>
        getShardIterator(account, habits, input, clock.now()),
      ),
    getRecords(input, signal) {
      const shardId = readIterator(input.ShardIterator)?.shardId;
      return answer({ ...about(input.StreamArn, shardId), operation: 'getRecords', input }, signal, () =>
        getRecords(account, habits, random, input, clock.now()),
      );
    },
  };
}

interface Parts {
  readonly account: World;
  readonly options: StreamsSimulatorOptions;
  /** The listings that are held fast, by stream ARN. */
  readonly frozen: ReadonlyMap<string, readonly Shard[]>;
  readonly calls: StreamsCall[];
  readonly faults: Fault[];
}

export type StreamsCall = {
  readonly atMs: number;
  /** The stream and the shard that the call is about. */
  readonly streamArn: string | undefined;
  readonly shardId: string | undefined;
  /** The name of the error that it failed with; absent while it is under way and when it succeeded. */
  error?: string;
} & (
  | { readonly operation: 'listStreams'; readonly input: ListStreamsInput }
  | { readonly operation: 'describeStream'; readonly input: DescribeStreamInput }
  | { readonly operation: 'getShardIterator'; readonly input: GetShardIteratorInput }
  | { readonly operation: 'getRecords'; readonly input: GetRecordsInput }
);

/** The highest number of these calls within any window of this length: what a test says about call rates. */
export function peakCalls(calls: readonly StreamsCall[], windowMs = 1000): number {
  let first = 0;
  let peak = 0;
  for (const [index, { atMs }] of calls.entries()) {
    while (atMs - (calls[first]?.atMs ?? atMs) >= windowMs) first += 1;
    peak = Math.max(peak, index - first + 1);
  }
  return peak;
}

function habitsOf(options: StreamsSimulatorOptions): ApiHabits {
  return {
    describePageSize: options.describePageSize ?? 100,
    listPageSize: options.listPageSize ?? 100,
    listing: options.listing ?? 'by-id',
    lastPage: options.lastPage ?? 'with-records',
    trimmedAt: options.trimmedAt ?? 'GetShardIterator',
    emptyPageChance: options.emptyPageChance ?? 0,
    shortPageChance: options.shortPageChance ?? 0,
  };
}

/** Never resolves: it rejects with the reason of the abort, if there ever is one. */
function abortOf(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
