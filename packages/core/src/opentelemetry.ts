import {
  type Attributes,
  type Meter,
  metrics,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { AnyMiddleware } from './chain.js';
import { type MetricAttributes, type MetricName, type Metrics, metricDefinitions } from './metrics.js';
import { errorTypeOf, type Subject, subjectOf } from './watching.js';

const scope = '@sluice/core';

/**
 * A span for each call that it stands around, active while the call runs, so that what handlers do is inside of it. Spans of
 * records follow OpenTelemetry's conventions for messaging, `process shop` of kind CONSUMER; those of handlers are called
 * by their ids. What failed or was given up has the status ERROR and an `error.type`. Nothing of an item or its keys is in
 * a span, and no message of an error, which may quote them.
 * Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 *
 * @param options.tracer that of the global provider by default, also where the provider is registered later
 */
export function tracing({
  tracer = trace.getTracer(scope),
}: {
  readonly tracer?: Tracer;
} = {}): AnyMiddleware {
  return (call, next) => {
    const { name, ...options } = spanOf(subjectOf(call));
    return tracer.startActiveSpan(name, options, async (span) => {
      const outcome = await next();
      span.setAttribute('sluice.outcome', outcome.kind);
      const errorType = errorTypeOf(outcome);
      if (errorType !== undefined) span.setAttribute('error.type', errorType);
      if (outcome.kind === 'failed' || outcome.kind === 'neverAgain') {
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
      return outcome;
    });
  };
}

function spanOf(subject: Subject): SpanOptions & { readonly name: string } {
  const { table, sequenceNumber, eventName, handlerId, attempt } = subject;
  const attributes: Attributes = {
    'messaging.system': 'aws_dynamodb_streams',
    'messaging.destination.name': table,
    'messaging.message.id': sequenceNumber,
    'sluice.event_name': eventName,
  };
  if (handlerId !== undefined) {
    Object.assign(attributes, { 'sluice.handler.id': handlerId, 'sluice.attempt': attempt });
    return { name: handlerId, kind: SpanKind.INTERNAL, attributes };
  }
  Object.assign(attributes, { 'messaging.operation.name': 'process', 'messaging.operation.type': 'process' });
  return { name: `process ${table}`, kind: SpanKind.CONSUMER, attributes };
}

/**
 * The port of `metrics(…)` as instruments of OpenTelemetry, with the names and units of `metricDefinitions`: counters and
 * histograms. They are made when the first value comes.
 *
 * @param options.meter that of the global provider by default, which has to be registered by then
 */
export function openTelemetryMetrics({ meter }: { readonly meter?: Meter } = {}): Metrics {
  const instruments = new Map<MetricName, (value: number, attributes: Attributes) => void>();
  return {
    measure(metric, value, attributes) {
      let record = instruments.get(metric);
      if (!record) {
        record = instrument(meter ?? metrics.getMeter(scope), metric);
        instruments.set(metric, record);
      }
      record(value, named(attributes));
    },
  };
}

function instrument(meter: Meter, metric: MetricName): (value: number, attributes: Attributes) => void {
  const { kind, unit, description } = metricDefinitions[metric];
  if (kind === 'counter') {
    const counter = meter.createCounter(metric, { unit, description });
    return (value, attributes) => counter.add(value, attributes);
  }
  const advice = unit === 's' ? { explicitBucketBoundaries: secondsBuckets } : {};
  const histogram = meter.createHistogram(metric, { unit, description, advice });
  return (value, attributes) => histogram.record(value, attributes);
}

/** As the conventions have it for the processing of messages; the default ones of SDKs are for milliseconds. */
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const attributeNames: Readonly<Record<keyof MetricAttributes, string>> = {
  table: 'messaging.destination.name',
  handlerId: 'sluice.handler.id',
  outcome: 'sluice.outcome',
  errorType: 'error.type',
};

function named(attributes: MetricAttributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      attributeNames[name as keyof MetricAttributes],
      value,
    ]),
  );
}
