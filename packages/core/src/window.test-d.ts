import { z } from 'zod';
import { route, skipped, table } from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({ status: z.enum(['PENDING', 'PAID']), total: z.number() }),
});
const Totals = z.object({ orders: z.number().default(0), total: z.number().default(0) });

route.window(
  Order,
  { id: 'revenue', when: Order.attr('status').to('PAID'), events: ['MODIFY'], state: Totals },
  {
    add: (state, change, context) => {
      void [change.old.total, context.idempotencyKey];
      if (change.new.total === 0) return skipped('free');
      return { orders: state.orders + 1, total: state.total + change.new.total };
    },
    close: async (state, window, { idempotencyKey }) => {
      void [state.total.toFixed(), window.start, idempotencyKey];
    },
  },
);
