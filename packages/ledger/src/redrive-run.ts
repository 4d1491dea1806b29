import {
  contextWith,
  type Outcome,
  type ProcessMemory,
  type Router,
  recordState,
  runBatch,
  type StreamRecord,
  UnknownTableError,
} from '@sluice/core';

/** Of one run of a change that is parked. */
export type RunResult =
  | { readonly kind: 'done' }
  /** Not done; `isAttempt` unless the handler asked for later, or never was reached. */
  | {
      readonly kind: 'failed';
      readonly error: Error;
      readonly reason: 'attempts' | 'never-again';
      readonly isAttempt: boolean;
    };

/** Whether the handler is there, and wants the record as it is. */
export function hasRoute(router: Router, handlerId: string, record: StreamRecord): boolean {
  try {
    return router.match(record).some(({ route }) => route.id === handlerId);
  } catch (error) {
    if (error instanceof UnknownTableError) return false;
    throw error;
  }
}

/**
 * Runs one record in one of its handlers, on the way that all records take, and with its attempts so far. No policy applies: the change
 * is set aside already. Rejects, with nothing run, for what cannot be a record.
 */
export async function runParked(
  router: Router,
  { handlerId, attempts }: { readonly handlerId: string; readonly attempts: number },
  record: StreamRecord,
  signal: AbortSignal,
): Promise<RunResult> {
  let outcome: Outcome | undefined;
  const narrowed: Router = {
    ...router,
    ledger: undefined,
    windows: [],
    match: (record) =>
      router
        .match(record)
        .filter(({ route }) => route.id === handlerId)
        .map((compiled) => ({
          route: compiled.route,
          // What it gives up for good stays as well.
          policy: { action: 'block', attempts: 1 },
          run: async (call) => {
            const either = AbortSignal.any([call.context.signal, signal]);
            outcome = await compiled.run({ ...call, context: contextWith(call.context, { signal: either }) });
            return outcome;
          },
        })),
  };
  const memory = remembering(handlerId, attempts);
  const { firstUnfinished } = await runBatch(narrowed, [record], { memory });
  return firstUnfinished === undefined ? { kind: 'done' } : failureOf(outcome);
}

function remembering(handlerId: string, attempts: number): ProcessMemory {
  return {
    size: 1,
    recall: () => recordState([], attempts > 0 ? { [handlerId]: attempts } : undefined),
    keep: () => undefined,
  };
}

function failureOf(outcome: Outcome | undefined): RunResult {
  if (outcome && 'error' in outcome) {
    const reason = outcome.kind === 'neverAgain' ? 'never-again' : 'attempts';
    return { kind: 'failed', error: outcome.error, reason, isAttempt: outcome.kind !== 'retryLater' };
  }
  const error = new Error(
    outcome
      ? 'A layer around the record or the batch did not let its outcome count.'
      : 'No handler was reached: a layer around the record or the batch ended without next().',
  );
  return { kind: 'failed', error, reason: 'attempts', isAttempt: false };
}
