import { styleText } from 'node:util';
import type { Entry } from './check.js';
import type { LogLine } from './poller-process.js';
import type { Summary } from './summary.js';

const colours = { INSERT: 'green', MODIFY: 'cyan', REMOVE: 'red' } as const;

export function printEntry({ atMs, eventName, item, handlerId, what, attempt }: Entry): void {
  const time = new Date(atMs).toISOString().slice(11, 23);
  const event = styleText(colours[eventName as keyof typeof colours], eventName);
  const again = attempt > 1 ? styleText('yellow', `  (attempt ${attempt})`) : '';
  console.log(
    `${styleText('dim', time)}  ${event}  ${item.padEnd(24)}  ${styleText('bold', handlerId.padEnd(23))}  ${what}${again}`,
  );
}

export function printFailure({ handlerId = '', attempt, err }: LogLine): void {
  console.log(
    styleText(
      'yellow',
      `              failed  ${handlerId} at attempt ${attempt}: ${err?.message}; tried again soon, other orders go on`,
    ),
  );
}

export function printSummary(summary: Summary): void {
  const { records, deliveries, retries, latencyMs, lost, doubled, outOfOrder, lambda, killed } = summary;
  const good = (isGood: boolean, text: string) => styleText(isGood ? 'green' : 'red', text);
  console.log(`\n${styleText('bold', 'Summary')}`);
  console.log(`  stream records       ${records}`);
  console.log(`  handler deliveries   ${Object.values(deliveries).reduce((sum, count) => sum + count, 0)}`);
  for (const [handler, count] of Object.entries(deliveries))
    console.log(`    ${handler.padEnd(24)} ${count}`);
  console.log(`  retries              ${retries}`);
  console.log(
    `  write to handler     p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, with retries and their waits`,
  );
  console.log(`  lost                 ${good(lost.length === 0, String(lost.length))}`);
  console.log(
    `  doubled              ${good(doubled.length === 0 || killed, String(doubled.length))}${killed ? ', done before the kill and not kept yet' : ''}`,
  );
  console.log(
    `  items out of order   ${good(outOfOrder.length === 0, String(outOfOrder.length))} of ${summary.items}`,
  );
  console.log(
    `  the Lambda entry     ${good(lambda.different.length === 0, lambda.different.length === 0 ? 'same effects' : 'other effects')}, ` +
      `${lambda.invocations} invocations over ${lambda.records} records`,
  );
  for (const line of [
    ...lost.map(named('lost')),
    ...(killed ? [] : doubled).map(named('doubled')),
    ...outOfOrder.map(named('out of order')),
  ]) {
    console.log(styleText('red', `  ${line}`));
  }
  for (const item of lambda.different) console.log(styleText('red', `  other effects: ${item}`));
}

function named(kind: string): (text: string) => string {
  return (text) => `${kind}: ${text}`;
}
