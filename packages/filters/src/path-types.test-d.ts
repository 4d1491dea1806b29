import { z } from 'zod';
import { absent, table } from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });

// One kind of item in several forms: every form's attributes are paths, with their own values.
const Payment = shop.entity('Payment', {
  schema: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('card'), card: z.object({ brand: z.enum(['A', 'B']) }), amount: z.number() }),
    z.object({ kind: z.literal('cash'), till: z.number(), amount: z.string() }),
  ]),
});
Payment.attr('kind').is('card', 'cash');
Payment.attr('card.brand').is('A', absent);
Payment.attr('till').is(3);
Payment.attr('amount').is(1, '1');
// @ts-expect-error an attribute that no form has
Payment.attr('iban');
// @ts-expect-error text, where only another form's attribute is text
Payment.attr('till').is('3');

// Lists in lists, and elements that may be null.
const Grid = shop.entity('Grid', {
  schema: z.object({
    cells: z.array(z.array(z.number())),
    rows: z.array(z.array(z.object({ name: z.string() }))),
    notes: z.array(z.object({ text: z.string() }).nullable()),
  }),
});
Grid.attr('cells[0][1]').is(5);
Grid.attr('rows[2][0].name').is('total');
Grid.attr('notes[0].text').is('paid');
// @ts-expect-error text is not a number
Grid.attr('cells[0][1]').is('5');
// @ts-expect-error text is not a number
Grid.attr('rows[2][0].name').is(5);

// A map of any names: the values are what the schema says.
const Tagged = shop.entity('Tagged', {
  schema: z.object({
    tags: z.record(z.string(), z.number()),
    lists: z.record(z.string(), z.array(z.object({ sku: z.string() }))),
  }),
});
Tagged.attr('tags.weight').is(3);
Tagged.attrAt('tags', 'a.b').increased();
Tagged.attr('lists.wishes[0].sku').startsWith('A');
// @ts-expect-error text, where all values are numbers
Tagged.attr('tags.weight').is('3');
// @ts-expect-error text, where all values are numbers
Tagged.attrAt('tags', 'a.b').is('3');
// @ts-expect-error a number, where it is text
Tagged.attr('lists.wishes[0].sku').is(3);

// A schema that lets other attributes pass: any path is taken, and those that it names have their types.
const Loose = shop.entity('Loose', {
  schema: z.looseObject({ status: z.enum(['PENDING', 'PAID']), address: z.object({ city: z.string() }) }),
});
Loose.attr('status').is('PAID');
Loose.attr('address.city').is('Wien');
Loose.attr('anything[0].else').is(3);
// @ts-expect-error a value that the attribute does not have
Loose.attr('status').is('PAYED');
// @ts-expect-error a number, where it is text
Loose.attr('address.city').is(3);

// Beyond the levels that are listed, paths are no longer completed, and their values still have their types.
const node = z.object({
  name: z.string(),
  get children() {
    return z.array(node);
  },
});
const Tree = shop.entity('Tree', { schema: node });
Tree.attr('children[0].children[1].children[2].name').is('x');
Tree.attr('children[0].children[1].children[2].children[3].children[4].name').startsWith('x');
// @ts-expect-error a number, where it is text
Tree.attr('children[0].children[1].children[2].children[3].children[4].name').is(5);
// @ts-expect-error no such attribute, so it has no text
Tree.attr('children[0].children[1].children[2].children[3].children[4].nmae').startsWith('x');
// @ts-expect-error no such attribute on a level that is listed
Tree.attr('children[0].children[1].nmae');

// What the schema says nothing of can be anything, and have anything inside.
const Open = shop.entity('Open', { schema: z.object({ extra: z.unknown(), list: z.array(z.unknown()) }) });
Open.attr('extra').is({ a: 1 });
Open.attr('extra.a.b[0].c').is('x');
Open.attr('extra[0]').crossed(5);
Open.attr('list[0].name').startsWith('x');
Open.attrAt('extra', 'a.b', 0).is(5);

// @ts-expect-error a template for an attribute that is not a key, beside one that is
shop.entity('Bad', { key: { pk: 'X#:x', id: 'Y#:y' } });
