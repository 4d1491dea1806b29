import { type AnyFilter, all, createRouter, type EventName, route, table } from '@sluice/core';
import { filterCriteria } from '@sluice/describe';
import { type Group, sample, type Task } from './group.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const count = 1000;

/** What each of the routes asks. */
const shapes: Readonly<Record<string, (index: number) => AnyFilter>> = {
  'a literal each, of one attribute': (index) => shop.attr('kind').is(`kind-${index}`),
  'literals of two attributes each': (index) =>
    all(shop.attr('kind').is(`kind-${index}`), shop.attr('status').is(`status-${index}`)),
  'a literal each, of an attribute each': (index) => shop.attr(`attribute-${index}`).is('x'),
  'a transition each': (index) =>
    shop
      .attr('status')
      .from(`status-${index}`)
      .to(`status-${index + 1}`),
  'what a pattern cannot say': (index) => shop.attr('total').atLeast(index),
};

/** What the criteria of many routes take, which is done once for a deployment. */
export const describe: Group = {
  title: `Filter criteria of ${count} routes of one table`,
  tasks: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, criteriaOf(shape)])),
  report: (samples) => ({
    columns: ['ms'],
    rows: Object.keys(shapes).map((name) => [name, sample(samples, name).toFixed(0)]),
    targets: Object.keys(shapes).map((name) => ({
      what: `Filter criteria of ${count} routes: ${name}`,
      measured: sample(samples, name),
      unit: 'ms',
      atMost: 1000,
      isAim: true,
    })),
  }),
};

const events: readonly EventName[] = ['INSERT', 'MODIFY', 'REMOVE'];

function criteriaOf(shape: (index: number) => AnyFilter): Task {
  return () => {
    const routes = Array.from({ length: count }, (_, index) => {
      const when = shape(index);
      const isTransition = when.kind === 'changed';
      const event = isTransition ? 'MODIFY' : (events[index % events.length] ?? 'INSERT');
      return route.on(shop, { id: `route-${index}`, events: [event], when: when as never }, () => undefined);
    });
    const router = createRouter({ routes });
    return () => filterCriteria(router);
  };
}
