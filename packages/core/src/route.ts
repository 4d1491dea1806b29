import {
  type AnyFilter,
  all,
  type EventName,
  eventName,
  type Filter,
  type FilterNode,
  type Model,
  modelFilter,
  nodeOf,
  type RemovedBy,
  removedBy,
} from '@sluice/filters';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Change, Expired, Inserted, Modified, Removed } from './change.js';
import type { Context } from './context.js';
import { type FailureAction, type FailurePolicy, policyOf } from './failure.js';
import type { OnceOptions } from './ledger.js';
import type { Outcome } from './outcome.js';
import type { Folding, WindowFold, WindowOptions } from './window.js';

/** A filter, a handler and its options, as frozen data. Decorated methods and functions give the same. */
export interface Route {
  /** Stable across releases: progress and idempotency keys hold it. */
  readonly id: string;
  readonly model: Model;
  readonly events: readonly EventName[];
  /** What the route adds to its model and events. */
  readonly when: FilterNode;
  /** The whole condition: table, keys, events, and `when`. */
  readonly filter: FilterNode;
  /** Of the routes that match a record those with a lower one run first; equal ones in the order in which they were given. */
  readonly order: number;
  /** Of the matching routes with the same one, the first in order runs alone. */
  readonly exclusive: string | undefined;
  /** The most changes that it takes at a time, as a list; `undefined` for a route that takes one, as it is. */
  readonly maxSize: number | undefined;
  /** Of a handler that runs once for an event. */
  readonly once: OnceOptions | undefined;
  /** What becomes of a change that it does not get done; `undefined` for what the router says. */
  readonly onFailure: FailurePolicy | undefined;
  /** Of a window route, which is folded over the changes of a window instead of handling them: its `handle` refuses to. */
  readonly window: WindowFold | undefined;
  readonly handle: (change: never, context: Context) => Handling;
}

/**
 * What a handler gives back: nothing, an outcome such as `skipped('…')`, or a promise that is waited for. To fail it
 * throws. A list of promises, which nobody would wait for, does not compile; inside the promise of an async function it does,
 * so wait for them there.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: it is a return type, and handlers without a return have it
export type Handling = void | Outcome | Promise<unknown>;

/** Routes together with what was found wrong while they were made; `createRouter` reports it with everything else. */
export interface Routes {
  readonly routes: readonly Route[];
  readonly problems: readonly string[];
}

export interface RouteOptions {
  /** Required: function names do not survive minifiers. */
  readonly id: string;
  /** Over attributes of the model, or of its table. */
  readonly when?: AnyFilter;
  /** Among the routes that match a record: lower ones run first. 0 by default; equal ones run in the order in which they are given. */
  readonly order?: number;
  /** A group's name. Of its routes that match a record the first in order runs, and the others do not. */
  readonly exclusive?: string;
  /**
   * Once an event is done by this handler it is not run for it again, in no process: an event is claimed before it and completed after it, with
   * two writes to the ledger that the router needs for it.
   */
  readonly once?: boolean | OnceOptions;
  /** What becomes of a change that this handler does not get done; by default what the router says. */
  readonly onFailure?: FailureAction | FailurePolicy;
}

/** The filter of a route, about its model. */
interface When<W extends AnyFilter, M extends Model> {
  readonly when?: W & AboutScope<W, NonNullable<M['~types']>['scope']>;
}

/** What a filter must be besides, to be about a model or a change: anything, or else a sentence that nothing is. */
export type AboutScope<When, Scope> = [When] extends [Filter<infer Asked>]
  ? [Asked] extends [never]
    ? 'This is no filter of one model: an attribute becomes one by a test, as in attr(…).is(…), and several are of one entity.'
    : Scope extends Asked
      ? unknown
      : `This filter is about ${ScopeName<Asked>}, but it is used for ${ScopeName<Scope>}.`
  : unknown;

type ScopeName<Scope> = Scope extends { readonly entity: infer Name extends string }
  ? `the entity ${Name}`
  : Scope extends { readonly table: infer Name extends string }
    ? `the table ${Name}`
    : 'any table';

/** What the kinds of route have in common with their decorators: the events, and the filter that the kind brings. */
export interface RouteKind {
  readonly events: readonly EventName[];
  readonly by?: RemovedBy;
  readonly maxSize?: number;
}

export interface GroupOptions<E extends EventName> {
  /** All by default. */
  readonly events?: readonly E[];
  /** The most changes in a group; 100 by default. */
  readonly maxSize?: number;
}

/** There is one at least. */
type Group<C> = readonly [C, ...C[]];

