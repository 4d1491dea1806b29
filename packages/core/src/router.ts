import type { Environment, StreamRecord } from '@sluice/filters';
import type { BatchCall, HandlerCall, RecordCall } from './calls.js';
import type { Middleware } from './chain.js';
import { type Clock, type Random, systemClock } from './clock.js';
import { callOf } from './deliver.js';
import { ConfigurationError, UnknownTableError } from './errors.js';
import { type FailureAction, type FailurePolicy, type GivingUp, givingUp, policyOf } from './failure.js';
import { type LaneKey, problemOfLane } from './lane-key.js';
import type { Ledger } from './ledger.js';
import { consoleLogger, type Logger } from './logger.js';
import type { Outcome } from './outcome.js';
import { noRoutes, problemsOf, problemsOfOptions } from './problems.js';
import type { Route, Routes } from './route.js';
import { routeIndex } from './route-index.js';
import { type RoutedTable, type TableAliases, tablesOf } from './tables.js';

export interface RouterOptions {
  /** Names this router in what is stored for it, and stays the same for as long as that is to be found. Needed with a ledger. */
  readonly name?: string;
  readonly routes: Route | Routes | readonly (Route | Routes)[];
  /** Around each event of Lambda or page of the poller, around each record and around each handler call; outermost first. */
  readonly middleware?: {
    readonly batch?: readonly Middleware<BatchCall>[];
    readonly record?: readonly Middleware<RecordCall>[];
    readonly handler?: readonly Middleware<HandlerCall>[];
  };
  /**
   * Real tables by the names that `table(…)` was given: a name, an ARN, or a pattern of either with `*`. Names without one are
   * real names, ARNs or patterns themselves.
   */
  readonly tables?: TableAliases;
  /** What placeholders in tables' names are taken from, as in `table('shop-${STAGE}', …)`; `process.env` by default. */
  readonly env?: Environment;
  /** Records of a table that no route names: `'fail'` (default) refuses their batch, `'skip'` passes over them. */
  readonly unknownTable?: 'fail' | 'skip';
  /**
   * `'strict'`: one record after another. `'lanes'`: one change of an item after another, items concurrently. By default
   * `'lanes'` where progress is kept durably, in the poller or with a ledger, and `'strict'` otherwise.
   */
  readonly order?: Order;
  /** Which changes run one after another in `lanes`: those of one `'item'` by default. */
  readonly lane?: LaneKey;
  /** How many records are worked on at a time in `lanes`; 10 by default. */
  readonly concurrency?: number;
  /**
   * What is done, parked and claimed, beyond this process: `createLedger(store)` of `@sluice/ledger`. Behind Lambda it makes `lanes` exact; it is
   * needed for `once` and for parking.
   */
  readonly ledger?: Ledger;
  /**
   * What becomes of changes that a handler does not get done, where its route does not say. By default `park-item` after 10 failed
   * attempts with a ledger (`park-record` where the lane is `'unordered'`). Without one they block, and what a handler gives up by `neverAgain` is dropped.
   */
  readonly onFailure?: FailureAction | FailurePolicy;
  /** A pino instance, for example; JSON lines on the console by default. */
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}

export type Order = 'strict' | 'lanes';

/** Routes, compiled. It holds no state of any record: sources bring their own drains. */
export interface Router {
  readonly name: string | undefined;
  readonly routes: readonly Route[];
  readonly tables: readonly RoutedTable[];
  readonly unknownTable: 'fail' | 'skip';
  readonly order: Order | undefined;
  readonly lane: LaneKey;
  readonly concurrency: number;
  readonly ledger: Ledger | undefined;
  readonly batchMiddleware: readonly Middleware<BatchCall>[];
  readonly recordMiddleware: readonly Middleware<RecordCall>[];
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * The routes of a record in their order, of an exclusive group the first alone. A route whose filter cannot judge the record
   * is among them, and fails when it is run. Throws for an unknown table.
   */
  match(record: StreamRecord): readonly CompiledRoute[];
  /** The window routes in their order, which are not among those that `match` finds. */
  readonly windows: readonly CompiledRoute[];
  /** Those of a record. */
  matchWindows(record: StreamRecord): readonly CompiledRoute[];
}

export interface CompiledRoute {
  readonly route: Route;
  /** Validates the change where its model asks for it, and runs the handler in its middleware; it never rejects. */
  readonly run: (call: HandlerCall) => Promise<Outcome>;
  /** What becomes of a change that the handler does not get done. Without one it blocks, unless the handler gives it up. */
  readonly policy: GivingUp | undefined;
}

/** Checks everything that can be wrong and compiles the routes. Throws `ConfigurationError` with all problems at once. */
export function createRouter(options: RouterOptions): Router {
  const given = ([options.routes].flat() as readonly (Route | Routes)[]).filter(
    (entry) => typeof entry === 'object',
  );
  const routes = Object.freeze(inOrder(given.flatMap((entry) => ('routes' in entry ? entry.routes : entry))));
  const { tables, problems: ofTables } = tablesOf(routes, options.tables ?? {}, options.env ?? process.env);
  const problems = [
    ...given.flatMap((entry) => ('problems' in entry ? entry.problems : [])),
    ...ofTables,
    ...problemsOf(routes, options),
    ...problemOfLane(options.lane ?? 'item'),
    ...problemsOfOptions(options),
  ];
  if (routes.length === 0 && problems.length === 0) problems.push(noRoutes);
  if (problems.length > 0) throw new ConfigurationError(problems);

  const unknownTable = options.unknownTable ?? 'fail';
  const handlerMiddleware = options.middleware?.handler ?? [];
  const compiled = routes.map((route) => ({
    route,
    run: callOf(route.model, layersOf(route, handlerMiddleware, options)),
    policy: route.window ? undefined : givingUp(route.onFailure ?? policyOf(options.onFailure), options),
  }));
  const windows = compiled.filter(({ route }) => route.window);
  const ordinary = compiled.filter(({ route }) => !route.window);
  return Object.freeze({
    name: options.name,
    routes,
    tables,
    unknownTable,
    order: options.order,
    lane: options.lane ?? 'item',
    concurrency: options.concurrency ?? 10,
    ledger: options.ledger,
    batchMiddleware: options.middleware?.batch ?? [],
    recordMiddleware: options.middleware?.record ?? [],
    logger: options.logger ?? consoleLogger,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    windows,
    matchWindows: routeIndex(windows, tables, () => []),
    match: routeIndex(ordinary, tables, (streamArn) => {
      if (unknownTable === 'skip') return [];
      throw new UnknownTableError(
        streamArn,
        tables.map(({ text }) => text),
      );
    }),
  });
}

/** A claim is made once for all that is repeated in it, so its layer is the outermost. */
function layersOf(
  { once }: Route,
  middleware: readonly Middleware<HandlerCall>[],
  { ledger, name }: RouterOptions,
): readonly Middleware<HandlerCall>[] {
  return once && ledger && name !== undefined ? [ledger.once(name, once), ...middleware] : middleware;
}

/** Lower `order` first; equal ones as they were given. */
function inOrder(routes: readonly Route[]): readonly Route[] {
  return routes.toSorted((one, other) => one.order - other.order);
}
