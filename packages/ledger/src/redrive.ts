import { randomUUID } from 'node:crypto';
import { putRow, type Router, type Row, type Store, type StreamRecord, type Written } from '@sluice/core';
import { type ParkedChange, parkedChange, wholeRecord } from './parked-changes.js';
import {
  callingOf,
  endRow,
  missChange,
  nameOf,
  type ParkedSelection,
  removeMarks,
  rowsOf,
  type SelectedQueue,
  selectedQueues,
  type Tool,
  type ToolOptions,
  toolOf,
  toTheEnd,
} from './parked-queues.js';
import {
  asJson,
  idOf,
  type ParkedRow,
  parkedRow,
  type Queue,
  readable,
  type StoredChange,
  storedError,
} from './parked-rows.js';
import { RedriveStoppedError } from './parking-errors.js';
import { type ClaimedChange, claimChange, whileOurs } from './redrive-claim.js';
import { hasRoute, type RunResult, runParked } from './redrive-run.js';
import { sideBySide } from './side-by-side.js';

export interface RedriveOptions extends ToolOptions {
  /** Runs nothing and changes nothing, and tells in `planned` what would be run. */
  readonly dryRun?: boolean;
  /**
   * Whether a change should not be run any more. Asked of the last one of each queue that is to be run, with its whole record: the
   * earlier ones are followed by it. All of a queue are left when it says so. `staleByItem` makes one.
   */
  readonly isStale?: (parked: ParkedChange) => Promise<boolean>;
  /**
   * How many items' changes are run at a time. By default the router's `concurrency`, and 1 for one that is `strict`, or has lanes of more
   * than an item.
   */
  readonly concurrency?: number;
  /** After so many changes that were run and not done no further one is begun: the receiver may be away still. No limit by default. */
  readonly maxFailures?: number;
  /** Names this redrive; `randomUUID` of `node:crypto` by default. Never gives the same twice. */
  readonly newId?: () => string;
}

/** Ids of parked changes, in the order in which they were come to. What is in no list was not come to, and is as it was. */
export interface RedriveReport {
  /** Would have been run: with `dryRun` alone. */
  readonly planned: readonly string[];
  /** Run, and not parked any more. */
  readonly done: readonly string[];
  /** Not done once more, or not to be read. They stay, and what queues behind them. */
  readonly failed: readonly { readonly id: string; readonly error: Error }[];
  /** Left since `isStale` said so. */
  readonly stale: readonly string[];
  /** Left since the router does not have their handler any more, or it does not match them. */
  readonly noRoute: readonly string[];
  /** Not tried, since an earlier change of their item stays parked. */
  readonly behind: readonly string[];
  /** Another redrive has them in hand. */
  readonly busy: readonly string[];
}

/**
 * Runs parked changes once more, on the way that all records take: middleware, validation, `once`, with the attempts that they have had.
 * Queue by queue and in order; the first one of an item that is not done stops its queue, and the others go on. Changes that were
 * parked alone (`park-record`) stop nothing. What comes into a queue while it is redriven is run too, unless one change was named. When a
 * queue is empty its mark goes, and the item's next changes run as they come.
 *
 * After `maxFailures`, and when it is aborted, it ends with the changes that it has in hand: of several items at a time there may be
 * as many more failures.
 *
 * It may be run beside the source and beside other redrives. When its process dies, the change that it had in hand can be
 * redriven a minute later; if that had been done, it is done again (`once` narrows that window).
 *
 * Rejects with `RedriveStoppedError`, which has the report so far, when the store does not answer for 10 seconds: what was done until
 * then stays done, but for changes in hand whose end could not be kept, which are done again as after a death. Rejects with a `TypeError` at
 * once for a router without a name or a ledger, and for what selects nothing.
 */
