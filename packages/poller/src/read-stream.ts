import type { DescribeStreamInput, GetRecordsOutput, Parking, Shard } from '@sluice/core';
import { calling, pacing } from './calling.js';
import { openCheckpoints, unread } from './checkpoint.js';
import { childLooks, type ListingPart } from './child-looks.js';
import { StreamGapError } from './errors.js';
import { type DescribeStream, type Listing, listShards } from './list-shards.js';
import { actionOn } from './on-error.js';
import { describeBudget } from './polling.js';
import { startOf } from './position.js';
import { type ShardReader, shardReader } from './read-shard.js';
import type { PollRun, StreamRun } from './run.js';
import { allFinished, readyShards, type ShardFacts, unknownParents } from './shard-graph.js';
import { startAtTip } from './start-at-tip.js';

/** How often the stream is looked through for shards that nothing else brought up. */
const reconcileMs = 60_000;
/** Most looks are at what came after the parents of the shards in work; one in ten is at everything. */
const fullListingEach = 10;
/** Children of a shard that has ended show late at times, or never. */
const childCheckDelaysMs = [0, 1_000, 2_000, 5_000, 15_000, 60_000];

/**
 * Reads every shard of a stream, parents before children, until `stopping` aborts or the stream has ended: it is
 * disabled and all of it has been read, or it is gone.
 */
