import { type StreamRecord, table } from '@sluice/filters';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type Clock,
  createDrain,
  createProcessMemory,
  createRouter,
  exponentialBackoff,
  type HandlerCall,
  type Logger,
  type Middleware,
  neverAgain,
  type RetryOptions,
  type RouterOptions,
  retry,
  retryLater,
  route,
  runBatch,
  skipped,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const record: StreamRecord = {
  eventName: 'INSERT',
  eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
  dynamodb: { Keys: { pk: { S: 'A' } }, NewImage: {}, SequenceNumber: '1' },
};

/** Time passes only while somebody sleeps, and a sleep is over at once unless its signal has aborted. */
function sleepersClock() {
  let nowMs = 0;
  const waits: number[] = [];
  const clock: Clock = {
    now: () => nowMs,
    sleep: async (delayMs, signal) => {
      // The deadline of a delivery, which no test here lets come.
      if (delayMs >= deadlineMs - 1)
        return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
      if (delayMs === 0 || signal?.aborted) return;
      waits.push(delayMs);
      nowMs += delayMs;
    },
  };
  const work = (ms: number) => {
    nowMs += ms;
  };
  return { clock, waits, work };
}

const deadlineMs = 10_000;
const constant = { delayMs: () => 100 };

/** Runs one handler, as often as the retry wants it. */
async function tried(
  options: RetryOptions,
  handle: (tries: number, work: (ms: number) => void) => unknown,
  more: Partial<RouterOptions> & { readonly budgetMs?: number } = {},
) {
  const { budgetMs, ...routerOptions } = more;
  const { clock, waits, work } = sleepersClock();
  let tries = 0;
  const attempts: number[] = [];
  const flaky = route.insert(shop, { id: 'flaky' }, async (_change, context) => {
    attempts.push(context.attempt);
    return (await handle(++tries, work)) as undefined;
  });
  const router = createRouter({
    routes: [flaky],
    middleware: { handler: [retry(options)] },
    clock,
    logger: silent,
    ...routerOptions,
  });
  const memory = createProcessMemory();
  const result = await runBatch(router, [record], { memory, ...(budgetMs && { budgetMs }) });
  return { tries, waits, attempts, result, memory, router };
}

const failsUntil = (good: number) => (tries: number) => {
  if (tries < good) throw new Error(`failure ${tries}`);
};