export async function redrive(
  router: Router,
  store: Store,
  selection: ParkedSelection,
  options: RedriveOptions = {},
): Promise<RedriveReport> {
  const routerName = nameOf(router);
  if (!router.ledger) {
    throw new TypeError(
      "Parked changes are run with the ledger that they were parked by, or 'once' handlers could not claim, and this router has none; give createRouter its ledger.",
    );
  }
  const { clock, random } = router;
  const { concurrency = concurrencyOf(router), maxFailures = Number.POSITIVE_INFINITY } = options;
  atLeastOne({ concurrency, ...(maxFailures !== Number.POSITIVE_INFINITY && { maxFailures }) });
  const redriving: Redriving = {
    router,
    tool: toolOf(store, routerName, { clock, random, ...options }),
    options,
    owner: options.newId?.() ?? randomUUID(),
    report: { planned: [], done: [], failed: [], stale: [], noRoute: [], behind: [], busy: [] },
    failures: 0,
    isOver: () => options.signal?.aborted === true || hasStopped || redriving.failures >= maxFailures,
  };
  let hasStopped = false;
  const { report, isOver } = redriving;
  const queues = selectedQueues(redriving.tool, selection);
  const redriveOne = (selected: SelectedQueue) =>
    redriveQueue(selected, redriving).catch((error) => {
      hasStopped = true;
      throw error;
    });
  try {
    await sideBySide(queues, concurrency, redriveOne, isOver);
  } catch (error) {
    throw new RedriveStoppedError(report, error);
  }
  return report;
}

/** Handlers that never run beside each other in the router are not to do so here. */
function concurrencyOf({ order, lane, concurrency }: Router): number {
  return order !== 'strict' && (lane === 'item' || lane === 'unordered') ? concurrency : 1;
}

function atLeastOne(numbers: { readonly [option: string]: number }): void {
  for (const [option, value] of Object.entries(numbers)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new TypeError(`${option} is ${value}; give a whole number from 1 up.`);
  }
}

interface Redriving {
  readonly router: Router;
  readonly tool: Tool;
  readonly options: RedriveOptions;
  readonly owner: string;
  /** Changes that were run and not done. */
  failures: number;
  /** Whether no further change is to be begun. */
  readonly isOver: () => boolean;
  readonly report: { readonly [Name in keyof RedriveReport]: RedriveReport[Name][number][] };
}

/** An announced change is put within `patienceMs` of `openParking`; longer than this its source has died. */
const comingMs = 15_000;
const lookAgainMs = 200;

async function redriveQueue(selected: SelectedQueue, redriving: Redriving): Promise<void> {
  const { tool, options } = redriving;
  const { queue, only } = selected;
  while (await runQueue(selected, redriving)) {
    if (options.dryRun) return;
    const end = await removeMarks(toTheEnd(tool), queue);
    if (end.kind === 'gone' || only !== undefined || redriving.isOver()) return;
    if (end.kind === 'parked') continue;
    const leftMs = end.announcedAtMs + comingMs - tool.clock.now();
    if (leftMs > 0) await tool.clock.sleep(Math.min(lookAgainMs, leftMs), tool.signal);
    else await missChange(tool, queue, end.announced);
  }
}

/** What a row is to the changes behind it. */
type Left = 'nothing' | 'stays' | 'blocks';

/** Whether nothing of the queue stays that was there. */
async function runQueue(selected: SelectedQueue, redriving: Redriving): Promise<boolean> {
  const { tool } = redriving;
  const { queue, only } = selected;
  const isStale = await isQueueStale(selected, redriving);
  let isEmpty = true;
  let isBlocked = false;
  if (isStale === undefined) return false;
  for await (const row of rowsOf(tool, queue)) {
    if (redriving.isOver()) return false;
    if (only !== undefined && row.sk > only) break;
    const isWanted = only === undefined || row.sk === only;
    const left = isWanted
      ? await runRow(row, { queue, isBlocked, isStale }, redriving)
      : leftOf(readable(row));
    if (left !== 'nothing') isEmpty = false;
    if (left === 'blocks') isBlocked = true;
  }
  return isEmpty;
}

function leftOf(parked: ParkedRow | undefined): Left {
  if (parked?.state === 'ENDED') return 'nothing';
  return parked?.change.mode === 'record' ? 'stays' : 'blocks';
}

/** `undefined` when that cannot be told; so much is in the report. */
async function isQueueStale(selected: SelectedQueue, redriving: Redriving): Promise<boolean | undefined> {
  const { tool, options, report } = redriving;
  const { queue, only } = selected;
  if (!options.isStale) return false;
  let last: Row | undefined;
  for await (const row of rowsOf(tool, queue, only)) {
    if (only !== undefined && row.sk !== only) break;
    if (readable(row)?.state !== 'ENDED') last = row;
  }
  if (!last) return false;
  try {
    const parked = parkedRow(queue, last);
    if (parked.state === 'ENDED') return false;
    const record = await wholeRecord(tool, queue, last, parked.change);
    return await options.isStale({ ...parkedChange(queue, last, parked), record });
  } catch (error) {
    report.failed.push({ id: idOf(queue, last.sk), error: asError(error) });
    return undefined;
  }
}

