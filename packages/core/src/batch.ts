import type { StreamRecord } from '@sluice/filters';
import { checkRecords } from './check-records.js';
import type { CallContext } from './context.js';
import { createDrain } from './drain.js';
import { foldOf } from './fold.js';
import { countUnsettled } from './give-up.js';
import type { OpenDelivery } from './ledger.js';
import { runPage } from './page.js';
import type { ProcessMemory } from './process-memory.js';
import { type Counts, learn, noCounts, type RecordState, type Task } from './progress.js';
import type { Router } from './router.js';
import type { WindowDelivery, WindowState } from './window.js';

export interface BatchOptions {
  /** What earlier deliveries in this process left. */
  readonly memory: ProcessMemory;
  /** How long the delivery may take; nothing starts after that, and `context.signal` aborts. No limit by default. */
  readonly budgetMs?: number;
  /** What is left to the answer after that; a part of it may be spent on the ledger. */
  readonly reserveMs?: number;
  /** Of an event of a tumbling window, which is all or nothing. */
  readonly window?: WindowDelivery;
}

export interface BatchResult {
  /** Everything is done. Nothing else proves it: an event of a window without records may have nothing unfinished and yet not be closed. */
  readonly isDone: boolean;
  /** The lowest sequence number that is not done, of a window the first of the event; `undefined` when there is none. */
  readonly firstUnfinished: string | undefined;
  /** Of a window: what the next event of it is to be given. `{}` when it has ended; what was given when not everything is done. */
  readonly state: WindowState | undefined;
  readonly counts: Readonly<Counts>;
  /** Whether the time was up before the work was done. */
  readonly timedOut: boolean;
  /** The handlers whose calls had not settled by then. */
  readonly unsettled: readonly string[];
}

/**
 * Runs one delivery that its source repeats from the lowest unfinished record: an event of Lambda, or a test's records.
 * Throws, with nothing run, for records that cannot be one delivery, and `NoWindowError` where a window route matches one
 * and no window is given.
 */
export async function runBatch(
  router: Router,
  records: readonly StreamRecord[],
  { memory, budgetMs = Number.POSITIVE_INFINITY, reserveMs = 0, window }: BatchOptions,
): Promise<BatchResult> {
  const counts = noCounts();
  const fold = foldOf(router, records, window, counts, () => opened?.starting);
  const work = new AbortController();
  const deadlineMs = router.clock.now() + budgetMs;
  const opened = await openLedger(router, records, work.signal, deadlineMs);
  const drain = createDrain(opened?.starting ? { ...router, concurrency: 1 } : router, {
    afterFailure: { kind: opened ? 'stopLane' : 'stop' },
    order: opened?.starting ? 'strict' : (router.order ?? (router.ledger ? 'lanes' : 'strict')),
    recall: recallOf(memory, opened),
    parking: opened?.parking,
    starting: opened?.starting,
    areChecked: opened !== undefined || fold !== undefined,
    isHeld: fold !== undefined,
    signal: work.signal,
    deadlineMs,
  });
  const leftMs = deadlineMs - router.clock.now();
  const page = runPage(router, drain, records, drain.offer, counts, fold);
  await settledWithin(leftMs);
  drain.stop();
  page.offer();
  if (work.signal.aborted) page.leave();

  const remaining = drain.remaining();
  const lowest = remaining.find(({ finished }) => !finished);
  const folded = fold?.stop();
  const isDone = !lowest && folded?.isDone !== false;
  const timedOut = work.signal.aborted || (!isDone && router.clock.now() >= deadlineMs);
  if (timedOut && lowest && hadAllTime(lowest, fold && counts)) countUnsettled(lowest);
  memory.keep(records, isDone ? [] : remaining);
  await opened?.keep(drain.progress(), isDone, writeUntilMs());
  const firstUnfinished = isDone || !fold ? lowest?.record : records[0];
  const running = remaining.map(({ state }) => state.running?.handlerId);
  return {
    isDone,
    firstUnfinished: firstUnfinished?.dynamodb.SequenceNumber,
    state: folded?.state,
    counts: { ...counts },
    timedOut,
    unsettled: [...new Set([...running, folded?.running].filter((id) => id !== undefined))],
  };

  /** Of the reserve the last quarter is for the answer itself. Where there is no deadline nothing is waited for for ever. */
  function writeUntilMs(): number {
    if (deadlineMs === Number.POSITIVE_INFINITY) return router.clock.now() + longestWriteMs;
    return deadlineMs + reserveMs * 0.75;
  }

  async function settledWithin(limitMs: number): Promise<void> {
    if (limitMs <= 0) return;
    const settled = page.ended.then(() => drain.until(0)).then(() => fold?.settled());
    if (limitMs === Number.POSITIVE_INFINITY) {
      await settled;
      return;
    }
    const over = new AbortController();
    const deadline = router.clock.sleep(limitMs, over.signal).then(() => {
      if (!over.signal.aborted) work.abort(timeIsUp());
    });
    await Promise.race([settled, deadline]);
    over.abort('settled'); // without a reason it would make an error, with its stack
  }
}

const longestWriteMs = 10_000;

/**
 * Whether the call of the lowest record had all of the time: of the first of a delivery it did. A window begins with its first
 * record however often it comes; there it did where no other call had an end.
 */
function hadAllTime(lowest: Task, inWindow: Counts | undefined): boolean {
  if (!inWindow) return lowest.before === undefined;
  const { handled, skipped, neverAgain, retryLater, failed } = inWindow;
  return handled + skipped + neverAgain + retryLater + failed === 0;
}

/** Records that nobody wants cost no reading. Throws, with nothing run, where the ledger cannot tell what is done. */
async function openLedger(
  router: Router,
  records: readonly StreamRecord[],
  signal: AbortSignal,
  deadlineMs: number,
): Promise<OpenDelivery | undefined> {
  const { ledger, name, clock, random, logger } = router;
  if (!ledger || name === undefined) return undefined;
  checkRecords(records, undefined);
  const [first] = records;
  if (!first || !records.some((record) => router.match(record).length > 0)) return undefined;
  const context: CallContext = { signal, deadlineMs, clock, random, logger };
  return ledger.open(records, { name, streamArn: first.eventSourceARN, context });
}

/** What this process knows of a record, and what others have kept of it. */
function recallOf(
  memory: ProcessMemory,
  opened: OpenDelivery | undefined,
): ((record: StreamRecord) => RecordState | undefined) | undefined {
  const recall = memory.size > 0 ? memory.recall : undefined;
  const kept = opened?.recall;
  if (!recall || !kept) return recall ?? kept;
  return (record) => {
    const state = recall(record);
    const others = kept(record);
    return state && others ? learn(state, others) : (state ?? others);
  };
}

function timeIsUp(): Error {
  return new DOMException(
    'The time for this delivery is up; what is unfinished will be delivered again.',
    'TimeoutError',
  );
}
