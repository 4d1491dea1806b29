import { z } from 'zod';
import { all, any, type Inserted, type Modified, not, type Removed, route, table, where } from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const schema = z.object({
  status: z.enum(['PENDING', 'PAID']),
  total: z.number(),
  since: z.string().transform((s) => new Date(s)),
});
const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' }, schema });
const Checked = shop.entity('Checked', { schema, validate: 'both' });
const keysOnly = table('log', { keys: { partition: 'id' }, view: 'KEYS_ONLY' });
const newOnly = table('log', { keys: { partition: 'id' }, view: 'NEW_IMAGE' });

// The function style infers everything.
route.modify(Order, { id: 'a', when: Order.attr('status').to('PAID') }, (change, ctx) => {
  const user: string = change.params.userId;
  const total: number = change.new.total;
  const since: Date = change.new.since;
  const signal: AbortSignal = ctx.signal;
  // The old image is as stored: not validated, so nothing says that it is complete, and nothing was transformed.
  const before: string | undefined = change.old.since;
  // @ts-expect-error not validated
  const oldTotal: number = change.old.total;
  // @ts-expect-error no such capture
  change.params.customerId;
  // @ts-expect-error no such attribute
  change.new.price;
  return [user, total, since, signal, before, oldTotal].length > 0 ? undefined : undefined;
});

// Nor does a schema that lets other attributes pass say that the old image is complete.
const Loose = shop.entity('Loose', { schema: z.looseObject({ status: z.string() }) });
route.modify(Loose, { id: 'l' }, (change) => {
  const before: unknown = change.old.status;
  // @ts-expect-error not validated
  const status: string = change.old.status;
  void [before, status, change.old['other']];
});

route.modify(Checked, { id: 'b' }, (change) => {
  const total: number = change.old.total;
  void total;
});

// An event without an image has no such property.
route.insert(Order, { id: 'c' }, (change) => {
  // @ts-expect-error an INSERT has no old image
  change.old;
});
route.remove(Order, { id: 'd', by: 'user' }, (change) => {
  const total: number = change.old.total;
  const by: 'ttl' | 'user' = change.by;
  void [total, by];
  // @ts-expect-error a REMOVE has no new image
  change.new;
});

// The view type takes images away.
route.modify(keysOnly, { id: 'e' }, (change) => {
  void change.keys.id;
  // @ts-expect-error KEYS_ONLY has no new image
  change.new;
});
route.modify(newOnly, { id: 'f' }, (change) => {
  void change.new['anything'];
  // @ts-expect-error NEW_IMAGE has no old image
  change.old;
});

// A decimal class is the type of every number, without a schema too.
class Decimal {
  constructor(readonly text: string) {}
}
const ledger = table('ledger', {
  keys: { partition: 'account' },
  numbers: (text: string) => new Decimal(text),
});
route.modify(ledger, { id: 'decimals' }, ({ new: now, old }) => {
  const [total, before] = [now['total'], old['total']];
  if (total instanceof Decimal && before instanceof Decimal) void [total.text, before.text];
  // @ts-expect-error no number is a plain one
  if (typeof total === 'number') void total.toFixed();
});

// What differs is told where the view type has both images, and for each event.
route.on(Order, { id: 'diff' }, (change) => {
  for (const difference of change.diff()) {
    if (difference.kind === 'changed') void [difference.path, difference.before, difference.after];
    // @ts-expect-error what was added was not there before
    if (difference.kind === 'added') void difference.before;
  }
});
route.modify(newOnly, { id: 'no-diff' }, (change) => {
  // @ts-expect-error there is no old image to compare with
  change.diff();
});

// Several events are told apart by their name.
route.on(Order, { id: 'g', events: ['INSERT', 'REMOVE'] }, (change) => {
  if (change.eventName === 'INSERT') void change.new.total;
  else void change.old.total;
  // @ts-expect-error MODIFY was not asked for
  void (change.eventName === 'MODIFY');
});

