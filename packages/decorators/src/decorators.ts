import 'reflect-metadata';
import {
  type AboutScope,
  type AnyFilter,
  batchKind,
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
  type StreamRecord,
} from '@sluice/core';
import { describeClass, describeMethod, refuseStandardDecorators, refuseStaticMethods } from './metadata.js';

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
    CheckedEvent<Parameters<F>[0], E, By> &
    CheckedFilter<Parameters<F>[0], W> &
    CheckedCall<F>,
) => void;

/** Decorates a method that takes a list of the changes of such events; another method does not compile. */
export type BatchDecorator<E extends EventName, W extends AnyFilter = Filter> = <
  F extends (...given: never) => unknown,
>(
  target: object,
  method: string,
  descriptor: TypedPropertyDescriptor<F> & CheckedList<Parameters<F>[0], E, W> & CheckedCall<F>,
) => void;

function decorate(
  decorator: string,
  kind: RouteKind,
  options: MethodOptions,
): (target: object, method: string) => void {
  return (target, method) => {
    refuseStandardDecorators(decorator, method);
    refuseStaticMethods(decorator, target, method);
    describeMethod(target.constructor, { method, kind, options });
  };
}

/** What no event changes: a method is given a change or a list, and a context, and gives back what a handler may. */
type CheckedCall<F> = F extends (first: never, context: Context) => Handling
  ? unknown
  : F extends (first: never, context: Context) => unknown
    ? 'What this method gives back means nothing; give back nothing, an outcome such as skipped(…), or a promise.'
    : 'A handler is given a change and a Context, and no more; change the parameters of this method.';

/** A method may also take nothing, or not say what it takes. */
type CheckedEvent<C, E extends EventName, By extends RemovedBy> = [C] extends [undefined]
  ? unknown
  : [Exclude<C, undefined>] extends [{ readonly eventName: infer Taken extends EventName }]
    ? [E] extends [Taken]
      ? CheckedBy<TakenBy<C>, By>
      : `This method takes the change of ${Taken}, but its decorator brings ${Exclude<E, Taken>}; change one of the two.`
    : unknown extends C
      ? unknown
      : [C] extends [readonly unknown[]]
        ? 'This method takes a list, but its decorator brings one change at a time; take one, or use @OnBatch.'
        : 'The first parameter of this method is no change; give it the type Inserted, Modified, Removed, Expired or Change of the model.';

type CheckedList<L, E extends EventName, W> = [L] extends [undefined]
  ? unknown
  : unknown extends L
    ? unknown
    : [L] extends [readonly (infer C)[]]
      ? readonly C[] extends L
        ? CheckedEvent<C, E, RemovedBy> & CheckedFilter<C, W>
        : 'The list is not for this method to change; put readonly before the type of its first parameter.'
      : 'The first parameter of this method is no list; @OnBatch brings one, of the type readonly Change<…>[], or of the changes of its events.';

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
  [K in keyof I & string]: I[K] extends (change: infer C, ...rest: never[]) => unknown
    ? [OtherModel<C extends readonly (infer Member)[] ? Member : C, M>] extends [never]
      ? never
      : K
    : never;
}[keyof I & string];

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
