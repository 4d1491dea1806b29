import 'reflect-metadata/lite';
import {
  type AboutScope,
  type Added,
  type AnyFilter,
  batchKind,
  type CloseContext,
  type Context,
  type EventName,
  type Expired,
  type Filter,
  type GroupOptions,
  type Handling,
  type Inserted,
  type Model,
  type Modified,
  type Removed,
  type RemovedBy,
  type RouteKind,
  type RouteOptions,
  routeKinds,
  type StandardSchemaV1,
  type StreamRecord,
  type TumblingWindow,
  type WindowOptions,
} from '@sluice/core';
import {
  describeClass,
  describeMethod,
  type MethodMetadata,
  refuseStandardDecorators,
  refuseStaticMethods,
} from './metadata.js';

/**
 * A class of handlers for one model. `id` is explicit, since minifiers rename classes: progress, logs and idempotency
 * keys hold it, so it stays the same for as long as the work is the same. Constructor parameters take an explicit
 * `@inject(Token)`.
 */
export function Handlers<M extends Model>(
  id: string,
  model: M,
): <C extends abstract new (...args: never[]) => object>(
  target: C & CheckedMethods<InstanceType<C>, M>,
) => void {
  return (target, ...rest: unknown[]) => {
    refuseStandardDecorators('@Handlers', rest[0]);
    describeClass(target, { id, model });
  };
}

/** A new item: `(change: Inserted<typeof Order>, context: Context)`. */
export function OnInsert<W extends AnyFilter = Filter>(
  options: MethodOptions<W> = {},
): HandlerDecorator<'INSERT', W> {
  return decorate('@OnInsert', routeKinds.insert, options);
}

/** A changed item: `(change: Modified<typeof Order>, context: Context)`. */
export function OnModify<W extends AnyFilter = Filter>(
  options: MethodOptions<W> = {},
): HandlerDecorator<'MODIFY', W> {
  return decorate('@OnModify', routeKinds.modify, options);
}

/** A deleted item, by TTL too; `by: 'user'` leaves TTL's out: `(change: Removed<typeof Order>, context: Context)`. */
export function OnRemove<W extends AnyFilter = Filter, const By extends RemovedBy = RemovedBy>(
  options: MethodOptions<W> & { readonly by?: By } = {},
): HandlerDecorator<'REMOVE', W, By> {
  return decorate('@OnRemove', { ...routeKinds.remove, ...(options.by && { by: options.by }) }, options);
}

/** An item that DynamoDB's TTL deleted, in the Region where it expired: `(change: Expired<typeof Order>, …)`. */
export function OnExpire<W extends AnyFilter = Filter>(
  options: MethodOptions<W> = {},
): HandlerDecorator<'REMOVE', W, 'ttl'> {
  return decorate('@OnExpire', routeKinds.expire, options);
}

/** Several events, all by default: `(change: Change<typeof Order>, …)`; `change.eventName` tells them apart. */
export function On<W extends AnyFilter = Filter, const E extends EventName = EventName>(
  options: MethodOptions<W> & { readonly events?: readonly E[] } = {},
): HandlerDecorator<E, W> {
  return decorate('@On', { events: options.events ?? routeKinds.on.events }, options);
}

/**
 * Changes in groups, of all events by default: `(changes: readonly Change<typeof Order>[], context: Context)`. A group is
 * of one lane, as many changes as are there, and done or not done as a whole.
 */
export function OnBatch<W extends AnyFilter = Filter, const E extends EventName = EventName>(
  options: MethodOptions<W> & GroupOptions<E> = {},
): BatchDecorator<E, W> {
  return decorate('@OnBatch', batchKind(options), options);
}

/**
 * Folds the changes of a tumbling window of Lambda into a state that a schema describes, of all events by default. The method gives the state
 * after a change: `(state: z.infer<typeof Totals>, change: Change<typeof Order>, context: Context): z.infer<typeof Totals>`. That of
 * the name `close` is called at the end of each window: `(state, window: TumblingWindow, context: CloseContext)`.
 */
export function Window<
  S extends StandardSchemaV1,
  const Close extends string,
  W extends AnyFilter = Filter,
  const E extends EventName = EventName,
