import { createRouter, type Ledger, route, table } from '@sluice/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { printRoutes, routeDiagram, routeList } from './index.js';

const quiet = () => undefined;
const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', { key: { pk: 'ORDER#:id' } });
const paid = Order.attr('status').to('PAID');

describe('the list of routes', () => {
  it('prints itself', () => {
    const router = createRouter({
      routes: [
        route.modify(Order, { id: 'mail.receipt', when: paid }, quiet),
        route.on(shop, { id: 'audit', order: -1, exclusive: 'log' }, quiet),
        route.batch(shop, { id: 'index', maxSize: 25 }, quiet),
      ],
      tables: { shop: 'shop-prod' },
    });
    expect(printRoutes(router)).toBe(
      [
        'route         of                  events                when',
        'audit         shop-prod           INSERT/MODIFY/REMOVE  everything                order -1, exclusive log',
        'mail.receipt  Order in shop-prod  MODIFY                status changed to "PAID"',
        'index         shop-prod           INSERT/MODIFY/REMOVE  everything                groups of 25',
      ].join('\n'),
    );
  });

  it('is data that JSON keeps, with each option that a route has', () => {
    const router = createRouter({
      name: 'orders',
      ledger: { open: quiet, once: quiet } as unknown as Ledger,
      routes: [
        route.batch(shop, { id: 'index', once: true, maxSize: 25, events: ['INSERT'] }, quiet),
        route.modify(
          Order,
          { id: 'receipt', when: paid, exclusive: 'mail', onFailure: { action: 'drop', attempts: 3 } },
          quiet,
        ),
        route.remove(
          Order,
          { id: 'gone', order: 2, onFailure: { action: 'drop', destination: async () => undefined } },
          quiet,
        ),
        route.window(
          shop,
          { id: 'count', state: z.object({ n: z.number().default(0) }) },
          { add: ({ n }) => ({ n: n + 1 }), close: quiet },
        ),
      ],
    });
    const list = routeList(router);
    expect(JSON.parse(JSON.stringify(list))).toEqual(list);
    const plain = { order: 0, once: false, window: false };
    const events = ['INSERT', 'MODIFY', 'REMOVE'];
    expect(list.map(({ filter: _, ...rest }) => rest)).toEqual([
      {
        ...plain,
        id: 'index',
        table: 'shop',
        events: ['INSERT'],
        when: 'everything',
        once: true,
        maxSize: 25,
      },
      {
        ...plain,
        id: 'receipt',
        table: 'shop',
        entity: 'Order',
        events: ['MODIFY'],
        when: 'status changed to "PAID"',
        exclusive: 'mail',
        onFailure: { action: 'drop', attempts: 3, sent: false },
      },
      { ...plain, id: 'count', table: 'shop', events, when: 'everything', window: true },
      {
        ...plain,
        id: 'gone',
        table: 'shop',
        entity: 'Order',
        events: ['REMOVE'],
        when: 'everything',
        order: 2,
        onFailure: { action: 'drop', attempts: 10, sent: true },
      },
    ]);
  });
});

describe('the diagram', () => {
  it('leads from streams by filters to handlers, and shows a filter once', () => {
    const router = createRouter({
      routes: [
        route.modify(Order, { id: 'receipt', when: paid }, quiet),
        route.modify(Order, { id: 'invoice', when: paid, order: 1 }, quiet),
        route.on(shop, { id: 'audit', order: 2 }, quiet),
        route.insert(table('cart-*', { keys: { partition: 'pk' } }), { id: 'filled', order: 3 }, quiet),
      ],
    });
    expect(routeDiagram(router).split('\n')).toEqual([
      'flowchart LR',
      '  stream1[("stream of<br/>shop")]',
      '  stream2[("stream of<br/>cart-#42;")]',
      '  filter1{{"MODIFY of Order<br/>status changed to #34;PAID#34;"}}',
      '  stream1 --> filter1',
      '  filter2{{"INSERT/MODIFY/REMOVE<br/>everything"}}',
      '  stream1 --> filter2',
      '  filter3{{"INSERT<br/>everything"}}',
      '  stream2 --> filter3',
      '  handler1["receipt"]',
      '  filter1 --> handler1',
      '  handler2["invoice<br/>order 1"]',
      '  filter1 --> handler2',
      '  handler3["audit<br/>order 2"]',
      '  filter2 --> handler3',
      '  handler4["filled<br/>order 3"]',
      '  filter3 --> handler4',
    ]);
  });

  it('holds for any names and values: what Mermaid could read as its own is the number of its character', () => {
    const names = fc.array(fc.string({ unit: 'binary', minLength: 1 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(names, fc.string({ unit: 'binary' }), (ids, text) => {
        const routes = [...new Set(ids)].map((id) =>
          route.on(shop, { id, when: shop.attr('status').is(text) }, quiet),
        );
        const lines = routeDiagram(createRouter({ routes })).split('\n');
        const label = String.raw`(?:[\p{L}\p{N} ,.()/_-]|#\d+;|<br/>)*`;
        const node = new RegExp(
          `^  \\w+(\\[\\("${label}"\\)\\]|\\{\\{"${label}"\\}\\}|\\["${label}"\\])$`,
          'u',
        );
        const arrow = /^ {2}\w+ --> \w+$/;
        expect(lines.slice(1).filter((line) => !node.test(line) && !arrow.test(line))).toEqual([]);
      }),
      { seed: Number(process.env['SLUICE_SEED'] ?? 6) },
    );
  });
});
