import { lambda } from '@sluice/lambda';
import { type Group, ratio, sample, type Task } from './group.js';
import { type ManyRoutes, routerOfMany, tables } from './many-routes.js';

const counts = [1, 10, 100, 1000, 10_000];
const calls = 1000;

const cases: Readonly<Record<string, () => ManyRoutes>> = {
  ...Object.fromEntries(counts.map((count) => [nameOf(count), () => routerOfMany(count)])),
  '10000 routes of one table': () => routerOfMany(10_000, tables.slice(0, 1)),
};

/** What the number of routes costs a record. */
export const matching: Group = {
  title: 'Number of routes: 20 tables × 3 events × a literal each, 1 KB MODIFY records, one match',
  tasks: Object.fromEntries(
    Object.entries(cases).flatMap(([name, make]): [string, Task][] => [
      [
        `match, ${name}`,
        often(
          make,
          ({ router, matching }) =>
            () =>
              router.match(matching),
        ),
      ],
      [
        `no match, ${name}`,
        often(
          make,
          ({ router, other }) =>
            () =>
              router.match(other),
        ),
      ],
      [
        `dispatch, ${name}`,
        () => {
          const { router, event } = make();
          const handle = lambda(router);
          return () => handle(event);
        },
      ],
    ]),
  ),
  report: (samples) => ({
    columns: ['match µs', '× 10 routes', 'no match µs', '× 10 routes', 'dispatch µs', '× 10 routes'],
    rows: Object.keys(cases).map((name) => [
      name,
      ...['match', 'no match', 'dispatch'].flatMap((what) => [
        ((sample(samples, `${what}, ${name}`) * 1000) / calls).toFixed(3),
        ratio(samples, `${what}, ${name}`, `${what}, 10 routes`).toFixed(2),
      ]),
    ]),
    targets: [
      {
        what: 'Match with 10 000 routes, beside 10',
        measured: ratio(samples, 'match, 10000 routes', 'match, 10 routes'),
        unit: '×',
        atMost: 1.5,
      },
    ],
  }),
};

function nameOf(count: number): string {
  return `${count} route${count === 1 ? '' : 's'}`;
}

function often(make: () => ManyRoutes, call: (made: ManyRoutes) => () => unknown): Task {
  return () => {
    const one = call(make());
    return () => {
      for (let made = 0; made < calls; made++) one();
    };
  };
}
