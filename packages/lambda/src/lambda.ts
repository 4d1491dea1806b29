import {
  createProcessMemory,
  type Router,
  runBatch,
  SluiceError,
  type StreamRecord,
  tell,
} from '@sluice/core';

/** The part of an event of a DynamoDB Streams event source mapping that is used. `DynamoDBStreamEvent` satisfies it. */
export interface LambdaEvent {
  readonly Records: readonly object[];
}

/** The part of Lambda's context that is used. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/**
 * What Lambda takes as the checkpoint: the lowest unfinished sequence number, or none when all is done. The mapping
 * needs `FunctionResponseTypes: [ReportBatchItemFailures]`.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export interface LambdaResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

export interface LambdaOptions {
  /**
   * What is kept free before Lambda's time limit to answer in time, in milliseconds; 1000 by default. With a ledger, which is told within it what is
   * done, at least 200.
   */
  readonly reserveMs?: number;
}

/**
 * A Lambda handler for a router. One event is one delivery: records run in order, and the answer names the lowest one
 * that is not done, from which Lambda delivers again. Within the same environment such a redelivery repeats nothing
 * that is done. Throws for an event that cannot be one (Lambda then delivers it again as a whole); it never answers
 * "all done" for records that were not run.
 */
export function lambda(
  router: Router,
  options: LambdaOptions = {},
): (event: LambdaEvent, context?: LambdaContext) => Promise<LambdaResponse> {
  const { logger } = router;
  const memory = createProcessMemory();
  const reserveMs = options.reserveMs ?? 1000;
  if (!(reserveMs >= 0 && reserveMs < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`reserveMs is ${reserveMs}; give the milliseconds to keep free, from 0 up.`);
  }
  if (router.ledger && reserveMs < leastForLedgerMs) {
    throw new RangeError(
      `reserveMs is ${reserveMs}, but the ledger is told within it what is done; give ${leastForLedgerMs} or more.`,
    );
  }
  return async (event, context) => {
    const records = recordsOf(event);
    const remainingMs = context ? context.getRemainingTimeInMillis() : Number.POSITIVE_INFINITY;
    const budgetMs = remainingMs - reserveMs;
    if (budgetMs <= 0) tell(logger, 'error', { remainingMs, reserveMs }, noTime);
    const { firstUnfinished, counts, timedOut, unsettled } = await runBatch(router, records, {
      memory,
      budgetMs,
      reserveMs,
    });
    if (firstUnfinished === undefined) {
      tell(logger, 'debug', { ...counts }, 'batch done');
      return { batchItemFailures: [] };
    }
    tell(
      logger,
      'warn',
      { ...counts, firstUnfinished, timedOut, unsettled },
      'batch not done; Lambda delivers it again from there',
    );
    return { batchItemFailures: [{ itemIdentifier: firstUnfinished }] };
  };
}

/** Of which the ledger has three quarters. */
const leastForLedgerMs = 200;

const noTime =
  "nothing is started: what is left of the function's timeout is not more than reserveMs; raise the timeout or lower reserveMs";

/** The event is not one of a DynamoDB stream. Nothing has been run. */
export class MalformedEventError extends SluiceError {
  override readonly name: string = 'MalformedEventError';
  constructor(message: string) {
    super('MALFORMED_EVENT', message);
  }
}

function recordsOf(event: LambdaEvent): readonly StreamRecord[] {
  const given: { readonly Records?: unknown; readonly window?: unknown } = event ?? {};
  if (!Array.isArray(given.Records)) {
    throw new MalformedEventError(
      `Expected the event of a DynamoDB stream, { "Records": [ … ] }, but "Records" is ${given.Records === undefined ? 'missing' : `of type ${typeof given.Records}, not a list`}. ` +
        'Check that the function is called by an event source mapping of a DynamoDB stream.',
    );
  }
  if (given.window !== undefined) {
    throw new MalformedEventError(
      'The event is one of a tumbling window, whose answer needs a state that this router does not keep. Remove TumblingWindowInSeconds from the event source mapping.',
    );
  }
  return given.Records;
}
