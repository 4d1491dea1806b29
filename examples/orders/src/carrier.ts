/** Books parcels. */
export interface Carrier {
  book(carrier: string, orderId: string): Promise<void>;
}

/** The token that handlers inject. */
export const Carrier = Symbol.for('orders.Carrier');

/** A carrier whose line is bad: for orders sent by `flaky-post` the first two calls fail, and then it answers. */
export function flakyCarrier(): Carrier {
  const refused = new Map<string, number>();
  return {
    async book(carrier, orderId) {
      const times = refused.get(orderId) ?? 0;
      if (carrier !== 'flaky-post' || times === 2) return;
      refused.set(orderId, times + 1);
      throw new Error('flaky-post did not answer');
    },
  };
}
