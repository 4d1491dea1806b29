import { createRouter, route, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';

/** A function that cannot start, for two reasons. */
const shop = table('shop', { keys: { partition: 'pk' }, view: 'KEYS_ONLY' });

export const handler = lambda(
  createRouter({
    routes: [
      route.insert(shop, { id: 'twice' }, () => undefined),
      route.insert(shop, { id: 'twice' }, () => undefined),
      route.modify(shop, { id: 'blind', when: shop.attr('status').to('PAID') }, () => undefined),
    ],
  }),
);
