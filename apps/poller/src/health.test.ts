import { createProcessMemory, createRouter, type Router, route, runBatch, table } from '@sluice/core';
import { recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { counted, type Health, newHealth, serveHealth } from './health.js';

const shop = recordsOf({ table: 'shop', keys: { partition: 'pk' } });

async function ask(health: Health, path: string) {
  const { server, port } = await serveHealth(health, 0);
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  const body: unknown = await response.json();
  server.close();
  return { status: response.status, body };
}

describe('GET /health', () => {
  it('answers 200 while the process polls, and 503 before and after', async () => {
    const health = newHealth(0);
    expect((await ask(health, '/health')).status).toBe(503);
    health.status = 'running';
    expect(await ask(health, '/health')).toEqual({
      status: 200,
      body: {
        status: 'running',
        startedAt: '1970-01-01T00:00:00.000Z',
        records: 0,
        failures: 0,
        lastRecordAt: null,
      },
    });
    health.status = 'stopping';
    expect((await ask(health, '/health')).status).toBe(503);
  });

  it('is all that there is', async () => {
    expect((await ask(newHealth(0), '/metrics')).status).toBe(404);
  });

  it('counts the records that are done and the deliveries that failed', async () => {
    const health = newHealth(0);
    let failures = 1;
    const router: Router = createRouter({
      routes: [
        route.insert(table('shop', { keys: { partition: 'pk' } }), { id: 'flaky' }, () => {
          if (failures-- > 0) throw new Error('not now');
        }),
      ],
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    const records = [shop.insert({ pk: '1' }), shop.insert({ pk: '2' })];
    for (const _delivery of [1, 2])
      await runBatch(counted(router, health), records, { memory: createProcessMemory() });
    expect(health).toMatchObject({ records: 2, failures: 1, lastRecordAt: expect.any(String) });
  });
});
