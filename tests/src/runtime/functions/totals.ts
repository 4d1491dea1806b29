import { appendFileSync } from 'node:fs';
import { createRouter, route, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import * as z from 'zod';

/** A function that adds up the sales of a window, and writes the sum into a file when it ends. */
const sales = table('sales', { keys: { partition: 'pk' } });
const state = z.object({ count: z.number().default(0), cents: z.number().default(0) });

const totals = route.window(
  sales,
  { id: 'totals', events: ['INSERT'], state },
  {
    add: ({ count, cents }, { new: sale }) => ({ count: count + 1, cents: cents + Number(sale['cents']) }),
    close: (sum, { start }, { idempotencyKey }) => {
      appendFileSync(process.env['JOURNAL'] ?? '', `${JSON.stringify({ start, ...sum, idempotencyKey })}\n`);
    },
  },
);

export const handler = lambda(createRouter({ routes: totals }));
