import { createRouter, type Order, route } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { type Group, ratio, sample, type Task } from './group.js';
import { paidOrders } from './records.js';
import { shop } from './shop.js';

const count = 10_000;
const parse = 'JSON.parse of the event';

/** One event of 10 000 records of 1000 items, to a handler that does nothing. */
export const lanes: Group = {
  title: `Lanes: one event of ${count} MODIFY records of 1 KB, to a handler that does nothing`,
  tasks: {
    [parse]: () => {
      const { text } = paidOrders(count);
      return () => JSON.parse(text);
    },
    lanes: inOrder('lanes'),
    strict: inOrder('strict'),
  },
  report: (samples) => ({
    columns: ['ms', '× JSON.parse'],
    rows: Object.keys(samples).map((name) => [
      name,
      sample(samples, name).toFixed(1),
      ratio(samples, name, parse).toFixed(2),
    ]),
    targets: [
      {
        what: `${count} records through lanes, beside JSON.parse of the event`,
        measured: ratio(samples, 'lanes', parse),
        unit: '×',
        atMost: 0.5,
      },
    ],
  }),
};

function inOrder(order: Order): Task {
  return () => {
    const { event } = paidOrders(count);
    const paid = shop.attr('status').from('PENDING').to('PAID');
    const routes = route.modify(shop, { id: 'noop', when: paid }, () => undefined);
    const handle = lambda(createRouter({ order, routes }));
    return () => handle(event);
  };
}
