import { context, metrics as metricsApi, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { type StreamRecord, table } from '@sluice/filters';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createDrain,
  createProcessMemory,
  createRouter,
  type Logger,
  metrics,
  neverAgain,
  type RouterOptions,
  retryLater,
  route,
  runBatch,
  runPage,
} from './index.js';
import { openTelemetryMetrics, tracing } from './opentelemetry.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

const record = (sequenceNumber: number): StreamRecord => ({
  eventName: 'INSERT',
  eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
  dynamodb: {
    Keys: { pk: { S: `secret ${sequenceNumber}` } },
    NewImage: { card: { S: 'secret card' } },
    SequenceNumber: String(sequenceNumber),
  },
});

function run(
  handlers: Readonly<Record<string, () => unknown>>,
  middleware: NonNullable<RouterOptions['middleware']>,
  ...records: readonly StreamRecord[]
) {
  const routes = Object.entries(handlers).map(([id, handle]) =>
    route.insert(shop, { id }, async () => (await handle()) as undefined),
  );
  const router = createRouter({ routes, logger: silent, order: 'lanes', middleware });
  return runBatch(router, records, { memory: createProcessMemory() });
}

beforeEach(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterEach(() => {
  context.disable();
  trace.disable();
  metricsApi.disable();
});

describe('tracing', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer('test');
  const spanOf = (name: string) =>
    exporter.getFinishedSpans().find((span) => span.name === name) as ReadableSpan;
  const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId;

  beforeEach(() => exporter.reset());

  it('makes a span for each handler call, called by the id of the handler', async () => {
    await run({ mail: quiet }, { handler: [tracing({ tracer })] }, record(7));
    const { name, kind, status, attributes, ended } = spanOf('mail');
    expect({ name, kind, status, ended }).toEqual({
      name: 'mail',
      kind: SpanKind.INTERNAL,
      status: { code: SpanStatusCode.UNSET },
      ended: true,
    });
    expect(attributes).toEqual({
      'messaging.system': 'aws_dynamodb_streams',
      'messaging.destination.name': 'shop',
      'messaging.message.id': '7',
      'sluice.event_name': 'INSERT',
      'sluice.handler.id': 'mail',
      'sluice.attempt': 1,
      'sluice.outcome': 'handled',
    });
  });

  it('makes a span for each record by the conventions for messaging, around those of its handlers', async () => {
    const layers = { record: [tracing({ tracer })], handler: [tracing({ tracer })] };
    await run({ mail: quiet, audit: quiet }, layers, record(7));
    const { kind, attributes } = spanOf('process shop');
    expect(kind).toBe(SpanKind.CONSUMER);
    expect(attributes).toEqual({
      'messaging.system': 'aws_dynamodb_streams',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'shop',
      'messaging.message.id': '7',
      'sluice.event_name': 'INSERT',
      'sluice.outcome': 'handled',
    });
    const { spanId } = spanOf('process shop').spanContext();
    expect([parentOf(spanOf('mail')), parentOf(spanOf('audit'))]).toEqual([spanId, spanId]);
  });

  it('is active inside of a handler, after it has waited too: what it does is below its span', async () => {
    const inside = async () => {
      await new Promise(setImmediate);
      tracer.startSpan('SELECT').end();
    };
    await run({ mail: inside }, { handler: [tracing({ tracer })] }, record(7));
    expect(parentOf(spanOf('SELECT'))).toBe(spanOf('mail').spanContext().spanId);
  });

  it('keeps records that run at the same time, and those of one lane, apart from each other', async () => {
    const layers = { record: [tracing({ tracer })], handler: [tracing({ tracer })] };
    await tracer.startActiveSpan('invocation', async (span) => {
      await run({ mail: () => new Promise(setImmediate) }, layers, record(1), record(2), record(3));
      span.end();
    });
    const spans = exporter.getFinishedSpans();
    const invocation = spanOf('invocation').spanContext();
    const records = spans.filter(({ name }) => name === 'process shop');
    expect(records.map(parentOf)).toEqual([invocation.spanId, invocation.spanId, invocation.spanId]);
    const handlers = spans.filter(({ name }) => name === 'mail');
    const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
    expect(
      handlers.map((span) => byId.get(parentOf(span) ?? '')?.attributes['messaging.message.id']),
    ).toEqual(handlers.map(({ attributes }) => attributes['messaging.message.id']));
    expect(new Set(handlers.map(parentOf)).size).toBe(3);
  });

  it('makes a span for each batch, around those of its records and handlers, with how many records it has', async () => {
    const layer = [tracing({ tracer })];
    const layers = { batch: layer, record: layer, handler: layer };
    await run({ mail: quiet }, layers, record(1), record(2));
    const batch = exporter.getFinishedSpans().at(-1) as ReadableSpan;
    expect(batch).toMatchObject({ name: 'process shop', kind: SpanKind.CONSUMER });
    expect(batch.attributes).toEqual({
      'messaging.system': 'aws_dynamodb_streams',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'shop',
      'messaging.batch.message_count': 2,
      'sluice.outcome': 'handled',
    });
    const inside = exporter
      .getFinishedSpans()
      .filter((span) => parentOf(span) === batch.spanContext().spanId);
    expect(inside.map(({ attributes }) => attributes['messaging.message.id'])).toEqual(['1', '2']);
  });

  it('puts what comes of a page of the poller below the span of that page, whichever page began the lane', async () => {
    const handlers = { mail: () => new Promise<void>((resolve) => setImmediate(resolve)) };
    const routes = Object.entries(handlers).map(([id, handle]) => route.insert(shop, { id }, handle));
    const middleware = { batch: [tracing({ tracer })], handler: [tracing({ tracer })] };
    const router = createRouter({ routes, logger: silent, middleware });
    const drain = createDrain(router, {
      afterFailure: { kind: 'retry', backoff: { delayMs: () => 1 } },
      order: 'strict',
    });
    const pages = [
      runPage(router, drain, [record(1), record(2)]),
      runPage(router, drain, [record(3), record(4)]),
    ];
    await Promise.all(pages.map(({ ended }) => ended));
    const spans = exporter.getFinishedSpans();
    const [first, second] = spans.filter(({ name }) => name === 'process shop');
    const byMessage = (id: string) =>
      spans.find(({ attributes }) => attributes['messaging.message.id'] === id);
    expect(['1', '2', '3', '4'].map((id) => parentOf(byMessage(id) as ReadableSpan))).toEqual([
      first?.spanContext().spanId,
      first?.spanContext().spanId,
      second?.spanContext().spanId,
      second?.spanContext().spanId,
    ]);
  });

  it.each([
    ['failed', () => Promise.reject(new RangeError('secret card')), SpanStatusCode.ERROR, 'RangeError'],
    ['neverAgain', () => neverAgain('secret card'), SpanStatusCode.ERROR, 'NEVER_AGAIN'],
    ['retryLater', () => retryLater('secret card'), SpanStatusCode.UNSET, 'RETRY_LATER'],
  ])(
    'says that a call is %s by its status and the type of its error, and nothing of the item',
    async (...given) => {
      const [outcome, handle, code, type] = given;
      const layers = { record: [tracing({ tracer })], handler: [tracing({ tracer })] };
      await run({ mail: handle }, layers, record(7));
      expect(spanOf('mail').status).toEqual({ code });
      expect(spanOf('mail').attributes).toMatchObject({ 'sluice.outcome': outcome, 'error.type': type });
      expect(spanOf('process shop').attributes).toMatchObject({
        'sluice.outcome': outcome,
        'error.type': type,
      });
      const told = exporter.getFinishedSpans().map(({ status, attributes, events, links }) => ({
        status,
        attributes,
        events,
        links,
      }));
      expect(JSON.stringify(told)).not.toContain('secret');
    },
  );

  it('goes to the global provider by default, also when that is registered after the router was made', async () => {
    const routes = [route.insert(shop, { id: 'mail' }, quiet)];
    const router = createRouter({ routes, logger: silent, middleware: { handler: [tracing()] } });
    trace.setGlobalTracerProvider(provider);
    await runBatch(router, [record(7)], { memory: createProcessMemory() });
    expect(spanOf('mail').instrumentationScope.name).toBe('@sluice/core');
  });

  it('is no hindrance where no provider is registered', async () => {
    const layers = { record: [tracing()], handler: [tracing(), metrics(openTelemetryMetrics())] };
    expect(await run({ mail: quiet }, layers, record(7))).toMatchObject({ counts: { handled: 1 } });
  });
});

