import type { DescribeStreamInput, Shard, StreamDescription } from '@sluice/core';
import { actionOn } from './on-error.js';

export type DescribeStream = (input: DescribeStreamInput) => Promise<StreamDescription>;

export interface Listing {
  readonly streamStatus: StreamDescription['StreamStatus'];
  readonly shards: readonly Shard[];
}

/**
 * Every shard that DescribeStream tells of, through all its pages: of the whole stream, of the part behind one shard,
 * or the children of one shard. A page that fails rejects the whole; there is no partial listing.
 */
export async function listShards(
  describeStream: DescribeStream,
  input: DescribeStreamInput,
): Promise<Listing> {
  const shards: Shard[] = [];
  let next = input;
  for (;;) {
    const page = await describeStream(next);
    shards.push(...page.Shards);
    const { LastEvaluatedShardId, StreamStatus: streamStatus } = page;
    if (!LastEvaluatedShardId || LastEvaluatedShardId === next.ExclusiveStartShardId)
      return { streamStatus, shards };
    next = { ...input, ExclusiveStartShardId: LastEvaluatedShardId };
  }
}

/** What a "not found" about a shard meant: its stream is gone, the shard is, or neither, and the call may be repeated. */
export async function whatIsGone(
  describeStream: DescribeStream,
  streamArn: string,
  shardId: string,
): Promise<'STREAM' | 'SHARD' | 'NEITHER'> {
  try {
    const { shards } = await listShards(describeStream, { StreamArn: streamArn });
    return shards.some(({ ShardId }) => ShardId === shardId) ? 'NEITHER' : 'SHARD';
  } catch (error) {
    if (actionOn(error) === 'gone') return 'STREAM';
    throw error;
  }
}
