import { createRouter } from '@sluice/core';
import { type Group, median, sample, type Task } from './group.js';
import { manyRoutes } from './many-routes.js';
import { threadMs } from './thread-time.js';

const processes = ['first in a process', 'in a second process', 'in a third process'];

/** What a router costs when it is made: the first one of a process, and one more in a warm process. */
export const start: Group = {
  title: 'Compiling 1000 routes',
  tasks: {
    ...Object.fromEntries(processes.map((name) => [name, theFirst()])),
    'once more in a warm process': () => {
      const routes = manyRoutes(1000);
      return () => createRouter({ routes });
    },
  },
  report: (samples) => {
    const firstMs = median(processes.map((name) => sample(samples, name)));
    return {
      columns: ['ms'],
      rows: [
        ['the first time in a process', firstMs.toFixed(1)],
        ['once more', sample(samples, 'once more in a warm process').toFixed(1)],
      ],
      targets: [
        {
          what: 'Compiling 1000 routes, the first time in a process',
          measured: firstMs,
          unit: 'ms',
          atMost: 50,
          isAim: true,
        },
      ],
    };
  },
};

/** Measured once, and told in every round. */
function theFirst(): Task {
  return () => {
    const routes = manyRoutes(1000);
    const began = threadMs();
    createRouter({ routes });
    const durationMs = threadMs() - began;
    return { measured: () => durationMs };
  };
}
