import { createRouter, type Metrics, metrics, type Router } from '@sluice/core';
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent, DynamoDBStreamHandler } from 'aws-lambda';
import { pino } from 'pino';
import { cloudWatchMetrics, type LambdaEvent, type LambdaResponse, lambda } from './index.js';

declare const router: Router;

// It is a handler to those who use AWS's own types, and takes their events and contexts.
export const handler: DynamoDBStreamHandler = lambda(router);
export async function answer(event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  return lambda(router)(event, context);
}

// In a test it is a function of records alone.
export const tested: Promise<LambdaResponse> = lambda(router)({ Records: [] });

// An event of a window is one.
export const inWindow: LambdaEvent = {
  Records: [],
  window: { start: '2026-03-03T12:00:00Z', end: '2026-03-03T12:01:00Z' },
  state: { counter: { count: 1 } },
  shardId: 'shardId-1',
  eventSourceARN: 'arn',
  isFinalInvokeForWindow: false,
  isWindowTerminatedEarly: false,
};

// @ts-expect-error an event has records
lambda(router)({});
// @ts-expect-error a reserve is a number of milliseconds
lambda(router, { reserveMs: '1s' });

// Metrics for CloudWatch are the port of core, and their flush is one.
const port: Metrics & { flush: () => void } = cloudWatchMetrics({
  namespace: 'shop',
  dimensions: ['errorType'],
});
metrics(port);
lambda(router, { flush: port.flush });
// @ts-expect-error a dimension is something that values have
cloudWatchMetrics({ namespace: 'shop', dimensions: ['pk'] });

// A pino instance is a logger.
createRouter({ routes: [], logger: pino() });
