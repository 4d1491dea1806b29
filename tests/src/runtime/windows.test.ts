import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordsOf, simulateLambda } from '@sluice/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Deployment, deploy, handlerIn } from './deploy.js';

let deployed: Deployment;
beforeAll(async () => {
  deployed = await deploy({ totals: { entry: 'tests/src/runtime/functions/totals.ts' } });
});
afterEach(() => deployed.stopAll());
afterAll(() => deployed.remove());

test('the state of a window goes from process to process, and each window is closed with what was added', async () => {
  const sales = recordsOf({ table: 'sales', keys: { partition: 'pk' } });
  const records = [1, 2, 4, 8, 16].map((cents) => sales.insert({ pk: `sale-${cents}`, cents }));
  const journal = join(deployed.folder, 'totals.jsonl');
  // An hour ago: it is there, and all of its windows are over.
  const startMs = Math.floor(Date.now() / 60_000 - 60) * 60_000;
  const start = (minutes: number) => `${new Date(startMs + minutes * 60_000).toISOString().slice(0, 19)}Z`;
  const report = await simulateLambda({
    records,
    batchSize: 2,
    tumblingWindowInSeconds: 60,
    writtenMs: (record) => startMs + records.indexOf(record) * 20_000,
    faults: () => ({ sandbox: 'new' }),
    newSandbox: async () => handlerIn(await deployed.start('totals', { environment: { JOURNAL: journal } })),
  });

  expect(report.status).toBe('done');
  const closed = readFileSync(journal, 'utf8').trim().split('\n');
  expect(closed.map((line) => JSON.parse(line))).toEqual([
    { start: start(0), count: 3, cents: 7, idempotencyKey: expect.any(String) },
    { start: start(1), count: 2, cents: 24, idempotencyKey: expect.any(String) },
  ]);
});
