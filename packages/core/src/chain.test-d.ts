import {
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
const answers: Middleware<unknown> = async () => handled;

// A middleware of any unit fits everywhere.
const anywhere: readonly Middleware<HandlerCall>[] = [passes, answers];

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
  forgets,
  forgetsToo,
  forgetsOnce,
  forges,
  agrees,
  forged,
];