>(options: WindowMethodOptions<S, Close, W, E>): WindowDecorator<S, Close, E, W> {
  const { state, close, ...rest } = options;
  return decorate('@Window', { events: options.events ?? routeKinds.on.events }, rest, { state, close });
}

export interface WindowMethodOptions<
  S extends StandardSchemaV1,
  Close extends string,
  W extends AnyFilter,
  E extends EventName,
> extends Omit<WindowOptions<S, E>, 'id'> {
  readonly when?: W;
  /** The name of the method that is called at the end of a window. */
  readonly close: Close;
}

/** What a handler's decorator takes: the options of a route, but for its id, which is the class's and the method's name. */
export interface MethodOptions<W extends AnyFilter = AnyFilter> extends Omit<RouteOptions, 'id'> {
  readonly when?: W;
}

/**
 * Decorates a method that takes the change of such an event, about what such a filter is about, deleted by such a one; a method
 * for another event or another model, or for no change at all, does not compile.
 */
export type HandlerDecorator<
  E extends EventName,
  W extends AnyFilter = Filter,
  By extends RemovedBy = RemovedBy,
> = <F extends (...given: never) => unknown>(
  target: object,
  method: string,
  descriptor: TypedPropertyDescriptor<F> &
    FirstOf<
      CheckedEvent<Parameters<F>[0], E, By>,
      FirstOf<CheckedFilter<Parameters<F>[0], W>, CheckedCall<F>>
    >,
) => void;

/** Decorates a method that takes a list of the changes of such events; another method does not compile. */
export type BatchDecorator<E extends EventName, W extends AnyFilter = Filter> = <
  F extends (...given: never) => unknown,
>(
  target: object,
  method: string,
  descriptor: TypedPropertyDescriptor<F> & FirstOf<CheckedList<Parameters<F>[0], E, W>, CheckedCall<F>>,
) => void;

/** Decorates a method that takes such a state and the change of such an event, beside one that takes what the state ends as. */
export type WindowDecorator<
  S extends StandardSchemaV1,
  Close extends string,
  E extends EventName,
  W extends AnyFilter = Filter,
> = <T extends object, F extends (...given: never) => unknown>(
  target: T & CheckedClose<T, Close, StandardSchemaV1.InferOutput<S>>,
  method: string,
  descriptor: TypedPropertyDescriptor<F> &
    FirstOf<
      CheckedState<Parameters<F>[0], StandardSchemaV1.InferOutput<S>>,
      FirstOf<
        CheckedEvent<Parameters<F>[1], E, RemovedBy, 'second'>,
        FirstOf<CheckedFilter<Parameters<F>[1], W>, CheckedAdd<F, StandardSchemaV1.InferOutput<S>>>
      >
    >,
) => void;

function decorate(
  decorator: string,
  kind: RouteKind,
  options: MethodOptions,
  window?: MethodMetadata['window'],
): (target: object, method: string) => void {
  return (target, method) => {
    refuseStandardDecorators(decorator, method);
    refuseStaticMethods(decorator, target, method);
    describeMethod(target.constructor, { method, kind, options, window });
  };
}

/** One sentence of two: both at once are `never`, which tells nothing. */
type FirstOf<One, Other> = unknown extends One ? Other : One;

/** What no event changes: a method is given a change or a list, and a context, and gives back what a handler may. */
type CheckedCall<F> = F extends (first: never, context: Context) => Handling
  ? unknown
  : F extends (first: never, context: Context) => unknown
    ? 'What this method gives back means nothing; give back nothing, an outcome such as skipped(…), or a promise.'
    : 'A handler is given a change and a Context, and no more; change the parameters of this method.';

/** A method may also take nothing, or not say what it takes. */
type CheckedEvent<C, E extends EventName, By extends RemovedBy, Place extends string = 'first'> = [
  C,
] extends [undefined]
  ? unknown
  : [Exclude<C, undefined>] extends [{ readonly eventName: infer Taken extends EventName }]
    ? [E] extends [Taken]
      ? CheckedBy<TakenBy<C>, By>
      : `This method takes the change of ${Taken}, but its decorator brings ${Exclude<E, Taken>}; change one of the two.`
    : unknown extends C
      ? unknown
      : [C] extends [readonly unknown[]]
        ? 'This method takes a list, but its decorator brings one change at a time; take one, or use @OnBatch.'
        : `The ${Place} parameter of this method is no change; give it the type Inserted, Modified, Removed, Expired or Change of the model.`;

