import { type MetricAttributes, type MetricName, type Metrics, metricDefinitions } from '@sluice/core';

export interface CloudWatchMetricsOptions {
  /** What the metrics are found under in CloudWatch: 1 to 255 letters, digits, spaces and `.-_/#:`, but nothing under `AWS/`. */
  readonly namespace: string;
  /**
   * What values are told apart by; `table`, `handlerId` and `outcome` by default, each as far as a value has it. Each combination of
   * their values is a metric of its own, and CloudWatch bills it as one.
   */
  readonly dimensions?: readonly (keyof MetricAttributes)[];
  /** Takes one line, without its end; by default it goes straight to stdout. */
  readonly write?: (line: string) => void;
}

/** The port of `metrics(…)`, and what writes what it has collected: `lambda(router, { flush: port.flush })`. */
export interface CloudWatchMetrics extends Metrics {
  readonly flush: () => void;
}

/**
 * Metrics in CloudWatch's embedded metric format: lines of the log, from which CloudWatch takes them. They are written at `flush()`,
 * and as soon as there are 100 values of a metric, which is what a line may hold. Invocations that go on at the same time share it.
 * Throws a `RangeError` for a namespace that CloudWatch would not take.
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function cloudWatchMetrics({
  namespace,
  dimensions = ['table', 'handlerId', 'outcome'],
  write = (line) => void process.stdout.write(`${line}\n`),
}: CloudWatchMetricsOptions): CloudWatchMetrics {
  if (!/^(?!AWS\/)(?=.*\S)[\w ./#:-]{1,255}$/.test(namespace)) {
    throw new RangeError(
      `The namespace is ${JSON.stringify(namespace)}; give 1 to 255 letters, digits, spaces and .-_/#:, which do not begin with AWS/.`,
    );
  }
  const collections = new Map<string, Collection>();
  return {
    measure(metric, value, attributes) {
      // JSON has no such number, and the line's other values would be lost with it.
      if (!Number.isFinite(value)) throw new RangeError(`${metric} is ${value}; expected a finite number.`);
      const about = dimensionsOf(attributes, dimensions);
      const key = JSON.stringify(about);
      const collection = collections.get(key) ?? { about, values: new Map() };
      collections.set(key, collection);
      const values = valuesOf(collection, metric);
      if (metricDefinitions[metric].kind === 'counter') values[0] = (values[0] ?? 0) + value;
      else values.push(value);
      if (values.length < mostValues) return;
      collections.delete(key);
      write(lineOf(collection, namespace));
    },
    flush() {
      const collected = [...collections.values()];
      collections.clear();
      for (const collection of collected) write(lineOf(collection, namespace));
    },
  };
}

/** Of one metric in one line. */
const mostValues = 100;

/** CloudWatch cuts nothing: it refuses a longer one, as one that is blank or not of ASCII. */
const longestDimension = 1024;

/** The values of one combination of dimensions; of a counter one alone, their sum. */
interface Collection {
  readonly about: Readonly<Record<string, string>>;
  readonly values: Map<MetricName, number[]>;
}

function dimensionsOf(
  attributes: MetricAttributes,
  names: readonly (keyof MetricAttributes)[],
): Collection['about'] {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = attributes[name]?.replace(/[^ -~]/g, '?').slice(0, longestDimension);
      return value?.trim() ? [[name, value]] : [];
    }),
  );
}

function valuesOf({ values }: Collection, metric: MetricName): number[] {
  const known = values.get(metric);
  if (known) return known;
  const created: number[] = [];
  values.set(metric, created);
  return created;
}

function lineOf({ about, values }: Collection, namespace: string): string {
  const now = new Date();
  const metrics = [...values.keys()].map((name) => ({
    Name: name,
    Unit: metricDefinitions[name].unit === 's' ? 'Seconds' : 'Count',
  }));
  return JSON.stringify({
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [Object.keys(about)], Metrics: metrics }],
    },
    ...passing(now),
    ...about,
    ...Object.fromEntries([...values].map(([name, all]) => [name, all.length === 1 ? all[0] : all])),
  });
}

/**
 * Where Lambda filters lines by their level, one without takes part as INFO, and metrics would be lost from WARN on; so a line has
 * the level that is asked for.
 */
function passing(now: Date): object {
  const level = process.env['AWS_LAMBDA_LOG_LEVEL'];
  return level ? { timestamp: now.toISOString(), level } : {};
}
