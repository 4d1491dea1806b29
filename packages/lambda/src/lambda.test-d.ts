import { createRouter, type Router } from '@sluice/core';
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent, DynamoDBStreamHandler } from 'aws-lambda';
import { pino } from 'pino';
import { lambda } from './index.js';

declare const router: Router;

// It is a handler to those who use AWS's own types, and takes their events and contexts.
export const handler: DynamoDBStreamHandler = lambda(router);
export async function answer(event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  return lambda(router)(event, context);
}

// A pino instance is a logger.
createRouter({ routes: [], logger: pino() });
