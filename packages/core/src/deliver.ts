import type { StreamRecord } from '@sluice/filters';
import { ChangeView } from './change.js';
import { HandlerContext } from './context.js';
import { type Failed, failed, handled, type Outcome, skipped } from './outcome.js';
import type { Task } from './progress.js';
import type { CompiledRoute, HandlerCall, Router } from './router.js';

/** What deliveries go on in. */
export interface Delivery {
  readonly router: Router;
  /** What handlers see as `ctx.signal`. */
  readonly signal: AbortSignal;
  /** On the router's clock; nothing new starts from then on. */
  readonly deadlineMs: number;
  /** True once nothing new may start. */
  stopped: boolean;
  readonly counts: Counts;
  /** Failures that have been logged; each attempt is one of its own, also when it throws the same error again. */
  readonly logged: WeakSet<Failed>;
}

/** Totals since the start, one a handler call, except for records. */
export interface Counts {
  records: number;
  unmatched: number;
  handled: number;
  skipped: number;
  failed: number;
}

/**
 * Runs the handlers of a record that are not done, one after another; a failing one does not stop the others. The
 * record's outcome is failed when one of them failed or was not started.
 */
export function deliverWith(delivery: Delivery): (task: Task) => Promise<Outcome> {
  return async function deliver(task) {
    const changes: ChangeView[] = [];
    let result: Outcome = allSkipped;
    for (const compiled of task.routes) {
      const outcome = await runRoute(compiled, task, delivery, changes);
      if (outcome.kind === 'failed') result = outcome;
      else if (outcome.kind === 'handled' && result.kind === 'skipped') result = outcome;
    }
    return result;
  };
}

const allSkipped = skipped('every handler skipped it');
export const notStarted = failed(new Error('The delivery ended before this handler was started'));

/** One handler of a record. `changes` are the views of this delivery so far, one a model. */
async function runRoute(
  compiled: CompiledRoute,
  { record, state }: Task,
  delivery: Delivery,
  changes: ChangeView[],
): Promise<Outcome> {
  const { id, model } = compiled.route;
  // A call that an earlier delivery began may still be going on: its result counts, and no second one starts beside it.
  while (state.running) await state.running.outcome;
  if (state.done.includes(id)) return handled;
  if (delivery.stopped || delivery.router.clock.now() >= delivery.deadlineMs) return notStarted;

  let change = changes.length > 0 ? changes.find((view) => view.model === model) : undefined;
  if (!change) {
    change = new ChangeView(record, model);
    changes.push(change);
  }
  const attempt = (state.failures?.[id] ?? 0) + 1;
  const context = new HandlerContext(id, attempt, delivery.signal, delivery.router.logger, record);
  const call: HandlerCall = { route: compiled.route, change, context };
  state.running = { handlerId: id, outcome: compiled.run(call) };
  const outcome = await state.running.outcome;
  state.running = undefined;

  delivery.counts[outcome.kind]++;
  if (outcome.kind !== 'failed') {
    state.done.push(id);
    return outcome;
  }
  state.failures = { ...state.failures, [id]: attempt };
  logFailure(delivery, record, outcome, 'handler failed', { handlerId: id, attempt });
  return outcome;
}

/** Logs why a record is not done, each failure once. Keys and items stay out of it. A logger that throws decides nothing. */
export function logFailure(
  delivery: Delivery,
  record: StreamRecord,
  failure: Failed,
  message: string,
  more: { readonly handlerId?: string; readonly attempt?: number } = {},
): void {
  if (delivery.logged.has(failure)) return;
  delivery.logged.add(failure);
  const { eventSourceARN: streamArn, dynamodb } = record;
  const fields = { streamArn, sequenceNumber: dynamodb.SequenceNumber, ...more, err: failure.error };
  try {
    delivery.router.logger.error(fields, message);
  } catch {
    // There is nobody left to tell it to; the record stays unfinished in any case.
  }
}
