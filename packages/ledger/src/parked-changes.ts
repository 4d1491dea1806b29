import {
  type Clock,
  callStore,
  type FailureReason,
  type JsonValue,
  type ParkingMode,
  type Random,
  type Router,
  type Row,
  type Store,
  type StreamRecord,
} from '@sluice/core';
import {
  callingOf,
  endRow,
  nameOf,
  type ParkedSelection,
  removeMarks,
  rowsOf,
  selectedQueues,
  type Tool,
  type ToolOptions,
  toolOf,
  toTheEnd,
} from './parked-queues.js';
import {
  idOf,
  type ParkedRow,
  parkedRow,
  placeOf,
  problemOfRecord,
  type Queue,
  readable,
  type StoredChange,
  type StoredError,
} from './parked-rows.js';
import { ParkedChangeUnreadableError } from './parking-errors.js';

/** A change that is set aside, as it is kept. */
export interface ParkedChange {
  /** Names it: its stream's ARN, the handler, the item as a digest, and the sequence number, joined by `|`. */
  readonly id: string;
  readonly streamArn: string;
  readonly handlerId: string;
  /** The identity of its event. */
  readonly eventId: string;
  /** As it came from the stream; without its images when these are large and have not been read, see `object`. */
  readonly record: StreamRecord;
  /** Where the whole record is among the large objects, if it was too large for a row. */
  readonly object?: string;
  /** `record`: it was parked alone. `item`: later changes of its item queue behind it. `behind`: it is one of these. */
  readonly mode: ParkingMode;
  readonly reason: FailureReason;
  /** Of its last failure; the first 2000 characters of the message. */
  readonly error: StoredError;
  /** Failed attempts so far, those of redrives among them. */
  readonly attempts: number;
  /** Milliseconds since the epoch: of its last failure, and of its parking. */
  readonly failedAtMs: number;
  readonly parkedAtMs: number;
  /** Until when a redrive has it in hand, if one has; it may renew that. Milliseconds since the epoch. */
  readonly runningUntilMs?: number;
}

export interface ParkedChanges {
  /**
   * Those of a selection: stream by stream, handler by handler, and those of an item in order. Large records are not read. Rejects
   * with `ParkedChangeUnreadableError` where one cannot be read, unless there is `onUnreadable`; those before it have been given.
   */
  list(selection?: ParkedSelection, options?: ListOptions): AsyncIterable<ParkedChange>;
  /**
   * One, with its whole record where `largeObjects` is given; `undefined` when there is none of this id any more. Rejects with
   * `ParkedChangeUnreadableError` when it cannot be read.
   */
  get(id: string): Promise<ParkedChange | undefined>;
  /** Gives changes up, also those that cannot be read. What queues behind one of them stays. */
  discard(selection: ParkedSelection): Promise<DiscardReport>;
}

export interface ListOptions {
  /** How many at most; all by default. */
  readonly limit?: number;
  /** Is told of each change that cannot be read, and the list goes on behind it. The error has its `id`, to discard it by. */
  readonly onUnreadable?: (error: ParkedChangeUnreadableError) => void;
}

/** Ids, in the order in which the changes came. */
export interface DiscardReport {
  readonly discarded: readonly string[];
  /** Those that a redrive has in hand. They stay. */
  readonly busy: readonly string[];
}

