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
  tableOfModel,
  type WindowDelivery,
  type WindowState,
} from '@sluice/core';
import { recordsOf } from './records.js';

/** A process that runs a router. Each `when` is one delivery to it. */
export interface Given {
  /**
   * Delivers records as Lambda would, through the very path that Lambda and the poller use. A delivery of the same
   * records again is a redelivery to a warm process: what is done is not run again.
   */
  when(...records: readonly StreamRecord[]): Promise<Delivered>;
  /**
   * Delivers records, or none, as one event of a tumbling window: `whenInWindow({ state, isFinalInvokeForWindow: true }, …)`. By
   * default it begins the window, with the state `{}`, and does not end it. Without records it is of the first window route's table.
   */
  whenInWindow(
    window: Partial<WindowDelivery>,
    ...records: readonly StreamRecord[]
  ): Promise<DeliveredInWindow>;
}

/** `handled` and the others hold window routes for each `add`; what became of a `close` is in `errors` and `isDone`. */
export interface DeliveredInWindow extends Delivered {
  readonly isDone: boolean;
  /** What the next event of the window is given: `{}` at its end, and what was given where not everything is done. */
  readonly state: WindowState;
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
    when: async (...records) => (await deliver(records)).delivered,
    async whenInWindow(given, ...records) {
      const streamArn = records[0]?.eventSourceARN ?? arnOf(router);
      const { delivered, result } = await deliver(records, { ...aWindow, streamArn, ...given });
      return { ...delivered, isDone: result.isDone, state: result.state ?? {} };
    },
  };

  async function deliver(records: readonly StreamRecord[], window?: WindowDelivery) {
    const calls: Call[] = [];
    const errors: Error[] = [];
    const observed = observe({ ...router, logger: collecting(router.logger, errors) }, calls);
    const result = await runBatch(observed, records, { memory, ...(window && { window }) });
    const idsOf = (kind: Outcome['kind']) =>
      calls.filter(({ outcome }) => outcome.kind === kind).map(({ handlerId }) => handlerId);
    const delivered: Delivered = {
      handled: idsOf('handled'),
      skipped: idsOf('skipped'),
      neverAgain: idsOf('neverAgain'),
      retryLater: idsOf('retryLater'),
      failed: idsOf('failed'),
      errors,
      calls,
      unmatched: result.counts.unmatched,
      firstUnfinished: result.firstUnfinished,
    };
    return { delivered, result };
  }
}

const aWindow = {
  start: '2026-03-03T00:00:00Z',
  end: '2026-03-03T00:01:00Z',
  shardId: 'shardId-00000001772496000000-51a9d0f3',
  isFinalInvokeForWindow: false,
  isWindowTerminatedEarly: false,
  state: {},
};

function arnOf({ windows: [compiled] }: Router): string {
  return compiled ? recordsOf(tableOfModel(compiled.route.model)).streamArn : '';
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
  return {
    ...router,
    match: (record) => router.match(record).map(observedOf),
    matchWindows: (record) => router.matchWindows(record).map(observedOf),
  };

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
