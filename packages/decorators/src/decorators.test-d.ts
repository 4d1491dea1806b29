import type { Change, Context, Expired, Inserted, Modified, Removed } from '@sluice/core';
import { absent, neverAgain, retryLater, skipped, table } from '@sluice/core';
import { z } from 'zod';
import { Handlers, On, OnBatch, OnExpire, OnInsert, OnModify, OnRemove } from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' }, ttl: 'expiresAt' });
const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({ status: z.enum(['PENDING', 'PAID']), total: z.number() }),
});
const Cart = shop.entity('Cart', { key: { pk: 'USER#:userId', sk: 'CART' } });

@Handlers('good', Order)
export class Good {
  @OnInsert()
  async placed(_change: Inserted<typeof Order>) {}

  @OnModify({ when: Order.attr('status').from('PENDING', absent).to('PAID') })
  paid(_change: Modified<typeof Order>): void {}

  @OnRemove({ by: 'user' })
  async removed(_change: Removed<typeof Order>) {}

  @OnExpire()
  async expired(_change: Expired<typeof Order>) {}

  @On()
  async all(_change: Change<typeof Order>) {}

  @On({ events: ['INSERT', 'MODIFY'] })
  async written(_change: Inserted<typeof Order> | Modified<typeof Order>) {}

  /** Methods without a decorator are nobody's business. */
  helper(_text: string) {}
}

// @ts-expect-error the method `placed` takes the change of another model
@Handlers('other-model', Cart)
export class OtherModel {
  @OnInsert()
  async placed(_change: Inserted<typeof Order>) {}
}

@Handlers('other-event', Order)
export class OtherEvent {
  // @ts-expect-error takes the change of INSERT, but its decorator brings MODIFY
  @OnModify()
  async modified(_change: Inserted<typeof Order>) {}

  // @ts-expect-error takes the changes of INSERT and MODIFY, but its decorator brings REMOVE too
  @On()
  async all(_change: Inserted<typeof Order> | Modified<typeof Order>) {}

  // @ts-expect-error takes what TTL deleted, but its decorator brings what users delete too
  @OnRemove()
  async removed(_change: Expired<typeof Order>) {}

  // @ts-expect-error takes what TTL deleted, but its decorator brings what users delete
  @OnRemove({ by: 'user' })
  async removedByUser(_change: Expired<typeof Order>) {}

  // @ts-expect-error takes what TTL deleted, but its decorator brings every REMOVE
  @On({ events: ['INSERT', 'REMOVE'] })
  async some(_change: Inserted<typeof Order> | Expired<typeof Order>) {}

  @OnRemove({ by: 'ttl' })
  async removedByTtl(_change: Expired<typeof Order>) {}

  @OnExpire()
  async expired(_change: Removed<typeof Order>) {}

  @OnRemove()
  async part(_change: Pick<Removed<typeof Order>, 'eventName' | 'old'>) {}
}

@Handlers('no-change', Order)
export class NoChange {
  // @ts-expect-error takes no change
  @OnInsert()
  async text(_order: string) {}

  // @ts-expect-error takes the context where the change comes
  @OnInsert()
  async context(_context: Context) {}

  // @ts-expect-error takes something that nobody compares with the model
  @OnInsert()
  async other(_change: { readonly new: { readonly colour: string } }) {}

  @OnInsert()
  async nothing() {}

  @OnInsert()
  async anything(_change: unknown, _context: Context) {}
}

/** Its declarations name what the methods give back, so those types have to be exported where users can name them. */
@Handlers('outcomes', Order)
export class Outcomes {
  @OnInsert()
  skips() {
    return skipped('nothing to do');
  }

  @OnModify()
  async decides(change: Modified<typeof Order>) {
    if (change.new.total < 0) return neverAgain('not a total');
    if (change.new.total === 0) return retryLater('not yet', { afterMs: 1000 });
    return;
  }

  // @ts-expect-error What this method gives back means nothing; give back nothing, an outcome such as skipped(…), or a promise.
  @OnInsert()
  counts() {
    return 5;
  }

  // @ts-expect-error What this method gives back means nothing: nobody would wait for the promises of a list.
  @OnBatch()
  forgets() {
    return [Promise.resolve()];
  }

  // @ts-expect-error A handler is given a change and a Context, and no more; change the parameters of this method.
  @OnInsert()
  asksForText(_change: Inserted<typeof Order>, _text: string) {}

  // @ts-expect-error A handler is given a change and a Context, and no more; change the parameters of this method.
  @OnBatch()
  asksForMore(_changes: readonly Change<typeof Order>[], _context: Context, _more: string) {}
}

// @ts-expect-error the id is required
@Handlers(Order)
export class NoId {}

@Handlers('filters', Order)
export class Filters {
  @OnModify({ when: shop.attr('origin').changed(), order: 1, exclusive: 'mail' })
  ofTheTable(_change: Modified<typeof Order>) {}

  // @ts-expect-error This filter is about the entity Cart, but it is used for the entity Order.
  @OnModify({ when: Cart.attr('lines').changed() })
  ofAnotherEntity(_change: Modified<typeof Order>) {}

  // @ts-expect-error about another entity, whatever the event
  @On({ events: ['INSERT'], when: Cart.attr('lines').exists() })
  inserted(_change: Inserted<typeof Order>) {}
}

@Handlers('groups', Order)
export class Groups {
  @OnBatch()
  all(_changes: readonly Change<typeof Order>[]) {}

  @OnBatch({ events: ['INSERT'], maxSize: 10, when: Order.attr('total').exists() })
  inserted(_changes: readonly Inserted<typeof Order>[], _context: Context) {}

  @OnBatch({ events: ['INSERT', 'REMOVE'] })
  several(_changes: readonly (Inserted<typeof Order> | Removed<typeof Order>)[]) {}

  @OnBatch()
  nothing() {}

  @OnBatch()
  anything(_changes: unknown) {}

  // @ts-expect-error The first parameter of this method is no list; @OnBatch brings one, of the type readonly Change<…>[].
  @OnBatch({ events: ['INSERT'] })
  one(_change: Inserted<typeof Order>) {}

  // @ts-expect-error This method takes the change of INSERT, but its decorator brings MODIFY and REMOVE.
  @OnBatch()
  others(_changes: readonly Inserted<typeof Order>[]) {}

  // @ts-expect-error The list is not for this method to change; put readonly before the type of its first parameter.
  @OnBatch()
  its(_changes: Change<typeof Order>[]) {}

  // @ts-expect-error The first parameter of this method is no change
  @OnBatch()
  texts(_changes: readonly string[]) {}

  // @ts-expect-error This filter is about the entity Cart, but it is used for the entity Order.
  @OnBatch({ when: Cart.attr('lines').exists() })
  ofAnotherEntity(_changes: readonly Change<typeof Order>[]) {}

  // @ts-expect-error This method takes a list, but its decorator brings one change at a time; take one, or use @OnBatch.
  @OnInsert()
  list(_changes: readonly Inserted<typeof Order>[]) {}
}

// @ts-expect-error the method `placed` takes a list of changes of another model
@Handlers('groups-of-other', Cart)
export class OtherGroups {
  @OnBatch({ events: ['INSERT'] })
  placed(_changes: readonly Inserted<typeof Order>[]) {}
}

@Handlers('payments', Order)
export class Payments {
  @OnInsert({ once: true, onFailure: { action: 'park-item', attempts: 3 } })
  charge(_change: Inserted<typeof Order>) {}

  // @ts-expect-error there is no such action
  @OnInsert({ onFailure: 'retry' })
  refund(_change: Inserted<typeof Order>) {}
}
