// #region functions
import { route } from '@sluice/core';
import * as z from 'zod';
import { Order } from './shop.js';

const Count = z.object({ placed: z.number().default(0) });

export const ordersPerMinute = (note: (minute: string, placed: number, key: string) => Promise<void>) =>
  route.window(
    Order,
    { id: 'orders-per-minute', events: ['INSERT'], state: Count },
    {
      add: ({ placed }) => ({ placed: placed + 1 }),
      close: ({ placed }, { start }, { idempotencyKey }) => note(start, placed, idempotencyKey),
    },
  );
// #endregion
