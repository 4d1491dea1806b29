// #region mail
import type { Modified } from '@sluice/core';
import { Handlers, OnModify } from '@sluice/decorators';
import { inject } from 'inversify';
import { Mailer } from './outside.js';
import { Order } from './shop.js';

@Handlers('order-mail', Order)
export class OrderMail {
  constructor(@inject(Mailer) private readonly mailer: Mailer) {}

  @OnModify({ when: Order.attr('status').to('PAID') })
  async receipt({ params, new: { total, currency } }: Modified<typeof Order>) {
    await this.mailer.send(params.orderId, `received ${total} ${currency}`);
  }
}
// #endregion