// A handler of another event or another model does not compile.
// @ts-expect-error an inserted change was asked for, a modified one comes
route.modify(Order, { id: 'h' }, (_change: Inserted<typeof Order>) => undefined);
// @ts-expect-error the change of another entity
route.modify(Order, { id: 'i' }, (_change: Modified<typeof Checked>) => undefined);
// @ts-expect-error an id is required
route.remove(Order, {}, (_change: Removed<typeof Order>) => undefined);
// @ts-expect-error promises that nobody waits for
route.insert(Order, { id: 'j' }, () => [Promise.resolve()]);

// A filter is about what the route is about, or about its table.
const Cart = shop.entity('Cart', { key: { pk: 'USER#:userId', sk: 'CART' } });
const Log = table('log', { keys: { partition: 'pk' } });
route.insert(Order, { id: 'k', when: shop.attr('origin').is('EU') }, () => undefined);
route.insert(
  Order,
  { id: 'l', when: all(shop.attr('a').is(1), Order.attr('status').is('PAID')) },
  () => undefined,
);
route.insert(Order, { id: 'm', when: where('odd', () => true) }, () => undefined);
// @ts-expect-error This filter is about the entity Cart, but it is used for the entity Order.
route.insert(Order, { id: 'n', when: Cart.attr('lines').exists() }, () => undefined);
// @ts-expect-error one part is about another entity
const mixed = any(Order.attr('status').changed(), Cart.attr('lines').changed());
// @ts-expect-error about another table
route.on(Order, { id: 'p', when: not(Log.attr('a').exists()) }, () => undefined);
// @ts-expect-error about one entity only, and the route is about the whole table
route.remove(shop, { id: 'q', when: Order.attr('status').is('PAID') }, () => undefined);
void mixed;
declare const fair: boolean;
const ordersOrCarts = fair ? Order.attr('status').changed() : Cart.attr('lines').changed();
// @ts-expect-error one of the two is about another entity
route.on(Order, { id: 'r', when: ordersOrCarts }, () => undefined);
const ordersOrAll = fair ? Order.attr('status').changed() : shop.attr('status').changed();
route.on(Order, { id: 's', when: ordersOrAll }, () => undefined);
// @ts-expect-error This is no filter of one model: an attribute becomes one by a test, …
route.on(Order, { id: 't', when: Order.attr('status') }, () => undefined);

// A batch route gets a list, of the changes of its events.
route.batch(Order, { id: 'g' }, (changes, context) => {
  for (const change of changes) if (change.eventName === 'MODIFY') void change.new.total;
  void context.idempotencyKey;
  // @ts-expect-error the list is the router's
  changes.push(changes[0]);
});
route.batch(Order, { id: 'h', events: ['INSERT'], maxSize: 10 }, (changes) => {
  void changes.map((change) => change.new.total);
  // @ts-expect-error an INSERT has no old image
  void changes.map((change) => change.old);
});
// @ts-expect-error it takes a list, not one change
route.batch(Order, { id: 'i' }, (change: Inserted<typeof Order>) => void change);
route.batch(
  Order,
  { id: 'j', events: ['INSERT', 'REMOVE'] },
  // @ts-expect-error it takes a list of INSERTs, but gets REMOVEs too
  (changes: readonly Inserted<typeof Order>[]) => void changes,
);

// What becomes of failures, and once, are options of every kind of route.
route.insert(Order, { id: 'u', once: true, onFailure: 'park-item' }, () => undefined);
route.batch(
  Order,
  { id: 'v', once: { inProgress: 'later' }, onFailure: { action: 'park-record', attempts: 3 } },
  () => undefined,
);
route.remove(
  shop,
  { id: 'w', onFailure: { action: 'drop', destination: async ({ record }) => record.eventName } },
  () => undefined,
);
// @ts-expect-error there is no such action
route.insert(Order, { id: 'x', onFailure: 'park' }, () => undefined);
route.insert(
  Order,
  // @ts-expect-error a destination is for what is dropped
  { id: 'y', onFailure: { action: 'park-item', destination: async () => undefined } },
  () => undefined,
);
// @ts-expect-error there is no such way to wait
route.insert(Order, { id: 'z', once: { inProgress: 'never' } }, () => undefined);
