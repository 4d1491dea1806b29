import { createRouter, type Logger, type Router, route } from '@sluice/core';
import { fromClasses } from '@sluice/decorators';
import { Container } from 'inversify';
import { Carrier, flakyCarrier } from './carrier.js';
import { Carts } from './handlers/carts.js';
import { OrderMail } from './handlers/order-mail.js';
import { Warehouse } from './handlers/warehouse.js';
import { journal } from './journal.js';
import { Customer } from './orders.js';
import { effectOf, Outside } from './outside.js';

/** The router over a world; the one below acts on the world that the environment names. */
export function ordersRouter(outside: Outside, logger?: Logger): Router {
  const container = new Container();
  container.bind<Outside>(Outside).toConstantValue(outside);
  container.bind<Carrier>(Carrier).toConstantValue(flakyCarrier());

  const welcome = route.insert(Customer, { id: 'welcome' }, (change, context) =>
    outside.act(effectOf(`mail welcome to ${change.new.name}`, change, context)),
  );
  return createRouter({
    name: 'orders',
    routes: [welcome, fromClasses([OrderMail, Warehouse, Carts], container)],
    ...(logger && { logger }),
  });
}

export const router = ordersRouter(journal(process.env['ORDERS_JOURNAL']));
