import { createRouter, type Logger, type Route, type RouterOptions, route, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import {
  type LambdaFunction,
  type LambdaReport,
  type LambdaSimulatorOptions,
  recordsOf,
  simulateLambda,
  type VirtualClock,
  virtualClock,
} from '@sluice/testing';

export type StreamRecord = ReturnType<typeof writes>[0];

const quiet = () => undefined;
export const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

export const shop = table('shop', { keys: { partition: 'pk' } });

/** Inserts of items, `A1 B1 B2 A2`: the letter is the key. */
export function writes(names: string, table = 'shop') {
  // The numbers cross a power of ten, where those that are later are lower as text.
  const records = recordsOf({ table, keys: { partition: 'pk' }, startSequence: `${'9'.repeat(20)}8` });
  return names.split(' ').map((name) => records.insert({ pk: name.charAt(0), name }));
}

export function nameOf({ dynamodb }: StreamRecord): string {
  const name = dynamodb.NewImage?.['name'];
  return name && 'S' in name ? name.S : '';
}

export const numberOf = (record: StreamRecord | undefined) => record?.dynamodb.SequenceNumber;

export const reporting = (...records: readonly (StreamRecord | undefined)[]) => ({
  batchItemFailures: records.map((record) => ({ itemIdentifier: numberOf(record) })),
});

export const routerOf = (routes: readonly Route[], options: Partial<RouterOptions> = {}) =>
  createRouter({ routes, logger: silent, ...options });

/** What a route did: a change for each time that it ran to its end. Changes fail as often as it says, by name. */
export function noting(failures: Readonly<Record<string, number>> = {}) {
  const ran: string[] = [];
  const left = new Map(Object.entries(failures));
  const noted = route.insert(shop, { id: 'note' }, async ({ record }) => {
    const name = nameOf(record);
    const times = left.get(name) ?? 0;
    left.set(name, times - 1);
    if (times > 0) throw new Error('not yet');
    ran.push(name);
  });
  return { ran, noted };
}

/** Answers with one value after another, and then with success. What is an Error is thrown. */
export function answering(...answers: readonly unknown[]): LambdaFunction {
  const left = [...answers];
  return () => {
    const answer = left.shift() ?? null;
    if (answer instanceof Error) throw answer;
    return answer;
  };
}

interface Mapped {
  readonly report: LambdaReport;
  readonly batches: readonly string[];
}

/** A mapping on a clock of its own, and what it delivered: the names of each batch, `A1 B1`. */
export async function mapped(
  records: readonly StreamRecord[],
  handler: LambdaFunction,
  options: Partial<LambdaSimulatorOptions> = {},
  clock: VirtualClock = virtualClock(),
): Promise<Mapped> {
  const mapping = { records, clock, newSandbox: () => handler, maxInvocations: 50, ...options };
  const report = await clock.run(simulateLambda(mapping));
  return { report, batches: batchesOf(report, records) };
}

/** The same with a router of these routes, on that clock too. */
export function routed(
  records: readonly StreamRecord[],
  routes: readonly Route[],
  options: Partial<LambdaSimulatorOptions> = {},
  ofRouter: Partial<RouterOptions> = {},
): Promise<Mapped> {
  const clock = virtualClock();
  return mapped(records, lambda(routerOf(routes, { clock, ...ofRouter })), options, clock);
}

function batchesOf({ invocations }: LambdaReport, records: readonly StreamRecord[]): string[] {
  const names = new Map(records.map((record) => [numberOf(record), nameOf(record)]));
  return invocations.map(({ delivered }) => delivered.map((number) => names.get(number)).join(' '));
}
