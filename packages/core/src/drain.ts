import type { StreamRecord } from '@sluice/filters';
import type { Backoff } from './backoff.js';
import { type RecordCall, taskOf } from './calls.js';
import { chain } from './chain.js';
import { checkRecords } from './check-records.js';
import type { CallContext } from './context.js';
import { type Counts, type Delivery, deliverWith, log, notStarted } from './deliver.js';
import { itemKeyOf } from './event-identity.js';
import { isDone, type Outcome, outcomeOf } from './outcome.js';
import {
  type Progress,
  progressOf,
  type RecordState,
  remainingOf,
  type Task,
  type Tracker,
} from './progress.js';
import type { Order, Router } from './router.js';

/**
 * The machine that brings records to their handlers in order. A lane is the ordered queue of one item's changes
 * (`lanes`), or of all (`strict`):
 *
 *     READY ──► RUNNING ──► gone, when its queue is empty
 *       ▲          │ a record failed
 *       │          ├──► WAITING (retry) ──► READY when its delay is over; its other records wait behind the failed one
 *       │          └──► STOPPED (stop): nothing above the failed record starts any more, in any lane
 *
 * A record is done when all its handlers are; until then it holds the watermark.
 */
export interface Drain {
  /**
   * Takes the next records of the shard, in stream order, and starts on them. Throws `MalformedRecordError` or
   * `UnknownTableError` before anything of these records is started.
   */
  offer(records: readonly StreamRecord[]): void;
  /**
   * Resolves when at most `unfinished` of the offered records are unfinished, or when nothing more can happen: the drain
   * has been stopped, or has stopped at a failure, and what was running has settled.
   */
  until(unfinished: number): Promise<void>;
  /** Starts nothing new. Running handlers go on. */
  stop(): void;
  progress(): Progress;
  /** From the first record that is not done: all matched ones, done or not. Empty when everything is done. */
  remaining(): readonly Task[];
  readonly unfinished: number;
  readonly counts: Readonly<Counts>;
}

export interface DrainOptions {
  /** What a lane does after a failure: `stop` (a delivery that will be repeated), or `retry` in place. */
  readonly afterFailure: { readonly kind: 'stop' } | { readonly kind: 'retry'; readonly backoff: Backoff };
  readonly order: Order;
  /** What is known of a record from before. Its handlers that are done are not run again. */
  readonly recall?: ((record: StreamRecord) => RecordState | undefined) | undefined;
  /** Becomes `ctx.signal`; when it aborts, nothing new starts. */
  readonly signal?: AbortSignal;
  /**
   * On the router's clock; nothing starts from then on. A timer alone would be too late: none fires while handlers compute,
   * or end without waiting for anything.
   */
  readonly deadlineMs?: number;
}

/** How long records may be worked on without a turn of the event loop. */
const longestTurnMs = 20;

interface Lane {
  readonly key: string;
  readonly tasks: Task[];
  /** Index of the record that is next, or running. */
  head: number;
  /** Deliveries of that record that did not end it. */
  tries: number;
}

