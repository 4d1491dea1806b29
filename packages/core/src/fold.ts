import { type StreamRecord, tableOfModel } from '@sluice/filters';
import type { ChangeView } from './change.js';
import { checkRecords } from './check-records.js';
import { type CallContext, type Context, HandlerContext, isOver } from './context.js';
import { callIn, log, placeOf, sharedChange } from './deliver.js';
import { longestTurnMs } from './drain.js';
import { MalformedRecordError, NoWindowError, UnknownTableError, WindowStateError } from './errors.js';
import { windowIdOf } from './event-identity.js';
import { freeze } from './freeze.js';
import type { OpenDelivery } from './ledger.js';
import { tell, withFields } from './logger.js';
import { handled, isDone, isOutcome, notStarted, type Outcome, outcomeOf } from './outcome.js';
import type { Counts, Task } from './progress.js';
import type { Route } from './route.js';
import type { CompiledRoute, Router } from './router.js';
import { issuesOf } from './validate.js';
import type { CloseContext, WindowDelivery, WindowFold, WindowState } from './window.js';

/**
 * The window routes of one event, which run when all of its other routes are done: `add` for each change in the order of the
 * stream, through validation and the layers around handlers; in the last event of a window then each `close`. One at a time.
 * The first that is not done ends it, and the event is delivered again with the state that it had: none holds a change twice.
 *
 * All that it knows is in here, since several events may be on their way at once.
 */
export interface Fold {
  readonly streamArn: string;
  /** How many of the records no other route matches. Throws for an unknown table. */
  countAlone(): number;
  /** Begins where it ended before, one run after another; `handled` when all of it is done. */
  run(context: CallContext): Promise<Outcome>;
  /** Resolves when no run is going on. */
  settled(): Promise<unknown>;
  /** Starts nothing more, and what is going on changes nothing more: tells what the event has come to. */
  stop(): FoldResult;
}

interface FoldResult {
  readonly isDone: boolean;
  /** For the next event of the window; as it was given when not all is done. */
  readonly state: WindowState;
  /** The handler that has not settled. */
  readonly running: string | undefined;
}

/** As in a delivery behind one that ended with its process: is told of a call before it begins. */
type Starting = OpenDelivery['starting'];

/** None without a window; throws then, before anything is run, where a window route matches. */
export function foldOf(
  router: Router,
  records: readonly StreamRecord[],
  window: WindowDelivery | undefined,
  counts: Counts,
  startingOf: () => Starting,
): Fold | undefined {
  if (!window && router.windows.length === 0) return undefined;
  checkRecords(records, undefined);
  const matched = records.map((record) => ({ record, routes: router.matchWindows(record) }));
  if (window) return createFold(router, matched, window, counts, startingOf);
  for (const { record, routes } of matched) {
    if (routes[0]) throw new NoWindowError(routes[0].route.id, record.eventSourceARN);
  }
  return undefined;
}

type Matched = Pick<Task, 'record' | 'routes'>;
type WindowRoute = Route & { readonly window: WindowFold };

/** One call of a handler. */
interface Step {
  readonly handlerId: string;
  readonly what: 'handler' | 'close';
  /** For the log. */
  readonly place: object;
  run(context: CallContext): Promise<Outcome>;
}

/** What a window ends with. */
interface Ends {
  /** By handler id, as JSON. */
  readonly of: ReadonlyMap<string, string>;
  /**
   * All of it, where it is beyond 1 MB. A window ends early then, maybe several times, and the state of one route may be the same each
   * time, but not that of all. What Lambda says of an end does not tell: the same one may come as an early one when it is tried
   * again, with its batch cut.
   */
  readonly tooLarge: string | undefined;
}

const longestStateBytes = 1_048_576;
const callClose = callIn(0);

