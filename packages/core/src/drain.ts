import { isSluiceError, type StreamRecord } from '@sluice/filters';
import type { Backoff } from './backoff.js';
import { chain } from './chain.js';
import { checkRecords } from './check-records.js';
import { type Counts, type Delivery, deliver, logFailure, notStarted } from './deliver.js';
import { itemKeyOf } from './event-identity.js';
import { failed } from './outcome.js';
import {
  type Progress,
  progressOf,
  type RecordState,
  recordState,
  remainingOf,
  type Task,
  type Tracker,
} from './progress.js';
import type { CompiledRoute, Order, Router } from './router.js';

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
  readonly recall?: (record: StreamRecord) => RecordState | undefined;
  /** Becomes `ctx.signal`; when it aborts, nothing new starts. */
  readonly signal?: AbortSignal;
}

interface Lane {
  readonly key: string;
  readonly tasks: Task[];
  /** Index of the record that is next, or running. */
  head: number;
  /** Failed deliveries of that record. */
  failures: number;
}

export function createDrain(router: Router, options: DrainOptions): Drain {
  const { afterFailure, recall } = options;
  const { clock, random, concurrency } = router;
  const signal = options.signal ?? new AbortController().signal;
  const counts: Counts = { records: 0, unmatched: 0, handled: 0, skipped: 0, failed: 0 };
  const delivery: Delivery = {
    router,
    signal,
    stopped: false,
    counts,
    logged: new WeakSet([notStarted.error]),
  };
  const run = chain<Task>(router.recordMiddleware, (task) => deliver(task, delivery));
  const laneKeyOf = options.order === 'strict' ? () => '' : itemKeyOf;
  const tracker: Tracker = { tasks: [], last: undefined };
  const lanes = new Map<string, Lane>();
  const ready: Lane[] = [];
  const halt = new AbortController();
  let waiters: { readonly unfinished: number; readonly resolve: () => void }[] = [];
  let running = 0;
  let waiting = 0;
  let unfinished = 0;
  let position = 0;
  /** The position of the lowest failed record after which nothing may start. */
  let ceiling = Number.POSITIVE_INFINITY;

  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();

  return {
    offer,
    until: (limit) =>
      new Promise((resolve) => {
        waiters.push({ unfinished: limit, resolve });
        wakeWaiters();
      }),
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
    const matches = records.map((record) => matchOrFault(router, record));
    const keys = records.map((record, index) => (isUnmatched(matches[index]) ? '' : laneKeyOf(record)));
    for (let index = 0; index < records.length; index++) {
      const record = records[index] as StreamRecord;
      const match = matches[index] as Match;
      counts.records++;
      if (isUnmatched(match)) counts.unmatched++;
      else enqueue(record, match, keys[index] as string);
      tracker.last = record.dynamodb.SequenceNumber;
    }
    startLanes();
  }

  function enqueue(record: StreamRecord, match: Match, key: string): void {
    const [routes, unmatchable] = match instanceof Error ? [[], match] : [match, undefined];
    const state = recall?.(record) ?? recordState();
    const task = {
      record,
      routes,
      unmatchable,
      state,
      before: tracker.last,
      position: position++,
      finished: false,
    };
    tracker.tasks.push(task);
    unfinished++;
    const lane = lanes.get(key);
    if (lane) lane.tasks.push(task);
    else {
      const created = { key, tasks: [task], head: 0, failures: 0 };
      lanes.set(key, created);
      ready.push(created);
    }
  }

  function startLanes(): void {
    while (running < concurrency && !delivery.stopped) {
      const lane = ready.shift();
      if (!lane) return;
      if (next(lane)) void runLane(lane);
    }
  }

  /** The record that the lane may start now. */
  function next({ tasks, head }: Lane): Task | undefined {
    const task = tasks[head];
    return task && task.position < ceiling && !delivery.stopped ? task : undefined;
  }

  async function runLane(lane: Lane): Promise<void> {
    running++;
    for (let task = next(lane); task; task = next(lane)) {
      const outcome = await run(task).catch(failed);
      if (outcome.kind === 'failed') {
        logFailure(delivery, task.record, outcome.error, 'record failed');
        if (afterFailure.kind === 'stop') ceiling = Math.min(ceiling, task.position);
        else waitToRetry(lane, afterFailure.backoff);
        break;
      }
      finish(task, lane);
    }
    running--;
    if (lane.head === lane.tasks.length) lanes.delete(lane.key);
    startLanes();
    wakeWaiters();
  }

  function finish(task: Task, lane: Lane): void {
    task.finished = true;
    unfinished--;
    lane.failures = 0;
    lane.head++;
    if (lane.head === 1024) {
      lane.tasks.splice(0, lane.head);
      lane.head = 0;
    }
    if (waiters.length > 0) wakeWaiters();
  }

  function waitToRetry(lane: Lane, backoff: Backoff): void {
    waiting++;
    lane.failures++;
    void clock.sleep(backoff.delayMs(lane.failures, random), halt.signal).then(() => {
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

  function wakeWaiters(): void {
    const nothingMoves = running === 0 && waiting === 0;
    const woken = waiters.filter((waiter) => nothingMoves || unfinished <= waiter.unfinished);
    if (woken.length === 0) return;
    waiters = waiters.filter((waiter) => !woken.includes(waiter));
    for (const { resolve } of woken) resolve();
  }
}

/** The routes of a record, or why they cannot be told: such a record is failed, not unmatched. */
type Match = readonly CompiledRoute[] | Error;

function matchOrFault(router: Router, record: StreamRecord): Match {
  try {
    return router.match(record);
  } catch (error) {
    if (isSluiceError(error) && error.code === 'UNKNOWN_TABLE') throw error;
    return failed(error).error;
  }
}

function isUnmatched(match: Match | undefined): boolean {
  return match instanceof Error ? false : match?.length === 0;
}
