import { createRouter, type Logger, type Route, type RouterOptions, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { type LambdaReport, lambdaEvent, recordsOf, simulateLambda, virtualClock } from '@sluice/testing';

const quiet = () => undefined;
export const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

export const shop = table('shop', { keys: { partition: 'pk' }, ttl: 'expiresAt' });
export const shopRecords = () => recordsOf(shop);

export type StreamRecord = ReturnType<ReturnType<typeof shopRecords>['insert']>;

export const routerOf = (routes: readonly Route[], options: Partial<RouterOptions> = {}) =>
  createRouter({ routes, logger: silent, ...options });

export const numberOf = (record: StreamRecord | undefined) => record?.dynamodb.SequenceNumber;

/** The writes of items, `A1 B1 B2 A2`: the letter is the key, the figure the version, which the item holds too. */
export function writes(names: string): StreamRecord[] {
  const records = shopRecords();
  const latest = new Map<string, object>();
  return names.split(' ').map((name) => {
    const pk = name.charAt(0);
    const [before, after] = [latest.get(pk), { pk, name }];
    latest.set(pk, after);
    return before ? records.modify(before, after) : records.insert(after);
  });
}

/** The writes of `all` whose version is behind another write of the same item that came later. */
export function backInTime(all: readonly string[]): readonly string[] {
  return all.filter((name, index) =>
    all.slice(0, index).some((before) => before[0] === name[0] && before.slice(1) > name.slice(1)),
  );
}

/** A Lambda function with these routes, under a mapping that delivers again to the same environment or to fresh ones. */
export function mapped(
  routes: readonly Route[],
  records: readonly StreamRecord[],
  retry: 'warm' | 'cold',
  options: Partial<RouterOptions> = {},
): Promise<LambdaReport> {
  const clock = virtualClock();
  const newSandbox = () => lambda(routerOf(routes, { clock, ...options }));
  return clock.run(simulateLambda({ records, newSandbox, retry, clock, maxInvocations: 20 }));
}

/** What a function answers to one event: the sequence numbers that it reports. */
export async function reportOf(
  handler: ReturnType<typeof lambda>,
  records: readonly StreamRecord[],
): Promise<readonly string[]> {
  const { batchItemFailures } = await handler(lambdaEvent(records));
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}
