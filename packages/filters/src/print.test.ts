import { expect, it } from 'vitest';
import {
  type AnyFilter,
  absent,
  all,
  any,
  type FilterNode,
  keyFilter,
  modelFilter,
  not,
  printFilter,
  table,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' } });
const status = shop.attr('status');

it.each<[AnyFilter | FilterNode, string]>([
  [all(), 'everything'],
  [any(), 'nothing'],
  [status.is('PAID'), 'status is "PAID"'],
  [status.is('PAID', absent, null, 0, false, ''), 'status is one of "PAID", absent, null, 0, false, ""'],
  [status.is('absent'), 'status is "absent"'],
  [status.is('two\nlines'), 'status is "two\\nlines"'],
  [status.is(12n, 1e21, new Uint8Array([1, 2])), 'status is one of 12, 1e+21, "AQI="'],
  [status.changed(), 'status changed'],
  [status.from('PENDING'), 'status changed from "PENDING"'],
  [status.to('PAID'), 'status changed to "PAID"'],
  [status.from('PENDING', absent).to('PAID'), 'status changed from one of "PENDING", absent to "PAID"'],
  [status.appeared(), 'status appeared'],
  [status.disappeared(), 'status disappeared'],
  [shop.attr('lines[0].sku').changed(), 'lines[0].sku changed'],
  [{ kind: 'eventName', names: ['INSERT', 'MODIFY'] }, 'INSERT/MODIFY'],
  [{ kind: 'removedBy', by: 'ttl' }, 'removed by ttl'],
  [modelFilter(shop), 'table shop'],
  [keyFilter(Order) as AnyFilter, 'pk like "USER#:userId" and sk like "ORDER#:orderId"'],
  [not(status.changed()), 'status unchanged'],
  [
    all(any(status.to('PAID'), status.to('SHIPPED')), not(all(status.appeared(), shop.attr('total').is(0)))),
    '(status changed to "PAID" or status changed to "SHIPPED") and not (status appeared and total is 0)',
  ],
  [not(keyFilter(Order) as AnyFilter), 'not (pk like "USER#:userId" and sk like "ORDER#:orderId")'],
  [any(all(status.appeared()), all()), 'status appeared or everything'],
])('%j reads in words', (filter, words) => {
  expect(printFilter(filter)).toBe(words);
  expect(printFilter(JSON.parse(JSON.stringify(filter)))).toBe(words);
});
