import { z } from 'zod';
import {
  absent,
  all,
  any,
  decimal,
  eventName,
  type Filter,
  not,
  removedBy,
  streamRegion,
  table,
  value,
  where,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', {
  schema: z.object({
    status: z.enum(['PENDING', 'PAID']),
    total: z.number(),
    serial: z.bigint(),
    paid: z.boolean(),
    note: z.string().nullable().optional(),
    tags: z.set(z.enum(['new', 'vip'])).optional(),
    lines: z.array(z.object({ sku: z.string(), count: z.number() })),
    address: z.object({ city: z.string(), zip: z.string().optional() }).optional(),
    photo: z.instanceof(Uint8Array),
    amount: z.union([z.number(), z.string()]),
    'a.b': z.array(z.object({ 'c[0]': z.number() })),
  }),
});
const Customer = shop.entity('Customer', { schema: z.object({ status: z.string() }) });

// An attribute has the tests that its type can pass, and no others.
Order.attr('status').startsWith('P');
Order.attr('status').size(value.atLeast(2));
Order.attr('total').increasedBy(5);
Order.attr('total').crossed(100n, 'up');
Order.attr('serial').atLeast(decimal('12345678901234567890'));
Order.attr('note').matches(/^a/);
Order.attr('note').nulled();
Order.attr('tags').added('vip');
Order.attr('lines').removed({ sku: 'A', count: 1 });
Order.attr('lines').size(3);
Order.attr('address').size(2);
Order.attr('photo').size(0);
Order.attr('amount').startsWith('1');
Order.attr('amount').lessThan(1);
// @ts-expect-error text does not increase
Order.attr('status').increased();
// @ts-expect-error a number has no beginning
Order.attr('total').startsWith('1');
// @ts-expect-error a number has no members
Order.attr('total').added(1);
// @ts-expect-error a number has no size
Order.attr('total').size(1);
// @ts-expect-error text has no members
Order.attr('status').has('PAID');
// @ts-expect-error an object has no members
Order.attr('address').added();
// @ts-expect-error it cannot be null
Order.attr('status').nulled();
// @ts-expect-error a boolean has no size
Order.attr('paid').size(1);

// Values are those of the attribute.
Order.attr('status').from('PENDING', absent).to('PAID');
Order.attr('total').is(12, 12n, decimal('12.5'), absent);
Order.attr('paid').is(true);
Order.attr('tags').to(new Set(['vip'] as const));
Order.attr('lines').is([]);
Order.attr('lines').is([{ sku: 'A', count: 1n }]);
Order.attr('address').from({ city: 'Wien' });
Order.attr('note').from(null, absent).to('x');
// @ts-expect-error not one of its values
Order.attr('status').to('REFUNDED');
// @ts-expect-error not one of its members
Order.attr('tags').added('gold');
// @ts-expect-error not one of its members
Order.attr('tags').is(new Set(['gold'] as const));
// @ts-expect-error a part of an element is no element
Order.attr('lines').has({ sku: 'A' });
// @ts-expect-error another type inside
Order.attr('address').is({ city: 1 });
// @ts-expect-error text is not a number
Order.attr('total').atLeast('100');
// @ts-expect-error text is not a number
Order.attr('total').crossed('100');
// @ts-expect-error no such direction
Order.attr('total').crossed(100, 'sideways');

// Tests of values stand where values do, if the attribute can pass them.
Order.attr('total').from(value.lessThan(100)).to(value.atLeast(100), absent);
Order.attr('status').is('PAID', value.startsWith('P'));
Order.attr('tags').to(value.has('vip'), value.size(0));
Order.attr('total').from(value.exists()).to(value.ofType('NULL'));
// @ts-expect-error a number has no beginning
Order.attr('total').to(value.startsWith('1'));
// @ts-expect-error text is not compared with a number
Order.attr('status').is(value.lessThan(1));
// @ts-expect-error a size is compared with numbers
Order.attr('tags').size(value.startsWith('1'));
// @ts-expect-error no such type
Order.attr('total').ofType('number');

// A Region is text.
Order.attr('note').is(streamRegion);
// @ts-expect-error a number is no Region
Order.attr('total').is(streamRegion);

