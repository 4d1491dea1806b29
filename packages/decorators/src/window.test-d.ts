import {
  type Change,
  type CloseContext,
  type Context,
  type Inserted,
  type Modified,
  type Outcome,
  retryLater,
  skipped,
  type TumblingWindow,
  table,
} from '@sluice/core';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { Handlers, OnInsert, Window } from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({ status: z.enum(['PENDING', 'PAID']), total: z.number() }),
});
const Cart = shop.entity('Cart', { key: { pk: 'USER#:userId', sk: 'CART' } });
const Totals = z.object({ orders: z.number().default(0), total: z.number().default(0) });
type Totals = z.infer<typeof Totals>;
const Days = z.object({ days: z.array(z.iso.date()).default([]) });

@Handlers('revenue', Order)
export class Revenue {
  @Window({ state: Totals, events: ['MODIFY'], when: Order.attr('status').to('PAID'), close: 'publish' })
  add(state: Totals, change: Modified<typeof Order>, _context: Context): Totals {
    return { orders: state.orders + 1, total: state.total + change.new.total };
  }

  async publish(_state: Totals, _window: TumblingWindow, _context: CloseContext) {}

  @Window({ state: Totals, close: 'log' })
  async all(state: Readonly<Totals>, change: Change<typeof Order>): Promise<Totals | Outcome> {
    return change.eventName === 'REMOVE' ? skipped('not this time') : { ...state, orders: state.orders + 1 };
  }

  @Window({ state: Totals, close: 'log' })
  count({ orders }: Pick<Totals, 'orders'>) {
    return orders > 9 ? retryLater('full') : { orders: orders + 1, total: 0 };
  }

  log() {
    return skipped('nobody reads it');
  }

  @Window({ state: Days, close: 'ended' })
  days({ days }: z.infer<typeof Days>, _change: unknown) {
    return { days: [...days, '2026-01-01'] };
  }

  ended({ days }: { readonly days: readonly string[] }, { isWindowTerminatedEarly }: TumblingWindow): void {
    void [days, isWindowTerminatedEarly];
  }
}

@Handlers('wrong-states', Order)
export class WrongStates {
  // @ts-expect-error The first parameter of this method is not what the schema of the state gives; give it the type z.infer<typeof …> of it.
  @Window({ state: Totals, close: 'close' })
  other(_state: { readonly lines: number }, _change: Change<typeof Order>) {
    return {};
  }

  // @ts-expect-error What this method gives back is not the whole state; give back the next one, or an outcome.
  @Window({ state: Totals, close: 'close' })
  text(_state: Totals, _change: Change<typeof Order>) {
    return { orders: 'one' };
  }

  // @ts-expect-error What this method gives back is not the whole state
  @Window({ state: Totals, close: 'close' })
  partly({ orders }: Totals) {
    return { orders: orders + 1 };
  }

  // @ts-expect-error it gives back no state
  @Window({ state: Totals, close: 'close' })
  nothing(_state: Totals, _change: Change<typeof Order>) {}

  @Window({
    // @ts-expect-error A window's state is kept as JSON, which would lose a Date
    state: z.object({ since: z.date().optional() }),
    close: 'anything',
  })
  lost() {
    return {};
  }

  // @ts-expect-error A window is folded by a method of a state, a change and a Context, and no more.
  @Window({ state: Totals, close: 'close' })
  more(_state: Totals, _change: Change<typeof Order>, _context: Context, _more: string) {
    return {};
  }

  close(_state: Totals) {}
  anything() {}
}

@Handlers('wrong-changes', Order)
export class WrongChanges {
  // @ts-expect-error This method takes the change of INSERT, but its decorator brings MODIFY and REMOVE too.
  @Window({ state: Totals, close: 'close' })
  inserted(_state: Totals, _change: Inserted<typeof Order>) {
    return {};
  }

  // @ts-expect-error The second parameter of this method is no change
  @Window({ state: Totals, close: 'close' })
  context(_state: Totals, _context: Context) {
    return {};
  }

  // @ts-expect-error This filter is about the entity Cart, but it is used for the entity Order.
  @Window({ state: Totals, when: Cart.attr('lines').exists(), close: 'close' })
  filtered(_state: Totals, _change: Change<typeof Order>) {
    return {};
  }

  // @ts-expect-error This method takes a list, but its decorator brings one change at a time.
  @Window({ state: Totals, close: 'close' })
  list(_state: Totals, _changes: readonly Change<typeof Order>[]) {
    return {};
  }

  close() {}
}

// @ts-expect-error The method `add` takes the change of another model than the one given to @Handlers.
@Handlers('other-model', Cart)
export class OtherModel {
  @Window({ state: Totals, close: 'close' })
  add(state: Totals, _change: Change<typeof Order>) {
    return state;
  }

  close() {}
}

@Handlers('wrong-closes', Order)
export class WrongCloses {
  // @ts-expect-error This class has no public method publish, which is to be called at the end of a window.
  @Window({ state: Totals, close: 'publish' })
  noSuch() {
    return {};
  }

  // @ts-expect-error The method lines does not take what the schema of the state gives
  @Window({ state: Totals, close: 'lines' })
  ofAnother() {
    return {};
  }

  // @ts-expect-error The method more is given a state, a TumblingWindow and a CloseContext, and no more; change its parameters.
  @Window({ state: Totals, close: 'more' })
  ofMore() {
    return {};
  }

  // @ts-expect-error it has no attempt, since nothing counts the tries of a close
  @Window({ state: Totals, close: 'context' })
  ofContext() {
    return {};
  }

  // @ts-expect-error What the method list gives back means nothing
  @Window({ state: Totals, close: 'list' })
  ofList() {
    return {};
  }

  // @ts-expect-error the method of the end is required
  @Window({ state: Totals })
  ofNone() {
    return {};
  }

  // @ts-expect-error windows have no order: they are folded when everything else is done
  @Window({ state: Totals, close: 'fine', order: 1 })
  ofOrder() {
    return {};
  }

  lines(_state: { readonly lines: number }) {}
  more(_state: Totals, _window: TumblingWindow, _context: CloseContext, _more: string) {}
  context(_state: Totals, _window: TumblingWindow, _context: Context) {}
  list() {
    return [Promise.resolve()];
  }
  fine() {}
}

/** A method that ends a window may be a handler as well. */
@Handlers('both', Order)
export class Both {
  @Window({ state: Totals, close: 'tell' })
  add(state: Totals) {
    return state;
  }

  @OnInsert()
  tell(_what: unknown) {}
}

/** With the change first nothing fits: neither the first parameter, nor the second one, nor what is given back. */
declare class Swapped {
  add(change: Change<typeof Order>, state: Totals): void;
  end(): void;
}
const window = Window({ state: Totals, close: 'end' });
// A sentence, and not two at once, which are never.
expectTypeOf<Parameters<typeof window<Swapped, Swapped['add']>>[2]>().not.toBeNever();
