import {
  type Context,
  createRouter,
  exponentialBackoff,
  type Logger,
  logging,
  type Metrics,
  metrics,
  type RouterOptions,
  retry,
  retryLater,
  route,
  table,
  timeout,
} from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { recordsOf, seededRandom, virtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

const shop = table('shop', { keys: { partition: 'pk' } });
const orders = recordsOf(shop);
const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** A function on Lambda under a virtual clock, with one handler; `remainingMs` is what Lambda says is left. */
function onLambda(
  handle: (item: string, context: Context) => unknown,
  middleware: NonNullable<RouterOptions['middleware']>,
  more: Partial<RouterOptions> = {},
) {
  const clock = virtualClock();
  const startMs = clock.now();
  const took = route.insert(shop, { id: 'it' }, async ({ keys }, context) => {
    return (await handle(String(keys.pk), context)) as undefined;
  });
  const router = createRouter({ routes: [took], middleware, clock, logger: silent, ...more });
  const handler = lambda(router, { reserveMs: 1000 });
  return {
    clock,
    passedMs: () => clock.now() - startMs,
    async deliver(records: readonly object[], remainingMs = 60_000) {
      const answer = handler({ Records: records }, { getRemainingTimeInMillis: () => remainingMs });
      const { batchItemFailures } = await clock.run(answer);
      return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    },
  };
}

const items = (...names: string[]) => names.map((pk) => orders.insert({ pk }));
const sequenceNumber = (record: ReturnType<typeof orders.insert> | undefined) =>
  record?.dynamodb.SequenceNumber;

describe('what stands around handlers', () => {
  it('sees what they throw, after they have run, and how long that took', async () => {
    const lines: object[] = [];
    const logger: Logger = { ...silent, warn: (fields) => void lines.push(fields) };
    const measured: unknown[] = [];
    const port: Metrics = {
      measure: (name, value, { outcome }) => void measured.push([name, value, outcome]),
    };
    const slow = async (_item: string, { clock }: Context) => {
      await clock.sleep(1500);
      throw new TypeError('no such order');
    };
    const { deliver } = onLambda(slow, { handler: [logging(), metrics(port)] }, { logger });
    await deliver(items('A'));
    expect(lines).toContainEqual(
      expect.objectContaining({
        handlerId: 'it',
        outcome: 'failed',
        errorType: 'TypeError',
        durationMs: 1500,
      }),
    );
    expect(measured).toContainEqual(['sluice.handler.duration', 1.5, 'failed']);
  });
});

describe('a retry', () => {
  it('waits on the clock of the router with its randomness, so that a seed tells when it is done', async () => {
    const backoff = exponentialBackoff({ initialMs: 1000, maxMs: 8000 });
    const run = async (seed: number) => {
      let left = 4;
      const flaky = () => {
        if (left-- > 0) throw new Error('not yet');
      };
      const random = seededRandom(seed);
      const { deliver, passedMs } = onLambda(
        flaky,
        { handler: [retry({ attempts: 5, backoff })] },
        { random },
      );
      return { failures: await deliver(items('A')), tookMs: passedMs() };
    };
    const [one, again, other] = [await run(1), await run(1), await run(2)];
    expect(one).toEqual({ failures: [], tookMs: expect.any(Number) });
    expect(again).toEqual(one);
    expect(other.tookMs).not.toBe(one.tookMs);
    expect(Math.max(one.tookMs, other.tookMs)).toBeLessThanOrEqual(1000 + 2000 + 4000 + 8000);
  });

  it('never holds up the answer: what could only succeed after the deadline is reported before it', async () => {
    const [first, second] = items('A', 'B');
    const layers = { handler: [retry({ attempts: 100, backoff: { delayMs: () => 2000 } })] };
    const down = (item: string) => (item === 'B' ? Promise.reject(new Error('down')) : undefined);
    const { deliver, passedMs } = onLambda(down, layers);
    expect(await deliver([first, second] as object[], 10_000)).toEqual([sequenceNumber(second)]);
    expect(passedMs()).toBe(8000);
  });

  it('has each try of a handler under a timeout, and all of them within its budget', async () => {
    let tries = 0;
    const hangs = (_item: string, { signal }: Context) => {
      tries++;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const backoff = { delayMs: () => 500 };
    const layers = { handler: [retry({ attempts: 9, backoff, budgetMs: 5000 }), timeout({ afterMs: 1000 })] };
    const { deliver, passedMs } = onLambda(hangs, layers);
    const records = items('A');
    expect(await deliver(records)).toEqual([sequenceNumber(records[0])]);
    expect({ tries, passed: passedMs() }).toEqual({ tries: 4, passed: 4 * 1000 + 3 * 500 });
  });

  it('around a record leaves a handler alone that asked to be called later, as long as no other one fails', async () => {
    let calls = 0;
    const later = () => {
      calls++;
      return retryLater('busy', { afterMs: 60_000 });
    };
    const { deliver, passedMs } = onLambda(later, {
      record: [retry({ attempts: 5, backoff: { delayMs: () => 10 } })],
    });
    const records = items('A');
    expect(await deliver(records)).toEqual([sequenceNumber(records[0])]);
    expect({ calls, passed: passedMs() }).toEqual({ calls: 1, passed: 0 });
  });
});

describe('a timeout', () => {
  it('costs a batch nothing that was done before it: only what is not done is reported', async () => {
    const ran: string[] = [];
    const hangs = async (item: string, { clock, signal }: Context) => {
      ran.push(item);
      if (item !== 'C') return;
      await clock.sleep(Number.POSITIVE_INFINITY, signal);
      signal.throwIfAborted();
    };
    const { deliver, passedMs } = onLambda(hangs, { handler: [timeout({ afterMs: 3000 })] });
    const records = items('A', 'B', 'C', 'D');
    expect(await deliver(records)).toEqual([sequenceNumber(records[2])]);
    expect(passedMs()).toBe(3000);
    expect(await deliver(records.slice(2))).toEqual([sequenceNumber(records[2])]);
    expect(ran).toEqual(['A', 'B', 'C', 'C']);
  });

  it('leaves a handler that ignores it to the deadline, where the answer goes out in time all the same', async () => {
    const ignores = (item: string, { clock }: Context) => (item === 'B' ? clock.sleep(3_600_000) : undefined);
    const { deliver, passedMs } = onLambda(ignores, { handler: [timeout({ afterMs: 3000 })] });
    const records = items('A', 'B');
    expect(await deliver(records, 10_000)).toEqual([sequenceNumber(records[1])]);
    expect(passedMs()).toBe(9000);
  });

  it("that abandons reports such a handler at once, which is what 'abandon' is for", async () => {
    const ignores = (item: string, { clock }: Context) => (item === 'B' ? clock.sleep(3_600_000) : undefined);
    const { deliver, passedMs } = onLambda(ignores, {
      handler: [timeout({ afterMs: 3000, ifIgnored: 'abandon' })],
    });
    const records = items('A', 'B');
    expect(await deliver(records, 10_000)).toEqual([sequenceNumber(records[1])]);
    expect(passedMs()).toBe(3000);
  });
});
