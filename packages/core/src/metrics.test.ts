import { type StreamRecord, table } from '@sluice/filters';
import { describe, expect, it } from 'vitest';
import {
  type Clock,
  createProcessMemory,
  createRouter,
  type Logger,
  type Metrics,
  metricDefinitions,
  metrics,
  type RouterOptions,
  route,
  runBatch,
  skipped,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const quiet = () => undefined;
const record: StreamRecord = {
  eventName: 'INSERT',
  eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
  dynamodb: { Keys: { pk: { S: 'A' } }, NewImage: {}, SequenceNumber: '7' },
};

/** A record that nobody wants, and one with three handlers of 250 ms each: one is done, one has nothing to do, one fails. */
async function run(middleware: NonNullable<RouterOptions['middleware']>) {
  let nowMs = 0;
  const clock: Clock = { now: () => nowMs, sleep: async () => {} };
  const warnings: object[] = [];
  const logger: Logger = {
    debug: quiet,
    info: quiet,
    warn: (fields) => void warnings.push(fields),
    error: quiet,
  };
  const takes = (handle: () => unknown) => async () => {
    nowMs += 250;
    return (await handle()) as undefined;
  };
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const routes = [
    route.insert(shop, { id: 'mail' }, takes(quiet)),
    route.insert(
      shop,
      { id: 'audit' },
      takes(() => skipped('a test order')),
    ),
    route.insert(
      shop,
      { id: 'bill' },
      takes(() => Promise.reject(refused)),
    ),
  ];
  const router = createRouter({ routes, clock, logger, middleware });
  const unwanted: StreamRecord = {
    ...record,
    eventName: 'REMOVE',
    dynamodb: { ...record.dynamodb, SequenceNumber: '6' },
  };
  const result = await runBatch(router, [unwanted, record], { memory: createProcessMemory() });
  return { result, warnings };
}

function collecting() {
  const values: unknown[] = [];
  const port: Metrics = {
    measure: (metric, value, attributes) => void values.push([metric, value, attributes]),
  };
  return { port, values };
}

describe('metrics', () => {
  it('measure each handler call: how many, how long, and what came of them', async () => {
    const { port, values } = collecting();
    await run({ handler: [metrics(port)] });
    const mail = { table: 'shop', handlerId: 'mail', outcome: 'handled' };
    const audit = { table: 'shop', handlerId: 'audit', outcome: 'skipped' };
    const bill = { table: 'shop', handlerId: 'bill', outcome: 'failed', errorType: 'ECONNREFUSED' };
    expect(values).toEqual([
      ['sluice.handler.calls', 1, mail],
      ['sluice.handler.duration', 0.25, mail],
      ['sluice.handler.calls', 1, audit],
      ['sluice.handler.duration', 0.25, audit],
      ['sluice.handler.calls', 1, bill],
      ['sluice.handler.duration', 0.25, bill],
    ]);
  });

  it('measure each record, around all its handlers', async () => {
    const { port, values } = collecting();
    await run({ record: [metrics(port)] });
    const attributes = { table: 'shop', outcome: 'failed', errorType: 'ECONNREFUSED' };
    expect(values).toEqual([
      ['sluice.record.deliveries', 1, attributes],
      ['sluice.record.duration', 0.75, attributes],
    ]);
  });

  it('measure each batch: how many records, how many of them nobody wanted, how long, and what came of it', async () => {
    const { port, values } = collecting();
    await run({ batch: [metrics(port)] });
    const attributes = { table: 'shop', outcome: 'failed', errorType: 'ECONNREFUSED' };
    expect(values).toEqual([
      ['sluice.batch.deliveries', 1, attributes],
      ['sluice.batch.duration', 0.75, attributes],
      ['sluice.batch.records', 2, attributes],
      ['sluice.batch.unmatched', 1, attributes],
      ['sluice.batch.parked', 0, attributes],
      ['sluice.batch.dropped', 0, attributes],
    ]);
  });

  it('decide nothing when the port throws, which is logged', async () => {
    const broken: Metrics = {
      measure: () => {
        throw new Error('no agent');
      },
    };
    const { result, warnings } = await run({ handler: [metrics(broken)] });
    expect(result).toMatchObject({ counts: { handled: 1, skipped: 1, failed: 1 } });
    expect(warnings).toContainEqual(expect.objectContaining({ err: new Error('no agent') }));
  });

  it('are described in one place: name, kind, unit', () => {
    for (const [name, { kind, unit }] of Object.entries(metricDefinitions)) {
      expect(name).toMatch(/^sluice\.(batch|record|handler)\.\w+$/);
      expect(unit === 's').toBe(name.endsWith('.duration'));
      expect(['counter', 'distribution']).toContain(kind);
    }
  });
});
