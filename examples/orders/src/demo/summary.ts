import { check, differences, type Entry, percentile, type Written } from './check.js';
import type { LambdaRun } from './lambda-run.js';

/**
 * What the demo found; `ok` is whether nothing was lost, doubled, out of order, or different behind Lambda. Where the
 * poller was killed, doubles are what it had done and not kept yet.
 */
export interface Summary {
  readonly ok: boolean;
  readonly killed: boolean;
  readonly records: number;
  readonly items: number;
  /** Effects by handler. */
  readonly deliveries: Readonly<Record<string, number>>;
  /** Failed attempts before the effects. */
  readonly retries: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly outOfOrder: readonly string[];
  readonly pollerExitCode: number | null;
  readonly lambda: LambdaRun & { readonly different: readonly string[] };
}

export interface Findings {
  readonly writes: readonly Written[];
  readonly entries: readonly Entry[];
  readonly pollerExitCode: number | null;
  readonly lambdaRun: LambdaRun;
  readonly lambdaEntries: readonly Entry[];
  readonly killed: boolean;
}

export function summarise(findings: Findings): Summary {
  const { writes, entries, pollerExitCode, lambdaRun, lambdaEntries, killed } = findings;
  const { lost, doubled, outOfOrder, latenciesMs } = check(writes, entries);
  const different = differences(entries, lambdaEntries);
  const faults = lost.length + (killed ? 0 : doubled.length) + outOfOrder.length + different.length;
  return {
    killed,
    ok: faults === 0 && pollerExitCode === 0 && lambdaRun.records === writes.length,
    records: writes.length,
    items: new Set(writes.map(({ item }) => `${item.pk}/${item.sk}`)).size,
    deliveries: Object.fromEntries(
      [...Map.groupBy(entries, ({ handlerId }) => handlerId)]
        .map(([handler, list]) => [handler, list.length])
        .sort(),
    ),
    retries: entries.reduce((sum, { attempt }) => sum + attempt - 1, 0),
    latencyMs: { p50: percentile(latenciesMs, 0.5), p99: percentile(latenciesMs, 0.99) },
    lost,
    doubled,
    outOfOrder,
    pollerExitCode,
    lambda: { ...lambdaRun, different },
  };
}
