// #region functions
import { createRouter, route } from '@sluice/core';
import { Order, shop } from './shop.js';

const paid = Order.attr('status').to('PAID');

export const router = createRouter({
  routes: [
    route.modify(Order, { id: 'thank', when: paid }, (change) => {
      console.log(`Thank you, ${change.params.userId}, for ${change.new.total}`);
    }),
    route.remove(shop, { id: 'note', by: 'user' }, (change) => {
      console.log(`Someone removed ${change.keys.sk}`);
    }),
  ],
});
// #endregion
