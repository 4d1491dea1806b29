import { createRouter, route, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { createLedger } from '@sluice/ledger';
import { dynamoDbStore } from '@sluice/store/dynamodb';

const orders = table(process.env['ORDERS_TABLE'] ?? 'orders', {
  keys: { partition: 'pk', sort: 'sk' },
  view: 'NEW_AND_OLD_IMAGES',
});
const Order = orders.entity('Order', { key: { pk: 'CUSTOMER#:customerId', sk: 'ORDER#:orderId' } });

const invoice = route.insert(Order, { id: 'invoice', once: true }, ({ params }) => {
  console.info(`An invoice for order ${params.orderId}`);
});

// #region ledger
const store = dynamoDbStore({ tableName: process.env['LEDGER_TABLE'] ?? 'sluice' });
const ledger = createLedger(store, { guard: true });

export const router = createRouter({ name: 'invoices', routes: invoice, ledger });
export const handler = lambda(router);
// #endregion
