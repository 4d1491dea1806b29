import { isDeepStrictEqual } from 'node:util';
import type { JsonValue, Row, RowKey } from '@sluice/core';
import { LedgerUnreadableError } from './errors.js';
import { type EventFacts, type Facts, joined, joinFacts, joinOne, nothing } from './event-facts.js';
import { padded } from './sequence-key.js';

/** One row of progress: of a delivery, or of the part of one that has too much for a row. */
export interface ProgressRow {
  /** The identity of its last event. */
  readonly last: string;
  readonly facts: Facts;
  /** Whether a delivery that had the last event ended with its process, and came again without that event. */
  readonly isCut: boolean;
  /** Handler calls that have begun. While its delivery does not take it back, one may be what the process ended with. */
  readonly calls: readonly BegunCall[];
}

export interface BegunCall {
  /** Names the delivery. */
  readonly by: string;
  readonly event: string;
  readonly handlerId: string;
  /** Failed attempts, should this have been one: a number and no increment, so that it may be counted in again and again. */
  readonly attempts: number;
}

/**
 * The note of a guarded delivery, which lies from before anything of it runs until it fails in order. Its row has the key of the first
 * record and comes before those of progress, where nobody has to read past it; it is found by trying to write it.
 */
export interface GuardNote {
  /** Names the delivery. */
  readonly by: string;
  /** Its last event, and that one's sequence number. */
  readonly last: string;
  readonly lastSequenceNumber: string;
}

export function progressKey(sequenceNumber: string): string {
  return `P#${padded(sequenceNumber)}`;
}

export function noteKey(sequenceNumber: string): string {
  return `G#${padded(sequenceNumber)}`;
}

export function isProgressKey({ sk }: RowKey): boolean {
  return sk.startsWith('P#');
}

/**
 * A row as a later delivery finds it: the calls that stand there are what their processes ended with. So is that of a duplicate
 * which is slow itself and still there; no row tells it from a dead one.
 */
export function withCrashes(row: ProgressRow): ProgressRow {
  return { ...row, facts: joinFacts(row.facts, ...row.calls.map(crash)), calls: [] };
}

function crash({ event, handlerId, attempts }: BegunCall): Facts {
  return new Map([[event, { done: [], attempts: new Map([[handlerId, attempts]]), crashed: [handlerId] }]]);
}

/** Whether a process may end with one of these events: one did with a call of it, or with a delivery that is now cut. */
export function isSuspicious(
  rows: readonly ProgressRow[],
  facts: Facts,
  has: (event: string) => boolean,
): boolean {
  const isCrash = ([event, { crashed }]: readonly [string, EventFacts]) => crashed.length > 0 && has(event);
  return rows.some(({ isCut, last }) => isCut && has(last)) || [...facts].some(isCrash);
}

/** A delivery up to this event ended with its process, and its later records come by themselves. */
export function cut(standing: ProgressRow | undefined, last: string): ProgressRow {
  return { ...(standing ?? emptyRow(last)), isCut: true };
}

/** A guarded delivery is about to make a call; the one that it made before has ended. Calls of others may still be going on. */
export function calling(standing: ProgressRow | undefined, call: BegunCall, last: string): ProgressRow {
  const row = standing ?? emptyRow(last);
  return { ...row, calls: [...row.calls.filter(({ by }) => by !== call.by), call] };
}

/** A delivery has ended, and tells what it has come to. */
export function ended(
  standing: ProgressRow | undefined,
  facts: Facts,
  last: string,
  delivery: string | undefined,
): ProgressRow {
  const row = standing ?? emptyRow(last);
  const calls = row.calls.filter(({ by }) => by !== delivery);
  return { ...row, facts: joinFacts(row.facts, facts), isCut: false, calls };
}

/**
 * A row as it is written again beside others: without what those that were written before it say, so that it does not grow beyond its place
 * when a delivery has more to tell than the one before. Where it is large all the same only what is still needed stays.
 */
export function lightened(
  row: ProgressRow,
  elsewhere: Facts,
  isNeeded: (event: string) => boolean,
): ProgressRow {
  const entries = [...row.facts].filter(([event, known]) => !isSaid(known, elsewhere.get(event)));
  const bytes = entries.reduce((sum, [event, known]) => sum + bytesOfOne(event, known), 0);
  return {
    ...row,
    facts: new Map(bytes > lightBytes ? entries.filter(([event]) => isNeeded(event)) : entries),
  };
}

const lightBytes = 50_000;

function isSaid(known: EventFacts, elsewhere: EventFacts | undefined): boolean {
  return elsewhere !== undefined && isDeepStrictEqual(joinOne(elsewhere, known), elsewhere);
}

function emptyRow(last: string): ProgressRow {
  return { last, facts: new Map(), isCut: false, calls: [] };
}

/** A part of a delivery that fits into a row. */
export interface Part {
  readonly sequenceNumber: string;
  readonly last: string;
  readonly facts: Facts;
}

/**
 * Cuts what is known of a delivery's events, given in their order by sequence number, into parts whose rows stay below `maxBytes`. The last
 * one ends with the last event, and is there also when nothing is known.
 */
