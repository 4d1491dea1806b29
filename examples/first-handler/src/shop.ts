// #region model
import { table } from '@sluice/core';
import * as z from 'zod';

export const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' }, view: 'NEW_AND_OLD_IMAGES' });

export const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({ status: z.enum(['PENDING', 'PAID', 'SHIPPED']), total: z.number() }),
});
// #endregion
