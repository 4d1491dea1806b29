import { check, differences, type Entry, percentile, type Written } from './check.js';
import type { LambdaRun } from './lambda-run.js';

/** What the demo found. Where the poller was killed, doubles are what it had done and not kept yet, and no fault. */
export interface Summary {
  /** Whether there are no faults. */
  readonly ok: boolean;
  /** A sentence for each thing that should not be. */
  readonly faults: readonly string[];
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
  const faults = faultsOf(findings, different);
  return {
    ok: faults.length === 0,
    faults,
    killed,
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

function faultsOf(findings: Findings, different: readonly string[]): readonly string[] {
  const { writes, entries, pollerExitCode, lambdaRun, lambdaEntries, killed } = findings;
  const { lost, doubled, unasked, outOfOrder } = check(writes, entries);
  const faults = [
    ...lost.map(named('lost')),
    ...(killed ? [] : doubled).map(named('doubled')),
    ...unasked.map(named('nothing asked for')),
    ...outOfOrder.map(named('out of order')),
    ...different.map(named('other effects behind Lambda')),
    ...check(writes, lambdaEntries).doubled.map(named('doubled behind Lambda')),
  ];
  if (pollerExitCode !== 0) faults.push(`the poller ended with exit code ${pollerExitCode}`);
  if (lambdaRun.status !== 'done') faults.push('the Lambda entry never got through the stream');
  if (lambdaRun.records !== writes.length)
    faults.push(`the stream has ${lambdaRun.records} records of ${writes.length} writes`);
  return faults;
}

function named(kind: string): (text: string) => string {
  return (text) => `${kind}: ${text}`;
}