interface Place {
  readonly queue: Queue;
  /** Whether a change before it stays. */
  readonly isBlocked: boolean;
  readonly isStale: boolean;
}

async function runRow(listed: Row, place: Place, redriving: Redriving): Promise<Left> {
  const { tool, owner } = redriving;
  for (let row: Row | undefined = listed; row; ) {
    const judged = await judge(row, place, redriving);
    if (judged.kind === 'left') return judged.left;
    const claimed = await claimChange(tool, row, judged.change, owner);
    if ('signal' in claimed) return runClaimed(claimed, judged, place.queue, redriving);
    row = claimed.current;
  }
  return 'nothing';
}

type Judged =
  | { readonly kind: 'left'; readonly left: Left }
  | { readonly kind: 'run'; readonly change: StoredChange; readonly record: StreamRecord };

/** Whether a change is to be run; if not, the report says why. */
async function judge(row: Row, place: Place, { router, tool, options, report }: Redriving): Promise<Judged> {
  const { queue, isBlocked, isStale } = place;
  const id = idOf(queue, row.sk);
  const parked = readable(row);
  const leave = (why: string[], left = leftOf(parked)): Judged => {
    why.push(id);
    return { kind: 'left', left };
  };
  try {
    const readRow = parkedRow(queue, row);
    if (readRow.state === 'ENDED') return { kind: 'left', left: 'nothing' };
    const { change } = readRow;
    if (!router.routes.some((route) => route.id === change.handlerId)) return leave(report.noRoute);
    if (isStale) return leave(report.stale);
    if (isBlocked) return leave(report.behind);
    const record = await wholeRecord(tool, queue, row, change);
    if (!hasRoute(router, change.handlerId, record)) return leave(report.noRoute);
    if (readRow.state === 'RUNNING' && readRow.untilMs > tool.clock.now()) return leave(report.busy);
    if (options.dryRun) return leave(report.planned, 'nothing');
    return { kind: 'run', change, record };
  } catch (error) {
    report.failed.push({ id, error: asError(error) });
    return { kind: 'left', left: leftOf(parked) };
  }
}

async function runClaimed(
  claimed: ClaimedChange,
  { change, record }: { readonly change: StoredChange; readonly record: StreamRecord },
  queue: Queue,
  redriving: Redriving,
): Promise<Left> {
  const { router, tool, owner, report } = redriving;
  const { signal = claimed.signal } = tool;
  const result = await runParked(router, change, record, AbortSignal.any([signal, claimed.signal])).catch(
    notRun,
  );
  await claimed.release();
  if (result.kind === 'failed') redriving.failures++;
  const { row } = claimed;
  const id = idOf(queue, row.sk);
  const written = await whileOurs(owner, row, (row) =>
    result.kind === 'done' ? endRow(tool, row, 'DONE') : putBack(tool, row, change, result),
  );
  if (!written.applied) {
    report.busy.push(id);
    return written.current ? leftOf(readable(written.current)) : 'nothing';
  }
  if (result.kind === 'done') {
    report.done.push(id);
    return 'nothing';
  }
  report.failed.push({ id, error: result.error });
  return leftOf({ state: 'PARKED', change });
}

function notRun(error: unknown): RunResult {
  return { kind: 'failed', error: asError(error), reason: 'attempts', isAttempt: false };
}

type Failure = Extract<RunResult, { readonly kind: 'failed' }>;

/** As it was, or with one attempt more. */
function putBack(
  tool: Tool,
  { pk, sk, version }: Row,
  before: StoredChange,
  failure: Failure,
): Promise<Written> {
  const { error, reason, isAttempt } = failure;
  const failed = {
    error: storedError(error),
    reason,
    attempts: before.attempts + 1,
    failedAtMs: tool.clock.now(),
  };
  const change = isAttempt && !tool.signal?.aborted ? { ...before, ...failed } : before;
  const value: ParkedRow = { state: 'PARKED', change };
  return putRow(tool.store, { pk, sk, value: asJson(value) }, version, callingOf(toTheEnd(tool)));
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
