import { styleText } from 'node:util';
import type { Entry } from './check.js';
import type { LogLine } from './poller-process.js';
import type { Summary } from './summary.js';

const colours = { INSERT: 'green', MODIFY: 'cyan', REMOVE: 'red' } as const;

export function printEntry({ atMs, eventName, item, handlerId, what, attempt }: Entry): void {
  const event = styleText(colours[eventName as keyof typeof colours], eventName);
  const again = attempt > 1 ? styleText('yellow', `  (attempt ${attempt})`) : '';
  console.log(
    `${styleText('dim', timeOf(atMs))}  ${event}  ${item.padEnd(24)}  ${styleText('bold', handlerId.padEnd(23))}  ${what}${again}`,
  );
}

/** The log of a failure does not tell the item: keys do not go to logs. */
export function printFailure({ time = 0, sequenceNumber, handlerId = '', attempt, err }: LogLine): void {
  const text = `failed  ${`record ${sequenceNumber}`.padEnd(24)}  ${handlerId.padEnd(23)}  ${err?.message}  (attempt ${attempt})`;
  console.log(`${styleText('dim', timeOf(time))}  ${styleText('yellow', text)}`);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}

export function printSummary(summary: Summary): void {
  const { records, deliveries, retries, latencyMs, lost, doubled, outOfOrder, lambda, killed } = summary;
  const good = (isGood: boolean, text: string) => styleText(isGood ? 'green' : 'red', text);
  const none = (list: readonly string[]) => good(list.length === 0, String(list.length));
  const line = (label: string, value: string | number) => console.log(`  ${label.padEnd(27)} ${value}`);

  console.log(`\n${styleText('bold', 'Summary')}`);
  line('stream records', records);
  line(
    'handler deliveries',
    Object.values(deliveries).reduce((sum, count) => sum + count, 0),
  );
  for (const [handler, count] of Object.entries(deliveries)) line(`  ${handler}`, count);
  line('retries', retries);
  line('write to handler', `p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, with retries and their waits`);
  line('lost', none(lost));
  line('doubled', killed ? `${doubled.length}, done before the kill and not kept yet` : none(doubled));
  line('items out of order', `${none(outOfOrder)} of ${summary.items}`);
  const same = lambda.different.length === 0;
  line(
    'the Lambda entry',
    `${good(same, same ? 'same effects' : 'other effects')}, ${lambda.invocations} invocations over ${lambda.records} records`,
  );
  for (const fault of summary.faults) console.log(styleText('red', `  ${fault}`));
}
