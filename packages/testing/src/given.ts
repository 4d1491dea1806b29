import {
  type CompiledRoute,
  consoleLogger,
  createProcessMemory,
  type HandlerCall,
  type Logger,
  type Outcome,
  type Router,
  runBatch,
  type StreamRecord,
} from '@sluice/core';

/** A process that runs a router. Each `when` is one delivery to it. */
export interface Given {
  /**
   * Delivers records as Lambda would, through the very path that Lambda and the poller use. A delivery of the same
   * records again is a redelivery to a warm process: what is done is not run again.
   */
  when(...records: readonly StreamRecord[]): Promise<Delivered>;
}

/** What became of one delivery; ids of handlers in the order in which they ended. */
export interface Delivered {
  readonly handled: readonly string[];
  readonly skipped: readonly string[];
  readonly neverAgain: readonly string[];
  readonly retryLater: readonly string[];
  readonly failed: readonly string[];
  /**
   * Why records are not done, or never will be: what handlers and middleware threw, items that do not fit their schema,
   * records that cannot be matched.
   */
  readonly errors: readonly Error[];
  readonly calls: readonly Call[];
  /** How many records no route matched. */
  readonly unmatched: number;
  /** What the source is told: the lowest sequence number that is not done, `undefined` when everything is. */
  readonly firstUnfinished: string | undefined;
}

export interface Call {
  readonly handlerId: string;
  readonly sequenceNumber: string;
  /** Of the whole group, where the handler takes one. */
  readonly sequenceNumbers: readonly string[];
  readonly attempt: number;
  readonly outcome: Outcome;
}

/**
 * The start of a test: `const { handled } = await given(router).when(orders.modify(pending, paid))`, and then your test
 * runner's `expect`. A new `given` is a fresh process. What goes wrong is in `errors`. Nothing is logged on the console; a
 * logger that the router was given gets its lines. Waits are real ones unless the router has a clock of its own: with
 * `virtualClock()` there, `await clock.run(given(router).when(…))` moves its time through the waits of `retry` and `timeout`.
 */
export function given(router: Router): Given {
  const memory = createProcessMemory();
  return {
    async when(...records) {
      const calls: Call[] = [];
      const errors: Error[] = [];
      const observed = observe({ ...router, logger: collecting(router.logger, errors) }, calls);
      const { firstUnfinished, counts } = await runBatch(observed, records, { memory });
      const idsOf = (kind: Outcome['kind']) =>
        calls.filter(({ outcome }) => outcome.kind === kind).map(({ handlerId }) => handlerId);
      return {
        handled: idsOf('handled'),
        skipped: idsOf('skipped'),
        neverAgain: idsOf('neverAgain'),
        retryLater: idsOf('retryLater'),
        failed: idsOf('failed'),
        errors,
        calls,
        unmatched: counts.unmatched,
        firstUnfinished,
      };
    },
  };
}

/** Failures reach the logger whatever they are. The console is left alone; a logger of the test's own is not. */
function collecting(own: Logger, errors: Error[]): Logger {
  const ignore = () => undefined;
  const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const heard = own === consoleLogger ? silent : own;
  return {
    debug: (fields, message) => heard.debug(fields, message),
    info: (fields, message) => heard.info(fields, message),
    warn: (fields, message) => heard.warn(fields, message),
    error: (fields, message) => {
      if ('err' in fields && fields.err instanceof Error) errors.push(fields.err);
      heard.error(fields, message);
    },
  };
}

function observe(router: Router, calls: Call[]): Router {
  const observed = new WeakMap<CompiledRoute, CompiledRoute>();
  return { ...router, match: (record) => router.match(record).map(observedOf) };

  /** The same one each time: groups are made of records with the same route. */
  function observedOf(compiled: CompiledRoute): CompiledRoute {
    const known = observed.get(compiled) ?? { ...compiled, run };
    observed.set(compiled, known);
    return known;

    async function run(call: HandlerCall): Promise<Outcome> {
      const outcome = await compiled.run(call);
      const { handlerId, attempt } = call.context;
      const sequenceNumbers = (call.changes ?? [call.change]).map(
        ({ record }) => record.dynamodb.SequenceNumber,
      );
      const sequenceNumber = call.change.record.dynamodb.SequenceNumber;
      calls.push({ handlerId, attempt, sequenceNumber, sequenceNumbers, outcome });
      return outcome;
    }
  }
}
