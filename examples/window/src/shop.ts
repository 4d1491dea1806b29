// #region shop
import { table } from '@sluice/core';
import * as z from 'zod';

export const shop = table('shop', { keys: { partition: 'pk' }, view: 'NEW_AND_OLD_IMAGES' });

export const Order = shop.entity('Order', {
  key: { pk: 'ORDER#:orderId' },
  schema: z.object({
    status: z.enum(['PLACED', 'PAID']),
    total: z.number(),
    currency: z.string(),
    changedAt: z.iso.datetime(),
  }),
});
// #endregion
