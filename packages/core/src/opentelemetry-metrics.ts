import { type Attributes, type Meter, metrics } from '@opentelemetry/api';
import { type MetricAttributes, type MetricName, type Metrics, metricDefinitions } from './metrics.js';

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
        record = instrument(meter ?? metrics.getMeter('@sluice/core'), metric);
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