export interface ParkedChangesOptions extends ToolOptions {
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * What is parked for a router, which is given itself or by its name: to look at, and to give up. Calls of the store are repeated
 * for up to 10 seconds, and then reject with its error. What selects nothing, and what is no id, is a `TypeError`, and so is, at
 * once, a router without a name.
 */
export function parkedChanges(
  store: Store,
  router: Pick<Router, 'name'> | string,
  options: ParkedChangesOptions = {},
): ParkedChanges {
  const routerName = nameOf(router);
  const tool = toolOf(store, routerName, options);
  return {
    async *list(selection = 'all', { limit = Number.POSITIVE_INFINITY, onUnreadable } = {}) {
      let left = limit;
      for await (const { queue, only } of selectedQueues(tool, selection)) {
        for await (const row of rowsOf(tool, queue, only)) {
          if (only !== undefined && row.sk !== only) break;
          const parked = told(queue, row, onUnreadable);
          if (!parked || parked.state === 'ENDED') continue;
          if (left-- <= 0) return;
          yield parkedChange(queue, row, parked);
        }
      }
    },
    async get(id) {
      const { queue, key } = placeOf(routerName, id);
      const row = await callStore(() => store.get(key.pk, key.sk), callingOf(tool));
      const parked = row && parkedRow(queue, row);
      if (!row || !parked || parked.state === 'ENDED') return undefined;
      const change = parkedChange(queue, row, parked);
      if (!change.object || !tool.largeObjects) return change;
      return { ...change, record: await wholeRecord(tool, queue, row, parked.change) };
    },
    async discard(selection) {
      const discarded: string[] = [];
      const busy: string[] = [];
      for await (const { queue, only } of selectedQueues(tool, selection)) {
        if (tool.signal?.aborted) break;
        for await (const row of rowsOf(tool, queue, only)) {
          if (tool.signal?.aborted || (only !== undefined && row.sk !== only)) break;
          const end = await discardRow(tool, row);
          if (end === 'discarded') discarded.push(idOf(queue, row.sk));
          if (end === 'busy') busy.push(idOf(queue, row.sk));
        }
        await removeMarks(toTheEnd(tool), queue);
      }
      return { discarded, busy };
    },
  };
}

/** `undefined` for a row that cannot be read, of which `onUnreadable` has been told. */
function told(queue: Queue, row: Row, onUnreadable: ListOptions['onUnreadable']): ParkedRow | undefined {
  try {
    return parkedRow(queue, row);
  } catch (error) {
    if (!onUnreadable || !(error instanceof ParkedChangeUnreadableError)) throw error;
    onUnreadable(error);
    return undefined;
  }
}

async function discardRow(tool: Tool, listed: Row): Promise<'discarded' | 'busy' | 'ended'> {
  for (let row: Row | undefined = listed; row; ) {
    const parked = readable(row);
    if (parked?.state === 'ENDED') break;
    if (parked?.state === 'RUNNING' && parked.untilMs > tool.clock.now()) return 'busy';
    const written = await endRow(tool, row, 'DISCARDED');
    if (written.applied) return 'discarded';
    row = written.current;
  }
  return 'ended';
}

export function parkedChange(
  queue: Queue,
  row: Row,
  parked: Exclude<ParkedRow, { readonly state: 'ENDED' }>,
): ParkedChange {
  return {
    id: idOf(queue, row.sk),
    streamArn: queue.streamArn,
    ...parked.change,
    ...(parked.state === 'RUNNING' && { runningUntilMs: parked.untilMs }),
  };
}

/** The record of a change with its images. Throws `ParkedChangeUnreadableError` where they cannot be had. */
export async function wholeRecord(
  tool: Tool,
  queue: Queue,
  row: Row,
  { record, object }: StoredChange,
): Promise<StreamRecord> {
  const { largeObjects } = tool;
  if (object === undefined) return record;
  const unreadable = (problem: string) => new ParkedChangeUnreadableError(row, problem, idOf(queue, row.sk));
  if (!largeObjects) throw unreadable(`its images are in the large object ${object}; give largeObjects`);
  const body = await callStore(() => largeObjects.get(object), callingOf(tool));
  if (body === undefined) throw unreadable(`there is no large object ${object}`);
  const whole = parsed(body);
  if (whole === undefined) throw unreadable(`the large object ${object} is no JSON`);
  if (problemOfRecord(whole) === undefined) return whole as unknown as StreamRecord; // as it was written here
  throw unreadable(`the large object ${object} is no stream record`);
}

/** `undefined` if it is not JSON. The reason is not told, because it would quote the item. */
function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
