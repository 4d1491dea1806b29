import { type StreamRecord, table } from '@sluice/filters';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type BatchResult,
  type Clock,
  type Context,
  contextWith,
  createDrain,
  createProcessMemory,
  createRouter,
  type HandlerCall,
  isSluiceError,
  type Logger,
  type Middleware,
  type Outcome,
  type ProcessMemory,
  RetryLaterError,
  type RouterOptions,
  route,
  runBatch,
  systemClock,
  timeout,
} from './index.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const clock: Clock = { now: () => Date.now(), sleep: systemClock.sleep };
const shop = table('shop', { keys: { partition: 'pk' } });
const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const record: StreamRecord = {
  eventName: 'INSERT',
  eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
  dynamodb: { Keys: { pk: { S: 'A' } }, NewImage: {}, SequenceNumber: '1' },
};

interface Running {
  readonly result: BatchResult | undefined;
  readonly outcomes: readonly Outcome[];
  readonly context: Context;
}

/** Delivers a record to one handler under a timeout; `result` is there once the delivery has ended. */
async function start(
  handle: (context: Context) => unknown,
  middleware: (watch: Middleware<HandlerCall>) => NonNullable<RouterOptions['middleware']>,
  { budgetMs, memory = createProcessMemory() }: { budgetMs?: number; memory?: ProcessMemory } = {},
): Promise<Running> {
  const running: { result?: BatchResult; outcomes: Outcome[]; context?: Context } = { outcomes: [] };
  const watch: Middleware<HandlerCall> = async (_call, next) => {
    const outcome = await next();
    running.outcomes.push(outcome);
    return outcome;
  };
  const slow = route.insert(shop, { id: 'slow' }, async (_change, context) => {
    running.context = context;
    await handle(context);
  });
  const router = createRouter({ routes: [slow], middleware: middleware(watch), clock, logger: silent });
  void runBatch(router, [record], { memory, ...(budgetMs && { budgetMs }) }).then((result) => {
    running.result = result;
  });
  await vi.advanceTimersByTimeAsync(0);
  return running as Running;
}

const after = (ms: number) => clock.sleep(ms);
/** What `fetch` and the AWS SDK do. */
const obedient = ({ signal }: Context) =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
const under =
  (...layers: NonNullable<RouterOptions['middleware']>['handler'] & object) =>
  (watch: Middleware<HandlerCall>) => ({ handler: [watch, ...layers] });

