import {
  createRouter,
  type MetricAttributes,
  type MetricName,
  metricDefinitions,
  metrics,
  route,
  table,
} from '@sluice/core';
import { lambdaEvent, recordsOf } from '@sluice/testing';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type CloudWatchMetricsOptions, cloudWatchMetrics, lambda } from './index.js';

fc.configureGlobal({ seed: Number(process.env['SLUICE_SEED'] ?? 20_261_122) });

/** The root of a line. */
interface Document {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit?: string }[];
    }[];
  };
  readonly [member: string]: unknown;
}

/** Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html */
const dimensionValue = /^(?=.*\S)[ -~]{1,1024}$/;

/** What the specification says of a document. Its schema: `CloudWatch_Embedded_Metric_Format_Specification.html`. */
function faultsOf(line: string): string[] {
  const faults: string[] = [];
  const check = (isRight: boolean, fault: string) => void (isRight || faults.push(fault));
  check(!/[\r\n]/.test(line), 'alone on its line');
  check(Buffer.byteLength(line) <= 256 * 1024, 'size');
  const document: Document = JSON.parse(line);
  const { Timestamp, CloudWatchMetrics, ...others } = document._aws;
  check(Number.isInteger(Timestamp) && Timestamp >= 0, 'Timestamp');
  check(Object.keys(others).length === 0, 'members of _aws');
  check(CloudWatchMetrics.length >= 1, 'a directive');
  for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
    check(Namespace.length >= 1 && Namespace.length <= 1024, 'Namespace');
    check(Dimensions.length >= 1, 'a set of dimensions');
    check(Metrics.length >= 1 && Metrics.length <= 100, 'Metrics');
    check(new Set(Metrics.map(({ Name }) => Name)).size === Metrics.length, 'each metric once');
    for (const set of Dimensions) {
      check(set.length <= 30, 'dimensions');
      for (const name of set) {
        const value = document[name];
        check(name.length >= 1 && name.length <= 250, 'dimension name');
        check(typeof value === 'string' && dimensionValue.test(value), `value of ${name}`);
      }
    }
    for (const { Name, Unit } of Metrics) {
      const target = document[Name];
      const values = Array.isArray(target) ? target : [target];
      check(Name.length >= 1 && Name.length <= 1024, 'metric name');
      check(Unit === 'Seconds' || Unit === 'Count', 'Unit');
      check(values.length >= 1 && values.length <= 100, `values of ${Name}`);
      check(values.every(Number.isFinite), `numbers of ${Name}`);
    }
  }
  return faults;
}

function collecting(options: Partial<CloudWatchMetricsOptions> = {}) {
  const lines: string[] = [];
  const port = cloudWatchMetrics({ namespace: 'shop', write: (line) => void lines.push(line), ...options });
  const documents = () => lines.map((line): Document => JSON.parse(line));
  return { port, lines, documents };
}

const aboutHandler: MetricAttributes = { table: 'orders', handlerId: 'mail', outcome: 'handled' };
const aboutBatch: MetricAttributes = { table: 'orders', outcome: 'failed', errorType: 'TIMEOUT' };

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

