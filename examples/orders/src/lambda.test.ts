import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lambdaEvent, recordsOf } from '@sluice/testing';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, zipped } from './deploy/bundle.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-orders-'));
const unpacked = mkdtempSync(join(tmpdir(), 'sluice-orders-'));
const entry = fileURLToPath(new URL('./lambda.ts', import.meta.url));
const orders = recordsOf({ table: 'orders', keys: { partition: 'pk', sort: 'sk' } });
const pending = {
  pk: 'CUSTOMER#1',
  sk: 'ORDER#1',
  status: 'PENDING',
  totalCents: 100,
  carrier: 'swift-parcel',
};
const cart = { pk: 'CUSTOMER#1', sk: 'CART', expiresAt: 1 };
let zip: Uint8Array;

beforeAll(async () => {
  zip = await zipped(folder, await bundle({ entry, folder }));
  for (const [name, bytes] of Object.entries(unzipSync(zip))) writeFileSync(join(unpacked, name), bytes);
});
afterAll(() => {
  for (const one of [folder, unpacked]) rmSync(one, { recursive: true });
});

describe('the zip that one uploads', () => {
  it('runs, and routes to the handlers of each event', () => {
    const event = lambdaEvent([
      orders.insert(pending),
      orders.modify(pending, { ...pending, status: 'PAID' }),
      orders.remove({ ...pending, status: 'PAID' }),
      orders.expire(cart),
    ]);
    const main = `
      import { handler } from './index.mjs';
      const response = await handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 10_000 });
      console.log(JSON.stringify(response));`;
    writeFileSync(join(unpacked, 'main.mjs'), main);
    const journal = join(unpacked, 'journal.jsonl');
    const stdout = execFileSync(process.execPath, [join(unpacked, 'main.mjs')], {
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

  it('is the same as long as the code is', async () => {
    expect(await zipped(folder, await bundle({ entry, folder }))).toEqual(zip);
  });
});
