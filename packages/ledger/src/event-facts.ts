import { type Progress, type RecordState, recordState } from '@sluice/core';

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

export const nothing: EventFacts = { done: [], attempts: new Map(), crashed: [] };

/** What either knows. The order and the number of joins make no difference. */
export function joinFacts(...all: readonly Facts[]): Facts {
  return joined(all.flatMap((facts) => [...facts]));
}

/** The same of single entries. */
export function joined(entries: Iterable<readonly [string, EventFacts]>): Facts {
  const facts = new Map<string, EventFacts>();
  for (const [event, known] of entries) facts.set(event, joinOne(facts.get(event) ?? nothing, known));
  return facts;
}

export function joinOne(one: EventFacts, other: EventFacts): EventFacts {
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
