import { createRouter, route, table } from '@sluice/core';

/** A router module, as users have it. */

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' } });
const mailed = Order.attr('status').from('PENDING').to('PAID');

export const router = createRouter({
  routes: [
    route.modify(Order, { id: 'receipt', when: mailed, exclusive: 'mail' }, () => {
      throw new Error('a command runs no handler by itself');
    }),
    route.on(shop, { id: 'audit', order: 1 }, () => {
      throw new Error('a command runs no handler by itself');
    }),
  ],
});
