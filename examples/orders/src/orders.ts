import { table } from '@sluice/core';
import * as z from 'zod';

/** One table for everything, told apart by its keys. */
export const orders = table(process.env['ORDERS_TABLE'] ?? 'orders', {
  keys: { partition: 'pk', sort: 'sk' },
  view: 'NEW_AND_OLD_IMAGES',
  ttl: 'expiresAt',
});

export const Order = orders.entity('Order', {
  key: { pk: 'CUSTOMER#:customerId', sk: 'ORDER#:orderId' },
  schema: z.object({
    status: z.enum(['PENDING', 'PAID', 'SHIPPED', 'CANCELLED']),
    totalCents: z.number().int(),
    carrier: z.string(),
    reason: z.string().optional(),
  }),
});

export const Customer = orders.entity('Customer', {
  key: { pk: 'CUSTOMER#:customerId', sk: 'PROFILE' },
  schema: z.object({ name: z.string() }),
});

export const Cart = orders.entity('Cart', { key: { pk: 'CUSTOMER#:customerId', sk: 'CART' } });
