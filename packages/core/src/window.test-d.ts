import { z } from 'zod';
import { route, skipped, table } from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({ status: z.enum(['PENDING', 'PAID']), total: z.number() }),
});
const Totals = z.object({ orders: z.number().default(0), total: z.number().default(0) });

route.window(
  Order,
  { id: 'revenue', when: Order.attr('status').to('PAID'), events: ['MODIFY'], state: Totals },
  {
    add: (state, change, context) => {
      void [change.old.total, context.idempotencyKey];
      if (change.new.total === 0) return skipped('free');
      return { orders: state.orders + 1, total: state.total + change.new.total };
    },
    close: async (state, window, { idempotencyKey }) => {
      void [state.total.toFixed(), window.start, idempotencyKey];
    },
  },
);

// All events by default.
const Days = z.object({ days: z.array(z.iso.date()).default([]) });
route.window(
  shop,
  { id: 'days', state: Days },
  {
    add: async ({ days }, change) => {
      if (change.eventName === 'INSERT') void change.new['anything'];
      return { days: [...days, '2026-01-01'] };
    },
    close: ({ days }) => (days.length === 0 ? skipped('no day') : undefined),
  },
);

const close = () => undefined;
route.window(
  Order,
  { id: 'wrong', state: Totals },
  {
    // @ts-expect-error text is no number
    add: (state) => ({ orders: String(state.orders) }),
    close,
  },
);
route.window(
  Order,
  { id: 'nothing', state: Totals },
  {
    // @ts-expect-error it gives back no state
    add: () => undefined,
    close,
  },
);
route.window(
  Order,
  { id: 'partly', state: Totals },
  {
    // @ts-expect-error it leaves a part of the state out, which would begin anew
    add: (state) => ({ orders: state.orders + 1 }),
    close,
  },
);
route.window(
  Order,
  { id: 'in-place', state: Totals },
  {
    add: (state) => {
      // @ts-expect-error the state is not for changing
      state.orders += 1;
      return state;
    },
    close,
  },
);
route.window(
  Order,
  { id: 'change', state: Totals, events: ['INSERT'] },
  {
    add: (state, change) => {
      // @ts-expect-error an INSERT has no old image
      void change.old;
      return state;
    },
    close,
  },
);
route.window(
  Order,
  { id: 'closing', state: Totals },
  {
    add: (state) => state,
    close: (_state, window, context) => {
      // @ts-expect-error nothing counts the tries of a close
      void context.attempt;
      // @ts-expect-error a window is over when it is closed
      void window.isFinalInvokeForWindow;
    },
  },
);
// @ts-expect-error a window that nobody closes is for nothing
route.window(Order, { id: 'open', state: Totals }, { add: (state) => state });
// @ts-expect-error a window has a state
route.window(Order, { id: 'stateless' }, { add: (state) => state, close });
const Log = table('log', { keys: { partition: 'pk' } });
route.window(
  Order,
  {
    id: 'filter',
    // @ts-expect-error This filter is about the table log, but it is used for the entity Order.
    when: Log.attr('a').exists(),
    state: Totals,
  },
  { add: (state) => state, close },
);

// What runs once for all of an event has no place of its own in it, and is never parked.
const folding = { add: (state: z.infer<typeof Totals>) => state, close };
// @ts-expect-error windows have no order: they are folded when everything else is done
route.window(Order, { id: 'order', state: Totals, order: 1 }, folding);
// @ts-expect-error nor groups of which one runs
route.window(Order, { id: 'exclusive', state: Totals, exclusive: 'one' }, folding);
// @ts-expect-error nor claims
route.window(Order, { id: 'once', state: Totals, once: true }, folding);
// @ts-expect-error an event of a window is all or nothing
route.window(Order, { id: 'policy', state: Totals, onFailure: 'drop' }, folding);
// @ts-expect-error nor groups of changes
route.window(Order, { id: 'size', state: Totals, maxSize: 10 }, folding);

// What JSON would lose is no state, however deep it is in it.
const skipping = { add: () => skipped('not this one'), close };
route.window(
  Order,
  { id: 'json', state: z.object({ a: z.array(z.record(z.string(), z.number())), b: z.json() }) },
  { add: ({ a, b }) => ({ a: [...a, { n: 1 }], b }), close },
);
route.window(
  Order,
  { id: 'tuple', state: z.object({ a: z.tuple([z.literal('x'), z.null(), z.boolean().optional()]) }) },
  { add: ({ a: [x] }) => ({ a: [x, null, true] }), close },
);
// Literals are what the state asks for, however the method comes by them.
const Last = z.object({ last: z.enum(['a', 'b']).default('a'), n: z.number().default(0) });
route.window(Order, { id: 'literal', state: Last }, { add: ({ n }) => ({ last: 'b', n }), close });
route.window(Order, { id: 'async', state: Last }, { add: async ({ n }) => ({ last: 'b', n }), close });
route.window(
  Order,
  { id: 'branches', state: Last },
  {
    add: (state) => {
      if (state.n > 3) return { ...state, last: 'b' };
      return state;
    },
    close,
  },
);
// What a schema says nothing about is judged when it is read back.
route.window(
  Order,
  { id: 'unknown', state: z.looseObject({ counted: z.coerce.number().default(0) }) },
  { add: ({ counted }) => ({ counted: counted + 1 }), close },
);
// @ts-expect-error A window's state is kept as JSON, which would lose a Date
route.window(Order, { id: 'date', state: z.object({ a: z.date().optional() }) }, skipping);
// @ts-expect-error … a bigint
route.window(Order, { id: 'bigint', state: z.object({ a: z.array(z.bigint()) }) }, skipping);
// @ts-expect-error … a Set
route.window(Order, { id: 'set', state: z.object({ a: z.set(z.string()) }) }, skipping);
// @ts-expect-error … a Map
route.window(Order, { id: 'map', state: z.object({ a: z.map(z.string(), z.string()) }) }, skipping);
// @ts-expect-error … bytes
route.window(Order, { id: 'bytes', state: z.object({ a: z.instanceof(Uint8Array) }) }, skipping);
// @ts-expect-error … a function
route.window(Order, { id: 'function', state: z.object({ a: z.custom<() => void>() }) }, skipping);
// @ts-expect-error … a symbol
route.window(Order, { id: 'symbol', state: z.object({ a: z.union([z.string(), z.symbol()]) }) }, skipping);
route.window(
  Order,
  {
    id: 'transformed',
    // @ts-expect-error A window's state is read again by its schema, which does not take what it gives
    state: z.object({
      a: z
        .string()
        .optional()
        .transform((text) => Number(text)),
    }),
  },
  skipping,
);
