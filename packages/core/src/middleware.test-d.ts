import { createRouter, type HandlerCall, type Middleware, type RecordCall, type Routes } from './index.js';

declare const routes: Routes;

// A middleware sees the change of any model, the context and the route, and nothing of the machine.
export const audit: Middleware<HandlerCall> = async ({ change, context, route }, next) => {
  const seen: [string, string, unknown, AbortSignal] = [
    change.eventName,
    route.id,
    change.new,
    context.signal,
  ];
  void seen;
  // @ts-expect-error what the schema made of an item is put in place by the router alone
  change.replace('new', {});
  return next();
};

// What is inferred from a call can be exported and named by others.
export const inferred = (call: HandlerCall) => call;
export const compiled = (call: RecordCall) => call.routes;

createRouter({
  routes,
  middleware: { handler: [audit], record: [(call, next) => (call.record.eventName ? next() : next())] },
});