// Without a schema everything can be asked.
shop.attr('anything').crossed(1);
shop.attr('anything').added('x', 1, ['y'], { z: null });
shop.attr('anything').is(new Set([1, decimal('2')]), streamRegion, value.has(1), { a: ['b'] });
shop.attr('anything').nulled();

// Names as they are: each is one of those that are there.
Order.attrAt('a.b', 0, 'c[0]').increased();
Order.attrAt('address', 'city').is('Wien');
Order.attrAt('lines', 3).is({ sku: 'A', count: 1 });
shop.attrAt('any.thing', 0, 'at[all]').is('x');
// @ts-expect-error no such attribute
Order.attrAt('a');
// @ts-expect-error an element is found by its index
Order.attrAt('a.b', 'c[0]');
// @ts-expect-error no such attribute inside
Order.attrAt('a.b', 0, 'c');
// @ts-expect-error "nothing: this attribute has nothing inside it"
Order.attrAt('total', 'value');
// @ts-expect-error a list has to be in an attribute
shop.attrAt(0);

// What a filter is about: the table for those of a table, the entity for those of an entity, nothing for all others.
type OrderFilter = Filter<{ table: 'shop'; entity: 'Order' }>;
const onOrders: OrderFilter[] = [
  Order.attr('total').increased(),
  Order.attr('status').from('PENDING'),
  shop.attr('total').increased(),
  eventName('INSERT'),
  removedBy('user', Order),
  where('even', ({ dynamodb }) => dynamodb.SequenceNumber.endsWith('0')),
  all(
    Order.attr('paid').is(true),
    shop.attr('x').exists(),
    where('it', () => true),
  ),
  any(not(Order.attr('paid').is(true)), Order.attr('total').is(0)),
  all(),
];
void onOrders;
// @ts-expect-error it is about customers
const aboutCustomers: OrderFilter = Customer.attr('status').is('PAID');
// @ts-expect-error a part of it is about customers
const partly: OrderFilter = any(shop.attr('x').exists(), Customer.attr('status').is('PAID'));
// @ts-expect-error it is about another table
const elsewhere: OrderFilter = not(
  table('log', { keys: { partition: 'pk' } })
    .attr('x')
    .exists(),
);
// @ts-expect-error two entities at once
all(Order.attr('paid').is(true), Customer.attr('status').is('PAID'));
// @ts-expect-error an item of the table need not be an order
const onTable: Filter<{ table: 'shop' }> = Order.attr('total').increased();
void [aboutCustomers, partly, elsewhere, onTable];

// A function sees the images that it names, and answers at once.
where('total is there', ({ dynamodb }) => dynamodb.NewImage?.['total'] !== undefined, {
  reads: ['NewImage'],
});
// @ts-expect-error it does not say that it reads the old image
where('total was there', ({ dynamodb }) => dynamodb.OldImage !== undefined, { reads: ['NewImage'] });
// @ts-expect-error a promise is no answer
where('later', async () => true);
// @ts-expect-error nothing is no answer
where('never', () => {});

// Where numbers are a class of one's own, its attributes have the tests of numbers, and its methods are no paths.
class Money {
  constructor(readonly cents: bigint) {}
}
const ledger = table('ledger', { keys: { partition: 'id' }, numbers: (text) => new Money(BigInt(text)) });
const Entry = ledger.entity('Entry', {
  schema: z.object({
    amount: z.instanceof(Money),
    shares: z.array(z.instanceof(Money)),
    name: z.string(),
  }),
});
Entry.attr('amount').atLeast(decimal('0.01'));
Entry.attr('amount').from(1, 2n).to(decimal('3'), absent);
Entry.attr('shares').added(5);
Entry.attr('shares[0]').increased();
Entry.attr('name').startsWith('A');
// @ts-expect-error the class is not what a filter is given
Entry.attr('amount').is(new Money(1n));
// @ts-expect-error it is no map
Entry.attr('amount.cents');
// @ts-expect-error text does not increase
Entry.attr('name').increased();
// @ts-expect-error a number has no size
Entry.attr('amount').size(1);
