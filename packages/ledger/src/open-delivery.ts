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
import { type EventFacts, factsOf, joinFacts, stateOf } from './event-facts.js';
import { marksOfItems } from './marks-of-items.js';
import type { LedgerOptions } from './options.js';
import { isMarkKey, itemOf } from './parked-rows.js';
import { openParking } from './parking.js';
import {
  calling,
  cut,
  ended,
  isProgressKey,
  isSuspicious,
  lightened,
  noteIn,
  noteKey,
  type ProgressRow,
  partsOf,
  progressIn,
  progressKey,
  progressValue,
  withCrashes,
} from './progress-rows.js';

/** A row as it was last seen. */
interface Standing {
  readonly row: Row;
  readonly progress: ProgressRow;
}

/** A guarded delivery. */
interface Begun {
  /** Names it. */
  readonly by: string;
  /** The note that stands at its first record: its own, or one that was there before. */
  readonly note: Row | undefined;
  /** Whether its records are to run one at a time, each told before. */
  readonly isSlow: boolean;
}

/** Twice what a stream keeps its records. */
const lifetimeMs = 48 * 3_600_000;
/** While the store fails, the delivery is not begun; so long after that it fails, and its source repeats it. */
const longestOpeningMs = 10_000;
const pageSize = 500;
/** A page of marks costs about as much as a short list for each of so many items. */
const itemsForPage = 30;

