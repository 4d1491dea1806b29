import { createRouter, route } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { type Group, ratio, sample, sink, type Task } from './group.js';
import { byHand } from './peers.js';
import { paidOrders, recordSizes, type Size } from './records.js';
import { shop } from './shop.js';

const count = 200;
const each = Object.keys(recordSizes) as Size[];

/** Small and large records: with a match, and without one. */
export const sizes: Group = {
  title: `Record sizes: ${count} MODIFY records, bytes as DynamoDB counts them`,
  tasks: Object.fromEntries(each.flatMap((size) => Object.entries(tasksOf(size)))),
  report: (samples) => ({
    columns: ['µs a record', '× by hand', '× JSON.parse'],
    rows: each.flatMap((size) =>
      Object.keys(tasksOf(size)).map((name) => [
        name,
        ((sample(samples, name) * 1000) / count).toFixed(2),
        ratio(samples, name, `${size}: by hand`).toFixed(2),
        ratio(samples, name, `${size}: JSON.parse`).toFixed(2),
      ]),
    ),
  }),
};

function tasksOf(size: Size): Record<string, Task> {
  return {
    [`${size}: JSON.parse`]: () => {
      const { text } = paidOrders(count, size);
      return () => JSON.parse(text);
    },
    [`${size}: by hand`]: () => {
      const { event } = paidOrders(count, size);
      return () => byHand(event);
    },
    [`${size}: Sluice, no match`]: () => {
      const handle = lambda(createRouter({ routes: lost() }));
      const { event } = paidOrders(count, size);
      return () => handle(event);
    },
    [`${size}: Sluice, three attributes`]: () => {
      const handle = lambda(createRouter({ routes: readsThree() }));
      const { event } = paidOrders(count, size);
      return () => handle(event);
    },
  };
}

const lost = () => route.modify(shop, { id: 'lost', when: shop.attr('status').to('LOST') }, () => undefined);

const readsThree = () =>
  route.modify(
    shop,
    { id: 'paid', when: shop.attr('status').from('PENDING').to('PAID') },
    ({ new: item }) => {
      sink.sum += Number(item['total']) + String(item['status']).length + String(item['customer']).length;
    },
  );