describe('a line of metrics', () => {
  it('has the metrics of one combination of dimensions, with their units and the time', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 22, 12), toFake: ['Date'] });
    const { port, lines, documents } = collecting();
    port.measure('sluice.handler.calls', 1, aboutHandler);
    port.measure('sluice.handler.duration', 0.012, aboutHandler);
    port.measure('sluice.handler.calls', 1, aboutHandler);
    port.measure('sluice.handler.duration', 0.5, aboutHandler);
    expect(lines).toEqual([]);
    port.flush();
    expect(documents()).toEqual([
      {
        _aws: {
          Timestamp: Date.UTC(2026, 10, 22, 12),
          CloudWatchMetrics: [
            {
              Namespace: 'shop',
              Dimensions: [['table', 'handlerId', 'outcome']],
              Metrics: [
                { Name: 'sluice.handler.calls', Unit: 'Count' },
                { Name: 'sluice.handler.duration', Unit: 'Seconds' },
              ],
            },
          ],
        },
        table: 'orders',
        handlerId: 'mail',
        outcome: 'handled',
        'sluice.handler.calls': 2,
        'sluice.handler.duration': [0.012, 0.5],
      },
    ]);
    expect(lines.flatMap(faultsOf)).toEqual([]);
  });

  it('tells apart only by the dimensions that are asked for, as far as a value has them', () => {
    const dimensionsOf = (options: Partial<CloudWatchMetricsOptions>) => {
      const { port, lines, documents } = collecting(options);
      port.measure('sluice.handler.calls', 1, aboutHandler);
      port.measure('sluice.batch.deliveries', 1, aboutBatch);
      port.flush();
      expect(lines.flatMap(faultsOf)).toEqual([]);
      return documents().map(({ _aws }) => _aws.CloudWatchMetrics[0]?.Dimensions);
    };
    expect(dimensionsOf({})).toEqual([[['table', 'handlerId', 'outcome']], [['table', 'outcome']]]);
    expect(dimensionsOf({ dimensions: ['errorType', 'table'] })).toEqual([
      [['table']],
      [['errorType', 'table']],
    ]);
    expect(dimensionsOf({ dimensions: [] })).toEqual([[[]]]);
  });

  it('is written when there are 100 values of a metric, without waiting for flush', () => {
    const { port, lines, documents } = collecting();
    for (let index = 0; index < 250; index++) {
      port.measure('sluice.handler.calls', 1, aboutHandler);
      port.measure('sluice.handler.duration', index, aboutHandler);
    }
    expect(lines).toHaveLength(2);
    port.flush();
    expect(lines).toHaveLength(3);
    expect(lines.flatMap(faultsOf)).toEqual([]);
    expect(documents().map((document) => document['sluice.handler.calls'])).toEqual([100, 100, 50]);
    expect(documents().flatMap((document) => document['sluice.handler.duration'])).toEqual(
      Array.from({ length: 250 }, (_, index) => index),
    );
  });

  it('of counters is one number, however often they count', () => {
    const { port, lines, documents } = collecting();
    for (let index = 0; index < 250; index++) port.measure('sluice.batch.unmatched', 2, aboutBatch);
    expect(lines).toEqual([]);
    port.flush();
    expect(documents()).toMatchObject([{ 'sluice.batch.unmatched': 500 }]);
  });

  it('is written once: nothing is left for the next flush, and nothing is written of nothing', () => {
    const { port, lines } = collecting();
    port.flush();
    port.measure('sluice.handler.calls', 1, aboutHandler);
    port.flush();
    port.flush();
    expect(lines).toHaveLength(1);
  });

  it('goes straight to stdout by default', () => {
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    const { measure, flush } = cloudWatchMetrics({ namespace: 'shop' });
    measure('sluice.handler.calls', 1, aboutHandler);
    flush();
    expect(write).toHaveBeenCalledTimes(1);
    expect(write).toHaveBeenCalledWith(expect.stringMatching(/^\{"_aws":.*\}\n$/));
  });

  it('passes where Lambda filters lines by level, which would take it for one of INFO', () => {
    vi.stubEnv('AWS_LAMBDA_LOG_LEVEL', 'ERROR');
    const { port, lines, documents } = collecting();
    port.measure('sluice.handler.calls', 1, aboutHandler);
    port.flush();
    expect(documents()).toMatchObject([{ level: 'ERROR', timestamp: expect.stringMatching(/T.*Z$/) }]);
    expect(lines.flatMap(faultsOf)).toEqual([]);
  });

  it('has no value that would spoil it, whatever a dimension or a value is', () => {
    const { port, lines, documents } = collecting({ dimensions: ['table', 'errorType'] });
    port.measure('sluice.handler.calls', 1, { ...aboutHandler, table: 'x'.repeat(2000), errorType: '' });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => port.measure('sluice.handler.duration', value, aboutHandler)).toThrow(RangeError);
    }
    port.flush();
    expect(lines.flatMap(faultsOf)).toEqual([]);
    expect(documents()).toMatchObject([{ table: 'x'.repeat(1024) }]);
  });

  it('has text of ASCII for its dimensions, and leaves out what would be blank: CloudWatch takes nothing else', () => {
    const { port, lines, documents } = collecting({ dimensions: ['table', 'handlerId', 'errorType'] });
    port.measure('sluice.handler.calls', 1, { ...aboutHandler, handlerId: 'grüße\n😀', errorType: ' ' });
    port.flush();
    expect(lines.flatMap(faultsOf)).toEqual([]);
    expect(documents()).toMatchObject([{ handlerId: 'gr??e???' }]);
    expect(documents()[0]).not.toHaveProperty('errorType');
  });
});

