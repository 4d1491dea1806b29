import { createRouter, route, table } from '@sluice/core';
import { asyncApi } from '@sluice/describe';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

/** The regions of this file are the snippets of `docs/asyncapi.md`. */

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const send = () => undefined;

// #region schema
const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({
    status: z.enum(['PENDING', 'PAID']).describe('Where the order is.'),
    total: z
      .number()
      .min(0)
      .meta({ examples: [20, 25] }), // shown in the examples of messages
    tags: z.set(z.string()).optional(),
  }),
});
// #endregion

describe('the document of an application', () => {
  it('is made of its router', () => {
    // #region document
    const router = createRouter({
      name: 'shop-mail',
      routes: route.modify(
        Order,
        { id: 'receipt', when: Order.attr('status').from('PENDING').to('PAID') },
        send,
      ),
    });
    const document = asyncApi(router, { title: 'Mails of the shop', version: '1.4.0' });
    const text = JSON.stringify(document); // plain data: a writer of YAML takes it too
    // #endregion
    expect(JSON.parse(text)).toEqual(document);
    expect(document.info).toMatchObject({ title: 'Mails of the shop', version: '1.4.0' });
    expect(document.operations['receipt']?.summary).toBe(
      'MODIFY of Order in shop, when status changed from "PENDING" to "PAID"',
    );
    const { schemas, messages } = document.components;
    expect(Object.keys(schemas).filter((name) => name.startsWith('Order'))).toEqual([
      'Order',
      'Order.keys',
      'Order.item',
      'Order.insert',
      'Order.modify',
      'Order.remove',
    ]);
    expect(schemas['Order.item']).toHaveProperty('properties.tags.properties.SS');
    expect(schemas['Order.item']).toHaveProperty('properties.status.description', 'Where the order is.');
    expect(messages['Order.insert']?.examples?.[0]?.payload).toMatchObject({
      dynamodb: { NewImage: { pk: { S: 'USER#1' }, sk: { S: 'ORDER#2' }, total: { N: '20' } } },
    });
  });
});