export async function readStream(streamArn: string, run: PollRun): Promise<void> {
  const { clock, logger, stopping } = run;
  const checkpoints = await openCheckpoints(`${run.name}|${streamArn}`, run.startingPosition, run.store, run);
  const stream: StreamRun = {
    ...run,
    streamArn,
    describeStream: describing(run),
    keep: checkpoints.save,
    parking: await parkingOf(streamArn, run),
  };
  const ended = new AbortController();
  const over = AbortSignal.any([stopping, ended.signal]);

  const known = new Map<string, Shard>();
  const parents = new Set<string>();
  const absent = new Set<string>();
  const readers = new Map<string, ShardReader>();
  const firstPages = new Map<string, GetRecordsOutput>();
  const lookForChildren = childLooks(look);
  const facts: ShardFacts = {
    known,
    isFinished: (shardId) =>
      absent.has(shardId) || (checkpoints.shards.get(shardId)?.state ?? 'READING') !== 'READING',
    isReading: (shardId) => readers.has(shardId),
  };

  for (const [ShardId, { parentShardId }] of checkpoints.shards) {
    learn(parentShardId === undefined ? { ShardId } : { ShardId, ParentShardId: parentShardId });
  }
  const { shards } = await listShards(stream.describeStream, { StreamArn: streamArn });
  shards.forEach(learn);
  if (checkpoints.isNew && run.startingPosition === 'LATEST') await startAtTip(shards, firstPages, stream);
  logger.info({ streamArn, shards: known.size, isNew: checkpoints.isNew }, 'reading the stream');
  openReady();
  run.start(lookForParents);
  run.start(saveEachSecond);
  await reconcile();

  function learn(shard: Shard): void {
    known.set(shard.ShardId, shard);
    if (shard.ParentShardId !== undefined) parents.add(shard.ParentShardId);
  }

  function openReady(): void {
    if (over.aborted) return;
    for (const shardId of readyShards(facts)) {
      const { ParentShardId: parentShardId } = known.get(shardId) ?? {};
      const start = checkpoints.shards.get(shardId) ?? unread(parentShardId);
      const position = startOf(start, checkpoints.beginning);
      const shard = {
        shardId,
        position,
        firstPage: firstPages.get(shardId),
        isClosed: () => isClosed(shardId),
      };
      firstPages.delete(shardId);
      const reader = shardReader(shard, start, stream);
      readers.set(shardId, reader);
      run.start(() => readToEnd(shardId, reader));
    }
  }

  async function readToEnd(shardId: string, reader: ShardReader): Promise<void> {
    logger.debug({ streamArn, shardId }, 'reading the shard');
    const end = await reader.read();
    logger.debug({ streamArn, shardId, end }, 'the shard is over for this run');
    if (end === 'STREAM_GONE') return finish('is gone');
    if (end === 'STOPPED') return;
    readers.delete(shardId);
    openReady();
    await findChildren(shardId);
  }

  async function findChildren(shardId: string): Promise<void> {
    for (const delayMs of childCheckDelaysMs) {
      if (delayMs > 0) await clock.sleep(delayMs, over);
      if (over.aborted) return;
      await lookForChildren(shardId);
      if (parents.has(shardId)) return;
    }
  }

  async function reconcile(): Promise<void> {
    for (let round = 1; ; round++) {
      await clock.sleep(reconcileMs, over);
      if (over.aborted) return;
      const from = round % fullListingEach === 0 ? '' : beforeAllInWork();
      const listing = await look(from ? { ExclusiveStartShardId: from } : {});
      await lookForParents();
      if (!listing || from) continue;
      forgetOld(listing);
      if (listing.streamStatus === 'DISABLED' && allFinished(facts))
        finish('is disabled and has been read to its end');
    }
  }

  /** Parents that only their children name: those that are not there any more are no gates. */
  async function lookForParents(): Promise<void> {
    const lookFor = async (shardId: string) => {
      if (!(await isThere(shardId, stream))) absent.add(shardId);
      openReady();
    };
    await Promise.all(unknownParents(facts).map(lookFor));
  }

  /** Lists a part of the stream and opens what there is to open. */
  async function look(part: ListingPart): Promise<Listing | undefined> {
    try {
      const listing = await listShards(stream.describeStream, { StreamArn: streamArn, ...part });
      listing.shards.forEach(learn);
      openReady();
      return listing;
    } catch (error) {
      if (actionOn(error) !== 'gone') throw error;
      finish('is gone');
      return undefined;
    }
  }

  /** A shard behind which all shards in work are listed, their siblings too; empty when there is none. Ids begin with the time. */
  function beforeAllInWork(): string {
    const parentsInWork = [...readers.keys()].map((shardId) => known.get(shardId)?.ParentShardId ?? '');
    return parentsInWork.sort()[0] ?? '';
  }

  /** Finished shards that are listed no more are let go of after a week; one that came back would be read again. */
  function forgetOld({ shards }: Listing): void {
    const listed = new Set(shards.map(({ ShardId }) => ShardId));
    for (const shardId of known.keys()) {
      if (listed.has(shardId) || !checkpoints.forget(shardId)) continue;
      known.delete(shardId);
      parents.delete(shardId);
    }
  }

  function isClosed(shardId: string): boolean {
    // Some engines give open shards an end, and a child can be listed before its parent's end: together they are proof.
    return (
      known.get(shardId)?.SequenceNumberRange?.EndingSequenceNumber !== undefined && parents.has(shardId)
    );
  }

  async function saveEachSecond(): Promise<void> {
    while (!over.aborted) {
      await clock.sleep(1000, over);
      for (const reader of readers.values()) reader.saveIfDue().catch(run.fail);
    }
  }

  function finish(how: string): void {
    if (ended.signal.aborted) return;
    ended.abort();
    const [shardId, ...others] = [...known.keys()].filter((id) => !facts.isFinished(id));
    if (shardId === undefined) {
      logger.warn({ streamArn }, `the stream ${how}`);
      return;
    }
    logger.error(
      { streamArn, shards: [shardId, ...others] },
      `the stream ${how}; what was unread in these shards is lost`,
    );
    if (run.onGap === 'halt') run.fail(new StreamGapError({ condition: 'StreamGone', streamArn, shardId }));
  }
}

/** Only the reader of a stream parks its changes, so what is parked is looked up once; what is free again shows when more is to queue. */
async function parkingOf(streamArn: string, run: PollRun): Promise<Parking | undefined> {
  const { router, clock, random, logger, working: signal } = run;
  if (!router.ledger || router.name === undefined) return undefined;
  const context = { clock, random, logger, signal, deadlineMs: Number.POSITIVE_INFINITY };
  return router.ledger.parking({ name: router.name, streamArn, context });
}

async function isThere(ShardId: string, { api, streamArn, ...run }: StreamRun): Promise<boolean> {
  const horizon = { StreamArn: streamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
  try {
    await calling(`Looking for ${ShardId}`, () => api.getShardIterator(horizon, run.stopping), run);
    return true;
  } catch (error) {
    if (actionOn(error) === 'gone' || actionOn(error) === 'gap') return false;
    throw error;
  }
}

function describing(run: PollRun): DescribeStream {
  const budget = pacing(describeBudget, run);
  const describe = async (input: DescribeStreamInput) => {
    await budget();
    return run.api.describeStream(input, run.stopping);
  };
  return (input) => calling(`Describing ${input.StreamArn}`, () => describe(input), run);
}
