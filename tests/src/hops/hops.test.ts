import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { lambdaPackages, requireBuilt, root } from '../built.js';
import type { Hops } from './report.js';

/**
 * The most functions of ours that one more record may run, and in how many files. The aim is 8 in 6 without
 * middleware; a number goes up only with a sentence here that says why.
 *
 * - 25 in 10 on Lambda and 26 in 9 in the poller's drain: the first numbers that were measured.
 * - 8 in 6: matching and placing became one loop, and what only waiters need runs only when one is due. A record of
 *   another item begins a lane, which is one function more.
 */
const budgets = {
  'Lambda, function route': { functions: 8, files: 6 },
  'Lambda, decorated class': { functions: 8, files: 6 },
  "poller's drain, two items": { functions: 9, files: 6 },
  "poller's drain, one item": { functions: 8, files: 6 },
};

const report = 'tests/dist/hops/report.js';
let measured: readonly Hops[];

beforeAll(async () => {
  requireBuilt(...lambdaPackages, report);
  const { stdout } = await promisify(execFile)(process.execPath, [root + report, '--json']);
  measured = JSON.parse(stdout);
}, 60_000);

describe('one more record', () => {
  it.each(Object.entries(budgets))('runs few functions of ours: %s', (name, budget) => {
    const { functions, files, hops } = hopsOf(name);
    const over = functions > budget.functions || files > budget.files;
    expect(over ? hops.map((hop) => `${hop.part}: ${hop.name}, ${hop.file}:${hop.line}`) : []).toEqual([]);
  });

  it.each(['handler', 'record'])('runs at most 2 functions more for a %s middleware', (level) => {
    const without = hopsOf('Lambda, function route').functions;
    expect(hopsOf(`Lambda, 1 ${level} middleware`).functions).toBeLessThanOrEqual(without + 2);
  });

  it('runs at most 2 functions more for each further middleware', () => {
    const without = hopsOf('Lambda, function route').functions;
    expect(hopsOf('Lambda, 2 handler middlewares').functions).toBeLessThanOrEqual(without + 4);
  });
});

function hopsOf(name: string): Hops {
  const found = measured.find((hops) => hops.name === name);
  if (!found) throw new Error(`The report has no "${name}", only ${measured.map((hops) => hops.name)}.`);
  return found;
}
