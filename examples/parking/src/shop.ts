// #region shop
import { route, table } from '@sluice/core';
import * as z from 'zod';
import type { Bank, Carrier } from './outside.js';

export const shop = table('shop', { keys: { partition: 'pk' }, view: 'NEW_AND_OLD_IMAGES' });

const Order = shop.entity('Order', {
  key: { pk: 'ORDER#:orderId' },
  schema: z.object({ street: z.string(), total: z.number() }),
});

export const shopRoutes = (bank: Bank, carrier: Carrier) => [
  route.insert(Order, { id: 'charge', once: true }, ({ params, new: { total } }) =>
    bank.charge(params.orderId, total),
  ),
  route.on(
    Order,
    { id: 'ship', events: ['INSERT', 'MODIFY'], onFailure: { action: 'park-item', attempts: 3 } },
    ({ params, new: { street } }, { idempotencyKey }) =>
      carrier.send(params.orderId, street, { key: idempotencyKey }),
  ),
];
// #endregion
