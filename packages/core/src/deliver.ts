import type { Model, StreamRecord } from '@sluice/filters';
import { type HandlerCall, type RecordCall, taskOf } from './calls.js';
import { chain, type Middleware } from './chain.js';
import { ChangeView } from './change.js';
import { type CallContext, HandlerContext, isOver } from './context.js';
import { isLetGo, noteFailure, setAsideUnrun } from './give-up.js';
import { gather } from './group.js';
import type { Parking } from './ledger.js';
import { type Logger, tell } from './logger.js';
import {
  failed,
  handled,
  isDone,
  isOutcome,
  notStarted,
  type Outcome,
  outcomeOf,
  skipped,
} from './outcome.js';
import type { Running, Task } from './progress.js';
import type { CompiledRoute } from './router.js';
import { needsValidation, validate } from './validate.js';

/** What deliveries go on in. */
export interface Delivery {
  /** True once nothing new may start. */
  stopped: boolean;
  /** Whether a record has to be done before anything of the next one runs. */
  readonly strict: boolean;
  /** The n-th record behind one in its lane, if it is offered and may start. */
  behind(task: Task, n: number): Task | undefined;
  /** What is parked of the stream, where the router has a ledger. */
  readonly parking: Parking | undefined;
  /** Keeps what is about to run, where a process may not survive it. */
  readonly starting: ((record: StreamRecord, handlerId: string) => Promise<void>) | undefined;
  readonly routerName: string | undefined;
  readonly logger: Logger;
  /** Outcomes that have been logged; each attempt is one of its own, also when it throws the same error again. */
  readonly logged: WeakSet<Outcome>;
}

/**
 * Runs the handlers of a record that are not done, one after another; a failing one does not stop the others. The
 * record's outcome is the one of its handlers' that weighs most: it is not done when one of them is not.
 */
export function deliverWith(delivery: Delivery): (call: RecordCall) => Promise<Outcome> {
  return function deliver({ [taskOf]: task, context }) {
    const { routes } = task;
    // Most records have one handler, and are spared a promise.
    if (routes.length === 1) return runRoute(routes[0] as CompiledRoute, task, context, delivery, undefined);
    return deliverToAll(task, context, delivery);
  };
}

async function deliverToAll(task: Task, context: CallContext, delivery: Delivery): Promise<Outcome> {
  const changes: ChangeView[] = [];
  let result: Outcome = nothingToDo;
  for (const compiled of task.routes) {
    const outcome = await runRoute(compiled, task, context, delivery, changes);
    if (weightOf[outcome.kind] >= weightOf[result.kind]) result = outcome;
  }
  return result;
}

const weightOf: Readonly<Record<Outcome['kind'], number>> = {
  skipped: 0,
  handled: 1,
  neverAgain: 2,
  retryLater: 3,
  failed: 4,
};

const nothingToDo = skipped('it has no handler');
const toCome = Promise.resolve(notStarted);

/** One handler of a record. `changes` are those that the record's other handlers had; none are kept for a single one. */
async function runRoute(
  compiled: CompiledRoute,
  task: Task,
  around: CallContext,
  delivery: Delivery,
  changes: ChangeView[] | undefined,
): Promise<Outcome> {
  const { record, state } = task;
  const { id, model, maxSize } = compiled.route;
  if (delivery.starting && !state.done.includes(id)) await delivery.starting(record, id);
  // A call that an earlier delivery began may still be going on: its result counts, and no second one starts beside it.
  while (state.running && !isLetGo(state.running, task)) await state.running.outcome;
  if (state.done.includes(id)) return handled;
  if (delivery.stopped || around.signal.aborted || around.clock.now() >= around.deadlineMs) return notStarted;
  if (state.failures || delivery.parking?.size) {
    const outcome = setAsideUnrun(compiled, task, delivery);
    if (outcome) return outcome;
  }

  const change = changes ? sharedChange(compiled, task, changes) : new ChangeView(record, model);
  // What is repeated within one delivery is one attempt.
  const isCounted = task.counted?.includes(id) === true;
  const attempt = (state.failures?.[id] ?? 0) + (isCounted ? 0 : 1);
  const { tries } = task;
  const running: Running = { handlerId: id, outcome: toCome };
  state.running = running;
  const group = maxSize === undefined ? undefined : [task];
  if (group) running.outcome = runGroup(compiled, change, attempt, around, group, running, delivery);
  else {
    const context = new HandlerContext(id, attempt, around, record);
    running.outcome = compiled.run({ route: compiled.route, change, changes: undefined, context });
  }
  let outcome = await running.outcome;
  if (outcome.kind === 'neverAgain' && compiled.policy?.action === 'block') outcome = failed(outcome.error);

  // One that was given up while it ran may have been followed by another one.
  if (!group) state.running = state.running === running ? undefined : state.running;
  else for (const { state } of group) state.running = state.running === running ? undefined : state.running;
  if (outcome === notStarted) return outcome;
  task.page.counts[outcome.kind]++;
  if (outcome.kind === 'handled' && !group) state.done = state.done.length > 0 ? [...state.done, id] : [id];
  else settle(outcome, compiled, { attempt, isOver: tries !== task.tries }, task, group ?? [task], delivery);
  return outcome;
}