it('whatever is measured, each line is right and the lines together hold all of it', () => {
  const names = Object.keys(metricDefinitions) as MetricName[];
  const measurement = fc.record({
    metric: fc.constantFrom(...names),
    value: fc.integer({ min: 0, max: 1000 }),
    attributes: fc.record(
      {
        table: fc.constantFrom('orders', 'line\nbreak', 'grüße', ' '),
        outcome: fc.constantFrom<MetricAttributes['outcome']>('handled', 'failed'),
        handlerId: fc.constantFrom('mail', '__proto__'),
        errorType: fc.constantFrom('TIMEOUT', ''),
      },
      { requiredKeys: ['table', 'outcome'] },
    ),
  });
  fc.assert(
    fc.property(
      fc.array(measurement, { maxLength: 400, size: 'max' }),
      fc.subarray(['table', 'handlerId', 'outcome', 'errorType'] as const),
      fc.nat(400),
      (measured, dimensions, flushedAt) => {
        const { port, lines, documents } = collecting({ dimensions });
        for (const [index, { metric, value, attributes }] of measured.entries()) {
          if (index === flushedAt) port.flush();
          port.measure(metric, value, attributes);
        }
        port.flush();
        expect(lines.flatMap(faultsOf)).toEqual([]);
        for (const name of names) {
          const written = documents().flatMap((document) => (document[name] ?? []) as number[]);
          const given = measured.flatMap(({ metric, value }) => (metric === name ? value : []));
          const sum = (values: number[]) => values.reduce((one, other) => one + other, 0);
          expect(sum(written)).toBe(sum(given));
          if (metricDefinitions[name].kind === 'distribution')
            expect(written.toSorted()).toEqual(given.toSorted());
        }
      },
    ),
    { numRuns: 50 },
  );
});

describe('a namespace', () => {
  it.each(['', ' ', 'AWS/Lambda', 'x'.repeat(256), 'größe', 'a\nb'])('cannot be %j', (namespace) => {
    expect(() => cloudWatchMetrics({ namespace })).toThrow(RangeError);
  });

  it.each(['shop', 'Shop/Orders #1', 'AWSome', 'x'.repeat(255)])('can be %j', (namespace) => {
    expect(() => cloudWatchMetrics({ namespace })).not.toThrow();
  });
});

it('metrics of an event are written before its answer, and hold nothing of its items', async () => {
  const { port, lines, documents } = collecting();
  const orders = table('orders', { keys: { partition: 'pk' } });
  const router = createRouter({
    routes: [route.insert(orders, { id: 'mail' }, () => undefined)],
    middleware: { batch: [metrics(port)], handler: [metrics(port)] },
  });
  const builder = recordsOf(orders);
  const records = [builder.insert({ pk: 'secret' }), builder.insert({ pk: 'secret 2' })];
  await lambda(router, { flush: port.flush })(lambdaEvent(records));
  expect(documents()).toMatchObject([
    { handlerId: 'mail', outcome: 'handled', 'sluice.handler.calls': 2 },
    { table: 'orders', outcome: 'handled', 'sluice.batch.deliveries': 1, 'sluice.batch.records': 2 },
  ]);
  expect(lines.flatMap(faultsOf)).toEqual([]);
  expect(lines.join('')).not.toContain('secret');
});
