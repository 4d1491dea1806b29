import {
  type AnyMiddleware,
  contextWith,
  type HandlerCall,
  handled,
  type Middleware,
  type Outcome,
  type RecordCall,
  skipped,
} from './index.js';

// A layer gives back the outcome of what is inside it, or one of its own.
const passes: Middleware<HandlerCall> = (_call, next) => next();
const waits: Middleware<RecordCall> = async ({ record, routes }, next) => {
  void [record.eventName, routes.length];
  const outcome = await next();
  return outcome.kind === 'failed' ? outcome : skipped('enough');
};
const answers: AnyMiddleware = async () => handled;

// A middleware of any unit fits everywhere.
const anywhere: readonly Middleware<HandlerCall>[] = [passes, answers];
const anywhereToo: readonly Middleware<RecordCall>[] = [answers];

// What is inside may be given a call with another signal or logger, made from the layer's own.
const changes: Middleware<RecordCall> = (call, next) =>
  next({ ...call, context: contextWith(call.context, { signal: AbortSignal.timeout(1) }) });
const quietens: AnyMiddleware = (call, next) => {
  const { clock, random, deadlineMs, signal, logger } = call.context;
  void [clock.now() < deadlineMs, random(), signal.aborted];
  return next({ ...call, context: contextWith(call.context, { logger }) });
};
const invents: Middleware<RecordCall> = ({ record, routes, context }, next) =>
  // @ts-expect-error a call is made from a call, and not from nothing
  next({ record, routes, context });

// @ts-expect-error `return` was forgotten
const forgets: Middleware<HandlerCall> = async (_call, next) => {
  await next();
};
// @ts-expect-error `return` was forgotten, without async
const forgetsToo: Middleware<HandlerCall> = (_call, next) => {
  void next();
};
// @ts-expect-error returned in one branch only
const forgetsOnce: Middleware<HandlerCall> = async (_call, next) => {
  if (Math.random() > 0.5) return next();
};
// @ts-expect-error what looks like an outcome is none
const forges: Middleware<HandlerCall> = async () => ({ kind: 'handled' });
// @ts-expect-error `true` is no outcome
const agrees: Middleware<HandlerCall> = async () => true;

// @ts-expect-error an outcome can only be had from handled, skipped(…) and next()
const forged: Outcome = { kind: 'skipped', reason: 'because' };

export const all = [
  passes,
  waits,
  answers,
  anywhere,
  anywhereToo,
  forgets,
  forgetsToo,
  forgetsOnce,
  forges,
  agrees,
  changes,
  quietens,
  invents,
  forged,
];
