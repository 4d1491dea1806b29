import { all, createRouter, route, table } from '@sluice/core';
import { filterCriteria } from '@sluice/describe';
import { lambda } from '@sluice/lambda';
import { recordsOf, simulateLambda } from '@sluice/testing';
import { expect, it } from 'vitest';

/** The regions of this file are the snippets of `docs/what-is-filtered-where.md`. */

// #region router
const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' } });

const router = createRouter({
  routes: [
    route.modify(
      Order,
      { id: 'receipt', when: Order.attr('status').from('PENDING').to('PAID') },
      async () => {},
    ),
    route.insert(
      Order,
      { id: 'large', when: all(Order.attr('status').is('PAID'), Order.attr('total').atLeast(100)) },
      async () => {},
    ),
  ],
});
// #endregion

it('the criteria of a router say what Lambda can test, and report what it cannot', () => {
  // #region criteria
  const [criteria] = filterCriteria(router);
  const patterns = criteria?.filters.map(({ Pattern }) => JSON.parse(Pattern));

  expect(patterns).toEqual([
    {
      dynamodb: {
        Keys: { pk: { S: [{ prefix: 'USER#' }] }, sk: { S: [{ prefix: 'ORDER#' }] } },
        NewImage: { status: { S: ['PAID'] } },
        OldImage: { status: { S: ['PENDING'] } },
      },
    },
    {
      dynamodb: {
        Keys: { pk: { S: [{ prefix: 'USER#' }] }, sk: { S: [{ prefix: 'ORDER#' }] } },
        NewImage: { status: { S: ['PAID'] }, total: { N: [{ exists: true }] } },
        OldImage: { pk: { S: [{ exists: false }] } }, // an INSERT has no old image
      },
    },
  ]);
  // #endregion
  // #region report
  const left = criteria?.notPushedDown.filter(({ routeId }) => routeId === 'large');

  expect(left).toEqual([
    {
      routeId: 'large',
      condition: 'pk like "USER#:userId" and sk like "ORDER#:orderId"',
      reason: 'a pattern tests how a key begins or ends, and not the rest',
    },
    {
      routeId: 'large',
      condition: 'total is at least 100',
      reason: 'a number is text in a record, and patterns compare JSON numbers alone',
    },
  ]);
  // #endregion
});

it('with metadata a pattern tests the event by its name', () => {
  // #region metadata
  const [criteria] = filterCriteria(router, { metadata: true });
  const events = criteria?.filters.map(({ Pattern }) => JSON.parse(Pattern).eventName);

  expect(events).toEqual([['MODIFY'], ['INSERT']]);
  // #endregion
});

it('the simulator of a mapping takes the criteria, and tells which records they keep from the function', async () => {
  const records = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' } });
  const order = { pk: 'USER#jo', sk: 'ORDER#7', status: 'PENDING', total: 90 };
  // #region simulated
  const [criteria] = filterCriteria(router);
  const report = await simulateLambda({
    records: [
      records.insert(order),
      records.modify(order, { ...order, status: 'PAID' }),
      records.insert({ pk: 'USER#jo', sk: 'CART' }),
    ],
    handler: lambda(router),
    filterCriteria: { Filters: criteria?.filters ?? [] },
  });

  expect(report.filteredOut).toHaveLength(2);
  // #endregion
});
