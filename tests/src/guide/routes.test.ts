import { createRouter, explain, route, table } from '@sluice/core';
import { printRoutes } from '@sluice/describe';
import { given, recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

/** The regions of this file are the snippets of `docs/routes.md`. */

const noop = () => undefined;
const keys = { partition: 'pk', sort: 'sk' };
const order = { pk: 'USER#jo', sk: 'ORDER#7', status: 'PAID', country: 'AT' };

describe('tables', () => {
  it('are meant by a name, an ARN, a pattern, the environment or an alias', async () => {
    // #region tables
    const shop = table('shop', { keys }); // this table, in whatever account and Region
    const eu = table('arn:aws:dynamodb:eu-central-1:123456789012:table/shop', { keys }); // that one alone
    const carts = table('cart-*', { keys }); // every table whose name begins so
    const audit = table('audit-${STAGE}', { keys }); // as the environment says at start

    const router = createRouter({
      routes: [
        route.insert(shop, { id: 'placed' }, noop),
        route.insert(eu, { id: 'placed-in-europe' }, noop),
        route.insert(carts, { id: 'filled' }, noop),
        route.insert(audit, { id: 'noted' }, noop),
      ],
      tables: { shop: 'Shop-Orders1A2B3C' }, // the real table behind a name of the code
      env: { STAGE: 'prod' }, // process.env by default
    });
    // #endregion
    const inserted = (name: string, region = 'us-east-1') =>
      recordsOf({ table: name, keys, region }).insert(order);
    const handledBy = async (name: string, region?: string) =>
      (await given(router).when(inserted(name, region))).handled;
    expect(await handledBy('Shop-Orders1A2B3C')).toEqual(['placed']);
    expect(await handledBy('shop', 'eu-central-1')).toEqual(['placed-in-europe']);
    expect(await handledBy('cart-7')).toEqual(['filled']);
    expect(await handledBy('audit-prod')).toEqual(['noted']);
    await expect(handledBy('shop')).rejects.toThrowError(/No route names the table/);
  });
});

describe('routes', () => {
  it('run in their order, and of a group the first alone', async () => {
    const shop = table('shop', { keys });
    // #region order
    const country = shop.attr('country');
    const routes = [
      route.insert(shop, { id: 'invoice', exclusive: 'invoice', order: 1 }, noop),
      route.insert(shop, { id: 'invoice-at', exclusive: 'invoice', when: country.is('AT') }, noop),
      route.insert(shop, { id: 'invoice-de', exclusive: 'invoice', when: country.is('DE') }, noop),
      route.insert(shop, { id: 'audit', order: -1 }, noop),
    ];
    // An order from Austria: audit, then invoice-at. One from anywhere else: audit, then invoice.
    // #endregion
    const records = recordsOf(shop);
    const run = async (country: string) =>
      (await given(createRouter({ routes })).when(records.insert({ ...order, country }))).handled;
    expect(await run('AT')).toEqual(['audit', 'invoice-at']);
    expect(await run('FR')).toEqual(['audit', 'invoice']);
  });

  it('print themselves and explain what a record means to each of them', () => {
    const shop = table('shop', { keys });
    const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' } });
    const router = createRouter({
      routes: [
        route.modify(Order, { id: 'receipt', when: Order.attr('status').from('PENDING').to('PAID') }, noop),
        route.on(shop, { id: 'audit' }, noop),
      ],
    });
    const record = recordsOf(shop).modify({ ...order, status: 'LOST' }, order);
    // #region explain
    const routeTable = printRoutes(router);
    // route    of             events                when
    // receipt  Order in shop  MODIFY                status changed from "PENDING" to "PAID"
    // audit    shop           INSERT/MODIFY/REMOVE  everything

    const explanations = explain(router, record);
    // receipt  no match  not so: status changed from "PENDING" to "PAID"
    // audit    runs      everything
    // #endregion
    expect(routeTable.split('\n')).toEqual([
      'route    of             events                when',
      'receipt  Order in shop  MODIFY                status changed from "PENDING" to "PAID"',
      'audit    shop           INSERT/MODIFY/REMOVE  everything',
    ]);
    expect(explanations.map(({ routeId, verdict, because }) => `${routeId}: ${verdict}: ${because}`)).toEqual(
      ['receipt: no match: not so: status changed from "PENDING" to "PAID"', 'audit: runs: everything'],
    );
  });
});