export function partsOf(
  eventIds: ReadonlyMap<string, string>,
  facts: Facts,
  maxBytes = 300_000,
): readonly Part[] {
  const parts: Part[] = [];
  let open: { facts: Map<string, EventFacts>; lists: Set<string>; bytes: number } | undefined;
  let end: Omit<Part, 'facts'> | undefined;
  for (const [sequenceNumber, event] of eventIds) {
    const known = facts.get(event);
    if (known) {
      const list = JSON.stringify(known.done);
      const bytes = bytesOfOne(event, known);
      if (open && end && open.bytes + bytes + bytesOf(known.done) > maxBytes) {
        parts.push({ ...end, facts: open.facts });
        open = undefined;
      }
      open ??= { facts: new Map(), lists: new Set(), bytes: bytesAround };
      open.facts.set(event, known);
      open.bytes += bytes + (open.lists.has(list) ? 0 : bytesOf(known.done));
      open.lists.add(list);
    }
    end = { sequenceNumber, last: event };
  }
  return end ? [...parts, { ...end, facts: open?.facts ?? new Map() }] : parts;
}

/** Of what a row has besides its facts. */
const bytesAround = 1_000;

function bytesOfOne(event: string, { done, attempts, crashed }: EventFacts): number {
  const ofDone = done.length > 0 ? bytesOf(event) : 0;
  const ofAttempts = attempts.size > 0 ? bytesOf([event, [...attempts]]) : 0;
  return ofDone + ofAttempts + (crashed.length > 0 ? bytesOf([event, crashed]) : 0);
}

/** Of its JSON, with what stands around it in a list. */
function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value)) + (typeof value === 'string' ? 1 : 32);
}

/** Equal rows have equal values. Events with the same handlers done share an entry, since most have. */
export function progressValue({ last, facts, isCut, calls }: ProgressRow): JsonValue {
  const lists = new Map<string, { readonly handlers: readonly string[]; readonly events: string[] }>();
  const attempts: [string, JsonValue][] = [];
  const crashed: [string, JsonValue][] = [];
  for (const [event, known] of [...facts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (known.done.length > 0) {
      const list = JSON.stringify(known.done);
      const entry = lists.get(list) ?? { handlers: known.done, events: [] };
      entry.events.push(event);
      lists.set(list, entry);
    }
    if (known.attempts.size > 0) attempts.push([event, Object.fromEntries(known.attempts)]);
    if (known.crashed.length > 0) crashed.push([event, known.crashed]);
  }
  return {
    last,
    done: [...lists.keys()].sort().map((list) => ({ ...lists.get(list) })),
    attempts: Object.fromEntries(attempts),
    ...(crashed.length > 0 && { crashed: Object.fromEntries(crashed) }),
    ...(isCut && { isCut }),
    ...(calls.length > 0 && { calls: calls.map((call) => ({ ...call })) }),
  };
}

interface StoredProgress {
  readonly last: string;
  readonly done: readonly { readonly handlers: readonly string[]; readonly events: readonly string[] }[];
  readonly attempts: { readonly [event: string]: { readonly [handlerId: string]: number } };
  readonly crashed?: { readonly [event: string]: readonly string[] };
  readonly isCut?: boolean;
  readonly calls?: readonly BegunCall[];
}

/** Throws `LedgerUnreadableError` for a row that `progressValue` cannot have made. */
export function progressIn(row: Row): ProgressRow {
  const value = row.value as unknown as Partial<StoredProgress> | null;
  if (!isProgress(value)) throw new LedgerUnreadableError(row);
  const { last, done, attempts, crashed = {}, isCut = false, calls = [] } = value;
  const entries: [string, EventFacts][] = [];
  for (const { handlers, events } of done) {
    for (const event of events) entries.push([event, { ...nothing, done: handlers }]);
  }
  for (const [event, counts] of Object.entries(attempts)) {
    entries.push([event, { ...nothing, attempts: new Map(Object.entries(counts)) }]);
  }
  for (const [event, handlers] of Object.entries(crashed)) {
    entries.push([event, { ...nothing, crashed: handlers }]);
  }
  return { last, facts: joined(entries), isCut, calls };
}

function isProgress(value: Partial<StoredProgress> | null): value is StoredProgress {
  return (
    typeof value === 'object' &&
    typeof value?.last === 'string' &&
    Array.isArray(value.done) &&
    value.done.every((entry) => Array.isArray(entry?.handlers) && Array.isArray(entry.events)) &&
    typeof value.attempts === 'object' &&
    value.attempts !== null &&
    (value.calls === undefined || Array.isArray(value.calls))
  );
}

/** Throws `LedgerUnreadableError` for a row that is no note. */
export function noteIn(row: Row): GuardNote {
  const value = row.value as unknown as Partial<GuardNote> | null;
  if (typeof value?.last !== 'string' || typeof value.lastSequenceNumber !== 'string') {
    throw new LedgerUnreadableError(row);
  }
  return value as GuardNote;
}