export function createDrain(router: Router, options: DrainOptions): Drain {
  const { afterFailure, order, recall, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const { clock, random, logger, concurrency } = router;
  const signal = options.signal ?? new AbortController().signal;
  const counts: Counts = {
    records: 0,
    unmatched: 0,
    handled: 0,
    skipped: 0,
    neverAgain: 0,
    retryLater: 0,
    failed: 0,
  };
  const context: CallContext = { signal, deadlineMs, logger, clock, random };
  const delivery: Delivery = { context, stopped: false, counts, logged: new WeakSet([notStarted]) };
  const run = chain<RecordCall>(router.recordMiddleware, deliverWith(delivery));
  const tracker: Tracker = { tasks: [], last: undefined };
  const lanes = new Map<string, Lane>();
  const ready: Lane[] = [];
  const halt = new AbortController();
  let waiters: { readonly unfinished: number; readonly resolve: () => void }[] = [];
  /** The highest number of unfinished records that anyone waits for. */
  let awaited = -1;
  let running = 0;
  let waiting = 0;
  let unfinished = 0;
  let position = 0;
  /** When everything else in the process last had its turn. */
  let turnAtMs = clock.now();
  /** The position of the lowest failed record after which nothing may start. */
  let ceiling = Number.POSITIVE_INFINITY;

  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();

  return {
    offer,
    until,
    stop,
    progress: () => progressOf(tracker),
    remaining: () => remainingOf(tracker),
    get unfinished() {
      return unfinished;
    },
    counts,
  };

  function offer(records: readonly StreamRecord[]): void {
    checkRecords(records, tracker.last);
    const placed = place(records);
    for (const { task, key } of placed) {
      tracker.tasks.push(task);
      const lane = lanes.get(key);
      if (lane) lane.tasks.push(task);
      else {
        const created = { key, tasks: [task], head: 0, tries: 0 };
        lanes.set(key, created);
        ready.push(created);
      }
    }
    unfinished += placed.length;
    counts.records += records.length;
    counts.unmatched += records.length - placed.length;
    tracker.last = records.at(-1)?.dynamodb.SequenceNumber ?? tracker.last;
    turnAtMs = clock.now();
    startLanes();
  }

  /** Finds the routes and the lane of each record that has any. What throws here refuses them all: nothing is started. */
  function place(records: readonly StreamRecord[]): { readonly task: Task; readonly key: string }[] {
    const placed: { task: Task; key: string }[] = [];
    let before = tracker.last;
    for (const record of records) {
      const routes = router.match(record);
      if (routes.length > 0) {
        const key = order === 'strict' ? '' : itemKeyOf(record);
        const state = { done: [], failures: undefined, running: undefined };
        placed.push({
          key,
          task: {
            record,
            routes,
            state,
            before,
            position: position++,
            finished: false,
            counted: undefined,
            afterMs: 0,
          },
        });
      }
      before = record.dynamodb.SequenceNumber;
    }
    // Only now: what is recalled belongs to this drain, which nothing may refuse any more.
    if (recall) for (const { task } of placed) task.state = recall(task.record) ?? task.state;
    return placed;
  }

  function startLanes(): void {
    while (running < concurrency && !delivery.stopped) {
      const lane = ready.shift();
      if (!lane) return;
      const task = next(lane);
      if (task) void runLane(lane, task);
    }
  }

  /** The record that the lane may start now. */
  function next({ tasks, head }: Lane): Task | undefined {
    if (delivery.stopped || clock.now() >= deadlineMs) return undefined;
    const task = tasks[head];
    return task && task.position < ceiling ? task : undefined;
  }

  async function runLane(lane: Lane, first: Task): Promise<void> {
    running++;
    for (let task: Task | undefined = first; task; task = next(lane)) {
      const outcome = await tried(task);
      log(delivery, task.record, outcome, 'record');
      if (!isDone(outcome)) {
        if (afterFailure.kind === 'stop') ceiling = Math.min(ceiling, task.position);
        else waitToRetry(lane, task, outcome, afterFailure.backoff);
        break;
      }
      task.finished = true;
      lane.tries = 0;
      if (++lane.head === 1024) letGo(lane);
      if (--unfinished <= awaited) wakeWaiters();
      if (clock.now() - turnAtMs >= longestTurnMs) await giveWay();
    }
    running--;
    if (lane.head === lane.tasks.length) lanes.delete(lane.key);
    if (ready.length > 0) startLanes();
    if (running === 0) wakeWaiters();
  }

  async function tried(task: Task): Promise<Outcome> {
    const { record, routes } = task;
    try {
      return await run({ record, routes, context, [taskOf]: task });
    } catch (error) {
      return outcomeOf(error);
    }
  }

  /** Handlers that wait for nothing would keep timers, signals and sockets waiting for as long as there are records. */
  async function giveWay(): Promise<void> {
    await clock.sleep(0);
    turnAtMs = clock.now();
  }

  /** As long as its handlers ask for; after a failure, or where they name no time, for the backoff at least. */
  function waitToRetry(lane: Lane, task: Task, outcome: Outcome, backoff: Backoff): void {
    waiting++;
    lane.tries++;
    const asked = outcome.kind === 'retryLater' ? outcome.error.afterMs : undefined;
    const delayMs = Math.max(task.afterMs, asked ?? backoff.delayMs(lane.tries, random));
    task.counted = undefined;
    task.afterMs = 0;
    void clock.sleep(delayMs, halt.signal).then(() => {
      waiting--;
      ready.push(lane);
      startLanes();
      wakeWaiters();
    });
  }

  function stop(): void {
    delivery.stopped = true;
    halt.abort();
    signal.removeEventListener('abort', stop);
    wakeWaiters();
  }

  function until(limit: number): Promise<void> {
    return new Promise((resolve) => {
      waiters.push({ unfinished: limit, resolve });
      wakeWaiters();
    });
  }

  function wakeWaiters(): void {
    const nothingMoves = running === 0 && waiting === 0;
    const woken = waiters.filter((waiter) => nothingMoves || unfinished <= waiter.unfinished);
    waiters = waiters.filter((waiter) => !woken.includes(waiter));
    awaited = Math.max(-1, ...waiters.map((waiter) => waiter.unfinished));
    for (const { resolve } of woken) resolve();
  }
}

/** Frees the records that a lane has behind it. */
function letGo(lane: Lane): void {
  lane.tasks.splice(0, lane.head);
  lane.head = 0;
}
