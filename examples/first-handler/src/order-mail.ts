// #region handlers
import type { Context, Modified } from '@sluice/core';
import { Handlers, OnModify } from '@sluice/decorators';
import { inject } from 'inversify';
import { Mailer } from './mailer.js';
import { Order } from './shop.js';

@Handlers('order-mail', Order)
export class OrderMail {
  constructor(@inject(Mailer) private readonly mailer: Mailer) {}

  @OnModify({ when: Order.attr('status').from('PENDING').to('PAID') })
  async receipt(change: Modified<typeof Order>, context: Context) {
    await this.mailer.send(change.params.userId, `You paid ${change.new.total}`, context.idempotencyKey);
  }
}
// #endregion
