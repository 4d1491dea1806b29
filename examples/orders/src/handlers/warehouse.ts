import type { Context, Modified, Removed } from '@sluice/core';
import { Handlers, OnModify, OnRemove } from '@sluice/decorators';
import { inject } from 'inversify';
import { Carrier } from '../carrier.js';
import { Order } from '../orders.js';
import { effectOf, Outside } from '../outside.js';

@Handlers('warehouse', Order)
export class Warehouse {
  constructor(
    @inject(Outside) private readonly outside: Outside,
    @inject(Carrier) private readonly carrier: Carrier,
  ) {}

  @OnModify({ when: Order.attr('status').from('PENDING').to('PAID') })
  async pack(change: Modified<typeof Order>, context: Context) {
    await this.carrier.book(change.new.carrier, change.params.orderId);
    await this.outside.act(effectOf(`pack for ${change.new.carrier}`, change, context));
  }

  @OnModify({ when: Order.attr('status').to('SHIPPED') })
  async handOver(change: Modified<typeof Order>, context: Context) {
    await this.outside.act(effectOf(`hand over to ${change.new.carrier}`, change, context));
  }

  @OnModify({ when: Order.attr('status').to('CANCELLED') })
  async putBack(change: Modified<typeof Order>, context: Context) {
    await this.outside.act(effectOf('put back', change, context));
  }

  @OnRemove({ by: 'user' })
  async forget(change: Removed<typeof Order>, context: Context) {
    await this.outside.act(effectOf(`forget an order that was ${change.old.status}`, change, context));
  }
}