function createFold(
  router: Router,
  matched: readonly Matched[],
  { isFinalInvokeForWindow, state: given, ...window }: WindowDelivery,
  counts: Counts,
  startingOf: () => Starting,
): Fold {
  const { streamArn } = window;
  const windowPlace = { streamArn, shardId: window.shardId, windowStart: window.start };
  const { logger, clock } = router;
  const other = matched[0]?.record.eventSourceARN ?? streamArn;
  if (other !== streamArn) {
    throw new MalformedRecordError(`The window is of ${streamArn}, but its records are of ${other}`);
  }
  const tables = router.tables.filter((table) => table.matches(streamArn)).map(({ model }) => model.name);
  // A final event without records is of it all the same, and would drop the window's state.
  if (tables.length === 0 && router.unknownTable === 'fail') {
    throw new UnknownTableError(
      streamArn,
      router.tables.map(({ text }) => text),
    );
  }
  const own = router.windows
    .map(({ route }) => route)
    .filter(isWindowRoute)
    .filter(({ model }) => tables.includes(tableOfModel(model).name));
  /** What is kept from event to event, by handler id, as JSON: nothing that anybody holds can change it. */
  const entries = new Map(Object.entries(given).map(([id, value]) => [id, JSON.stringify(value)]));
  const before = textOf(entries);
  let after: string | undefined;
  /** What has been read of it or was added to it, frozen, so that a try that fails leaves nothing behind. */
  const states = new Map<WindowRoute, unknown>();
  const changed = new Set<WindowRoute>();
  const frozen = new WeakSet<object>();
  let ends: Ends | undefined;
  const steps = allSteps();
  let step: IteratorResult<Step, void> | undefined;
  let going: Promise<Outcome> = Promise.resolve(notStarted);
  let running: string | undefined;
  let stopped = false;

  return {
    streamArn,
    countAlone: () =>
      matched.filter(({ record, routes }) => routes.length > 0 && router.match(record).length === 0).length,
    run(context) {
      going = going.then(() => run(context));
      return going;
    },
    settled: () => going,
    stop() {
      stopped = true;
      return { isDone: after !== undefined, state: JSON.parse(after ?? before), running };
    },
  };

  async function run(context: CallContext): Promise<Outcome> {
    let turnAtMs = clock.now();
    // Once: should the process end in here, it did not in the handler that was the last to begin.
    let starting = startingOf();
    for (step ??= steps.next(); !step.done; step = steps.next()) {
      // As the drain does: calls that wait for nothing leave the process a turn now and then.
      if (clock.now() - turnAtMs >= longestTurnMs) {
        await clock.sleep(0);
        turnAtMs = clock.now();
      }
      if (stopped || isOver(context)) return notStarted;
      const { handlerId, what, place, run } = step.value;
      running = handlerId;
      const [first] = matched;
      const told = first && starting?.(first.record, handlerId);
      starting = undefined;
      const outcome = await (told ? told.then(() => run(context)) : run(context)).catch(outcomeOf);
      running = undefined;
      if (stopped || outcome === notStarted) return notStarted;
      counts[outcome.kind]++;
      log(router, { ...place, handlerId }, outcome, what);
      if (!isDone(outcome)) return outcome;
    }
    if (stopped) return notStarted;
    try {
      const text = await end();
      if (stopped) return notStarted;
      after ??= text;
      return handled;
    } catch (error) {
      const outcome = outcomeOf(error);
      counts[outcome.kind]++;
      const handlerId = error instanceof WindowStateError ? error.handlerId : undefined;
      log(router, { ...windowPlace, handlerId }, outcome, 'handler');
      return outcome;
    }
  }

  function* allSteps(): Generator<Step, void> {
    for (const found of matched) {
      const changes: ChangeView[] = [];
      for (const compiled of found.routes) {
        const { route } = compiled;
        if (!isWindowRoute(route)) continue;
        const run = async (context: CallContext) => {
          const outcome = await add(route, compiled, sharedChange(compiled, found, changes), context);
          // It is tried again with another one: a try that failed may have changed this.
          if (!isDone(outcome)) changes.length = 0;
          return outcome;
        };
        yield { handlerId: route.id, what: 'handler', place: placeOf(found.record), run };
      }
    }
    if (!isFinalInvokeForWindow) return;
    for (const route of own) {
      yield {
        handlerId: route.id,
        what: 'close',
        place: windowPlace,
        run: (context) => close(route, context),
      };
    }
  }

  /** The layers see an ordinary call. */
  async function add(
    route: WindowRoute,
    { run }: CompiledRoute,
    change: ChangeView,
    around: CallContext,
  ): Promise<Outcome> {
    const { id, window } = route;
    let next: unknown;
    const handle = async (change: never, context: Context) => {
      const state = await stateOf(route);
      if (isOver(context)) return notStarted;
      const added = await window.add(state as never, change, context);
      if (isOutcome(added)) return added;
      if (added === undefined) throw new WindowStateError(id, 'gave');
      freeze(added, frozen);
      next = added;
      return undefined;
    };
    const context = new HandlerContext(id, 1, around, change.record);
    const outcome = await run({ route: { ...route, handle }, change, changes: undefined, context });
    if (outcome.kind === 'handled' && next !== undefined) {
      states.set(route, next);
      changed.add(route);
    }
    return outcome;
  }

  async function close(route: WindowRoute, around: CallContext): Promise<Outcome> {
    const { id: handlerId } = route;
    ends ??= await readEnds();
    const json = ends.of.get(handlerId) as string; // it is one of its own
    if (isOver(around)) return notStarted;
    const { signal, deadlineMs, clock, random } = around;
    const logger = withFields(around.logger, { handlerId, ...windowPlace });
    const idempotencyKey = windowIdOf(window, handlerId, ends.tooLarge ?? json);
    const context: CloseContext = { signal, deadlineMs, clock, random, logger, handlerId, idempotencyKey };
    const handle = (state: never, context: CloseContext) => route.window.close(state, window, context);
    return callClose({ route: { handle }, change: JSON.parse(json), changes: undefined, context });
  }

  /** The routes' last states, as an event after this one would read them: the same however the window is cut. */
  async function readEnds(): Promise<Ends> {
    const of = new Map(entries);
    for (const route of own) {
      const state = await stateOf(route);
      const end = changed.has(route) ? await readState(route, jsonOf(route, state), 'gave') : state;
      of.set(route.id, jsonOf(route, end));
    }
    const text = textOf(of);
    return { of, tooLarge: Buffer.byteLength(text) > longestStateBytes ? text : undefined };
  }

  async function stateOf(route: WindowRoute): Promise<unknown> {
    if (!states.has(route)) {
      const state = await readState(route, entries.get(route.id) ?? '{}', 'has kept');
      freeze(state, frozen);
      // Not over what was added meanwhile: who waited here may have been given up.
      if (!states.has(route)) states.set(route, state);
    }
    return states.get(route);
  }

  /** What the event leaves to the next one, which has been read as that one will read it. */
  async function end(): Promise<string> {
    if (isFinalInvokeForWindow) {
      const handlerIds = [...entries.keys()].filter((id) => !own.some((route) => route.id === id));
      if (handlerIds.length > 0) tell(logger, 'warn', { ...windowPlace, handlerIds }, strangers);
      return '{}';
    }
    for (const route of changed) {
      const json = jsonOf(route, states.get(route));
      await readState(route, json, 'gave');
      entries.set(route.id, json);
    }
    const text = textOf(entries);
    const stateBytes = Buffer.byteLength(text);
    if (stateBytes > longestStateBytes) {
      const bytes = Object.fromEntries([...entries].map(([id, json]) => [id, Buffer.byteLength(json)]));
      tell(logger, 'warn', { ...windowPlace, stateBytes, bytes }, tooLarge);
    }
    return text;
  }
}

const strangers =
  'a window has ended with state of handlers that are no window routes of its stream; it is gone';
const tooLarge = 'the state of a window is beyond 1 MB, so that Lambda ends the window early';

function isWindowRoute(route: Route): route is WindowRoute {
  return route.window !== undefined;
}

function jsonOf({ id }: WindowRoute, state: unknown): string {
  try {
    const json: string | undefined = JSON.stringify(state);
    if (json !== undefined) return json;
  } catch {
    // What it says of a circle names parts of the state.
  }
  throw new WindowStateError(id, 'gave');
}

async function readState(
  { id, window }: WindowRoute,
  json: string,
  how: 'has kept' | 'gave',
): Promise<unknown> {
  const result = await window.state['~standard'].validate(JSON.parse(json));
  if (result.issues) throw new WindowStateError(id, how, issuesOf(result.issues));
  return result.value;
}

function textOf(entries: ReadonlyMap<string, string>): string {
  return `{${[...entries].map(([id, json]) => `${JSON.stringify(id)}:${json}`).join()}}`;
}
