import { createHash, randomUUID } from 'node:crypto';
import {
  type CallContext,
  callStore,
  type FailedChange,
  type LedgerScope,
  type Parking,
  type ParkingMode,
  putRow,
  type Row,
  type RowKey,
  type Store,
  type StoreCalling,
} from '@sluice/core';
import { LedgerUnavailableError } from './errors.js';
import { type LargeObjects, letGo } from './large-objects.js';
import {
  asJson,
  bytesOf,
  changeKey,
  isMarkKey,
  itemOf,
  largestRowBytes,
  type Mark,
  type MarkKind,
  markKey,
  markName,
  markPrefix,
  type ParkedRow,
  parkedRow,
  type Queue,
  queueOf,
  type StoredChange,
  storedChange,
  streamPk,
  streamRow,
  withoutImages,
} from './parked-rows.js';
import { ParkedChangeTooLargeError } from './parking-errors.js';

export interface ParkingOptions {
  /** For changes that are too large for a row. */
  readonly largeObjects?: LargeObjects;
  /** Names large objects; `randomUUID` of `node:crypto` by default. Never gives the same twice. */
  readonly newId?: () => string;
}

/** How long a change is tried to be parked, and a store to be asked what is. */
export const patienceMs = 10_000;
const pageSize = 100;

type Parked = Extract<ParkedRow, { readonly state: 'PARKED' }>;

/**
 * What is parked of a stream. `marks` are the stream's rows from `Q#` on, or those of the items that it is asked about, where they have been listed already. Rejects with
 * `LedgerUnavailableError` when the store cannot tell for 10 seconds, or until the context's deadline.
 *
 * A queue is the parked changes of one item for one handler. A mark says that there is one: `Q` has later changes of the item
 * queue, `A` only leads tools to it. Neither source nor redrive waits for the other; every write is compare-and-set, and these
 * rules keep them together:
 *
 * 1. *Announce, then put.* To park a change its sort key is written into the mark, which is made if need be; then the change is
 *    put. One that is to queue `behind` others needs a mark that is there: without one the queue is empty, and it is `free`.
 * 2. *End, then unmark.* A change that was run or discarded stays as a small row, ENDED, that expires after 48 hours.
 *    A mark is deleted at the version at which the change that it announces had ended and none was left in the queue.
 * 3. *One at a time.* A redrive claims a change in its row, renews the claim while it runs, and ends or puts back the row at
 *    that version. Nothing behind it is run before it has ended.
 *
 * The source, wherever it dies or a reply is lost (a change that is not confirmed is delivered again):
 * - before the mark: nothing has happened. A mark that may be there after a lost reply is taken for one that is.
 * - between mark and change: the mark cannot be deleted, since what it announces has not ended. The change comes again,
 *   is held, goes `behind`: it is parked without another attempt, and what follows queues.
 * - after the change: it comes again, is held, finds its row PARKED, RUNNING or ENDED, and is `parked`: done here.
 *   Where a redrive has run it and deleted the mark by then, it is not held and runs again: the repeat of a crash.
 * - its last put arrives after its end: the row of the change, ENDED for longer than records live, refuses it.
 *
 * Both at once:
 * - announced before the mark is deleted: the version has changed, the deletion is refused. Announced after: there is no mark,
 *   and nothing was written; everything before the change has ended, so it is `free`.
 * - a redrive sees the mark announce what is not there yet: it comes, or its source died. It is waited for a while, and then
 *   ENDED in its place as MISSED, so that the mark can go: it was not confirmed, so it comes again and runs then. Should it be put
 *   after all, by a source that stood still, it is refused by that row, takes its place, and is announced again.
 * - a change fails in the source though its row has ENDED (it came again after a crash, or on purpose): it is put in the place of
 *   that row and announced again after that, since the first announcement was one of something that had ended.
 *
 * Changes of one item are parked one after another here, as otherwise the announcement of one would hide that of another. Two
 * processes that have the same records at the same time, of which one has been given up, each answer for all of
 * them: what the late one parks is done or parked by the other, so that a redrive may repeat it, and nothing is lost.
 */
