import { type Clock, decodeItem, type Logger, type StreamRecord } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { type LambdaFunction, simulateLambda, startEngine, virtualClock } from '@sluice/testing';
import { account } from './account.js';
import { readStream, writeOrders, writes } from './orders.js';
import { openWorld } from './outside.js';
import { revenueRouter } from './router.js';
import { inWords, Totals } from './totals.js';

type Print = (line: string) => void;

/** Shows it on an engine of its own, which is gone in the end. Resolves to whether the account is right. */
export async function demo(print: Print): Promise<boolean> {
  const engine = await startEngine();
  try {
    await writeOrders(engine);
    return await show(await readStream(engine, silent), print);
  } finally {
    await engine.stop();
  }
}

async function show(records: readonly StreamRecord[], print: Print): Promise<boolean> {
  // #region windows
  const clock = virtualClock(Date.parse('2026-01-01T09:00:00Z'));
  const badLuck = new Set(['USD', '2026-01-01T09:02:00Z']); // rates and reports that fail once
  const outside = openWorld(badLuck, (line) => print(`            ${line}`));
  const handler = lambda(revenueRouter(outside, { clock, logger: silent }));

  const { status } = await clock.run(
    simulateLambda({
      records,
      handler: telling(handler, clock, print),
      tumblingWindowInSeconds: 60,
      finalInvokeForWindow: 'withRecords',
      writtenMs,
      retryDelayMs: 1000,
      clock,
    }),
  );
  // #endregion

  const { lines, isRight } = account(writes, outside);
  lines.forEach(print);
  return isRight && status === 'done';
}

/** Tells of each event before its handler gets it. */
function telling(handler: LambdaFunction, clock: Clock, print: Print): LambdaFunction {
  return (event, context) => {
    const time = new Date(clock.now()).toISOString().slice(11, 19);
    const { Records, state = {}, isFinalInvokeForWindow } = event;
    const [totals = 'none'] = Object.values(state).map((kept) => inWords(Totals.parse(kept)));
    const count = Records.length === 1 ? '1 change' : `${Records.length} changes`;
    print(`${time}  ${count}${isFinalInvokeForWindow ? ', end of the minute' : ''}; state: ${totals}`);
    return handler(event, context);
  };
}

/** When it was written in the shop's three minutes. The engine had all of it within one second. */
function writtenMs({ dynamodb: { NewImage } }: StreamRecord): number {
  return Date.parse(String(decodeItem(NewImage ?? {})['changedAt']));
}

/** Failures are what is shown here. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
