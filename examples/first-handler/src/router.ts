// #region router
import { createRouter } from '@sluice/core';
import { fromClasses } from '@sluice/decorators';
import { Container } from 'inversify';
import { consoleMailer, Mailer } from './mailer.js';
import { OrderMail } from './order-mail.js';

const container = new Container();
container.bind(Mailer).toConstantValue(consoleMailer);

export const router = createRouter({ name: 'shop-mail', routes: fromClasses([OrderMail], container) });
// #endregion
