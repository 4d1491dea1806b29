import type { DescribeStreamInput } from '@sluice/core';

/** The part of a stream that a listing asks for. */
export type ListingPart = Omit<DescribeStreamInput, 'StreamArn'>;

/**
 * Looks for the children of shards that have ended. One shard's are asked for by its name; those of shards that ended
 * while a look was going on share the next one, a listing from the oldest of them on, since shards that roll together
 * would otherwise wait in line for the few calls a second that a stream allows. Shard ids begin with the time of
 * creation, so that children come behind their parents.
 */
export function childLooks(
  look: (part: ListingPart) => Promise<unknown>,
): (shardId: string) => Promise<unknown> {
  let waiting: string[] = [];
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<unknown> | undefined;

  return (shardId) => {
    waiting.push(shardId);
    next ??= current.then(begin, begin);
    return next;
  };

  function begin(): Promise<unknown> {
    const [oldest = '', ...others] = waiting.sort();
    waiting = [];
    next = undefined;
    current = look(
      others.length === 0
        ? { ShardFilter: { Type: 'CHILD_SHARDS', ShardId: oldest } }
        : { ExclusiveStartShardId: oldest },
    );
    return current;
  }
}
