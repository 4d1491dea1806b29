import {
  type AttributeMap,
  type Clock,
  callStore,
  deleteRow,
  putRow,
  type Random,
  type Router,
  type Row,
  type Store,
  type StoreCalling,
  systemClock,
  type Written,
} from '@sluice/core';
import { type LargeObjects, letGo } from './large-objects.js';
import {
  asJson,
  endedLifetimeMs,
  itemOf,
  type MarkKind,
  markedQueue,
  markKey,
  markOf,
  markPrefix,
  type ParkedRow,
  placeOf,
  type Queue,
  queuePk,
  readable,
  streamPk,
} from './parked-rows.js';
import { patienceMs } from './parking.js';

/** Which parked changes: one, those of a handler, an item or a stream (of all that are named, when several are), or all. */
export type ParkedSelection =
  | 'all'
  | { readonly id: string }
  | { readonly handlerId: string; readonly keys?: AttributeMap; readonly streamArn?: string }
  | { readonly keys: AttributeMap; readonly streamArn?: string }
  | { readonly streamArn: string };

export interface ToolOptions {
  /** Where the changes are that are too large for a row; the one that the ledger has. */
  readonly largeObjects?: LargeObjects;
  /** Ends the work between two changes, and the waits. */
  readonly signal?: AbortSignal;
}

/** What tools work on. */
export interface Tool extends ToolOptions {
  readonly store: Store;
  readonly routerName: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** The queues that a selection is in, and of it the one change that it names. */
export interface SelectedQueue {
  readonly queue: Queue;
  /** Its sort key. */
  readonly only: string | undefined;
}

/** Of changes, which may be large, and of the marks of one item. */
const pageSize = 25;
const markPageSize = 500;
const markKinds: readonly MarkKind[] = ['Q', 'A'];
const fieldsOfSelections = ['handlerId', 'keys', 'streamArn'];

export function toolOf(
  store: Store,
  routerName: string,
  options: ToolOptions & { readonly clock?: Clock; readonly random?: Random },
): Tool {
  return { clock: systemClock, random: Math.random, ...options, store, routerName };
}

/** By which a router's changes are found. Throws a `TypeError` for what has none. */
export function nameOf(router: Pick<Router, 'name'> | string): string {
  const name = typeof router === 'string' ? router : (router as Pick<Router, 'name'> | undefined)?.name;
  if (typeof name === 'string' && name !== '') return name;
  throw new TypeError(
    `Parked changes are found by the name of their router, and ${wrong(router)}; give createRouter a name.`,
  );
}

function wrong(router: unknown): string {
  if (typeof router === 'object' && router !== null) return 'this one has none';
  return `${router === '' ? 'an empty text' : `a value of type ${router === null ? 'null' : typeof router}`} is none`;
}

export function callingOf({ clock, random, signal }: Tool): StoreCalling & { readonly untilMs: number } {
  return { clock, random, signal, untilMs: clock.now() + patienceMs };
}

/**
 * Throws a `TypeError` at once for what is no id, or selects nothing in particular, or more than is meant: a field that is not
 * known, or undefined.
 */
export function selectedQueues(tool: Tool, selection: ParkedSelection): AsyncIterable<SelectedQueue> {
  const wished = wishes(selection);
  if (wished.id === undefined) return queuesFor(tool, wished);
  const { queue, key } = placeOf(tool.routerName, wished.id);
  return oneOf({ queue, only: key.sk });
}

async function* oneOf(selected: SelectedQueue): AsyncIterable<SelectedQueue> {
  yield selected;
}

async function* queuesFor(
  tool: Tool,
  { handlerId, keys, streamArn }: Omit<Wishes, 'id'>,
): AsyncIterable<SelectedQueue> {
  const item = keys && itemOf(keys);
  for (const arn of streamArn === undefined ? await streamsOf(tool) : [streamArn]) {
    for (const queue of await queuesOf(tool, arn, item)) {
      if ((handlerId ?? queue.handlerId) === queue.handlerId) yield { queue, only: undefined };
    }
  }
}

interface Wishes {
  readonly id?: string;
  readonly handlerId?: string;
  readonly keys?: AttributeMap;
  readonly streamArn?: string;
}

function wishes(selection: ParkedSelection): Wishes {
  if (selection === 'all') return {};
  const fields = Object.entries(selection).map(([name, value]) =>
    value === undefined ? `no ${name}` : name,
  );
  const possible = 'id' in selection ? ['id'] : fieldsOfSelections;
  if (fields.length > 0 && fields.every((field) => possible.includes(field))) return selection;
  throw new TypeError(
    "Expected parked changes by their id alone, by some of handlerId, keys and streamArn, or 'all'; " +
      `got ${fields.join(' and ') || 'none of these'}.`,
  );
}

async function streamsOf(tool: Tool): Promise<readonly string[]> {
  const rows = await rowsFrom(tool, tool.routerName, 'S#');
  return rows.map(({ sk }) => sk.slice(2));
}

/** Those that have a mark, of an item or of all, each once, in the order of handlers and items. */
async function queuesOf(tool: Tool, streamArn: string, item: string | undefined): Promise<readonly Queue[]> {
  const { routerName } = tool;
  const pk = streamPk(routerName, streamArn);
  const limit = item === undefined ? markPageSize : pageSize;
  const queues = new Map<string, Queue>();
  for (const kind of markKinds) {
    for (const { sk } of await rowsFrom(tool, pk, markPrefix(kind, item), limit)) {
      const { handlerId, item } = markedQueue(sk);
      queues.set(`${handlerId}#${item}`, { routerName, streamArn, handlerId, item });
    }
  }
  return [...queues].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, queue]) => queue);
}