export async function openParking(
  store: Store,
  options: ParkingOptions,
  scope: LedgerScope,
  marks?: readonly Row[],
): Promise<Parking> {
  const { name, streamArn } = scope;
  /** The versions of the marks by item and handler; `undefined` of one that is, or may be, there at another. */
  const held = new Map<string, string | undefined>();
  const parkings = new Map<string, Promise<unknown>>();
  for (const row of marks ?? (await marksOf(store, scope))) {
    if (isMarkKey(row)) held.set(row.sk.slice(markPrefix('Q').length), row.version);
  }

  return {
    get size() {
      return held.size;
    },
    holds: (handlerId, { dynamodb }) =>
      held.size > 0 && held.has(markName({ handlerId, item: itemOf(dynamodb.Keys) })),
    park(failure, mode, context) {
      const queue = queueOf(name, failure.handlerId, failure.record);
      return inTurn(markName(queue), () => park(failure, queue, mode, context));
    },
  };

  async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const working = (parkings.get(key) ?? Promise.resolve()).then(work, work);
    parkings.set(key, working);
    try {
      return await working;
    } finally {
      if (parkings.get(key) === working) parkings.delete(key);
    }
  }

  async function park(
    failure: FailedChange,
    queue: Queue,
    mode: ParkingMode,
    context: CallContext,
  ): Promise<'parked' | 'free'> {
    const calling = callingOf(context);
    const value: Parked = { state: 'PARKED', change: storedChange(failure, mode, context.clock.now()) };
    const isLarge = bytesOf(value) > largestRowBytes;
    if (isLarge && !options.largeObjects)
      throw new ParkedChangeTooLargeError(bytesOf(value), largestRowBytes);
    if (mode !== 'behind') await nameStream(store, name, streamArn, calling);

    const key = changeKey(queue, failure.record.dynamodb.SequenceNumber);
    // First of all: without a place for it nothing is announced, and the change stays what it is.
    const object = isLarge ? await putObject(value.change, calling) : undefined;
    const isAnnounced = await announce(queue, mode, key.sk, calling);
    const isPut =
      isAnnounced && (await putChange(key, object ? inObject(value, object) : value, queue, mode, calling));
    if (object && !isPut) await letGo(options.largeObjects, object, calling);
    return isAnnounced ? 'parked' : 'free';
  }

  /** `false` when a change cannot queue since there is no mark. */
  async function announce(
    queue: Queue,
    mode: ParkingMode,
    announced: string,
    calling: StoreCalling,
  ): Promise<boolean> {
    const kind: MarkKind = mode === 'record' ? 'A' : 'Q';
    const key = markKey(queue, kind);
    const of = markName(queue);
    let version = kind === 'Q' ? held.get(of) : undefined;
    if (mode === 'behind' && version === undefined) {
      version = (await callStore(() => store.get(key.pk, key.sk), calling))?.version;
    }
    // It may be there even when all replies are lost.
    if (mode === 'item') held.set(of, version);
    while (mode !== 'behind' || version !== undefined) {
      const mark: Mark = { announced, announcedAtMs: calling.clock.now() };
      const written = await putRow(store, { ...key, value: asJson(mark) }, version, calling);
      version = written.applied ? written.row.version : written.current?.version;
      if (written.applied) {
        if (kind === 'Q') held.set(of, version);
        return true;
      }
    }
    held.delete(of);
    return false;
  }

  /** `false` when another parking of this change has been before. */
  async function putChange(
    key: RowKey,
    value: Parked,
    queue: Queue,
    mode: ParkingMode,
    calling: StoreCalling,
  ): Promise<boolean> {
    let version: string | undefined;
    for (;;) {
      const written = await putRow(store, { ...key, value: asJson(value) }, version, calling);
      if (written.applied) break;
      if (written.current) {
        const current = parkedRow(queue, written.current);
        // After a lost reply it may have been run already.
        if (parkedAtMsOf(current) === value.change.parkedAtMs) return true;
        if (current.state !== 'ENDED') return false;
        if (mode === 'behind' && current.as !== 'MISSED') return false;
      }
      version = written.current?.version;
    }
    // Its mark may be gone by now, and it is in the queue.
    if (version !== undefined) await announce(queue, mode === 'behind' ? 'item' : mode, key.sk, calling);
    return true;
  }

  async function putObject(change: StoredChange, calling: StoreCalling): Promise<string> {
    const key = `${folderOf(name)}/${change.eventId}/${options.newId?.() ?? randomUUID()}.json`;
    await callStore(async () => options.largeObjects?.put(key, JSON.stringify(change.record)), calling);
    return key;
  }
}

/** Short enough for keys of S3, which have at most 1024 bytes. No name is written with a `=`. */
function folderOf(name: string): string {
  const encoded = encodeURIComponent(name);
  if (encoded.length <= 200) return encoded;
  return `sha256=${createHash('sha256').update(encoded).digest('base64url')}`;
}

function inObject({ state, change }: Parked, object: string): Parked {
  return { state, change: { ...change, record: withoutImages(change.record), object } };
}

function parkedAtMsOf(row: ParkedRow): number {
  return row.state === 'ENDED' ? row.parkedAtMs : row.change.parkedAtMs;
}

function callingOf({ clock, random, signal, deadlineMs }: CallContext): StoreCalling {
  return { clock, random, signal, untilMs: Math.min(deadlineMs, clock.now() + patienceMs) };
}

async function marksOf(store: Store, { name, streamArn, context }: LedgerScope): Promise<readonly Row[]> {
  const pk = streamPk(name, streamArn);
  const calling = callingOf(context);
  const marks: Row[] = [];
  for (let from = markPrefix('Q'); ; ) {
    const page = await callStore(() => store.list(pk, from, pageSize), calling).catch((error) => {
      throw new LedgerUnavailableError('tell what is parked', error);
    });
    const found = page.filter(isMarkKey);
    marks.push(...found);
    if (found.length < pageSize) return marks;
    from = `${page.at(-1)?.sk}\0`;
  }
}

/** Streams that this process has named, by their store. */
const named = new WeakMap<Store, Set<string>>();

async function nameStream(
  store: Store,
  routerName: string,
  streamArn: string,
  calling: StoreCalling,
): Promise<void> {
  const known = named.get(store) ?? new Set();
  named.set(store, known);
  const row = streamRow(routerName, streamArn);
  const key = `${row.pk} ${row.sk}`;
  if (known.has(key)) return;
  await putRow(store, row, undefined, calling);
  known.add(key);
}
