import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Group, ratio, sample, type Task } from './group.js';
import { routerOfMany } from './many-routes.js';

const counts = [10, 1000, 10_000];

/** What a match leaves behind, with few routes and with many. */
export const allocation: Group = {
  title: 'Bytes that a match allocates',
  tasks: Object.fromEntries(counts.map((count) => [`${count} routes`, bytesOfMatch(count)])),
  report: (samples) => ({
    columns: ['bytes', '× 10 routes'],
    rows: Object.keys(samples).map((name) => [
      name,
      sample(samples, name).toFixed(0),
      ratio(samples, name, '10 routes').toFixed(2),
    ]),
    targets: [
      {
        what: 'Bytes allocated by a match with 10 000 routes, beside 10',
        measured: ratio(samples, '10000 routes', '10 routes'),
        unit: '×',
        atMost: 1.05,
      },
    ],
  }),
};

function bytesOfMatch(count: number): Task {
  return () => {
    const { router, matching } = routerOfMany(count);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const calls = 2000;
    for (let warm = 0; warm < 20 * calls; warm++) router.match(matching);
    return {
      // The growth of the heap between two collections; one in between would make it shrink.
      measured: () => {
        for (;;) {
          collect();
          const before = process.memoryUsage().heapUsed;
          for (let made = 0; made < calls; made++) router.match(matching);
          const grown = process.memoryUsage().heapUsed - before;
          if (grown >= 0) return grown / calls;
        }
      },
    };
  };
}
