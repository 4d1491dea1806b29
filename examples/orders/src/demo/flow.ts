/** One write to the table, and the handlers that must see it, once and in this order. */
export interface Write {
  readonly item: { readonly pk: string; readonly sk: string };
  readonly action: 'put' | 'set' | 'delete';
  /** The attributes that are written, besides the keys. */
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly handlers: readonly string[];
  /** For people. */
  readonly story: string;
}

/**
 * What happens in a shop: customers sign up; orders are placed, paid and shipped, some are cancelled, one is removed, one
 * has its price corrected, which concerns nobody. Every tenth goes out with a carrier that answers on the third call.
 * A list per item; its writes follow one another, the lists run side by side.
 */
export function planFlow(orders: number): readonly (readonly Write[])[] {
  const customers = Math.ceil(orders / 3);
  return [
    ...Array.from({ length: customers }, (_, index) => [signUp(index)]),
    ...Array.from({ length: orders }, (_, index) => orderLife(index, customers)),
  ];
}

function signUp(index: number): Write {
  const item = { pk: customer(index), sk: 'PROFILE' };
  return {
    item,
    action: 'put',
    attributes: { name: `Customer ${index}` },
    handlers: ['welcome'],
    story: 'signs up',
  };
}

function orderLife(index: number, customers: number): readonly Write[] {
  const item = { pk: customer(index % customers), sk: `ORDER#${String(index).padStart(4, '0')}` };
  const carrier = index % 10 === 0 ? 'flaky-post' : 'swift-parcel';
  const write = (
    action: Write['action'],
    attributes: Write['attributes'],
    story: string,
    ...handlers: string[]
  ): Write => ({
    item,
    action,
    attributes,
    handlers,
    story,
  });
  const status = (value: string, more: Write['attributes'], ...handlers: string[]) =>
    write('set', { status: value, ...more }, value.toLowerCase(), ...handlers);

  const placed = write(
    'put',
    { status: 'PENDING', totalCents: 1990 + 100 * index, carrier },
    'placed',
    'order-mail.confirmation',
  );
  if (index % 5 === 3) {
    return [
      placed,
      status('CANCELLED', { reason: 'out of stock' }, 'order-mail.regret', 'warehouse.putBack'),
    ];
  }
  const life = [
    placed,
    status('PAID', {}, 'order-mail.receipt', 'warehouse.pack'),
    status('SHIPPED', {}, 'warehouse.handOver'),
  ];
  if (index === 1) return [...life, write('delete', {}, 'removed', 'warehouse.forget')];
  if (index === 2) return [placed, write('set', { totalCents: 1 }, 'price corrected'), ...life.slice(1)];
  return life;
}

function customer(index: number): string {
  return `CUSTOMER#${String(index).padStart(3, '0')}`;
}
