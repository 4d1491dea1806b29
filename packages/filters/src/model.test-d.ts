import { z } from 'zod';
import { type Attribute, absent, type NativeItem, table } from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' }, ttl: 'expiresAt' });

const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({
    status: z.enum(['PENDING', 'PAID']),
    total: z.number(),
    note: z.string().nullable().optional(),
    address: z.object({ city: z.string() }).optional(),
    lines: z.array(z.object({ sku: z.string(), count: z.number() })),
  }),
});

type Is<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
const yes = <_T extends true>() => undefined;

type Types = NonNullable<(typeof Order)['~types']>;
yes<Is<Types['params'], { readonly userId: string; readonly orderId: string }>>();
yes<Is<Types['keys'], { readonly pk: string; readonly sk: string }>>();
yes<Is<Types['view'], 'NEW_AND_OLD_IMAGES'>>();
yes<Is<Types['item']['status'], 'PENDING' | 'PAID'>>();

// Paths and values are checked.
const status: Attribute<'PENDING' | 'PAID', { readonly table: 'shop'; readonly entity: 'Order' }> =
  Order.attr('status');
status.from('PENDING').to('PAID');
Order.attr('address.city').is('Wien', absent);
Order.attr('lines[0].sku').is('A-1');
Order.attr('note').to(null);
Order.attr('total').is(12, 12n);

// @ts-expect-error an attribute that the schema does not have
Order.attr('stauts');
// @ts-expect-error an attribute that the nested object does not have
Order.attr('address.town');
// @ts-expect-error a value that the attribute cannot have
Order.attr('status').is('REFUNDED');
// @ts-expect-error text is not a number
Order.attr('total').is('12');
// @ts-expect-error a list is not compared with a plain value
Order.attr('lines').is('A-1');
// @ts-expect-error no values at all
Order.attr('status').is();

// Without a schema any path and any plain value is taken.
shop.attr('anything.at[3].all').from(null, absent).to('x', 1, 2n, true, new Uint8Array());
// @ts-expect-error a Date cannot be stored
shop.attr('when').is(new Date());

// @ts-expect-error a template for an attribute that is not a key
shop.entity('Bad', { key: { id: 'X#:x' } });

// A colon that begins no name, or is doubled, captures nothing.
const Odd = shop.entity('Odd', { key: { pk: 'T12:30#a::b#:kind', sk: 'P#:path*' } });
yes<Is<keyof NonNullable<(typeof Odd)['~types']>['params'], 'kind' | 'path'>>();

// A schema that takes anything: nothing is known of what is stored, all of what comes out.
const Prepared = shop.entity('Prepared', {
  schema: z.preprocess((item) => item, z.object({ total: z.number() })),
});
yes<Is<NonNullable<(typeof Prepared)['~types']>['item']['total'], number>>();
Prepared.attr('anything').is(1);

// A key that a template captures from its start may be a number.
const Numbered = shop.entity('Numbered', { key: { pk: ':id', sk: 'ROW#:row' } });
yes<
  Is<
    NonNullable<(typeof Numbered)['~types']>['keys'],
    { readonly pk: string | number | bigint; readonly sk: string }
  >
>();

// What a function makes of numbers is what all of them are, in keys and items, at every depth.
class Decimal {
  constructor(readonly text: string) {}
}
const ledger = table('ledger', {
  keys: { partition: 'account', sort: 'entry' },
  numbers: (text) => new Decimal(text),
});
yes<Is<NonNullable<(typeof ledger)['~types']>['stored'], NativeItem<Decimal>>>();
yes<Is<NonNullable<(typeof ledger)['~types']>['keys']['entry'], string | Decimal | Uint8Array>>();
const Entry = ledger.entity('Entry', { key: { account: 'ACC#:account', entry: ':entry' } });
yes<Is<NonNullable<(typeof Entry)['~types']>['item'], NativeItem<Decimal>>>();
yes<Is<NonNullable<(typeof Entry)['~types']>['keys']['entry'], string | Decimal>>();
// The other policies name no type of their own.
const counted = table('counted', { keys: { partition: 'pk' }, numbers: 'bigint' });
yes<Is<NonNullable<(typeof counted)['~types']>['stored'], NativeItem>>();
