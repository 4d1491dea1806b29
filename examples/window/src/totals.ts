// #region totals
import * as z from 'zod';

const Sum = z.object({ orders: z.number().default(0), euros: z.number().default(0) });

/** By status. A minute begins with what this makes of {}: no orders. */
export const Totals = z.object({ PLACED: Sum.prefault({}), PAID: Sum.prefault({}) });
export type Totals = z.infer<typeof Totals>;
// #endregion

export function inWords({ PLACED, PAID }: Totals): string {
  return `${PLACED.orders} placed for ${PLACED.euros}, ${PAID.orders} paid for ${PAID.euros}`;
}