describe('timeout', () => {
  it('fails a handler that stops when its signal aborts, and says why', async () => {
    const running = await start(obedient, under(timeout({ afterMs: 1000 })));
    await vi.advanceTimersByTimeAsync(999);
    expect(running.result).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(running.result).toMatchObject({ firstUnfinished: '1', counts: { failed: 1 }, timedOut: false });
    expect(running.outcomes).toMatchObject([
      { kind: 'failed', error: { name: 'TimeoutError', code: 'TIMEOUT' } },
    ]);
    expect(isSluiceError(running.context.signal.reason)).toBe(true);
    expect(running.outcomes).toEqual([expect.objectContaining({ error: running.context.signal.reason })]);
    expect(running.context.signal.reason).not.toHaveProperty('cause');
  });

  it('keeps what the handler failed with then as the cause', async () => {
    const aborted = new Error('Request aborted');
    const handle = ({ signal }: Context) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(aborted)));
    const { outcomes } = await start(handle, under(timeout({ afterMs: 1000 })));
    await vi.advanceTimersByTimeAsync(1000);
    expect(outcomes).toMatchObject([{ error: { code: 'TIMEOUT', cause: aborted } }]);
  });

  it('leaves what ends in time as it is, and neither a timer nor a listener behind', async () => {
    const work = new AbortController();
    const added = vi.spyOn(work.signal, 'addEventListener');
    const removed = vi.spyOn(work.signal, 'removeEventListener');
    const inOwn: Middleware<HandlerCall> = (call, next) =>
      next({ ...call, context: contextWith(call.context, { signal: work.signal }) });
    const { outcomes, result, context } = await start(quiet, under(inOwn, timeout({ afterMs: 1000 })));
    expect(result).toMatchObject({ firstUnfinished: undefined, counts: { handled: 1 } });
    expect(vi.getTimerCount()).toBe(0);
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
    work.abort();
    await vi.advanceTimersByTimeAsync(5000);
    expect(outcomes).toMatchObject([{ kind: 'handled' }]);
    expect(context.signal.aborted).toBe(false);
  });

  it('leaves a failure in time as it is', async () => {
    const { outcomes } = await start(
      () => Promise.reject(new Error('no')),
      under(timeout({ afterMs: 1000 })),
    );
    expect(outcomes).toEqual([expect.objectContaining({ error: new Error('no') })]);
  });

  it('waits for a handler that ignores it, whose late success counts', async () => {
    const running = await start(() => after(5000), under(timeout({ afterMs: 1000 })));
    await vi.advanceTimersByTimeAsync(4999);
    expect(running.result).toBeUndefined();
    expect(running.context.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(running.result).toMatchObject({ firstUnfinished: undefined, counts: { handled: 1 } });
  });

  it('leaves a late outcome that the handler chose as it is', async () => {
    const later = async () => {
      await after(5000);
      throw new RetryLaterError('busy');
    };
    const { outcomes } = await start(later, under(timeout({ afterMs: 1000 })));
    await vi.advanceTimersByTimeAsync(5000);
    expect(outcomes).toMatchObject([{ kind: 'retryLater', error: { message: 'busy' } }]);
  });

  it('abandons a handler that ignores it where it was told to: the record is reported at once', async () => {
    const running = await start(() => after(5000), under(timeout({ afterMs: 1000, ifIgnored: 'abandon' })));
    await vi.advanceTimersByTimeAsync(1000);
    expect(running.result).toMatchObject({ firstUnfinished: '1', counts: { failed: 1 } });
    expect(running.outcomes).toMatchObject([{ error: { code: 'TIMEOUT' } }]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(running.outcomes).toHaveLength(1);
  });

  it('around records, abandoned ones included, leaves the count of attempts right', async () => {
    const attempts: number[] = [];
    const failing = route.insert(shop, { id: 'h' }, async (_change, { attempt }) => {
      attempts.push(attempt);
      await after(1500);
      throw new Error('too late anyway');
    });
    const middleware = { record: [timeout({ afterMs: 1000, ifIgnored: 'abandon' })] };
    const router = createRouter({ routes: failing, middleware, clock, logger: silent });
    const afterFailure = { kind: 'retry', backoff: { delayMs: () => 10 } } as const;
    const drain = createDrain(router, { afterFailure, order: 'lanes' });
    drain.offer([record]);
    await vi.advanceTimersByTimeAsync(4000);
    expect(attempts).toEqual([1, 2, 3]);
    drain.stop();
  });

  it('still hears the end of the delivery, before its own time is up', async () => {
    const running = await start(obedient, under(timeout({ afterMs: 60_000 })), { budgetMs: 1000 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(running.result).toMatchObject({ firstUnfinished: '1', timedOut: true });
    expect(running.context.signal.reason).toMatchObject({ name: 'TimeoutError' });
    expect(running.outcomes).toMatchObject([{ kind: 'failed', error: running.context.signal.reason }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('starts a call as aborted whose delivery has been', async () => {
    const abort: Middleware<HandlerCall> = (call, next) =>
      next({ ...call, context: contextWith(call.context, { signal: AbortSignal.abort('over') }) });
    const { context } = await start(quiet, under(abort, timeout({ afterMs: 1000 })));
    expect(context.signal).toMatchObject({ aborted: true, reason: 'over' });
  });

  it('gives each try its own time inside of a retry, and all of them one time around it', async () => {
    let tries = 0;
    const handle = (context: Context) => {
      tries++;
      return obedient(context);
    };
    const again: Middleware<HandlerCall> = async (_call, next) => {
      const outcome = await next();
      return outcome.kind === 'failed' ? next() : outcome;
    };
    const inside = await start(handle, under(again, timeout({ afterMs: 1000 })));
    await vi.advanceTimersByTimeAsync(1999);
    expect(inside.result).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect({ tries, unfinished: inside.result?.firstUnfinished }).toEqual({ tries: 2, unfinished: '1' });

    tries = 0;
    const around = await start(handle, under(timeout({ afterMs: 1000 }), again));
    await vi.advanceTimersByTimeAsync(1000);
    expect({ tries, unfinished: around.result?.firstUnfinished }).toEqual({ tries: 2, unfinished: '1' });
  });

  it.each([0, -1, Number.NaN])('refuses %d milliseconds', (afterMs) => {
    expect(() => timeout({ afterMs })).toThrowError(/afterMs above 0/);
  });
});

describe('timeout around a record', () => {
  it('aborts the signal that all its handlers see', async () => {
    const running = await start(obedient, (watch) => ({
      record: [timeout({ afterMs: 1000 })],
      handler: [watch],
    }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(running.outcomes).toMatchObject([{ error: { code: 'TIMEOUT' } }]);
    expect(running.result).toMatchObject({ firstUnfinished: '1' });
  });
});

describe('timeout around a batch', () => {
  it('aborts the signal that all its records see; what is done is done', async () => {
    const running = await start(obedient, (watch) => ({
      batch: [timeout({ afterMs: 1000 })],
      handler: [watch],
    }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(running.outcomes).toMatchObject([{ kind: 'failed', error: { code: 'TIMEOUT' } }]);
    expect(running.result).toMatchObject({ firstUnfinished: '1', timedOut: false });
  });
});
