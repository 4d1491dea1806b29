import { createRouter, type StreamRecord } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { recordsOf, simulateLambda, virtualClock } from '@sluice/testing';
import { expect, it } from 'vitest';
import { ordersPerMinute } from './functions.js';
import { Order } from './shop.js';

// #region test
const nine = Date.parse('2026-01-01T09:00:00Z');
const orders = recordsOf(Order);
const order = {
  pk: 'ORDER#1',
  status: 'PLACED',
  total: 30,
  currency: 'EUR',
  changedAt: '2026-01-01T09:00:00Z',
};
const placed = (second: number) => orders.insert(order, { atSeconds: nine / 1000 + second });
const writtenMs = ({ dynamodb }: StreamRecord) => 1000 * (dynamodb.ApproximateCreationDateTime ?? 0);

it('counts the orders of each minute', async () => {
  const noted: [string, number][] = [];
  const routes = ordersPerMinute(async (minute, placed) => void noted.push([minute, placed]));
  const clock = virtualClock(nine);
  const handler = lambda(createRouter({ routes, clock }));
  const records = [placed(10), placed(50), placed(70)];

  await clock.run(simulateLambda({ records, handler, clock, tumblingWindowInSeconds: 60, writtenMs }));

  expect(noted).toEqual([
    ['2026-01-01T09:00:00Z', 2],
    ['2026-01-01T09:01:00Z', 1],
  ]);
});
// #endregion
