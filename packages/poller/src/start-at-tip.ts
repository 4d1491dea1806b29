import type { GetRecordsOutput, Shard } from '@sluice/core';
import { calling } from './calling.js';
import { unread } from './checkpoint.js';
import { actionOn } from './on-error.js';
import type { StreamRun } from './run.js';

/**
 * The very first start under LATEST. Shards that have ended and have children are set down as done. In all others the
 * place is taken at once, by a LATEST iterator that is used for a first page: whatever is written from now on is
 * behind it. The pages go into `firstPages`, by shard; a shard without one is read by the time of the start (see
 * `position.ts`).
 */
export async function startAtTip(
  shards: readonly Shard[],
  firstPages: Map<string, GetRecordsOutput>,
  run: StreamRun,
): Promise<void> {
  const parents = new Set(shards.map(({ ParentShardId }) => ParentShardId));
  const isOver = ({ ShardId, SequenceNumberRange: range }: Shard) =>
    range?.EndingSequenceNumber !== undefined && parents.has(ShardId);

  const takePlace = async ({ ShardId }: Shard) => {
    const page = await tipOf(ShardId, run);
    if (page) firstPages.set(ShardId, page);
  };
  await Promise.all(shards.filter((shard) => !isOver(shard)).map(takePlace));
  for (const { ShardId, ParentShardId } of shards.filter(isOver)) {
    await run.keep(ShardId, { ...unread(ParentShardId), state: 'DONE' });
  }
}

async function tipOf(shardId: string, run: StreamRun): Promise<GetRecordsOutput | undefined> {
  const { api, stopping, streamArn: StreamArn } = run;
  const latest = { StreamArn, ShardId: shardId, ShardIteratorType: 'LATEST' } as const;
  try {
    return await calling(
      `Reading ${shardId}`,
      async () => {
        const ShardIterator = await api.getShardIterator(latest, stopping);
        return api.getRecords({ StreamArn, ShardIterator }, stopping);
      },
      run,
    );
  } catch (error) {
    if (['gap', 'gone', 'reopen'].includes(actionOn(error))) return undefined;
    throw error;
  }
}
