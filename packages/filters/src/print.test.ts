import { expect, it } from 'vitest';
import {
  type AnyFilter,
  absent,
  all,
  any,
  decimal,
  type FilterNode,
  keyFilter,
  modelFilter,
  not,
  printFilter,
  removedBy,
  streamRegion,
  table,
  value,
  where,
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
  [status.unchanged(), 'status unchanged'],
  [status.nulled(), 'status changed to null'],
  [status.typeChanged(), 'status changed its type'],
  [
    status.is(['a', 1], { b: null }, new Set(['x'])),
    'status is one of {"L":[{"S":"a"},{"N":"1"}]}, {"M":{"b":{"NULL":true}}}, {"SS":["x"]}',
  ],
  [status.is(streamRegion), "status is the stream's Region"],
  [status.is('NEW', value.startsWith('P')), 'status is "NEW" or text that starts with "P"'],
  [status.startsWith('P'), 'status is text that starts with "P"'],
  [status.endsWith('"'), 'status is text that ends with "\\""'],
  [status.matches(/^P.*/i), 'status is text that matches /^P.*/i'],
  [status.exists(), 'status is present'],
  [status.ofType('N', 'NULL'), 'status is of type N or NULL'],
  [status.has('vip'), 'status is a set or list with "vip"'],
  [status.has('vip', 1), 'status is a set or list with one of "vip", 1'],
  [status.size(3), 'status is of size 3'],
  [status.size(value.atMost(3)), 'status is of size at most 3'],
  [status.lessThan(1), 'status is less than 1'],
  [status.atMost(1n), 'status is at most 1'],
  [status.greaterThan(1.5), 'status is greater than 1.5'],
  [status.atLeast(decimal('1.50')), 'status is at least 1.50'],
  [
    status.from(value.lessThan(100)).to(value.atLeast(100)),
    'status changed from less than 100 to at least 100',
  ],
  [status.increased(), 'status increased'],
  [status.decreasedBy(5), 'status decreased by at least 5'],
  [status.crossed(100), 'status crossed 100'],
  [status.crossed(100, 'down'), 'status crossed 100 downwards'],
  [status.added('vip', 'gold'), 'status added one of "vip", "gold"'],
  [status.removed(), 'status removed anything'],
  [shop.attrAt('a.b', 0).changed(), '["a.b"][0] changed'],
  [
    removedBy('ttl', table('t', { keys: { partition: 'pk' }, ttl: 'exp', ttlOnReplicas: 'infer' })),
    'removed by ttl (or expired by exp)',
  ],
  [
    removedBy('user', table('t', { keys: { partition: 'pk' }, ttl: 'exp', ttlOnReplicas: 'infer' })),
    'removed by user (and not expired by exp)',
  ],
  [where('total "doubled"', () => true), 'where "total \\"doubled\\""'],
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
  [
    all(status.is('A', value.endsWith('B')), not(status.is('C', value.endsWith('D')))),
    '(status is "A" or text that ends with "B") and not (status is "C" or text that ends with "D")',
  ],
  [
    any(status.from('A', value.endsWith('B')), status.size(value.atLeast(3))),
    '(status changed from "A" or text that ends with "B") or status is of size at least 3',
  ],
])('%j reads in words', (filter, words) => {
  expect(printFilter(filter)).toBe(words);
  expect(printFilter(JSON.parse(JSON.stringify(filter)))).toBe(words);
});
