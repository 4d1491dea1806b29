import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lambdaEvent, recordsOf } from '@sluice/testing';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sluice-orders-'));
const orders = recordsOf({ table: 'orders', keys: { partition: 'pk', sort: 'sk' } });
const pending = {
  pk: 'CUSTOMER#1',
  sk: 'ORDER#1',
  status: 'PENDING',
  totalCents: 100,
  carrier: 'swift-parcel',
};
const cart = { pk: 'CUSTOMER#1', sk: 'CART', expiresAt: 1 };

beforeAll(() =>
  build({
    entryPoints: [fileURLToPath(new URL('./lambda.ts', import.meta.url))],
    outfile: join(folder, 'lambda.mjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
  }),
);
afterAll(() => rmSync(folder, { recursive: true }));

describe('the bundle that one uploads', () => {
  it('runs, and routes to the handlers of each event', () => {
    const event = lambdaEvent([
      orders.insert(pending),
      orders.modify(pending, { ...pending, status: 'PAID' }),
      orders.remove({ ...pending, status: 'PAID' }),
      orders.expire(cart),
    ]);
    const main = `
      import { handler } from './lambda.mjs';
      console.log(JSON.stringify(await handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 10_000 })));`;
    writeFileSync(join(folder, 'main.mjs'), main);
    const journal = join(folder, 'journal.jsonl');
    const stdout = execFileSync(process.execPath, [join(folder, 'main.mjs')], {
      env: { ...process.env, ORDERS_JOURNAL: journal },
      encoding: 'utf8',
    });

    expect(JSON.parse(stdout)).toEqual({ batchItemFailures: [] });
    const effects = readFileSync(journal, 'utf8').trim().split('\n');
    expect(effects.map((line) => JSON.parse(line).handlerId)).toEqual([
      'order-mail.confirmation',
      'order-mail.receipt',
      'warehouse.pack',
      'warehouse.forget',
      'carts.remind',
    ]);
  });
});
