import fc from 'fast-check';
import { test } from 'vitest';
import { play, steps } from './testing/simulation.js';

fc.configureGlobal({ seed: 20_260_101 });

test(
  'through rolls, splits, stale listings, throttles, expiries, failing handlers, a failing store, restarts and crashes: ' +
    'nothing is lost, items keep their order, no checkpoint runs ahead, and planned restarts repeat nothing',
  { timeout: 60_000 },
  () => fc.assert(fc.asyncProperty(fc.nat(), steps, play), { numRuns: 60 }),
);
