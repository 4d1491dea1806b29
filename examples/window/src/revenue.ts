// #region revenue
import type { CloseContext, Inserted, Modified, TumblingWindow } from '@sluice/core';
import { Handlers, Window } from '@sluice/decorators';
import { inject } from 'inversify';
import { Rates, Reports } from './outside.js';
import { Order } from './shop.js';
import { Totals } from './totals.js';

@Handlers('revenue', Order)
export class Revenue {
  constructor(
    @inject(Rates) private readonly rates: Rates,
    @inject(Reports) private readonly reports: Reports,
  ) {}

  @Window({
    state: Totals,
    events: ['INSERT', 'MODIFY'],
    when: Order.attr('status').changed(),
    close: 'publish',
  })
  async add(totals: Totals, change: Inserted<typeof Order> | Modified<typeof Order>): Promise<Totals> {
    const { status, total, currency, changedAt } = change.new;
    const { orders, euros } = totals[status];
    const rate = await this.rates.inEuros(currency, changedAt); // the same whenever it is asked
    return { ...totals, [status]: { orders: orders + 1, euros: euros + total * rate } };
  }

  async publish(totals: Totals, { start }: TumblingWindow, { idempotencyKey }: CloseContext) {
    await this.reports.put(start, totals, { key: idempotencyKey });
  }
}
// #endregion
