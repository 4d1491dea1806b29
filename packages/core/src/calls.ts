import type { StreamRecord } from '@sluice/filters';
import type { AnyChange } from './change.js';
import type { CallContext, Context } from './context.js';
import type { Counts, Task } from './progress.js';
import type { Route } from './route.js';
import type { CompiledRoute } from './router.js';

/** Leads from a call to its place in the drain; so calls are made from calls, and not from nothing. */
export const taskOf: unique symbol = Symbol('sluice.task');

/**
 * What came together from the stream: an event of Lambda, a page in the poller. Of a changed one that `next()` is given,
 * the context is taken.
 */
export interface BatchCall {
  readonly records: readonly StreamRecord[];
  readonly streamArn: string;
  /** Goes on counting while its records are worked on; complete when `next()` has resolved to `handled`. */
  readonly counts: Readonly<Counts>;
  readonly context: CallContext;
}

/** One record in all the handlers that match it. Of a changed one that `next()` is given, the context is taken. */
export interface RecordCall {
  readonly record: StreamRecord;
  readonly routes: readonly CompiledRoute[];
  readonly context: CallContext;
  readonly [taskOf]: Task;
}

/** One call of one handler. Of a changed one that `next()` is given, the changes and the context are taken. */
export interface HandlerCall {
  readonly route: Route;
  /** Of a group its first. */
  readonly change: AnyChange;
  /** The group of a batch route; `undefined` for a route that takes one change at a time. */
  readonly changes: readonly AnyChange[] | undefined;
  readonly context: Context;
}

/** A call of whatever level. */
export type AnyCall = BatchCall | RecordCall | HandlerCall;
