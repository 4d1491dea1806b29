// #region router
import { createRouter, type Router, type RouterOptions } from '@sluice/core';
import { fromClasses } from '@sluice/decorators';
import { Container } from 'inversify';
import { OrderMail } from './order-mail.js';
import { Mailer, type Outside, openWorld, Rates, Reports } from './outside.js';
import { Revenue } from './revenue.js';

export function revenueRouter(outside: Outside, options: Pick<RouterOptions, 'clock' | 'logger'>): Router {
  const container = new Container();
  container.bind(Rates).toConstantValue(outside.rates);
  container.bind(Reports).toConstantValue(outside.reports);
  container.bind(Mailer).toConstantValue(outside.mailer);
  return createRouter({ routes: fromClasses([OrderMail, Revenue], container), ...options });
}
// #endregion

const quiet = () => undefined;

/** For `npx sluice`: the same over a world in which nothing happens. */
export const router = revenueRouter(openWorld(new Set(), quiet), {});
