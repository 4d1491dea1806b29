import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StreamRecord } from '@sluice/core';
import { createTable } from '@sluice/store/dynamodb';
import { guarantees, type LambdaReport, type LambdaSimulatorOptions, simulateLambda } from '@sluice/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startEngineWorld } from '../ledger/engine-world.js';
import { type Deployment, deploy, handlerIn } from './deploy.js';

/**
 * All that is real at once: a table and its stream in an engine, Lambda's rules for what is delivered when, and AWS's runtime interface
 * client with the bundle in a process of its own.
 */
const world = await startEngineWorld();
let deployed: Deployment;

beforeAll(async () => {
  if (!world) return;
  deployed = await deploy({
    orders: { entry: 'examples/orders/src/lambda.ts' },
    mail: { entry: 'tests/src/runtime/functions/mail.ts' },
  });
});
afterEach(() => deployed?.stopAll());
afterAll(async () => {
  deployed?.remove();
  await world?.stop();
});

const asPromised = { lost: [], repeated: [], outOfOrder: [], backInTime: [], unexpected: [] };

describe.skipIf(!world)('from a table to handlers behind Lambda', () => {
  test('orders are handled once and in order, though a carrier fails at first', async () => {
    const { name, put, remove, records } = await newShop('sk');
    const life = ['PENDING', 'PAID', 'SHIPPED'];
    for (const status of life) {
      for (const id of ['1', '2', '3', '4']) {
        const carrier = id === '2' ? 'flaky-post' : 'swift-parcel';
        await put({ pk: 'CUSTOMER#1', sk: `ORDER#${id}`, status, totalCents: 1990, carrier });
      }
    }
    await remove({ pk: 'CUSTOMER#1', sk: 'ORDER#4' });
    const written = await records();
    const run = await deliver('orders', written, { ORDERS_JOURNAL: 'orders.jsonl', ORDERS_TABLE: name });

    expect(run.report).toMatchObject({ status: 'done', unfinished: [], discarded: [] });
    expect(run.report.invocations.some(({ retryFrom }) => retryFrom !== undefined)).toBe(true);
    expect(
      guarantees(written, run.effects, { handlers: (record) => ordersHandlers[statusIn(record)] ?? [] }),
    ).toEqual(asPromised);
  });

  test.each(['warm', 'cold'] as const)(
    'what fails at first is done once and in order after %s retries',
    async (retry) => {
      const { name, records } = await troubledShop('fail');
      const written = await records();
      const environment = {
        JOURNAL: `failing-${retry}.jsonl`,
        SHOP_TABLE: name,
        LEDGER_TABLE: await newLedger(),
      };
      const { report, effects } = await deliver('mail', written, environment, { retry });

      expect(report).toMatchObject({ status: 'done', unfinished: [], discarded: [] });
      expect(new Set(report.invocations.map(({ sandbox }) => sandbox)).size).toBe(
        retry === 'warm' ? 1 : retriesIn(report) + 1,
      );
      expect(retriesIn(report)).toBeGreaterThan(1);
      expect(guarantees(written, effects, { handlers: ['mail', 'audit'] })).toEqual(asPromised);
    },
  );

  test.each(['exit before', 'exit after'])(
    'where processes end in the middle (%s), nothing is lost, and repeated only what they had with them',
    async (trouble) => {
      const { name, records } = await troubledShop(trouble);
      const written = await records();
      const environment = { JOURNAL: `${trouble}.jsonl`, SHOP_TABLE: name, LEDGER_TABLE: await newLedger() };
      const { report, effects } = await deliver('mail', written, environment);

      const crashed = report.invocations.filter(({ error }) => error !== undefined);
      expect(crashed.length).toBeGreaterThan(1);
      const withThem = new Set(crashed.flatMap(({ delivered }) => delivered));
      const judged = guarantees(written, effects, { handlers: ['mail', 'audit'] });
      expect(report).toMatchObject({ status: 'done', unfinished: [], discarded: [] });
      expect(judged).toMatchObject({ lost: [], outOfOrder: [], unexpected: [] });
      expect(judged.repeated.filter(({ sequenceNumber }) => !withThem.has(sequenceNumber))).toEqual([]);
    },
  );
});

const ordersHandlers: Readonly<Record<string, readonly string[]>> = {
  PENDING: ['order-mail.confirmation'],
  PAID: ['order-mail.receipt', 'warehouse.pack'],
  SHIPPED: ['warehouse.handOver'],
  removed: ['warehouse.forget'],
};

function statusIn({ dynamodb }: StreamRecord): string {
  const { status } = dynamodb.NewImage ?? {};
  return status && 'S' in status ? status.S : 'removed';
}

/** Three items with four changes each, three of which are in trouble. */
async function troubledShop(trouble: string) {
  const shop = await newShop();
  for (const change of [1, 2, 3, 4]) {
    for (const pk of ['A', 'B', 'C']) {
      const isTroubled = `${pk}${change}` === 'A2' || `${pk}${change}` === 'B2' || `${pk}${change}` === 'A4';
      await shop.put({ pk, change, ...(isTroubled && { trouble, times: pk === 'A' ? 1 : 2 }) });
    }
  }
  return shop;
}

function newShop(sortKey?: string) {
  if (!world) throw new Error('There is no engine.');
  return world.newShop(sortKey);
}

async function newLedger(): Promise<string> {
  const tableName = `rows-${randomUUID()}`;
  await createTable({ tableName, ...access() });
  return tableName;
}

function access() {
  const {
    region = '',
    endpoint = '',
    credentials = { accessKeyId: '', secretAccessKey: '' },
  } = world?.engine ?? {};
  return { region, endpoint, credentials };
}

/** Delivers the records, in batches of five, and reads what the handlers have done. */
async function deliver(
  name: string,
  records: readonly StreamRecord[],
  environment: Readonly<Record<string, string>>,
  options: Pick<LambdaSimulatorOptions, 'retry'> = {},
) {
  const file = environment['JOURNAL'] ?? environment['ORDERS_JOURNAL'] ?? '';
  const journal = join(deployed.folder, file);
  const { endpoint, credentials } = access();
  const report = await simulateLambda({
    records,
    batchSize: 5,
    maxInvocations: 40,
    ...options,
    newSandbox: async () => {
      const started = await deployed.start(name, {
        environment: {
          ...environment,
          JOURNAL: journal,
          ORDERS_JOURNAL: journal,
          AWS_ENDPOINT_URL: endpoint,
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        },
      });
      return handlerIn(started);
    },
  });
  const lines = readFileSync(journal, 'utf8').trim().split('\n');
  const effects = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind !== 'try');
  return { report, effects };
}

function retriesIn({ invocations }: LambdaReport): number {
  return invocations.filter(({ retries }) => retries > 0).length;
}
