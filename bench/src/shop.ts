import { table } from '@sluice/core';
import { z } from 'zod';

/** The models of the orders in `records.ts`. */
export const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });

const key = { pk: 'CUSTOMER#:customerId', sk: 'ORDER#:orderId' };

export const orderSchema = z.object({
  pk: z.string(),
  sk: z.string(),
  status: z.enum(['PENDING', 'PAID', 'SHIPPED', 'CANCELLED']),
  total: z.number(),
  customer: z.string(),
  version: z.number(),
  note: z.string(),
  email: z.email(),
  createdAt: z.string(),
  updatedAt: z.string(),
  currency: z.string(),
  isGift: z.boolean(),
  weightGrams: z.number(),
  address: z.object({ street: z.string(), city: z.string(), zip: z.string(), country: z.string() }),
  lines: z.array(z.object({ sku: z.string(), name: z.string(), count: z.number(), price: z.number() })),
  tags: z.set(z.string()),
});

/** Typed by the schema and not validated. */
export const Stored = shop.entity('Stored', { key, schema: orderSchema, validate: 'none' });

/** The new image is validated. */
export const Validated = shop.entity('Validated', { key, schema: orderSchema });
