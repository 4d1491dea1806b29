import { AsyncResource } from 'node:async_hooks';
import type { StreamRecord } from '@sluice/filters';
import type { Backoff } from './backoff.js';
import { type RecordCall, taskOf } from './calls.js';
import { chain } from './chain.js';
import { checkRecords } from './check-records.js';
import type { CallContext } from './context.js';
import { type Delivery, deliverWith, log, placeOf } from './deliver.js';
import { giveUp, giveUpRest } from './give-up.js';
import { laneKeys } from './lane-key.js';
import type { Parking } from './ledger.js';
import { type Failed, failed, isDone, notStarted, type Outcome, outcomeOf } from './outcome.js';
import {
  type Counts,
  isAllDone,
  lowestOf,
  noCounts,
  type OpenPage,
  type Page,
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
 * The machine that brings records to their handlers in order. A lane is the ordered queue of the changes of one item, or of
 * what the router's lane key says (`lanes`), or of all (`strict`):
 *
 *     READY ──► RUNNING ──► gone, when its queue is empty
 *       ▲          │ a record is not done
 *       │          ├──► WAITING (retry) ──► READY when its delay is over; its other records wait behind that one
 *       │          └──► HALTED (stop): nothing above that record starts any more, in any lane
 *       │                      (stopLane): nothing behind it in its lane; the others go on
 *       └── again() ────────┘
 *
 * A record is done when all its handlers are; until then it holds the watermark.
 */
export interface Drain {
  /**
   * Takes the next records of the shard, in stream order, and starts on them. Throws `MalformedRecordError` or
   * `UnknownTableError` before anything of these records is started. Handlers get a context made on the given one, by
   * default on that of the drain.
   */
  offer(records: readonly StreamRecord[], options?: Offering): Page;
  /** Tries a page's records that are not done once more, after `stop` at a failure; what retries by itself goes on as it does. */
  again(page: Page, context: CallContext): void;
  /**
   * Resolves when at most `unfinished` of the offered records are unfinished, or when nothing more can happen: the drain
   * has been stopped, or has stopped at a failure, and what was running has settled.
   */
  until(unfinished: number): Promise<void>;
  /** Resolves when all records of a page are done, or when nothing more can happen. */
  untilDone(page: Page): Promise<void>;
  /** Starts nothing new. Running handlers go on. */
  stop(): void;
  progress(): Progress;
  /** From the first record that is not done, or in a held drain from the first: all matched ones, done or not. */
  remaining(): readonly Task[];
  readonly unfinished: number;
  readonly context: CallContext;
}

export interface Offering {
  readonly context?: CallContext;
  /** Counts of these records alone, to be counted on. */
  readonly counts?: Counts;
}

export interface DrainOptions {
  /**
   * What a lane does after a failure: `stop` with all others, or `stopLane` alone where what the others do is remembered (a delivery
   * that will be repeated), or `retry` in place.
   */
  readonly afterFailure:
    | { readonly kind: 'stop' | 'stopLane' }
    | { readonly kind: 'retry'; readonly backoff: Backoff };
  readonly order: Order;
  /** What is known of a record from before. Its handlers that are done are not run again. */
  readonly recall?: ((record: StreamRecord) => RecordState | undefined) | undefined;
  /** What is parked of the stream, where the router has a ledger. */
  readonly parking?: Parking | undefined;
  /** Is told of each handler call before it begins, and waited for. */
  readonly starting?: ((record: StreamRecord, handlerId: string) => Promise<void>) | undefined;
  /** Whether the records have been checked, to be one delivery; they are offered together then. */
  readonly areChecked?: boolean;
  /** Whether nothing counts as passed until all of it is: what is done is told to its last, and the watermark stays. */
  readonly isHeld?: boolean;
  /** Becomes `context.signal`; when it aborts, nothing new starts. */
  readonly signal?: AbortSignal;
  /**
   * On the router's clock; nothing starts from then on. A timer alone would be too late: none fires while handlers compute,
   * or end without waiting for anything.
   */
  readonly deadlineMs?: number;
}

/** What is known of a record that nobody knows; copied, since a call for each record would be one more. */
const fresh = recordState();

/** How long records may be worked on without a turn of the event loop. */
export const longestTurnMs = 20;

interface Queue<T> {
  items: T[];
  /** Index of the first one that is still in it. */
  head: number;
}

/** Its head is the record that is next, or running. */
interface Lane extends Queue<Task> {
  readonly key: string;
  /** Deliveries of that record that did not end it. */
  tries: number;
}

export function createDrain(router: Router, options: DrainOptions): Drain {
  const { afterFailure, order, recall, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const { clock, random, logger, concurrency } = router;
  const signal = options.signal ?? new AbortController().signal;
  const context: CallContext = { signal, deadlineMs, logger, clock, random };
  const strict = order === 'strict';
  const laneKeyOf = laneKeys(router.lane);
  const delivery: Delivery = {
    stopped: false,
    strict,
    behind,
    parking: options.parking,
    starting: options.starting,
    routerName: router.name,
    logger,
    logged: new WeakSet([notStarted]),
  };
  const run = chain<RecordCall>(router.recordMiddleware, deliverWith(delivery));
  const tracker: Tracker = { tasks: [], last: undefined, isHeld: options.isHeld === true };
  const lanes = new Map<string, Lane>();
  const ready: Queue<Lane> = { items: [], head: 0 };
  const halt = new AbortController();
  /** Lanes with records that are not done, which nothing will start unless it is tried again. */
  let halted: Lane[] = [];
  let waiters: {
    readonly limit: number;
    readonly of: { readonly unfinished: number };
    readonly resolve: () => void;
  }[] = [];
  /** The highest number of unfinished records that anyone waits for. */
  let awaited = -1;
  let running = 0;
  let waiting = 0;
  const all = { unfinished: 0 };
  let position = 0;
  /** When everything else in the process last had its turn. */
  let turnAtMs = clock.now();
  /** The position of the lowest failed record after which nothing may start. */
  let ceiling = Number.POSITIVE_INFINITY;
  /** The first record whose lane could not be told, and why. */
  let lost: { readonly position: number; readonly outcome: Failed } | undefined;

  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();

  return {
    offer,
    again,
    until: (limit) => waitFor(limit, all),
    untilDone: (page) => waitFor(0, page),
    stop,
    progress: () => progressOf(tracker),
    remaining: () => remainingOf(tracker),
    get unfinished() {
      return all.unfinished;
    },
    context,
  };

  function offer(records: readonly StreamRecord[], offering: Offering = {}): Page {
    const page: OpenPage = { counts: noCounts(), context, ...offering, scope: scopeOf(), unfinished: 0 };
    if (!options.areChecked) checkRecords(records, tracker.last);
    const placed = place(records, page);
    for (const task of placed) {
      tracker.tasks.push(task);
      const lane = lanes.get(task.laneKey);
      if (lane) lane.items.push(task);
      else {
        const created = { key: task.laneKey, items: [task], head: 0, tries: 0 };
        lanes.set(task.laneKey, created);
        ready.items.push(created);
      }
    }
    all.unfinished += placed.length;
    page.unfinished = placed.length;
    page.counts.records += records.length;
    page.counts.unmatched += records.length - placed.length;
    tracker.last = records.at(-1)?.dynamodb.SequenceNumber ?? tracker.last;
    turnAtMs = clock.now();
    startLanes();
    return page;
  }

  function scopeOf(): AsyncResource | undefined {
    return router.batchMiddleware.length > 0 ? new AsyncResource('sluice.page') : undefined;
  }

  /** Finds the routes and the lane of each record that has any. What throws here refuses them all: nothing is started. */
  function place(records: readonly StreamRecord[], page: OpenPage): readonly Task[] {
    const placed: Task[] = [];
    let before = tracker.last;
    for (const record of records) {
      let routes = router.match(record);
      if (routes.length > 0) {
        let laneKey = '';
        try {
          if (!strict && !lost) laneKey = laneKeyOf(record, routes);
        } catch (error) {
          routes = loseLane(routes, error);
        }
        placed.push({
          record,
          routes,
          laneKey,
          page,
          state: { ...fresh },
          before,
          position: position++,
          finished: false,
          failure: undefined,
          tries: 0,
          counted: undefined,
          givenUp: undefined,
          afterMs: 0,
        });
      }
      before = record.dynamodb.SequenceNumber;
    }
    // Only now: what is recalled belongs to this drain, which nothing may refuse any more.
    if (recall) for (const task of placed) task.state = recall(task.record) ?? task.state;
    return placed;
  }

  /**
   * A record whose lane cannot be told fails, whatever a layer around it says. Any record above it may be of the same lane, so
   * from then on all go into one, behind it.
   */
  function loseLane(routes: readonly CompiledRoute[], error: unknown): readonly CompiledRoute[] {
    lost = { position, outcome: failed(error) };
    return routes.map((compiled) => ({ ...compiled, run: async () => failed(error) }));
  }

  function again(page: Page, context: CallContext): void {
    const open = page as OpenPage;
    open.context = context;
    open.scope = scopeOf();
    if (afterFailure.kind === 'retry') return;
    ceiling = Number.POSITIVE_INFINITY;
    ready.items.push(...halted.sort((one, other) => headOf(one) - headOf(other)));
    halted = [];
    startLanes();
  }

  function startLanes(): void {
    while (running < concurrency && !delivery.stopped && ready.head < ready.items.length) {
      const lane = ready.items[ready.head] as Lane;
      if (++ready.head === 1024) letGo(ready);
      const task = next(lane, clock.now());
      if (task) void runLane(lane, task);
      else halted.push(lane);
    }
  }

  /** The record that the lane may start now. */
  function next({ items, head }: Lane, nowMs: number): Task | undefined {
    if (delivery.stopped || nowMs >= deadlineMs) return undefined;
    const task = items[head];
    return task && task.position < ceiling ? task : undefined;
  }

  function behind({ laneKey }: Task, n: number): Task | undefined {
    const lane = lanes.get(laneKey);
    const task = lane?.items[lane.head + n];
    return task && task.position < ceiling ? task : undefined;
  }

  async function runLane(lane: Lane, first: Task): Promise<void> {
    running++;
    for (let task: Task | undefined = first; task; ) {
      const { record, routes, page } = task;
      let outcome: Outcome;
      try {
        const call = { record, routes, context: page.context, [taskOf]: task };
        // The lane may have been begun by another page.
        outcome = await (page.scope ? page.scope.runInAsyncScope(run, undefined, call) : run(call));
      } catch (error) {
        outcome = outcomeOf(error);
      }
      if (lost?.position === task.position && !isAllDone(task)) {
        const why = lost.outcome;
        if (isDone(outcome)) outcome = why;
        // What comes behind it may be of any lane, and must not pass what is left before it.
        const isLowest = lowestOf(tracker) === task;
        task.givenUp = isLowest ? task.givenUp?.map((one) => ({ ...one, error: why.error })) : undefined;
      }
      if (outcome.kind === 'neverAgain') outcome = giveUpRest(outcome, task);
      if (task.givenUp) {
        const settled = await giveUp(task, outcome, delivery);
        if (!settled) continue;
        outcome = settled;
      }
      if (outcome.kind !== 'handled' && outcome.kind !== 'skipped') {
        log(delivery, placeOf(record), outcome, 'record');
        if (outcome.kind !== 'neverAgain') {
          setBack(lane, task, outcome);
          break;
        }
      }
      task.finished = true;
      lane.tries = 0;
      if (++lane.head === 1024) letGo(lane);
      page.unfinished--;
      all.unfinished--;
      if (all.unfinished <= awaited || page.unfinished === 0) wakeWaiters();
      let nowMs = clock.now();
      if (nowMs - turnAtMs >= longestTurnMs) nowMs = await giveWay();
      task = next(lane, nowMs);
    }
    running--;
    if (lane.head === lane.items.length) lanes.delete(lane.key);
    else if (afterFailure.kind !== 'retry') halted.push(lane);
    if (ready.head < ready.items.length) startLanes();
    if (running === 0) wakeWaiters();
  }

  /** Handlers that wait for nothing would keep timers, signals and sockets waiting for as long as there are records. */
  async function giveWay(): Promise<number> {
    await clock.sleep(0);
    turnAtMs = clock.now();
    return turnAtMs;
  }

  function setBack(lane: Lane, task: Task, outcome: Outcome): void {
    task.failure = outcome;
    if (afterFailure.kind === 'retry') waitToRetry(lane, task, outcome, afterFailure.backoff);
    else if (afterFailure.kind === 'stop') ceiling = Math.min(ceiling, task.position);
  }

  /** As long as its handlers ask for; after a failure, or where they name no time, for the backoff at least. */
  function waitToRetry(lane: Lane, task: Task, outcome: Outcome, backoff: Backoff): void {
    waiting++;
    lane.tries++;
    const asked = outcome.kind === 'retryLater' ? outcome.error.afterMs : undefined;
    const delayMs = Math.max(task.afterMs, asked ?? backoff.delayMs(lane.tries, random));
    task.tries++;
    task.counted = undefined;
    task.afterMs = 0;
    // What a layer around the page aborted is over; the record is not.
    if (task.page.context.signal.aborted) task.page.context = context;
    void clock.sleep(delayMs, halt.signal).then(() => {
      waiting--;
      ready.items.push(lane);
      startLanes();
      wakeWaiters();
    });
  }

  function stop(): void {
    delivery.stopped = true;
    halt.abort('stopped'); // without a reason it would make an error, with its stack
    signal.removeEventListener('abort', stop);
    wakeWaiters();
  }

  function waitFor(limit: number, of: { readonly unfinished: number }): Promise<void> {
    return new Promise((resolve) => {
      waiters.push({ limit, of, resolve });
      wakeWaiters();
    });
  }

  function wakeWaiters(): void {
    const nothingMoves = running === 0 && waiting === 0;
    const woken = waiters.filter(({ of, limit }) => nothingMoves || of.unfinished <= limit);
    waiters = waiters.filter((waiter) => !woken.includes(waiter));
    awaited = Math.max(-1, ...waiters.map(({ of, limit }) => (of === all ? limit : -1)));
    for (const { resolve } of woken) resolve();
  }
}

/** Frees what a queue has behind it; now and then, since all the rest moves up. */
function letGo(queue: Queue<unknown>): void {
  queue.items.splice(0, queue.head);
  queue.head = 0;
}

function headOf({ items, head }: Lane): number {
  return items[head]?.position ?? 0;
}
