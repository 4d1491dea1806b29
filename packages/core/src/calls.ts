import type { StreamRecord } from '@sluice/filters';
import type { AnyChange } from './change.js';
import type { CallContext, Context } from './context.js';
import type { Task } from './progress.js';
import type { Route } from './route.js';
import type { CompiledRoute } from './router.js';

/** Leads from a call to its place in the drain; so calls are made from calls, and not from nothing. */
export const taskOf: unique symbol = Symbol('sluice.task');

/** One record in all the handlers that match it. Of a changed one that `next()` is given, the context is taken. */
export interface RecordCall {
  readonly record: StreamRecord;
  readonly routes: readonly CompiledRoute[];
  readonly context: CallContext;
  readonly [taskOf]: Task;
}

/** One call of one handler. Of a changed one that `next()` is given, the change and the context are taken. */
export interface HandlerCall {
  readonly route: Route;
  readonly change: AnyChange;
  readonly context: Context;
}

/** A call of whatever level. */
export type AnyCall = RecordCall | HandlerCall;
