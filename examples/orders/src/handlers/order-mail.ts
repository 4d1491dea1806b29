import type { Context, Inserted, Modified } from '@sluice/core';
import { Handlers, OnInsert, OnModify } from '@sluice/decorators';
import { inject } from 'inversify';
import { Order } from '../orders.js';
import { effectOf, Outside } from '../outside.js';

@Handlers('order-mail', Order)
export class OrderMail {
  constructor(@inject(Outside) private readonly outside: Outside) {}

  @OnInsert()
  async confirmation(change: Inserted<typeof Order>, context: Context) {
    await this.outside.act(effectOf('mail confirmation', change, context));
  }

  @OnModify({ when: Order.attr('status').from('PENDING').to('PAID') })
  async receipt(change: Modified<typeof Order>, context: Context) {
    await this.outside.act(effectOf(`mail receipt over ${change.new.totalCents / 100}`, change, context));
  }

  @OnModify({ when: Order.attr('reason').appeared() })
  async regret(change: Modified<typeof Order>, context: Context) {
    await this.outside.act(effectOf(`mail regret: ${change.new.reason}`, change, context));
  }
}
