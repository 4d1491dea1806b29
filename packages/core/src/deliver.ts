import type { StreamRecord } from '@sluice/filters';
import { type HandlerCall, type RecordCall, taskOf } from './calls.js';
import { ChangeView } from './change.js';
import { type CallContext, HandlerContext } from './context.js';
import { failed, handled, isDone, type Outcome, skipped } from './outcome.js';
import type { Task } from './progress.js';
import type { CompiledRoute } from './router.js';

/** What deliveries go on in. */
export interface Delivery {
  readonly context: CallContext;
  /** True once nothing new may start. */
  stopped: boolean;
  readonly counts: Counts;
  /** Outcomes that have been logged; each attempt is one of its own, also when it throws the same error again. */
  readonly logged: WeakSet<Outcome>;
}

/** Totals since the start, one a handler call, except for records. */
export interface Counts {
  records: number;
  unmatched: number;
  handled: number;
  skipped: number;
  neverAgain: number;
  retryLater: number;
  failed: number;
}

/**
 * Runs the handlers of a record that are not done, one after another; a failing one does not stop the others. The
 * record's outcome is that of its handlers which comes last in `weightOf`: it is not done when one of them is not.
 */
export function deliverWith(delivery: Delivery): (call: RecordCall) => Promise<Outcome> {
  return async function deliver({ [taskOf]: task, context }) {
    const changes: ChangeView[] = [];
    let result: Outcome = nothingToDo;
    for (const compiled of task.routes) {
      const outcome = await runRoute(compiled, task, context, delivery, changes);
      if (weightOf[outcome.kind] >= weightOf[result.kind]) result = outcome;
    }
    return result;
  };
}

const weightOf: Readonly<Record<Outcome['kind'], number>> = {
  skipped: 0,
  handled: 1,
  neverAgain: 2,
  retryLater: 3,
  failed: 4,
};

const nothingToDo = skipped('it has no handler');
export const notStarted = failed(new Error('The delivery ended before this handler was started'));

/** One handler of a record. `changes` are the views of this delivery so far, one a model. */
async function runRoute(
  compiled: CompiledRoute,
  task: Task,
  around: CallContext,
  delivery: Delivery,
  changes: ChangeView[],
): Promise<Outcome> {
  const { record, state } = task;
  const { id, model } = compiled.route;
  // A call that an earlier delivery began may still be going on: its result counts, and no second one starts beside it.
  while (state.running) await state.running.outcome;
  if (state.done.includes(id)) return handled;
  if (delivery.stopped || around.signal.aborted || around.clock.now() >= around.deadlineMs) return notStarted;

  let change = changes.length > 0 ? changes.find((view) => view.model === model) : undefined;
  if (!change) {
    change = new ChangeView(record, model);
    changes.push(change);
  }
  // What is repeated within one delivery is one attempt.
  const isCounted = task.counted?.includes(id) === true;
  const attempt = (state.failures?.[id] ?? 0) + (isCounted ? 0 : 1);
  const context = new HandlerContext(id, attempt, record, around);
  const call: HandlerCall = { route: compiled.route, change, context };
  state.running = { handlerId: id, outcome: compiled.run(call) };
  const outcome = await state.running.outcome;
  state.running = undefined;

  delivery.counts[outcome.kind]++;
  if (isDone(outcome)) state.done.push(id);
  if (outcome.kind === 'failed' && !isCounted) {
    state.failures = { ...state.failures, [id]: attempt };
    task.counted = [...(task.counted ?? []), id];
  }
  if (outcome.kind === 'retryLater') task.afterMs = Math.max(task.afterMs, outcome.error.afterMs ?? 0);
  log(delivery, record, outcome, 'handler', { handlerId: id, attempt });
  return outcome;
}

/** Logs why a record is not done or given up, each outcome once. Keys and items stay out of it. A logger that throws decides nothing. */
export function log(
  { context: { logger }, logged }: Delivery,
  record: StreamRecord,
  outcome: Outcome,
  what: 'handler' | 'record',
  more: { readonly handlerId?: string; readonly attempt?: number } = {},
): void {
  if (outcome.kind === 'handled' || outcome.kind === 'skipped' || logged.has(outcome)) return;
  logged.add(outcome);
  const { eventSourceARN: streamArn, dynamodb } = record;
  const fields = { streamArn, sequenceNumber: dynamodb.SequenceNumber, ...more, err: outcome.error };
  try {
    if (outcome.kind === 'retryLater') logger.info(fields, `${what} asks to be tried again later`);
    else if (outcome.kind === 'neverAgain') logger.error(fields, `${what} gives up: it is never tried again`);
    else logger.error(fields, `${what} failed`);
  } catch {
    // There is nobody left to tell it to; the outcome stands in any case.
  }
}
