import { isOver } from './context.js';
import type { Delivery } from './deliver.js';
import { ProcessEndedError, TooSlowError } from './errors.js';
import type { FailedChange, FailureReason, GivingUp } from './failure.js';
import { tell } from './logger.js';
import {
  type Failed,
  failed,
  isDone,
  type NeverAgain,
  notStarted,
  type Outcome,
  skipped,
} from './outcome.js';
import { isAllDone, type Running, type Task } from './progress.js';
import type { CompiledRoute } from './router.js';

/** A handler's work on a record that its policy ends, and on the records that were in its group. */
export interface GivenUp {
  readonly handlerId: string;
  readonly policy: GivingUp;
  readonly reason: FailureReason;
  readonly error: Error;
  readonly group: readonly Task[];
}

/** The record is done, though not all of its handlers are. */
const restIsSetAside = skipped('the rest of it is set aside');

/**
 * Parks or drops what handlers of a record have given up, each confirmed before it counts as done. Gives the outcome of the
 * record then; nothing when the queue that a change was to go behind is gone by now, so that it is to be run.
 */
export async function giveUp(task: Task, outcome: Outcome, delivery: Delivery): Promise<Outcome | undefined> {
  const { givenUp = [], page } = task;
  task.givenUp = undefined;
  // A layer around the record that says it is done has the last word.
  if (outcome.kind === 'handled' || outcome.kind === 'skipped') return outcome;
  // Nothing is set aside when the time is up, and what has not been set aside is not done.
  if (isOver(page.context)) return isDone(outcome) ? notStarted : outcome;
  for (const one of givenUp) {
    for (const member of one.group) {
      if (member.state.done.includes(one.handlerId)) continue;
      try {
        if (!(await isSetAside(one, member, delivery))) return undefined;
      } catch (error) {
        return failed(error);
      }
      member.state.done = [...member.state.done, one.handlerId];
    }
  }
  if (isAllDone(task)) return restIsSetAside;
  return isDone(outcome) ? failed(givenUp[0]?.error) : outcome;
}

async function isSetAside(
  { handlerId, policy, reason, error }: GivenUp,
  { record, state, page }: Task,
  { parking, logger, routerName: router }: Delivery,
): Promise<boolean> {
  const { context, counts } = page;
  const attempts = state.failures?.[handlerId] ?? 0;
  const failedAtMs = context.clock.now();
  const failure: FailedChange = { router, handlerId, record, reason, error, attempts, failedAtMs };
  const isBehind = reason === 'behind';
  const isDropped = policy.action === 'drop' && !isBehind;
  if (isDropped) {
    await policy.destination?.(failure, context);
    counts.dropped++;
  } else {
    const mode = isBehind ? reason : policy.action === 'park-item' ? 'item' : 'record';
    // There is a parking where there is a policy to park, as was checked at start.
    if ((await parking?.park(failure, mode, context)) === 'free') return false;
    counts.parked++;
  }
  const { eventSourceARN: streamArn, dynamodb } = record;
  const fields = { handlerId, streamArn, sequenceNumber: dynamodb.SequenceNumber, attempts, reason };
  if (isBehind) tell(logger, 'info', fields, 'change parked');
  else tell(logger, 'error', { ...fields, err: error }, isDropped ? 'change dropped' : 'change parked');
  return true;
}

const behindParked = failed(new Error('An earlier change of this item is parked'));

/** The outcome of a change that is set aside without being run; nothing when it is to be run. */
export function setAsideUnrun(
  compiled: CompiledRoute,
  task: Task,
  { parking }: Delivery,
): Outcome | undefined {
  const { id } = compiled.route;
  const { record, state } = task;
  const setAside = (outcome: Failed, reason: FailureReason) => note(outcome, reason, compiled, task, [task]);
  if (parking?.size && parking.holds(id, record)) return setAside(behindParked, 'behind');
  const left = attemptsLeft(compiled, task);
  if (left <= 0 && state.suspects?.includes(id)) return setAside(failed(new ProcessEndedError()), 'crashed');
  return left < 0 ? setAside(failed(new TooSlowError()), 'attempts') : undefined;
}

/** Notes what a call that ended so gives up: by its own word, or since its attempts are used up. Of a group no member is, but alone. */
export function noteFailure(
  outcome: Outcome,
  compiled: CompiledRoute,
  task: Task,
  group: readonly Task[],
): void {
  if (outcome.kind === 'neverAgain') note(outcome, 'never-again', compiled, task, group);
  else if (outcome.kind === 'failed' && group.length === 1 && attemptsLeft(compiled, task) <= 0) {
    note(outcome, 'attempts', compiled, task, group);
  }
}

/** What a layer around a record gives up for good, its handlers that are not done have given up. Gives the outcome of the record. */
export function giveUpRest(outcome: NeverAgain, task: Task): Outcome {
  const { state, routes, givenUp = [] } = task;
  let result: Outcome = outcome;
  for (const compiled of routes) {
    const { policy, route } = compiled;
    if (state.done.includes(route.id) || givenUp.some(({ handlerId }) => handlerId === route.id)) continue;
    if (!policy) state.done = [...state.done, route.id];
    else if (policy.action === 'block') result = failed(outcome.error);
    else note(outcome, 'never-again', compiled, task, [task]);
  }
  return result;
}

/**
 * At the end of a delivery: a call that had all of its time, and has not settled, has failed once more, whether it ends at its signal or
 * never. Nothing that is too slow is tried for ever. What began later in the delivery is the first of the next one.
 */
export function countUnsettled(lowest: Task): void {
  const { state, counted } = lowest;
  if (!state.running || counted) return;
  const { handlerId } = state.running;
  state.failures = { ...state.failures, [handlerId]: (state.failures?.[handlerId] ?? 0) + 1 };
  lowest.counted = [handlerId];
}

/** Whether a call that goes on is not waited for: the time was up each time, and its handler is given up without it. */
export function isLetGo({ handlerId }: Running, task: Task): boolean {
  return task.routes.some((compiled) => compiled.route.id === handlerId && attemptsLeft(compiled, task) < 0);
}

/** How many failed attempts its policy still allows; below 0 when one that was not given up at its last has failed again. */
export function attemptsLeft({ route, policy }: CompiledRoute, { state }: Task): number {
  const attempts = policy && policy.action !== 'block' ? policy.attempts : Number.POSITIVE_INFINITY;
  return attempts - (state.failures?.[route.id] ?? 0);
}

/** For the drain, which sets it aside when the record has been through all of its layers. */
function note(
  outcome: Failed | NeverAgain,
  reason: FailureReason,
  { policy, route }: CompiledRoute,
  task: Task,
  group: readonly Task[],
): Outcome {
  if (!policy) return outcome;
  const { id: handlerId } = route;
  const others = (task.givenUp ?? []).filter((one) => one.handlerId !== handlerId);
  task.givenUp = [...others, { handlerId, policy, reason, error: outcome.error, group }];
  return outcome;
}