type CheckedList<L, E extends EventName, W> = [L] extends [undefined]
  ? unknown
  : unknown extends L
    ? unknown
    : [L] extends [readonly (infer C)[]]
      ? readonly [C, ...C[]] extends L
        ? FirstOf<CheckedEvent<C, E, RemovedBy>, CheckedFilter<C, W>>
        : 'The list is not for this method to change; put readonly before the type of its first parameter.'
      : 'The first parameter of this method is no list; @OnBatch brings one, of the type readonly Change<…>[], or of the changes of its events.';

type CheckedState<Taken, State> = [Taken] extends [undefined]
  ? unknown
  : [State] extends [Taken]
    ? unknown
    : 'The first parameter of this method is not what the schema of the state gives; give it the type z.infer<typeof …> of it.';

type CheckedAdd<F, State> = F extends (state: never, change: never, context: Context) => Added<State>
  ? unknown
  : F extends (state: never, change: never, context: Context) => unknown
    ? 'What this method gives back is not the whole state; give back the next one, z.infer<typeof …> of its schema, or an outcome such as skipped(…).'
    : 'A window is folded by a method of a state, a change and a Context, and no more; change the parameters of this method.';

type CheckedClose<T, Close extends string, State> = Close extends keyof T
  ? T[Close] extends (state: infer Taken, ...rest: never) => unknown
    ? [State] extends [Taken]
      ? CheckedEnd<T[Close], Close>
      : `The method ${Close} does not take what the schema of the state gives; give its first parameter the type z.infer<typeof …> of it.`
    : `${Close} is no method, but it is to be called at the end of a window.`
  : `This class has no public method ${Close}, which is to be called at the end of a window.`;

type CheckedEnd<F, Close extends string> = F extends (
  state: never,
  window: TumblingWindow,
  context: CloseContext,
) => Handling
  ? unknown
  : F extends (state: never, window: TumblingWindow, context: CloseContext) => unknown
    ? `What the method ${Close} gives back means nothing; give back nothing, an outcome such as skipped(…), or a promise.`
    : `The method ${Close} is given a state, a TumblingWindow and a CloseContext, and no more; change its parameters.`;

/** The change says what it is about, where the method says that it takes one. */
type CheckedFilter<C, W> = C extends { readonly '~scope'?: infer Scope }
  ? unknown extends Scope
    ? unknown
    : AboutScope<W, Exclude<Scope, undefined>>
  : unknown;

type CheckedBy<Taken extends RemovedBy, By extends RemovedBy> = [Taken] extends [never]
  ? unknown
  : [By] extends [Taken]
    ? unknown
    : `This method takes what was deleted by ${Taken}, but its decorator brings what was deleted by ${Exclude<By, Taken>}; change one of the two.`;

type TakenBy<C> = C extends { readonly by: infer By extends RemovedBy } ? By : never;

type CheckedMethods<I, M extends Model> = [Mismatched<I, M>] extends [never]
  ? unknown
  : `The method ${Mismatched<I, M>} takes the change of another model than the one given to @Handlers.`;

type Mismatched<I, M extends Model> = {
  [K in keyof I & string]: I[K] extends (...given: never) => unknown
    ? [OtherModel<Taken<Parameters<I[K]>[0 | 1]>, M>] extends [never]
      ? never
      : K
    : never;
}[keyof I & string];

/** The change is the first parameter, or that after a state. */
type Taken<P> = P extends readonly (infer Member)[] ? Member : P;

type OtherModel<C, M extends Model> = C extends {
  readonly eventName: infer E extends EventName;
  readonly record: StreamRecord;
}
  ? ChangeByEvent<M>[E] extends C
    ? never
    : true
  : never;

interface ChangeByEvent<M extends Model> {
  INSERT: Inserted<M>;
  MODIFY: Modified<M>;
  REMOVE: Removed<M> & Expired<M>;
}
