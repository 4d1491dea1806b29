// #region catalog
import { table } from '@sluice/core';
import * as z from 'zod';

export const catalog = table('catalog', {
  keys: { partition: 'pk', sort: 'sk' },
  view: 'NEW_AND_OLD_IMAGES',
});

export const Product = catalog.entity('Product', {
  key: { pk: 'SELLER#:seller', sk: 'PRODUCT#:productId' },
  schema: z.object({ title: z.string(), price: z.number() }),
});
// #endregion
