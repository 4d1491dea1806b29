import {
  type JsonValue,
  type Progress,
  type RecordState,
  type Row,
  type RowKey,
  recordState,
} from '@sluice/core';
import { LedgerUnreadableError } from './errors.js';

/** What is known of one event. It only grows: a handler that is done stays done, and attempts are not taken back. */
export interface EventFacts {
  /** Ids of the handlers that are done, ascending. */
  readonly done: readonly string[];
  /** Failed attempts by the id of a handler that is not done. */
  readonly attempts: ReadonlyMap<string, number>;
  /** Ids of handlers that are not done, during whose calls a process ended; ascending. */
  readonly crashed: readonly string[];
}

/** By the identity of the event; of an event without an entry nothing is known. */
export type Facts = ReadonlyMap<string, EventFacts>;

/** One row of progress: of a delivery, or of the part of one that has too much for a row. */
export interface ProgressRow {
  /** The identity of its last event. */
  readonly last: string;
  readonly facts: Facts;
  /** What a guarded delivery told before its end; gone when that was orderly. */
  readonly guard: GuardNote | undefined;
}

interface GuardNote {
  /** The identity of the first event of the delivery. */
  readonly first: string;
  /** How many deliveries have begun since one had an orderly end. */
  readonly began: number;
  readonly calls: readonly BegunCall[];
}

/** A handler call that has begun. While its delivery does not take it back, it may be what the process ended with. */
export interface BegunCall {
  /** Names the delivery. */
  readonly by: string;
  readonly event: string;
  readonly handlerId: string;
  /** Failed attempts, should this have been one: a number and no increment, so that it may be counted in again and again. */
  readonly attempts: number;
}

const digits = 40;

/** Sequence numbers have up to 40 digits; as text of one length their order is that of the rows. */
export function progressKey(sequenceNumber: string): string {
  return `P#${sequenceNumber.padStart(digits, '0')}`;
}

export function isProgressKey({ sk }: RowKey): boolean {
  return sk.startsWith('P#');
}

const nothing: EventFacts = { done: [], attempts: new Map(), crashed: [] };

/** What either knows. The order and the number of joins make no difference. */
export function joinFacts(...all: readonly Facts[]): Facts {
  return joined(all.flatMap((facts) => [...facts]));
}

function joined(entries: Iterable<readonly [string, EventFacts]>): Facts {
  const facts = new Map<string, EventFacts>();
  for (const [event, known] of entries) facts.set(event, joinOne(facts.get(event) ?? nothing, known));
  return facts;
}

function joinOne(one: EventFacts, other: EventFacts): EventFacts {
  const done = union(one.done, other.done);
  const attempts = new Map(one.attempts);
  for (const [id, count] of other.attempts) attempts.set(id, Math.max(count, attempts.get(id) ?? 0));
  for (const id of done) attempts.delete(id);
  const crashed = union(one.crashed, other.crashed).filter((id) => !done.includes(id));
  return { done, attempts, crashed };
}

function union(one: readonly string[], other: readonly string[]): readonly string[] {
  return [...new Set([...one, ...other])].sort();
}

/** What a delivery has come to; sequence numbers that are not of it are passed over. */
export function factsOf({ done, attempts }: Progress, eventIds: ReadonlyMap<string, string>): Facts {
  const facts = new Map<string, EventFacts>();
  for (const [sequenceNumber, event] of eventIds) {
    const known = joinOne(nothing, {
      done: done[sequenceNumber] ?? [],
      attempts: new Map(Object.entries(attempts[sequenceNumber] ?? {})),
      crashed: [],
    });
    if (known.done.length + known.attempts.size > 0) facts.set(event, known);
  }
  return facts;
}

/** As the core takes it. */
export function stateOf({ done, attempts, crashed }: EventFacts): RecordState {
  return recordState(
    done,
    attempts.size > 0 ? Object.fromEntries(attempts) : undefined,
    crashed.length > 0 ? crashed : undefined,
  );
}

/** With the calls that its deliveries did not take back as what their processes ended with. */
export function withCrashes({ facts, guard }: ProgressRow): Facts {
  return joinFacts(facts, ...(guard?.calls ?? []).map(crash));
}

function crash({ event, handlerId, attempts }: BegunCall): Facts {
  return new Map([[event, { done: [], attempts: new Map([[handlerId, attempts]]), crashed: [handlerId] }]]);
}

/** Which delivery a row is of. */
export interface Extent {
  readonly first: string;
  readonly last: string;
}

/** A guarded delivery begins. The calls that stand there are counted now: the places of those to come are free. */
export function begun(standing: ProgressRow | undefined, { first, last }: Extent): ProgressRow {
  return {
    last,
    facts: standing ? withCrashes(standing) : new Map(),
    guard: { first, began: (standing?.guard?.began ?? 0) + 1, calls: [] },
  };
}

/** A guarded delivery is about to make a call; the one that it made before has ended. */
export function calling(
  standing: ProgressRow | undefined,
  call: BegunCall,
  { first, last }: Extent,
): ProgressRow {
  const { facts, guard } = standing ?? { facts: new Map() };
  const others = guard?.calls.filter(({ by }) => by !== call.by) ?? [];
  return { last, facts, guard: { first, began: Math.max(1, guard?.began ?? 0), calls: [...others, call] } };
}

/** A delivery has ended, and tells what it has come to. Calls of others stay, as these may still be going on. */
export function ended(
  standing: ProgressRow | undefined,
  facts: Facts,
  last: string,
  delivery: string | undefined,
): ProgressRow {
  const calls = standing?.guard?.calls.filter(({ by }) => by !== delivery) ?? [];
  return {
    last,
    facts: standing ? joinFacts(standing.facts, facts) : facts,
    guard: standing?.guard && calls.length > 0 ? { ...standing.guard, began: 0, calls } : undefined,
  };
}

/** Whether the delivery that the row is of has begun and not ended, and had the first or last of these events. */
export function isCutShort({ last, guard }: ProgressRow, has: (event: string) => boolean): boolean {
  return guard !== undefined && guard.began > 0 && (has(guard.first) || has(last));
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
export function progressValue({ last, facts, guard }: ProgressRow): JsonValue {
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
    ...(guard && { guard: { ...guard, calls: guard.calls.map((call) => ({ ...call })) } }),
  };
}

interface StoredProgress {
  readonly last: string;
  readonly done: readonly { readonly handlers: readonly string[]; readonly events: readonly string[] }[];
  readonly attempts: { readonly [event: string]: { readonly [handlerId: string]: number } };
  readonly crashed?: { readonly [event: string]: readonly string[] };
  readonly guard?: GuardNote;
}

/** Throws `LedgerUnreadableError` for a row that `progressValue` cannot have made. */
export function progressIn(row: Row): ProgressRow {
  const value = row.value as unknown as Partial<StoredProgress> | null;
  if (!isProgress(value)) throw new LedgerUnreadableError(row);
  const { last, done, attempts, crashed = {}, guard } = value;
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
  return { last, facts: joined(entries), guard };
}

function isProgress(value: Partial<StoredProgress> | null): value is StoredProgress {
  return (
    typeof value === 'object' &&
    typeof value?.last === 'string' &&
    Array.isArray(value.done) &&
    value.done.every((entry) => Array.isArray(entry?.handlers) && Array.isArray(entry.events)) &&
    typeof value.attempts === 'object' &&
    value.attempts !== null &&
    (value.guard === undefined || Array.isArray(value.guard?.calls))
  );
}