describe('retry', () => {
  it('tries what failed again until it is handled, and the source hears of nothing', async () => {
    const { tries, waits, result } = await tried({ attempts: 5, backoff: constant }, failsUntil(3));
    expect({ tries, waits }).toEqual({ tries: 3, waits: [100, 100] });
    expect(result).toMatchObject({ firstUnfinished: undefined, counts: { handled: 1, failed: 0 } });
  });

  it('ends after its attempts with the last outcome, and does not wait for nothing after them', async () => {
    const seen: unknown[] = [];
    const watch: Middleware<HandlerCall> = async (_call, next) => {
      const outcome = await next();
      seen.push(outcome.kind === 'failed' && outcome.error.message);
      return outcome;
    };
    const options = { attempts: 3, backoff: constant };
    const { tries, waits, result } = await tried(options, failsUntil(9), {
      middleware: { handler: [watch, retry(options)] },
    });
    expect({ tries, waits, seen }).toEqual({ tries: 3, waits: [100, 100], seen: ['failure 3'] });
    expect(result).toMatchObject({ firstUnfinished: '1', counts: { failed: 1 } });
  });

  it('counts all tries of a delivery as one attempt', async () => {
    const { router, memory, attempts } = await tried({ attempts: 2, backoff: constant }, failsUntil(4));
    await runBatch(router, [record], { memory });
    expect(attempts).toEqual([1, 1, 2, 2]);
  });

  it('waits as its backoff says, with the randomness of the router', async () => {
    const backoff = exponentialBackoff({ initialMs: 100, maxMs: 300 });
    const { waits } = await tried({ attempts: 5, backoff }, failsUntil(9), { random: () => 0.5 });
    expect(waits).toEqual([50, 100, 150, 150]);
  });

  it.each([
    ['skipped', skipped('not ours')],
    ['to be tried later', retryLater('busy', { afterMs: 60_000 })],
    ['never to be tried again', neverAgain('broken')],
  ])('leaves alone what is %s', async (_what, outcome) => {
    expect(await tried({ attempts: 5, backoff: constant }, () => outcome)).toMatchObject({
      tries: 1,
      waits: [],
    });
  });

  it('tries again only what retryIf finds worth it', async () => {
    const retryIf = (error: Error) => error.message !== 'failure 2';
    const { tries } = await tried({ attempts: 5, backoff: constant, retryIf }, failsUntil(9));
    expect(tries).toBe(2);
  });

  it('fails the handler when retryIf throws, and does not try again', async () => {
    const retryIf = () => {
      throw new Error('cannot tell');
    };
    const { tries, result } = await tried({ attempts: 5, backoff: constant, retryIf }, failsUntil(9));
    expect({ tries, unfinished: result.firstUnfinished }).toEqual({ tries: 1, unfinished: '1' });
  });

  it('begins no wait that would end at its budget or later; work counts into it', async () => {
    const busy = (tries: number, work: (ms: number) => void) => {
      work(50);
      failsUntil(9)(tries);
    };
    const options = { attempts: 9, backoff: constant };
    expect(await tried({ ...options, budgetMs: 0 }, busy)).toMatchObject({ tries: 1, waits: [] });
    expect(await tried({ ...options, budgetMs: 300 }, busy)).toMatchObject({ tries: 2, waits: [100] });
    expect(await tried({ ...options, budgetMs: 301 }, busy)).toMatchObject({ tries: 3, waits: [100, 100] });
  });

  it('begins no wait that would end at the deadline or later', async () => {
    const almost = { attempts: 9, backoff: { delayMs: () => deadlineMs / 4 } };
    const { tries, waits, result } = await tried(almost, failsUntil(9), { budgetMs: deadlineMs });
    expect({ tries, waits: waits.length }).toEqual({ tries: 4, waits: 3 });
    expect(result).toMatchObject({ firstUnfinished: '1', timedOut: false });
  });

  it('ends its wait when the work is to stop, and gives back the last outcome', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const work = new AbortController();
    let tries = 0;
    const flaky = route.insert(shop, { id: 'flaky' }, () => failsUntil(9)(++tries));
    const router = createRouter({
      routes: [flaky],
      middleware: { handler: [retry({ attempts: 9, backoff: { delayMs: () => 60_000 } })] },
      logger: silent,
    });
    const drain = createDrain(router, {
      afterFailure: { kind: 'stop' },
      order: 'strict',
      signal: work.signal,
    });
    const page = drain.offer([record]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tries).toBe(2);
    work.abort();
    await drain.until(0);
    expect(tries).toBe(2);
    expect(page.counts).toMatchObject({ failed: 1 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %d attempts', (attempts) => {
    expect(() => retry({ attempts, backoff: constant })).toThrowError(/attempts as a whole number from 1 up/);
  });

  it.each([-1, Number.NaN])('refuses a budget of %d', (budgetMs) => {
    expect(() => retry({ attempts: 1, backoff: constant, budgetMs })).toThrowError(/budgetMs from 0 up/);
  });
});

describe('retry around a record', () => {
  it('runs only those handlers again that are not done', async () => {
    const ran: string[] = [];
    let left = 1;
    const routes = [
      route.insert(shop, { id: 'a' }, () => void ran.push('a')),
      route.insert(shop, { id: 'b' }, () => {
        ran.push('b');
        if (left-- > 0) throw new Error('not yet');
      }),
    ];
    const { clock, waits } = sleepersClock();
    const router = createRouter({
      routes,
      middleware: { record: [retry({ attempts: 2, backoff: constant })] },
      clock,
      logger: silent,
    });
    const { firstUnfinished } = await runBatch(router, [record], { memory: createProcessMemory() });
    expect({ ran, waits, firstUnfinished }).toEqual({
      ran: ['a', 'b', 'b'],
      waits: [100],
      firstUnfinished: undefined,
    });
  });
});

describe('retry around a batch', () => {
  it('runs only what is not done again, and the source hears of nothing', async () => {
    const ran: string[] = [];
    let left = 2;
    const flaky = route.insert(shop, { id: 'flaky' }, ({ record: { dynamodb } }) => {
      ran.push(dynamodb.SequenceNumber);
      if (dynamodb.SequenceNumber === '2' && left-- > 0) throw new Error('not yet');
    });
    const { clock, waits } = sleepersClock();
    const router = createRouter({
      routes: [flaky],
      middleware: { batch: [retry({ attempts: 3, backoff: constant })] },
      clock,
      logger: silent,
    });
    const records = ['1', '2', '3'].map((SequenceNumber) => ({
      ...record,
      dynamodb: { ...record.dynamodb, SequenceNumber },
    }));
    const { firstUnfinished } = await runBatch(router, records, { memory: createProcessMemory() });
    expect({ ran, waits, firstUnfinished }).toEqual({
      ran: ['1', '2', '2', '2', '3'],
      waits: [100, 100],
      firstUnfinished: undefined,
    });
  });
});