/**
 * Begins a delivery: reads, with one list, what earlier ones left of its records, and which items have parked changes. The rows of
 * progress of a stream lie in the order of the last record that each is of, so those that matter are from the first record on.
 * They are deleted by the delivery in which that last record is done.
 *
 * The marks of parked changes lie behind them. Where there are many, it asks for those of its own items instead, and its
 * parking tells of these alone. They are read after what is done: what was parked and kept as done in between is held.
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
  const [first, last] = [records[0], records.at(-1)];
  const ownKey = progressKey(sequenceNumberOf(last));
  /** By sort key: the rows of progress, as they were last seen. */
  const rows = new Map<string, Standing>();
  let marks: readonly Row[] = [];
  /** By sequence number, in their order; digests that most deliveries have no need of. */
  const eventIds = lazily(
    () => new Map(records.map((record) => [record.dynamodb.SequenceNumber, eventIdOf(record)])),
  );
  const ours = lazily(() => new Set(eventIds().values()));
  const items = lazily(() => new Set(records.map(({ dynamodb }) => itemOf(dynamodb.Keys))));
  const isOurs = (event: string) => ours().has(event);

  await asked('tell what is done', readRows);
  const found = [...rows.values()].map(({ progress }) => progress);
  const facts = joinFacts(...found.map((progress) => progress.facts));
  const isKnown = facts.size > 0 && [...facts.keys()].some(isOurs);
  const parking = await openParking(store, options, scope, marks);
  const isGuarded = options.guard && records.length > 0;
  const delivery = isGuarded ? await asked('keep that a delivery begins', begin) : undefined;

  return {
    parking,
    recall: isKnown ? recall : undefined,
    starting: delivery?.isSlow ? (record, handlerId) => starting(delivery.by, record, handlerId) : undefined,
    keep,
  };

  async function readRows(asking: StoreCalling): Promise<void> {
    let pagesOfMarks = 0;
    for (let from = progressKey(sequenceNumberOf(first)); ; ) {
      const page = await callStore(() => store.list(pk, from, pageSize), asking);
      for (const row of page.filter(isProgressKey)) {
        rows.set(row.sk, { row, progress: withCrashes(progressIn(row)) });
      }
      marks = [...marks, ...page.filter(isMarkKey)];
      const end = page.at(-1);
      if (page.length < pageSize || !end || !(isProgressKey(end) || isMarkKey(end))) return;
      if (isMarkKey(end) && ++pagesOfMarks * itemsForPage >= items().size) {
        marks = await marksOfItems(store, pk, items(), asking);
        return;
      }
      from = `${end.sk}\0`;
    }
  }

  function recall(record: StreamRecord): ReturnType<NonNullable<OpenDelivery['recall']>> {
    const known = facts.get(eventIds().get(record.dynamodb.SequenceNumber) ?? '');
    return known && stateOf(known);
  }

  /**
   * A note that stands there already is of a delivery that ended with its process, or of a duplicate of this one. Of a batch that is
   * cut by now the note is not found by what comes with the last records, which has to be told.
   */
  async function begin(asking: StoreCalling): Promise<Begun> {
    const by = options.newId();
    const value = { by, last: lastEvent(), lastSequenceNumber: sequenceNumberOf(last) };
    const row = { pk, sk: noteKey(sequenceNumberOf(first)), value, expiresAt: expiresAt() };
    const written = await putRow(store, row, undefined, asking);
    if (written.applied) return { by, note: written.row, isSlow: isSuspicious(found, facts, isOurs) };
    const note = written.current;
    const earlier = note && noteIn(note);
    if (earlier && !isOurs(earlier.last)) {
      const sk = progressKey(earlier.lastSequenceNumber);
      await put(sk, (standing) => cut(standing, earlier.last), asking);
    }
    return { by, note, isSlow: true };
  }

  async function starting(by: string, record: StreamRecord, handlerId: string): Promise<void> {
    const event = eventIdOf(record);
    const attempts = (facts.get(event)?.attempts.get(handlerId) ?? 0) + 1;
    await asked('keep which handler is about to run', (asking) =>
      put(ownKey, (standing) => calling(standing, { by, event, handlerId, attempts }, lastEvent()), asking),
    );
  }

  async function keep(progress: Progress, isDone: boolean, untilMs: number): Promise<void> {
    const asking = { clock, random, untilMs };
    try {
      if (isDone) await letGo(asking);
      else await all([write(progress, asking), takeNoteAway(asking)]);
    } catch (err) {
      const consequence = isDone
        ? 'rows of progress that nothing needs any more stay until they expire'
        : 'what is done above its first unfinished record may be run again';
      tell(logger, 'warn', { err, streamArn }, `could not keep what a delivery has come to; ${consequence}`);
    }
  }

  async function write(progress: Progress, asking: StoreCalling): Promise<void> {
    const kept = factsOf(progress, eventIds());
    if (kept.size === 0 && !rows.has(ownKey)) return;
    const above = eventsAbove(progress.watermark);
    const isAbove = (event: string) => above.has(event);
    const elsewhere = new Map<string, EventFacts>();
    for (const { sequenceNumber, last, facts } of partsOf(eventIds(), kept)) {
      const light = (standing: ProgressRow) => lightened(standing, elsewhere, isAbove);
      const change = (standing: ProgressRow | undefined) =>
        ended(standing && light(standing), facts, last, delivery?.by);
      await put(progressKey(sequenceNumber), change, asking);
      for (const [event, known] of facts) elsewhere.set(event, known);
    }
  }

  function eventsAbove(watermark: string | undefined): ReadonlySet<string> {
    const sequenceNumbers = [...eventIds().keys()];
    const first = watermark === undefined ? 0 : sequenceNumbers.indexOf(watermark) + 1;
    return new Set([...eventIds().values()].slice(first));
  }

  /** Or the delivery that comes again would be taken for one behind a process's end. */
  async function takeNoteAway(asking: StoreCalling): Promise<void> {
    if (delivery?.note) await deleteRow(store, delivery.note, asking);
  }

  /** A row of records that are still to come, of another delivery or its own later part, stays. So does the note, until it expires. */
  async function letGo(asking: StoreCalling): Promise<void> {
    const done = [...rows.values()].filter(({ progress }) => isOurs(progress.last));
    await all(done.map(({ row }) => deleteRow(store, row, { ...asking, maxAttempts: 2 })));
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
      const row = { pk, sk, value, expiresAt: expiresAt() };
      const written = await putRow(store, row, standing?.row.version, asking);
      const now = written.applied ? written.row : written.current;
      if (now) rows.set(sk, { row: now, progress: progressIn(now) });
      else rows.delete(sk);
      if (written.applied) return;
    }
  }

  function lastEvent(): string {
    return last ? eventIdOf(last) : '';
  }

  function expiresAt(): number {
    return Math.ceil((clock.now() + lifetimeMs) / 1000);
  }

  /** Before anything runs: rejects with what the source is to be told. */
  async function asked<T>(what: string, call: (asking: StoreCalling) => Promise<T>): Promise<T> {
    const limitMs = Math.min(deadlineMs - clock.now(), longestOpeningMs);
    const untilMs = clock.now() + limitMs;
    try {
      return await call({ clock, random, signal, untilMs, callTimeoutMs: Math.ceil(limitMs / 3) });
    } catch (error) {
      if (error instanceof LedgerUnreadableError) throw error;
      throw new LedgerUnavailableError(what, error);
    }
  }
}

function sequenceNumberOf(record: StreamRecord | undefined): string {
  return record?.dynamodb.SequenceNumber ?? '';
}

/** All of them come to an end, also when one fails. */
async function all(promises: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === 'rejected') throw result.reason;
  }
}

function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
