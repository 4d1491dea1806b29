import { createRouter, type Route, route } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import type { z } from 'zod';
import { type Group, ratio, sample, sink, type Task } from './group.js';
import { byHand, middyNormalized, powertools, powertoolsWithParser } from './peers.js';
import { paidOrders } from './records.js';
import { type orderSchema, Stored, shop, Validated } from './shop.js';

const count = 1000;
const hand = 'by hand: filter, unmarshall both images, call';
const parse = 'JSON.parse of the event';

/** From the event to the handler and back, for MODIFY records which all match. */
export const dispatch: Group = {
  title: `Dispatch: ${count} MODIFY records of 1 KB`,
  tasks: {
    [parse]: () => {
      const { text } = paidOrders(count);
      return () => JSON.parse(text);
    },
    [hand]: onEvent(byHand),
    'Sluice: nothing matches': routed(() =>
      route.modify(shop, { id: 'lost', when: shop.attr('status').to('LOST') }, () => undefined),
    ),
    'Sluice: handler reads nothing': routed(() =>
      route.modify(Stored, { id: 'it', when: paid() }, () => undefined),
    ),
    'Sluice: handler reads three attributes': routed(() =>
      route.modify(Stored, { id: 'it', when: paid() }, ({ new: { total, status, customer } }) => {
        sink.sum += Number(total) + String(status).length + String(customer).length;
      }),
    ),
    'Sluice: handler reads each attribute of both': routed(() =>
      route.modify(Stored, { id: 'it', when: paid() }, ({ new: item, old }) => {
        sink.sum += sumOf(item) + sumOf(old);
      }),
    ),
    'Sluice: handler copies both whole images': routed(() =>
      route.modify(Stored, { id: 'it', when: paid() }, ({ new: item, old }) => {
        sink.sum += sumOf({ ...item }) + sumOf({ ...old });
      }),
    ),
    'Sluice: new image validated by zod': routed(() =>
      route.modify(
        Validated,
        { id: 'it', when: Validated.attr('status').from('PENDING').to('PAID') },
        ({ new: { total, status, customer } }) => {
          sink.sum += total + status.length + customer.length;
        },
      ),
    ),
    'Powertools batch': onEvent(powertools),
    'Powertools batch with its parser': onEvent(powertoolsWithParser),
    'middy with its event normalizer': onEvent(middyNormalized),
  },
  report: (samples) => ({
    columns: ['µs a record', '× by hand', '× JSON.parse'],
    rows: Object.keys(samples).map((name) => [
      name,
      ((sample(samples, name) * 1000) / count).toFixed(2),
      ratio(samples, name, hand).toFixed(2),
      ratio(samples, name, parse).toFixed(2),
    ]),
    targets: [
      {
        what: 'Handler that reads three attributes, beside by hand',
        measured: ratio(samples, 'Sluice: handler reads three attributes', hand),
        unit: '×',
        atMost: 1 / 3,
      },
      {
        what: 'Handler with the new image validated by zod, beside by hand',
        measured: ratio(samples, 'Sluice: new image validated by zod', hand),
        unit: '×',
        atMost: 0.5,
      },
      {
        what: 'Handler that reads each attribute of both images, beside by hand',
        measured: ratio(samples, 'Sluice: handler reads each attribute of both', hand),
        unit: '×',
        atMost: 1,
      },
      {
        what: 'Handler that copies both whole images, beside by hand',
        measured: ratio(samples, 'Sluice: handler copies both whole images', hand),
        unit: '×',
        atMost: 1,
      },
      {
        what: 'A record that nothing matches',
        measured: (sample(samples, 'Sluice: nothing matches') * 1000) / count,
        unit: 'µs',
        atMost: 1,
        isAim: true,
      },
    ],
  }),
};

const paid = () => Stored.attr('status').from('PENDING').to('PAID');

/** Reads all attributes by their names. */
function sumOf(item: Partial<z.infer<typeof orderSchema>>): number {
  const texts = [item.pk, item.sk, item.status, item.customer, item.note, item.email, item.currency];
  const times = [item.createdAt, item.updatedAt, item.address?.city, item.lines?.[0]?.sku];
  const numbers = Number(item.total) + Number(item.version) + Number(item.weightGrams);
  return texts.length + times.length + numbers + Number(item.isGift) + Number(item.tags?.size);
}

function onEvent(handle: (event: ReturnType<typeof paidOrders>['event']) => unknown): Task {
  return () => {
    const { event } = paidOrders(count);
    return () => handle(event);
  };
}

function routed(one: () => Route): Task {
  return () => {
    const { event } = paidOrders(count);
    const handle = lambda(createRouter({ routes: one() }));
    return () => handle(event);
  };
}
