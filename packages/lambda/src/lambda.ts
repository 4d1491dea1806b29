import { createProcessMemory, type Router, runBatch, tell } from '@sluice/core';
import { recordsOf } from './event.js';
import { flushWithin } from './flush.js';
import type { LambdaContext, LambdaEvent, LambdaResponse } from './invocation.js';
import { loggers } from './lambda-logger.js';
import { WindowNotClosedError, windowOf } from './window-event.js';

export interface LambdaOptions {
  /**
   * What is kept free before Lambda's time limit to answer in time, in milliseconds; 1000 by default. With a ledger, which is told within it what is
   * done, at least 200.
   */
  readonly reserveMs?: number;
  /**
   * Is called when an event has ended, however, and awaited before the answer as far as the time allows: the environment stands still
   * after that. For what collects metrics, spans or lines: `flush` of `cloudWatchMetrics(…)`, `() => provider.forceFlush()`. What it throws is logged.
   */
  readonly flush?: () => unknown;
}

/**
 * A Lambda handler for a router. One event is one delivery: records run in order, and the answer names the lowest one
 * that is not done, from which Lambda delivers again. Within the same environment such a redelivery repeats nothing
 * that is done. An event of a tumbling window is answered as a whole, with the window's state. Throws for an event that cannot be one, and for
 * the end of a window that is not done where no record could tell it (Lambda then delivers it again as a whole); it never
 * answers "all done" for records that were not run.
 */
export function lambda(
  router: Router,
  options: LambdaOptions = {},
): (event: LambdaEvent, context?: LambdaContext) => Promise<LambdaResponse> {
  const memory = createProcessMemory();
  const { reserveMs = 1000, flush } = options;
  if (!(reserveMs >= 0 && reserveMs < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`reserveMs is ${reserveMs}; give the milliseconds to keep free, from 0 up.`);
  }
  if (router.ledger && reserveMs < leastForLedgerMs) {
    throw new RangeError(
      `reserveMs is ${reserveMs}, but the ledger is told within it what is done; give ${leastForLedgerMs} or more.`,
    );
  }
  const loggerOf = loggers(router.logger);
  return async (event, context) => {
    // Several invocations may go on at a time: what is of one is in here alone.
    const own = { ...router, logger: loggerOf(context) };
    const leftMs = () => context?.getRemainingTimeInMillis() ?? Number.POSITIVE_INFINITY;
    try {
      return await answer(own, event, leftMs());
    } finally {
      if (flush) await flushWithin(leftMs() - Math.max(leastForAnswerMs, reserveMs / 4), flush, own);
    }
  };

  async function answer(own: Router, event: LambdaEvent, remainingMs: number): Promise<LambdaResponse> {
    const { logger } = own;
    const window = windowOf(event);
    const records = window?.isFinalInvokeForWindow && event.Records == null ? [] : recordsOf(event);
    const budgetMs = remainingMs - reserveMs;
    if (budgetMs <= 0) tell(logger, 'error', { remainingMs, reserveMs }, noTime);
    const { isDone, firstUnfinished, state, counts, timedOut, unsettled } = await runBatch(own, records, {
      memory,
      budgetMs,
      reserveMs,
      ...(window && { window }),
    });
    // What heeds its signal ends now, and so do the layers around it, of which flush is to know.
    if (timedOut && flush) await own.clock.sleep(0);
    const kept = state && { state };
    if (isDone) {
      tell(logger, 'debug', { ...counts }, 'batch done');
      return { batchItemFailures: [], ...kept };
    }
    tell(
      logger,
      'warn',
      { ...counts, firstUnfinished, timedOut, unsettled },
      'batch not done; Lambda delivers it again from there',
    );
    if (firstUnfinished === undefined) throw new WindowNotClosedError();
    return { batchItemFailures: [{ itemIdentifier: firstUnfinished }], ...kept };
  }
}

/** Of which the ledger has three quarters, and the answer the last one. */
const leastForLedgerMs = 200;
const leastForAnswerMs = 100;

const noTime =
  "nothing is started: what is left of the function's timeout is not more than reserveMs; raise the timeout or lower reserveMs";