async function rowsFrom(
  tool: Tool,
  pk: string,
  prefix: string,
  limit = markPageSize,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const row of listed(tool, pk, prefix, limit)) {
    if (!row.sk.startsWith(prefix)) break;
    rows.push(row);
  }
  return rows;
}

/** The rows of a queue in order, those that have ended among them. */
export function rowsOf(tool: Tool, queue: Queue, from = ''): AsyncIterable<Row> {
  return listed(tool, queuePk(queue), from, pageSize);
}

async function* listed(tool: Tool, pk: string, first: string, limit: number): AsyncIterable<Row> {
  for (let from = first; ; ) {
    const page = await callStore(() => tool.store.list(pk, from, limit), callingOf(tool));
    yield* page;
    if (page.length < limit) return;
    from = after(page.at(-1)?.sk);
  }
}

/** Where a list goes on behind a row. */
function after(sk = ''): string {
  return `${sk}\0`;
}

/** For what is kept of work that has been done: it is not given up with what comes after it. */
export function toTheEnd({ signal: _, ...tool }: Tool): Tool {
  return tool;
}

/** Ends a change at the version of its row, and lets go of its large object; what of that fails is left to its own end. */
export async function endRow(tool: Tool, row: Row, as: 'DONE' | 'DISCARDED'): Promise<Written> {
  const { clock, store, largeObjects } = tool;
  const ended = readable(row);
  const change = ended && ended.state !== 'ENDED' ? ended.change : undefined;
  const endedAtMs = clock.now();
  const value: ParkedRow = { state: 'ENDED', as, endedAtMs, parkedAtMs: change?.parkedAtMs ?? 0 };
  const expiresAt = Math.ceil((endedAtMs + endedLifetimeMs) / 1000);
  const { pk, sk } = row;
  const written = await putRow(
    store,
    { pk, sk, value: asJson(value), expiresAt },
    row.version,
    callingOf(toTheEnd(tool)),
  );
  if (written.applied && change?.object) await letGo(largeObjects, change.object, callingOf(toTheEnd(tool)));
  return written;
}

/** Ends a change that was announced and did not come, in its place: should it come after all, that is seen there. */
export async function missChange(tool: Tool, queue: Queue, sk: string): Promise<void> {
  const endedAtMs = tool.clock.now();
  const value: ParkedRow = { state: 'ENDED', as: 'MISSED', endedAtMs, parkedAtMs: 0 };
  const expiresAt = Math.ceil((endedAtMs + endedLifetimeMs) / 1000);
  const row = { pk: queuePk(queue), sk, value: asJson(value), expiresAt };
  await putRow(tool.store, row, undefined, callingOf(toTheEnd(tool)));
}

/** What a queue was found to be when its marks were to be deleted. */
export type QueueEnd =
  | { readonly kind: 'gone' }
  /** Its first change that has not ended. */
  | { readonly kind: 'parked'; readonly sk: string }
  /** A change has been announced that is not there yet. */
  | { readonly kind: 'coming'; readonly announced: string; readonly announcedAtMs: number };

/** Deletes the marks of a queue, if nothing is in it and nothing is about to be. Rule 2 of `openParking`. */
export async function removeMarks(tool: Tool, queue: Queue): Promise<QueueEnd> {
  for (const kind of markKinds) {
    const end = await removeMark(tool, queue, kind);
    if (end.kind !== 'gone') return end;
  }
  return { kind: 'gone' };
}

async function removeMark(tool: Tool, queue: Queue, kind: MarkKind): Promise<QueueEnd> {
  const { store } = tool;
  const { pk, sk } = markKey(queue, kind);
  for (let row = await callStore(() => store.get(pk, sk), callingOf(tool)); row; ) {
    const { announced, announcedAtMs } = markOf(row);
    let hasEnded = tool.clock.now() > announcedAtMs + endedLifetimeMs;
    for await (const change of rowsOf(tool, queue)) {
      if (readable(change)?.state !== 'ENDED') return { kind: 'parked', sk: change.sk };
      if (change.sk === announced) hasEnded = true;
    }
    if (!hasEnded) return { kind: 'coming', announced, announcedAtMs };
    const deleted = await deleteRow(store, row, callingOf(tool));
    row = deleted.applied ? undefined : deleted.current;
  }
  return { kind: 'gone' };
}
