/** Takes the money as often as it is asked to. */
export interface Bank {
  charge(orderId: string, total: number): Promise<void>;
}

/** Refuses streets that are not on its map, and a key that it has seen changes nothing. */
export interface Carrier {
  send(orderId: string, street: string, options: { readonly key: string }): Promise<void>;
  readonly map: Set<string>;
}

/** The world outside, and what handlers did to it. */
export function openWorld() {
  const deeds: { readonly orderId: string; readonly what: string }[] = [];
  const keys = new Set<string>();

  const bank: Bank = {
    charge: async (orderId, total) => void deeds.push({ orderId, what: `charged ${total}` }),
  };
  const carrier: Carrier = {
    map: new Set(['Old Street']),
    async send(orderId, street, { key }) {
      if (!carrier.map.has(street)) throw new Error(`${street} is not on the map`);
      if (!keys.has(key)) deeds.push({ orderId, what: `sent to ${street}` });
      keys.add(key);
    },
  };
  /** A line for each order: orders are handled side by side, the changes of one in their order. */
  const account = () =>
    Array.from(Map.groupBy(deeds, ({ orderId }) => orderId))
      .map(([orderId, own]) => `  order ${orderId}: ${own.map(({ what }) => what).join(', ')}`)
      .sort();
  return { bank, carrier, account };
}
