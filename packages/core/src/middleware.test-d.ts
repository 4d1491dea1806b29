import {
  createRouter,
  exponentialBackoff,
  type HandlerCall,
  logging,
  type Middleware,
  metrics,
  type RecordCall,
  type Routes,
  retry,
  timeout,
} from './index.js';
import { tracing } from './opentelemetry.js';

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
  change.replace('NewImage', {});
  return next();
};

// What is inferred from a call can be exported and named by others.
export const inferred = (call: HandlerCall) => call;
export const compiled = (call: RecordCall) => call.routes;

createRouter({
  routes,
  middleware: { handler: [audit], record: [(call, next) => (call.record.eventName ? next() : next())] },
});

// The middleware that is built in fits around calls of any level; one for records alone does not fit around handlers.
const everywhere = [
  retry({ attempts: 3, backoff: exponentialBackoff({ initialMs: 1, maxMs: 2 }) }),
  timeout({ afterMs: 1000 }),
  logging(),
  metrics({ measure: () => undefined }),
  tracing(),
];
const ofRecords: Middleware<RecordCall> = ({ record }, next) => (record.eventName ? next() : next());
createRouter({
  routes,
  middleware: { batch: everywhere, record: [...everywhere, ofRecords], handler: everywhere },
});
createRouter({
  routes,
  middleware: {
    // @ts-expect-error a handler's call has no record, and no routes
    handler: [ofRecords],
    // @ts-expect-error a record's call has no change
    record: [audit],
    // @ts-expect-error a batch has no record
    batch: [ofRecords],
  },
});

// Forgetting to return what `next()` gave does not compile, in place either.
createRouter({
  routes,
  middleware: {
    handler: [
      // @ts-expect-error `return` was forgotten
      async (_call, next) => {
        await next();
      },
    ],
  },
});

// Options that cannot be meant do not compile.
// @ts-expect-error what to do with a call that goes on is 'wait' or 'abandon'
timeout({ afterMs: 1000, ifIgnored: 'kill' });
// @ts-expect-error a retry says how often and how long it waits
retry({ attempts: 3 });
