import {
  compareSequenceNumbers,
  type Explanation,
  explain,
  type Route,
  type Router,
  type StreamRecord,
  tableOf,
} from '@sluice/core';
import { routesOfStream } from './other-tables.js';
import type { GivenRecords } from './read-records.js';

/** What would become of records that came as one delivery. */
export interface DryRun {
  /** Why nothing of it would be run, where the delivery would be refused as a whole. */
  readonly refused?: string;
  readonly records: readonly DryRecord[];
  /** The window routes whose window the event ends, in the order in which `close` would be called. */
  readonly closes?: readonly string[];
}

export interface DryRecord {
  readonly record: StreamRecord;
  /** In the order in which they would run. */
  readonly runs: readonly Run[];
  /** The routes that would not, and why. */
  readonly others: readonly Explanation[];
}

export interface Run {
  readonly routeId: string;
  readonly because: string;
  /** `fails`: its filter cannot judge the record. In a group together with the records beside it, or folded into its window at the end. */
  readonly how: 'alone' | 'in a group' | 'in its window' | 'fails';
}

/** Tells it by the routes alone: nothing is run, and what a ledger holds is not asked. */
export function dryRun(router: Router, { records, window }: GivenRecords): DryRun {
  const explained = records.map((record) => dryRecord(router, record));
  const { eventSourceARN = records[0]?.eventSourceARN, isFinalInvokeForWindow } = window ?? {};
  const streamArn = typeof eventSourceARN === 'string' ? eventSourceARN : undefined;
  const refused =
    disorderOf(records) ??
    strangerOf(router, streamArn) ??
    (window ? undefined : windowMissing(router, records));
  if (refused !== undefined) return { refused, records: explained };
  if (isFinalInvokeForWindow !== true || streamArn === undefined) return { records: explained };
  const own = routesOfStream(router, streamArn);
  const closes = router.windows.flatMap(({ route: { id } }) => (own.has(id) ? id : []));
  return { records: explained, closes };
}

function dryRecord(router: Router, record: StreamRecord): DryRecord {
  const explanations = explain(router, record);
  const runs = explanations.flatMap(({ routeId, verdict, because }): readonly Run[] => {
    const route = router.routes.find(({ id }) => id === routeId);
    if (!route || (verdict !== 'runs' && verdict !== 'unjudged')) return [];
    return [{ routeId, because, how: verdict === 'unjudged' ? 'fails' : howItRuns(route) }];
  });
  const isLast = ({ how }: Run) => how === 'in its window';
  return {
    record,
    runs: [...runs.filter((run) => !isLast(run)), ...runs.filter(isLast)],
    others: explanations.filter(({ verdict }) => verdict === 'no match' || verdict === 'excluded'),
  };
}

function howItRuns({ window, maxSize }: Route): Run['how'] {
  if (window) return 'in its window';
  return maxSize === undefined ? 'alone' : 'in a group';
}

function disorderOf(records: readonly StreamRecord[]): string | undefined {
  for (const [at, { eventSourceARN, dynamodb }] of records.entries()) {
    const before = records[at - 1];
    if (!before) continue;
    if (before.eventSourceARN !== eventSourceARN) {
      return `records ${at} and ${at + 1} are of different streams, and a delivery is of one; run them one stream at a time`;
    }
    if (compareSequenceNumbers(before.dynamodb.SequenceNumber, dynamodb.SequenceNumber) >= 0) {
      return `record ${at + 1} is not behind record ${at} in its stream, by their sequence numbers; give them in order and each once`;
    }
  }
  return undefined;
}

function strangerOf(router: Router, streamArn: string | undefined): string | undefined {
  if (streamArn === undefined || router.unknownTable === 'skip') return undefined;
  if (router.tables.some(({ matches }) => matches(streamArn))) return undefined;
  const names = router.tables.map(({ text }) => text).join(', ');
  return `no route names the table ${tableOf(streamArn)}; the routes name ${names}`;
}

function windowMissing(router: Router, records: readonly StreamRecord[]): string | undefined {
  const known = records.filter(({ eventSourceARN: arn }) =>
    router.tables.some(({ matches }) => matches(arn)),
  );
  const [first] = known.flatMap((record) => router.matchWindows(record));
  if (!first) return undefined;
  return `${first.route.id} is a window route, and the records came without a window; give an event of a mapping with TumblingWindowInSeconds`;
}
