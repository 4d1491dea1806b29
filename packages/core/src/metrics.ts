import type { AnyMiddleware } from './chain.js';
import type { Outcome } from './outcome.js';
import { errorTypeOf, subjectOf, watching } from './watching.js';

/**
 * The port for measurements. `measure` is called where they arise, on the way of every record: it takes them and returns, and
 * sends nothing by itself. What it throws is logged and decides nothing. `metricDefinitions` says what each metric is.
 */
export interface Metrics {
  measure(metric: MetricName, value: number, attributes: MetricAttributes): void;
}

/** What a value is about. Few different ones each, so that all can be dimensions; nothing of an item or its keys. */
export interface MetricAttributes {
  readonly table: string;
  readonly outcome: Outcome['kind'];
  /** Of handler calls. */
  readonly handlerId?: string;
  /** Of what was not done, and of what never will be: the `code` of its error, or else its `name`. */
  readonly errorType?: string;
}

export interface MetricDefinition {
  /** The values of a `counter` add up; each value of a `distribution` stands for itself. */
  readonly kind: 'counter' | 'distribution';
  /** In the notation of UCUM, as OpenTelemetry has it: `s` for seconds, `{record}` for a number of records. */
  readonly unit: string;
  readonly description: string;
}

/** All metrics, and what their values are in. A call that a `retry` around the metrics repeats is measured each time. */
export const metricDefinitions = {
  'sluice.handler.calls': counter('{call}', 'Calls of handlers that have ended'),
  'sluice.handler.duration': distribution('s', 'Time that a call of a handler took'),
  'sluice.record.deliveries': counter('{record}', 'Records that have been through their handlers, each time'),
  'sluice.record.duration': distribution('s', 'Time that a record took in its handlers'),
  'sluice.batch.deliveries': counter('{batch}', 'Events of Lambda, or pages of the poller, that have ended'),
  'sluice.batch.duration': distribution('s', 'Time that such a batch took from its offering to its end'),
  'sluice.batch.records': distribution('{record}', 'Records of a batch'),
  'sluice.batch.unmatched': counter('{record}', 'Records that no route matched'),
  'sluice.batch.parked': counter('{change}', 'Changes that were set aside, once for each handler'),
  'sluice.batch.dropped': counter('{change}', 'Changes that were given up, once for each handler'),
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof metricDefinitions;

/** Measures the calls that it stands around, of whatever level: how many there are, how long they take, what comes of them. */
export function metrics(port: Metrics): AnyMiddleware {
  return watching((call, outcome, durationMs) => {
    const { level, table, handlerId } = subjectOf(call);
    const errorType = errorTypeOf(outcome);
    const attributes = {
      table,
      outcome: outcome.kind,
      ...(handlerId !== undefined && { handlerId }),
      ...(errorType !== undefined && { errorType }),
    };
    port.measure(level === 'handler' ? 'sluice.handler.calls' : `sluice.${level}.deliveries`, 1, attributes);
    port.measure(`sluice.${level}.duration`, durationMs / 1000, attributes);
    if (!('records' in call)) return;
    port.measure('sluice.batch.records', call.records.length, attributes);
    port.measure('sluice.batch.unmatched', call.counts.unmatched, attributes);
    port.measure('sluice.batch.parked', call.counts.parked, attributes);
    port.measure('sluice.batch.dropped', call.counts.dropped, attributes);
  });
}

function counter(unit: string, description: string): MetricDefinition {
  return Object.freeze({ kind: 'counter', unit, description });
}

function distribution(unit: string, description: string): MetricDefinition {
  return Object.freeze({ kind: 'distribution', unit, description });
}