describe('metrics through OpenTelemetry', () => {
  async function collected(layers: (meters: MeterProvider) => NonNullable<RouterOptions['middleware']>) {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const meters = new MeterProvider({ readers: [reader] });
    const fails = () => Promise.reject(new RangeError('secret card'));
    await run({ mail: quiet, bill: fails }, layers(meters), record(7));
    await meters.forceFlush();
    await meters.shutdown();
    return exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
  }
  const failed = {
    'messaging.destination.name': 'shop',
    'sluice.handler.id': 'bill',
    'sluice.outcome': 'failed',
    'error.type': 'RangeError',
  };

  it('are counters and histograms with names, units and attributes', async () => {
    const [scope] = await collected((meters) => ({
      handler: [metrics(openTelemetryMetrics({ meter: meters.getMeter('test') }))],
    }));
    const found = scope?.metrics.map(({ descriptor: { name, unit }, dataPoints }) => ({
      name,
      unit,
      values: dataPoints.map(({ attributes, value }) => ({ attributes, value })),
    }));
    expect(found).toMatchObject([
      {
        name: 'sluice.handler.calls',
        unit: '{call}',
        values: [{ value: 1 }, { value: 1, attributes: failed }],
      },
      {
        name: 'sluice.handler.duration',
        unit: 's',
        values: [{ value: { count: 1 } }, { value: { count: 1 }, attributes: failed }],
      },
    ]);
    expect(JSON.stringify(scope)).not.toContain('secret');
  });

  it('have buckets of seconds, not those for milliseconds that SDKs have by default', async () => {
    const [scope] = await collected((meters) => ({
      record: [metrics(openTelemetryMetrics({ meter: meters.getMeter('test') }))],
    }));
    const duration = scope?.metrics.find(({ descriptor }) => descriptor.name === 'sluice.record.duration');
    expect(duration?.dataPoints[0]?.value).toMatchObject({
      buckets: { boundaries: expect.arrayContaining([0.005, 0.5, 10]) },
    });
  });

  it('make each instrument once', async () => {
    const made: string[] = [];
    await collected((meters) => {
      const meter = meters.getMeter('test');
      vi.spyOn(meter, 'createCounter').mockImplementation((name) => {
        made.push(name);
        return { add: () => undefined };
      });
      return { handler: [metrics(openTelemetryMetrics({ meter }))] };
    });
    expect(made).toEqual(['sluice.handler.calls']);
  });

  it('go to the global provider by default', async () => {
    const [scope] = await collected((meters) => {
      metricsApi.setGlobalMeterProvider(meters);
      return { handler: [metrics(openTelemetryMetrics())] };
    });
    expect(scope?.scope.name).toBe('@sluice/core');
  });
});
