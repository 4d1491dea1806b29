import { createRouter } from '@sluice/core';
import { fromClasses } from '@sluice/decorators';
import { given, lambdaEvent, recordsOf } from '@sluice/testing';
import { Container } from 'inversify';
import { expect, it, vi } from 'vitest';
import { router as functionRouter } from './functions.js';
import { handler } from './lambda.js';
import { Mailer } from './mailer.js';
import { OrderMail } from './order-mail.js';
import { shop } from './shop.js';

// #region test
const orders = recordsOf(shop);
const pending = { pk: 'USER#jo', sk: 'ORDER#7', status: 'PENDING', total: 30 };
const paid = { ...pending, status: 'PAID' };

it('mails a receipt when an order is paid, and nothing when it is placed', async () => {
  const sent: string[] = [];
  const container = new Container();
  container
    .bind(Mailer)
    .toConstantValue({ send: async (to: string, text: string) => void sent.push(`${to}: ${text}`) });
  const router = createRouter({ routes: fromClasses([OrderMail], container) });

  const { handled, unmatched } = await given(router).when(
    orders.insert(pending),
    orders.modify(pending, paid),
  );

  expect(handled).toEqual(['order-mail.receipt']);
  expect(unmatched).toBe(1);
  expect(sent).toEqual(['jo: You paid 30']);
});
// #endregion

it('answers Lambda that all is done', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  expect(await handler(lambdaEvent([orders.modify(pending, paid)]))).toEqual({ batchItemFailures: [] });
  expect(log).toHaveBeenCalledWith('to jo: You paid 30');
  log.mockRestore();
});

it('routes to plain functions the same way', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  expect((await given(functionRouter).when(orders.modify(pending, paid))).handled).toEqual(['thank']);
  log.mockRestore();
});
