import type { EventName, Model } from '@sluice/filters';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Change } from './change.js';
import type { CallContext, Context } from './context.js';
import type { Outcome } from './outcome.js';
import type { Handling, RouteOptions } from './route.js';
import type { JsonValue } from './store.js';

/**
 * A stretch of time of one shard, whose records Lambda delivers in one event or several, with a state that goes from one to
 * the next. The event source mapping has `TumblingWindowInSeconds`, 1 to 900.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
 */
export interface TumblingWindow {
  /** Its bounds as the event has them, ISO 8601 text in UTC; the end is not part of it. */
  readonly start: string;
  readonly end: string;
  readonly shardId: string;
  readonly streamArn: string;
  /** Lambda ended it before its time, since its state went beyond 1 MB; what is left of it begins with a new state. */
  readonly isWindowTerminatedEarly: boolean;
}

/** What the window routes of a router keep, by their ids: what the last `add` of each gave. */
export interface WindowState {
  readonly [handlerId: string]: JsonValue;
}

/** One event of a window. */
export interface WindowDelivery extends TumblingWindow {
  /** The window ends with this event, which may have no records. */
  readonly isFinalInvokeForWindow: boolean;
  /** What the event before it left; `{}` in the first one. */
  readonly state: WindowState;
}

/** What `close` is told besides the state and the window. */
export interface CloseContext extends CallContext {
  readonly handlerId: string;
  /**
   * The identity of this end of the window, made of the window, the handler and the state: the same whenever it is tried again, and
   * however its records were cut into events, where `add` gives the same for the same changes. What `close` does may be done again
   * after a failure, so pass it on to whatever takes one.
   */
  readonly idempotencyKey: string;
}

/** What a window route does, as data. */
export interface WindowFold {
  readonly state: StandardSchemaV1;
  readonly add: (state: never, change: never, context: Context) => unknown;
  readonly close: (state: never, window: TumblingWindow, context: CloseContext) => Handling;
}

export interface WindowOptions<S extends StandardSchemaV1, E extends EventName>
  extends Pick<RouteOptions, 'id'> {
  /** All by default. */
  readonly events?: readonly E[];
  /**
   * What is kept from one change to the next, as JSON from one event to the next. A window begins with what it makes of `{}`.
   */
  readonly state: S & KeptAsJson<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>>;
}

/** A state and what comes next give the next one. */
export interface Folding<M extends Model, S extends StandardSchemaV1, E extends EventName> {
  /**
   * Gives the whole state after a change. The one that it gets is frozen. It runs for one change after
   * another, in the order of the stream. Where it fails, or asks for later, the whole event is delivered again and folded from
   * the state that it came with, so that it may run more than once for a change; `context.attempt` is always 1. What it skips
   * or gives up for good is left out.
   */
  readonly add: (
    state: Readonly<StandardSchemaV1.InferOutput<S>>,
    change: Extract<Change<M>, { readonly eventName: E }>,
    context: Context,
  ) => Added<StandardSchemaV1.InferOutput<S>>;
  /**
   * Is run at the end of each window of the table's stream, also where there was nothing to add, and again with the same
   * `idempotencyKey` when the event is not done. The state is a copy of its own. Layers around handlers do not stand around it.
   */
  readonly close: (
    state: StandardSchemaV1.InferOutput<S>,
    window: TumblingWindow,
    context: CloseContext,
  ) => Handling;
}

/** The next state; or an outcome, such as `skipped('…')`, with which it stays as it is. */
export type Added<State> = State | Outcome | Promise<State | Outcome>;

/** Anything, or a sentence that no schema is, where JSON would lose what it gives, or the schema would not take that again. */
type KeptAsJson<Input, Output> = [LostInJson<Output>] extends [never]
  ? [Output] extends [Input]
    ? unknown
    : "A window's state is read again by its schema, which does not take what it gives; leave the transformation out."
  : `A window's state is kept as JSON, which would lose ${LostInJson<Output>}; keep it as text, a number, a list or an object.`;

/** In words; `Deep` ends what contains itself. */
type LostInJson<T, Deep extends readonly 0[] = []> = unknown extends T
  ? never
  : T extends string | number | boolean | null | undefined
    ? never
    : T extends bigint
      ? 'a bigint'
      : T extends symbol
        ? 'a symbol'
        : T extends (...given: never) => unknown
          ? 'a function'
          : T extends Date
            ? 'a Date'
            : T extends ReadonlyMap<unknown, unknown>
              ? 'a Map'
              : T extends ReadonlySet<unknown>
                ? 'a Set'
                : T extends ArrayBufferLike | ArrayBufferView
                  ? 'bytes'
                  : Deep['length'] extends 6
                    ? never
                    : T extends readonly (infer Item)[]
                      ? LostInJson<Item, [...Deep, 0]>
                      : { [K in keyof T]-?: LostInJson<T[K], [...Deep, 0]> }[keyof T];