/** The change for one of several handlers: those of a model have the same. */
export function sharedChange(
  { route }: CompiledRoute,
  { record, routes }: Pick<Task, 'record' | 'routes'>,
  changes: ChangeView[],
): ChangeView {
  const { model } = route;
  const known = changes.find((change) => change.model === model);
  if (known) return known;
  const change = new ChangeView(
    record,
    model,
    routes.some((other) => other.route !== route && other.route.model === model),
  );
  changes.push(change);
  return change;
}

async function runGroup(
  compiled: CompiledRoute,
  change: ChangeView,
  attempt: number,
  around: CallContext,
  group: Task[],
  running: Running,
  delivery: Delivery,
): Promise<Outcome> {
  const { route } = compiled;
  const changes = await gather(compiled, change, group, running, delivery);
  if (delivery.stopped || isOver(around)) return notStarted;
  const records = group.map(({ record }) => record);
  const context = new HandlerContext(route.id, attempt, around, change.record, records);
  return compiled.run({ route, change, changes, context });
}

/** Validation comes before the middleware, so that every layer sees what the schema made of the item. */
export function callOf(model: Model, middleware: readonly Middleware<HandlerCall>[]): CompiledRoute['run'] {
  const run = chain(middleware, callIn(middleware.length));
  if (!needsValidation(model)) return run;
  // Changes are made in one place, as views.
  return async (call) => {
    const validating = validate(call.change as ChangeView);
    const invalid = validating instanceof Promise ? await validating : validating;
    return invalid ?? (isOver(call.context) ? notStarted : run(call));
  };
}

/** What of a call its handler is called by. */
interface Called {
  readonly route: { readonly handle: (first: never, context: never) => unknown };
  readonly change: unknown;
  readonly changes: unknown;
  readonly context: CallContext;
}

/** Layers may have waited until the time was up. */
export function callIn(layers: number): (call: Called) => Promise<Outcome> {
  return async function callHandler({ route, change, changes, context }) {
    if (layers > 0 && context.clock.now() >= context.deadlineMs) return notStarted;
    try {
      const result = route.handle((changes ?? change) as never, context as never);
      const value = result === undefined ? result : await result;
      return value !== undefined && isOutcome(value) ? value : handled;
    } catch (error) {
      return outcomeOf(error);
    }
  };
}

/** What a call came to, for all records of its group: what the next delivery has to know, and the log. */
function settle(
  outcome: Outcome,
  compiled: CompiledRoute,
  { attempt, isOver }: { readonly attempt: number; readonly isOver: boolean },
  task: Task,
  group: readonly Task[],
  delivery: Delivery,
): void {
  const { policy, route } = compiled;
  const { id } = route;
  const isGivenUp = outcome.kind === 'neverAgain' && policy !== undefined;
  const isCounted = !isOver && task.counted?.includes(id);
  for (const { state } of group) {
    if (isDone(outcome) && !isGivenUp) state.done = [...state.done, id];
    else if (outcome.kind === 'failed' && !isCounted) {
      state.failures = { ...state.failures, [id]: (state.failures?.[id] ?? 0) + 1 };
    }
  }
  if (outcome.kind === 'failed' && !isOver) task.counted = [...(task.counted ?? []), id];
  if (outcome.kind === 'retryLater') task.afterMs = Math.max(task.afterMs, outcome.error.afterMs ?? 0);
  if (!isDone(outcome)) task.state.groups = { ...task.state.groups, [id]: group.length };
  log(delivery, { ...placeOf(task.record), handlerId: id, attempt }, outcome, 'handler');
  noteFailure(outcome, compiled, task, group);
}

/** Logs why something is not done or given up, of a record each outcome once. Keys and items stay out of it. */
export function log(
  { logger, logged }: Pick<Delivery, 'logger'> & Partial<Pick<Delivery, 'logged'>>,
  about: object,
  outcome: Outcome,
  what: 'handler' | 'record' | 'close',
): void {
  if (outcome.kind === 'handled' || outcome.kind === 'skipped' || logged?.has(outcome)) return;
  logged?.add(outcome);
  const fields = { ...about, err: outcome.error };
  tell(logger, outcome.kind === 'retryLater' ? 'info' : 'error', fields, `${what} ${words[outcome.kind]}`);
}

/** Of a record, for the log. */
export function placeOf({ eventSourceARN: streamArn, dynamodb }: StreamRecord) {
  return { streamArn, sequenceNumber: dynamodb.SequenceNumber };
}

const words = {
  failed: 'failed',
  retryLater: 'asks for later',
  neverAgain: 'gave up for good',
};
