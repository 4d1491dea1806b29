import {
  createDrain,
  createRouter,
  exponentialBackoff,
  type HandlerCall,
  type Inserted,
  type Middleware,
  type RecordCall,
  type Router,
  type RouterOptions,
  route,
  type StreamRecord,
  table,
} from '@sluice/core';
import { fromClasses, Handlers, OnInsert } from '@sluice/decorators';
import { lambda } from '@sluice/lambda';
import { z } from 'zod';
import type { Deliver } from './measure.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({ status: z.enum(['PENDING', 'PAID']), total: z.number() }),
});

@Handlers('hops', shop)
class Decorated {
  @OnInsert()
  created(_change: Inserted<typeof shop>) {}
}

const plain = [route.insert(shop, { id: 'plain' }, () => {})];
const entity = [
  route.insert(
    Order,
    { id: 'entity', when: Order.attr('status').is('PENDING') },
    ({ new: order, params }) => {
      if (order.total < 0) throw new Error(`${params.orderId} is below zero`);
    },
  ),
];
const handlerLayer: Middleware<HandlerCall> = (_call, next) => next();
const recordLayer: Middleware<RecordCall> = (_call, next) => next();

/** The ways of a record that are measured, by what they say of themselves in the report. */
export const cases = {
  'Lambda, function route': throughLambda({ routes: plain }),
  'Lambda, decorated class': throughLambda({ routes: fromClasses([Decorated]) }),
  'Lambda, entity with filter and schema': throughLambda({ routes: entity }),
  'Lambda, 1 handler middleware': throughLambda({ routes: plain, middleware: { handler: [handlerLayer] } }),
  'Lambda, 2 handler middlewares': throughLambda({
    routes: plain,
    middleware: { handler: [handlerLayer, handlerLayer] },
  }),
  'Lambda, 1 record middleware': throughLambda({ routes: plain, middleware: { record: [recordLayer] } }),
  "poller's drain, two items": throughDrain(createRouter({ routes: plain }), 'items'),
  "poller's drain, one item": throughDrain(createRouter({ routes: plain }), 'item'),
} satisfies Record<string, Deliver>;

function throughLambda(options: RouterOptions): Deliver {
  const handler = lambda(createRouter(options));
  return (recordCount) => handler({ Records: records(recordCount, 'items') });
}

/** As the poller does it: one drain for all pages of a shard, lanes, and a look at the progress after each page. */
function throughDrain(router: Router, of: 'item' | 'items'): Deliver {
  const backoff = exponentialBackoff({ initialMs: 200, maxMs: 30_000 });
  const drain = createDrain(router, { afterFailure: { kind: 'retry', backoff }, order: 'lanes' });
  return async (recordCount) => {
    drain.offer(records(recordCount, of));
    await drain.until(0);
    drain.progress();
  };
}

let sequence = 100_000_000_000_000_000_000n;

/** New records of one item, or of as many items. */
function records(recordCount: number, of: 'item' | 'items'): readonly StreamRecord[] {
  return Array.from({ length: recordCount }, (_, index) => {
    const keys = { pk: { S: 'USER#7' }, sk: { S: of === 'items' ? `ORDER#${index}` : 'ORDER#0' } };
    return {
      eventName: 'INSERT',
      eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
      dynamodb: {
        Keys: keys,
        NewImage: { ...keys, status: { S: 'PENDING' }, total: { N: '12.5' } },
        SequenceNumber: String(++sequence),
      },
    };
  });
}
