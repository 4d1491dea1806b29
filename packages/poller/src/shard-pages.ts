import type { GetRecordsOutput, StreamRecord } from '@sluice/core';
import { pacing, wait, waitAfterFailure } from './calling.js';
import { type Gap, StreamGapError, StreamsCallError } from './errors.js';
import { whatIsGone } from './list-shards.js';
import { actionOn } from './on-error.js';
import { pollDelayMs, shardBudget } from './polling.js';
import { isWantedAt, iteratorAt, type Position } from './position.js';
import type { StreamRun } from './run.js';

export interface ShardToRead {
  readonly shardId: string;
  readonly position: Position;
  /** The first page, where it has been fetched already. */
  readonly firstPage: GetRecordsOutput | undefined;
  /** Whether the shard certainly takes no more records, so that its empty pages only have to be crossed. */
  isClosed(): boolean;
}

export interface ShardPage {
  readonly records: readonly StreamRecord[];
  /** On the last page only. */
  readonly end?: ShardEnd;
}

/** The shard is closed and this was all of it; it went away unread; its whole stream did. */
export type ShardEnd = 'CLOSED' | Missing;

type Missing = 'LOST' | 'STREAM_GONE';

/**
 * The pages of a shard from a position to its end, each fetched when it is asked for, and not before its time. Failed
 * calls are repeated and expired iterators replaced at the same position. A gap rejects with `StreamGapError` or, under
 * `onGap: 'report'`, is logged and passed; a stop rejects with the signal's reason. Asking for the next page says that
 * the records of the last one are in order.
 */
export async function* pagesOf(shard: ShardToRead, run: StreamRun): AsyncGenerator<ShardPage, void> {
  const { shardId } = shard;
  const { api, clock, logger, onGap, stopping, streamArn } = run;
  const budget = pacing(shardBudget, run);
  let position = shard.position;
  let iterator: string | undefined;
  let openedAt: Position | undefined;
  let gap: Gap | undefined;
  let emptyPages = 0;

  for (let prefetched = shard.firstPage; ; prefetched = undefined) {
    const page = prefetched ?? (await fetchPage());
    if (typeof page === 'string') return yield { records: [], end: page };
    const fetchedAtMs = clock.now();
    const records = wantedOf(page.Records);
    iterator = page.NextShardIterator;
    if (gap && (records.length > 0 || !iterator)) reportGap(gap, records[0]);
    if (!iterator) return yield { records, end: 'CLOSED' };
    yield { records };
    moveBehind(records.at(-1));
    emptyPages = page.Records.length > 0 ? 0 : emptyPages + 1;
    const facts = { ...sizeOf(page.Records, fetchedAtMs), emptyPages, closed: shard.isClosed() };
    await wait(fetchedAtMs + pollDelayMs(facts) - clock.now(), run);
  }

  async function fetchPage(): Promise<GetRecordsOutput | Missing> {
    for (let attempt = 1; ; attempt++) {
      try {
        iterator ??= await open();
        await budget();
        return await api.getRecords({ StreamArn: streamArn, ShardIterator: iterator }, stopping);
      } catch (error) {
        stopping.throwIfAborted();
        const action = actionOn(error);
        if (action === 'halt') throw new StreamsCallError(`Reading ${shardId} of ${streamArn}`, error);
        if (action === 'gone' || (action === 'gap' && position.kind === 'HORIZON')) {
          const gone = await whatIsGone(run.describeStream, streamArn, shardId);
          if (gone === 'STREAM') return 'STREAM_GONE';
          if (gone === 'SHARD') return lose();
        }
        if (action === 'gap') passGap();
        if (action !== 'retry') iterator = undefined;
        await waitAfterFailure(`Reading ${shardId}`, error, attempt, run);
      }
    }
  }

  async function open(): Promise<string> {
    openedAt = position;
    return api.getShardIterator(
      { StreamArn: streamArn, ShardId: shardId, ...iteratorAt(position) },
      stopping,
    );
  }

  function wantedOf(records: readonly StreamRecord[]): readonly StreamRecord[] {
    const from = openedAt;
    return from?.kind === 'HORIZON' ? records.filter((record) => isWantedAt(from, record)) : records;
  }

  function moveBehind(record: StreamRecord | undefined): void {
    if (!record) return;
    position = { kind: 'AFTER', sequenceNumber: record.dynamodb.SequenceNumber };
    openedAt = undefined;
  }

  /** Records behind the position were trimmed. At the horizon none is missed: it has moved, and is looked for again. */
  function passGap(): void {
    if (position.kind === 'HORIZON') return;
    gap = gapAt(position, 'TrimmedDataAccess');
    if (onGap === 'halt') throw new StreamGapError(gap);
    position =
      position.kind === 'AFTER' ? { kind: 'HORIZON', after: position.sequenceNumber } : { kind: 'HORIZON' };
  }

  function lose(): 'LOST' {
    const lost = gap ?? gapAt(position, 'ShardLost');
    if (onGap === 'halt') throw new StreamGapError(lost);
    reportGap(lost, undefined);
    return 'LOST';
  }

  function gapAt(at: Position, condition: Gap['condition']): Gap {
    const bound = at.kind === 'AFTER' ? { afterSequenceNumber: at.sequenceNumber } : {};
    return { condition, streamArn, shardId, ...bound };
  }

  function reportGap(found: Gap, next: StreamRecord | undefined): void {
    const resumed = next?.dynamodb ? { resumedAt: next.dynamodb.SequenceNumber } : {};
    logger.error({ type: 'gap', ...found, ...resumed }, 'records went away before they were read');
    gap = undefined;
  }
}

function sizeOf(
  records: readonly StreamRecord[],
  nowMs: number,
): { records: number; bytes: number; ageMs: number } {
  const bytes = records.reduce((sum, { dynamodb }) => sum + (dynamodb.SizeBytes ?? 0), 0);
  const created = records.at(-1)?.dynamodb.ApproximateCreationDateTime;
  return { records: records.length, bytes, ageMs: created === undefined ? 0 : nowMs - created * 1000 };
}
