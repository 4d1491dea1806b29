import type { AsyncResource } from 'node:async_hooks';
import type { StreamRecord } from '@sluice/filters';
import type { CallContext } from './context.js';
import type { GivenUp } from './give-up.js';
import type { Outcome } from './outcome.js';
import type { CompiledRoute } from './router.js';

/** How far a shard, or one delivery of it, has been worked off. Plain JSON. */
export interface Progress {
  /** Every record up to and including this sequence number is done. */
  readonly watermark: string | undefined;
  /** Above the watermark: the ids of the handlers that are done, by sequence number. */
  readonly done: { readonly [sequenceNumber: string]: readonly string[] };
  /** Above the watermark: how many attempts have failed, by sequence number and handler id. */
  readonly attempts: { readonly [sequenceNumber: string]: { readonly [handlerId: string]: number } };
}

/** What is known of one unfinished record; shared by every delivery of it that this process sees. */
export interface RecordState {
  /** Ids of the handlers that are done. */
  done: readonly string[];
  /** Failed attempts by handler id. */
  failures: { readonly [handlerId: string]: number } | undefined;
  /** Ids of handlers during whose calls the process ended; each such end is one of the failed attempts. */
  suspects: readonly string[] | undefined;
  /** How many records were in the group that it began, of batch handlers that are not done with it. */
  groups: { readonly [handlerId: string]: number } | undefined;
  /** The handler call that is going on, also when the delivery that began it has ended at its deadline. */
  running: Running | undefined;
}

/** A handler call, of one record or of a group. */
export interface Running {
  readonly handlerId: string;
  outcome: Promise<Outcome>;
}

/** One matched record on its way through the drain. */
export interface Task {
  readonly record: StreamRecord;
  readonly routes: readonly CompiledRoute[];
  readonly laneKey: string;
  readonly page: OpenPage;
  state: RecordState;
  /** The sequence number of the record before it, matched or not. */
  readonly before: string | undefined;
  /** Its place among the matched records of its drain. */
  readonly position: number;
  finished: boolean;
  /** Why it was not done when it was last tried. */
  failure: Outcome | undefined;
  /** How often it has been set back in this drain: a call that is given up may go on, and end in a later try than its own. */
  tries: number;
  /** Ids of the handlers whose failure has been counted in this try. */
  counted: readonly string[] | undefined;
  /** What its handlers gave up in this delivery. */
  givenUp: readonly GivenUp[] | undefined;
  /** The longest time that its handlers asked to be left alone in this delivery. */
  afterMs: number;
}

/** Records that were offered to a drain together. */
export interface Page {
  readonly counts: Readonly<Counts>;
  /** How many of its records are not done. */
  readonly unfinished: number;
}

export interface OpenPage extends Page {
  readonly counts: Counts;
  unfinished: number;
  /** What its records go on in. */
  context: CallContext;
  /** The asynchronous context of the layers around it, for what follows them in it, as spans do; none without layers. */
  scope: AsyncResource | undefined;
}

/** Totals, one a handler call, except for records. */
export interface Counts {
  records: number;
  unmatched: number;
  handled: number;
  skipped: number;
  neverAgain: number;
  retryLater: number;
  failed: number;
  /** Of those that are not done by a handler: what was set aside, and what was given up. */
  parked: number;
  dropped: number;
}

export function noCounts(): Counts {
  return {
    records: 0,
    unmatched: 0,
    handled: 0,
    skipped: 0,
    neverAgain: 0,
    retryLater: 0,
    failed: 0,
    parked: 0,
    dropped: 0,
  };
}

export function recordState(
  done: readonly string[] = [],
  failures?: RecordState['failures'],
  suspects?: RecordState['suspects'],
): RecordState {
  return { done, failures, suspects, groups: undefined, running: undefined };
}

/** Adds to what this process knows of a record what others have kept of it. */
export function learn(state: RecordState, { done, failures, suspects }: RecordState): RecordState {
  state.done = [...new Set([...state.done, ...done])];
  state.suspects = suspects;
  for (const [id, count] of Object.entries(failures ?? {})) {
    state.failures = { ...state.failures, [id]: Math.max(count, state.failures?.[id] ?? 0) };
  }
  return state;
}

/** What a stored progress says of a record above its watermark; nothing when it says nothing of any. */
export function recallFrom({
  done,
  attempts,
}: Progress): ((record: StreamRecord) => RecordState | undefined) | undefined {
  if (Object.keys(done).length + Object.keys(attempts).length === 0) return undefined;
  return ({ dynamodb: { SequenceNumber } }) => {
    const known = SequenceNumber in done || SequenceNumber in attempts;
    return known ? recordState(done[SequenceNumber], attempts[SequenceNumber]) : undefined;
  };
}

/** The matched records of one shard in stream order, from the first that may be unfinished. */
export interface Tracker {
  tasks: Task[];
  /** The sequence number of the last record taken, matched or not. */
  last: string | undefined;
  /** Whether finished ones stay. */
  readonly isHeld: boolean;
}

/** The tasks from the first unfinished one on; of a held tracker all. */
export function remainingOf(tracker: Tracker): readonly Task[] {
  if (tracker.isHeld) return tracker.tasks;
  let first = 0;
  while (tracker.tasks[first]?.finished) first++;
  if (first > 0) tracker.tasks = tracker.tasks.slice(first);
  return tracker.tasks;
}

/** The first that is not done. */
export function lowestOf(tracker: Tracker): Task | undefined {
  return remainingOf(tracker).find(({ finished }) => !finished);
}

export function isAllDone({ routes, state }: Task): boolean {
  return routes.every(({ route }) => state.done.includes(route.id));
}

export function progressOf(tracker: Tracker): Progress {
  const remaining = remainingOf(tracker);
  const done: Record<string, readonly string[]> = {};
  const attempts: Record<string, NonNullable<RecordState['failures']>> = {};
  for (const { record, state, routes, finished } of remaining) {
    const { SequenceNumber } = record.dynamodb;
    if (finished) done[SequenceNumber] = routes.map(({ route }) => route.id);
    else if (state.done.length > 0) done[SequenceNumber] = state.done;
    if (!finished && state.failures) attempts[SequenceNumber] = state.failures;
  }
  const first = remaining[0];
  const passed = first ? first.before : tracker.last;
  return { watermark: tracker.isHeld ? undefined : passed, done, attempts };
}