export function batchKind({
  events = routeKinds.on.events,
  maxSize = 100,
}: GroupOptions<EventName>): RouteKind {
  return { events, maxSize };
}

export const routeKinds = {
  insert: { events: ['INSERT'] },
  modify: { events: ['MODIFY'] },
  remove: { events: ['REMOVE'] },
  expire: { events: ['REMOVE'], by: 'ttl' },
  /** Every event, where none is named. */
  on: { events: ['INSERT', 'MODIFY', 'REMOVE'] },
} as const satisfies Record<string, RouteKind>;

/** The function style: `route.modify(Order, { id: 'receipt', when }, async (change) => …)`. */
export const route = {
  insert: <M extends Model, W extends AnyFilter>(
    model: M,
    options: RouteOptions & When<W, M>,
    handle: (change: Inserted<M>, context: Context) => Handling,
  ) => makeRoute(model, routeKinds.insert, options, handle),
  modify: <M extends Model, W extends AnyFilter>(
    model: M,
    options: RouteOptions & When<W, M>,
    handle: (change: Modified<M>, context: Context) => Handling,
  ) => makeRoute(model, routeKinds.modify, options, handle),
  /** Every REMOVE, by TTL too; `by: 'user'` leaves TTL's out. */
  remove: <M extends Model, W extends AnyFilter>(
    model: M,
    options: RouteOptions & When<W, M> & { readonly by?: RemovedBy },
    handle: (change: Removed<M>, context: Context) => Handling,
  ) => makeRoute(model, { ...routeKinds.remove, ...(options.by && { by: options.by }) }, options, handle),
  expire: <M extends Model, W extends AnyFilter>(
    model: M,
    options: RouteOptions & When<W, M>,
    handle: (change: Expired<M>, context: Context) => Handling,
  ) => makeRoute(model, routeKinds.expire, options, handle),
  /** Several events, all by default; the handler tells them apart by `change.eventName`. */
  on: <M extends Model, W extends AnyFilter, const E extends EventName = EventName>(
    model: M,
    options: RouteOptions & When<W, M> & { readonly events?: readonly E[] },
    handle: (change: Extract<Change<M>, { readonly eventName: E }>, context: Context) => Handling,
  ) => makeRoute(model, { events: options.events ?? routeKinds.on.events }, options, handle),
  /**
   * Takes changes in groups: those of one lane that follow each other and match, as many as are there, and one alone where
   * there is no other. A group is done or not done as a whole.
   */
  batch: <M extends Model, W extends AnyFilter, const E extends EventName = EventName>(
    model: M,
    options: RouteOptions & When<W, M> & GroupOptions<E>,
    handle: (changes: Group<Extract<Change<M>, { readonly eventName: E }>>, context: Context) => Handling,
  ) => makeRoute(model, batchKind(options), options, handle),
  /**
   * Folds the changes of a tumbling window of Lambda into a state: `add` for each change, `close` at its end. An event of a window
   * is all or nothing: its windows are folded when all of its other routes are done.
   */
  window: <
    M extends Model,
    S extends StandardSchemaV1,
    W extends AnyFilter,
    const E extends EventName = EventName,
  >(
    model: M,
    options: WindowOptions<S, E> & When<W, M>,
    { add, close }: NoInfer<Folding<M, S, E>>,
  ) => windowRoute(model, options, { state: options.state, add, close }),
};

export function windowRoute(
  model: Model,
  { events = routeKinds.on.events, ...options }: Omit<RouteOptions, 'order'> & GroupOptions<EventName>,
  window: WindowFold,
): Route {
  return makeRoute(model, { events }, options, refuseToHandle, window);
}

function refuseToHandle(): never {
  throw new TypeError('A window route handles no change by itself; it is folded over those of a window.');
}

export function makeRoute(
  model: Model,
  kind: RouteKind,
  options: RouteOptions,
  handle: Route['handle'],
  window?: WindowFold,
): Route {
  const conditions: AnyFilter[] = [];
  if (kind.by) conditions.push(removedBy(kind.by, model));
  if (options.when) conditions.push(options.when);
  const events = Object.freeze([...new Set(kind.events)]);
  const [only] = conditions;
  const when = only && conditions.length === 1 ? only : all(...conditions);
  return Object.freeze({
    id: options.id,
    model,
    events,
    when: nodeOf(when),
    filter: nodeOf(all(modelFilter(model), eventName(...events), ...conditions)),
    order: options.order ?? 0,
    exclusive: options.exclusive,
    maxSize: kind.maxSize,
    once: options.once === true ? {} : options.once || undefined,
    onFailure: policyOf(options.onFailure),
    window,
    handle,
  });
}
