import { isOver } from './context.js';
import { type Delivery, notStarted } from './deliver.js';
import type { FailedChange, FailureReason, GivingUp } from './failure.js';
import { tell } from './logger.js';
import { failed, isDone, type Outcome, skipped } from './outcome.js';
import type { Task } from './progress.js';

/** A handler's work on a record that its policy ends, and on the records that were in its group. */
export interface GivenUp {
  readonly handlerId: string;
  readonly policy: GivingUp;
  readonly reason: FailureReason;
  readonly error: Error;
  readonly group: readonly Task[];
}

/** The record is done, though not all of its handlers are. */
const setAside = skipped('what is left of it has been set aside');

/**
 * Parks or drops what handlers of a record have given up, each confirmed before it counts as done. Gives the outcome of the
 * record then; nothing when the queue that a change was to go behind is gone by now, so that it is to be run.
 */
export async function giveUp(task: Task, outcome: Outcome, delivery: Delivery): Promise<Outcome | undefined> {
  const { givenUp = [], page, state, routes } = task;
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
  if (routes.every(({ route }) => state.done.includes(route.id))) return setAside;
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
  const isDropped = policy.action === 'drop' && reason !== 'behind';
  if (isDropped) {
    await policy.destination?.(failure, context);
    counts.dropped++;
  } else {
    const mode = reason === 'behind' ? 'behind' : policy.action === 'park-item' ? 'item' : 'record';
    // There is a parking where there is a policy to park, as was checked at start.
    if ((await parking?.park(failure, mode, context)) === 'free') return false;
    counts.parked++;
  }
  const fields = {
    handlerId,
    streamArn: record.eventSourceARN,
    sequenceNumber: record.dynamodb.SequenceNumber,
    attempts,
    reason,
  };
  if (reason === 'behind') tell(logger, 'info', fields, 'change parked behind an earlier one of its item');
  else tell(logger, 'error', { ...fields, err: error }, isDropped ? 'change dropped' : 'change parked');
  return true;
}
