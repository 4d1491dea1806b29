import { isDeepStrictEqual } from 'node:util';
import {
  callStore,
  deleteRow,
  eventIdOf,
  type LedgerScope,
  type OpenDelivery,
  type Progress,
  putRow,
  type Row,
  type Store,
  type StoreCalling,
  type StreamRecord,
  tell,
} from '@sluice/core';
import { LedgerUnavailableError, LedgerUnreadableError } from './errors.js';
import type { LedgerOptions } from './options.js';
import { openParking } from './parking.js';
import {
  begun,
  calling,
  ended,
  factsOf,
  isCutShort,
  isProgressKey,
  joinFacts,
  type ProgressRow,
  partsOf,
  progressIn,
  progressKey,
  progressValue,
  stateOf,
  withCrashes,
} from './progress-rows.js';

/** A row as it was last seen. */
interface Standing {
  readonly row: Row;
  readonly progress: ProgressRow;
}

/** Twice what a stream keeps its records. */
const lifetimeMs = 48 * 3_600_000;
/** While the store fails, the delivery is not begun; so long after that it fails, and its source repeats it. */
const longestOpeningMs = 10_000;
const pageSize = 1_000;

/**
 * Begins a delivery: reads, with one list, what earlier ones left of its records, and which items have parked changes. The rows of
 * progress of a stream lie in the order of the last record that each is of, so those that matter are from the first record on.
 * They are deleted by the delivery in which that last record is done.
 */
export async function openDelivery(
  store: Store,
  options: LedgerOptions & { readonly newId: () => string },
  records: readonly StreamRecord[],
  scope: LedgerScope,
): Promise<OpenDelivery> {
  const { name, streamArn, context } = scope;
  const { clock, random, logger, signal, deadlineMs } = context;
  const pk = `${name}|${streamArn}`;
  /** By sort key: the rows of progress, as they were last seen. */
  const rows = new Map<string, Standing>();
  const markers: Row[] = [];
  /** By sequence number, in their order; digests that most deliveries have no need of. */
  const eventIds = lazily(
    () => new Map(records.map((record) => [record.dynamodb.SequenceNumber, eventIdOf(record)])),
  );
  const ours = lazily(() => new Set(eventIds().values()));
  const isOurs = (event: string) => ours().has(event);

  await asked('tell what is done', readRows);
  /** The rows that go when all is done. One that only says that this delivery began lies below all later ones, and expires. */
  const litter = new Set(rows.keys());
  const facts = joinFacts(...[...rows.values()].map(({ progress }) => withCrashes(progress)));
  const isKnown = facts.size > 0 && [...facts.keys()].some(isOurs);
  const parking = await openParking(store, options, scope, markers);
  const delivery = options.guard && records.length > 0 ? await begin() : undefined;

  return {
    parking,
    recall: isKnown ? recall : undefined,
    starting: delivery?.isSlow ? (record, handlerId) => starting(delivery.id, record, handlerId) : undefined,
    keep,
  };

  async function readRows(asking: StoreCalling): Promise<void> {
    const first = records[0]?.dynamodb.SequenceNumber ?? '';
    for (let from = progressKey(first); ; ) {
      const page = await callStore(() => store.list(pk, from, pageSize), asking);
      for (const row of page) {
        if (isProgressKey(row)) rows.set(row.sk, { row, progress: progressIn(row) });
        else if (row.sk.startsWith('Q#')) markers.push(row);
      }
      if (page.length < pageSize) return;
      from = `${page.at(-1)?.sk}\0`;
    }
  }

  function recall(record: StreamRecord): ReturnType<NonNullable<OpenDelivery['recall']>> {
    const known = facts.get(eventIds().get(record.dynamodb.SequenceNumber) ?? '');
    return known && stateOf(known);
  }

  async function begin(): Promise<{ readonly id: string; readonly isSlow: boolean }> {
    const isSlow = [...rows.values()].some(({ progress }) => isCutShort(progress, isOurs));
    await asked('keep that a delivery begins', (asking) =>
      put(ownKey(), (standing) => begun(standing, extent()), asking),
    );
    return { id: options.newId(), isSlow };
  }

  async function starting(by: string, record: StreamRecord, handlerId: string): Promise<void> {
    const event = eventIdOf(record);
    const attempts = (facts.get(event)?.attempts.get(handlerId) ?? 0) + 1;
    await asked('keep which handler is about to run', (asking) =>
      put(ownKey(), (standing) => calling(standing, { by, event, handlerId, attempts }, extent()), asking),
    );
  }

  async function keep(progress: Progress, isDone: boolean, untilMs: number): Promise<void> {
    const asking = { clock, random, untilMs };
    try {
      if (isDone) await letGo(asking);
      else await write(progress, asking);
    } catch (err) {
      const consequence = isDone
        ? 'rows of progress that nothing needs any more stay until they expire'
        : 'what is done above its first unfinished record may be run again';
      tell(logger, 'warn', { err, streamArn }, `could not keep what a delivery has come to; ${consequence}`);
    }
  }

  async function write(progress: Progress, asking: StoreCalling): Promise<void> {
    const found = factsOf(progress, eventIds());
    if (found.size === 0 && !delivery) return;
    for (const { sequenceNumber, last, facts } of partsOf(eventIds(), found)) {
      const sk = progressKey(sequenceNumber);
      await put(sk, (standing) => ended(standing, facts, last, delivery?.id), asking);
    }
  }

  /** A row of records that are still to come, of another delivery or its own later part, stays. */
  async function letGo(asking: StoreCalling): Promise<void> {
    const done = [...rows.values()].filter(
      ({ row, progress }) => litter.has(row.sk) && isOurs(progress.last),
    );
    const deleted = await Promise.allSettled(
      done.map(({ row }) => deleteRow(store, row, { ...asking, maxAttempts: 2 })),
    );
    for (const result of deleted) if (result.status === 'rejected') throw result.reason;
  }

  /** Until it is written over what stands there; nothing where that would change nothing. */
  async function put(
    sk: string,
    change: (standing: ProgressRow | undefined) => ProgressRow,
    asking: StoreCalling,
  ): Promise<void> {
    for (;;) {
      const standing = rows.get(sk);
      const value = progressValue(change(standing?.progress));
      if (standing && isDeepStrictEqual(standing.row.value, value)) return;
      const expiresAt = Math.ceil((clock.now() + lifetimeMs) / 1000);
      const written = await putRow(store, { pk, sk, value, expiresAt }, standing?.row.version, asking);
      const row = written.applied ? written.row : written.current;
      if (row) rows.set(sk, { row, progress: progressIn(row) });
      else rows.delete(sk);
      if (written.applied) return;
    }
  }

  function ownKey(): string {
    return progressKey(records.at(-1)?.dynamodb.SequenceNumber ?? '');
  }

  function extent(): { readonly first: string; readonly last: string } {
    const [first = '', last = first] = [records[0], records.at(-1)].flatMap((record) =>
      record ? [eventIdOf(record)] : [],
    );
    return { first, last };
  }

  /** Before anything runs: rejects with what the source is to be told. */
  async function asked<T>(what: string, call: (asking: StoreCalling) => Promise<T>): Promise<T> {
    const untilMs = Math.min(deadlineMs, clock.now() + longestOpeningMs);
    try {
      return await call({ clock, random, signal, untilMs });
    } catch (error) {
      if (error instanceof LedgerUnreadableError) throw error;
      throw new LedgerUnavailableError(what, error);
    }
  }
}

function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
