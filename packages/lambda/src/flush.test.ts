import {
  type AnyMiddleware,
  type Context,
  createRouter,
  type Logger,
  type Router,
  type RouterOptions,
  route,
  table,
} from '@sluice/core';
import { lambdaEvent, recordsOf, virtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { type LambdaContext, type LambdaOptions, lambda } from './index.js';

const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const shop = table('shop', { keys: { partition: 'pk' } });
const records = [recordsOf(shop).insert({ pk: 'A' })];
const event = lambdaEvent(records);
const failed = { batchItemFailures: [{ itemIdentifier: records[0]?.dynamodb.SequenceNumber }] };
const done = { batchItemFailures: [] };

function routerWith(handle: () => unknown, options: Partial<RouterOptions> = {}): Router {
  const routes = [route.insert(shop, { id: 'h' }, async () => void (await handle()))];
  return createRouter({ routes, logger: silent, ...options });
}

/** What the flush of a function that is invoked with this much time comes to, on a clock of its own. */
async function invoke(
  handle: (clock: ReturnType<typeof virtualClock>) => unknown,
  flush: (clock: ReturnType<typeof virtualClock>) => unknown,
  { timeoutMs, ...options }: { readonly timeoutMs: number } & LambdaOptions,
) {
  const clock = virtualClock();
  const startMs = clock.now();
  const warnings: object[] = [];
  const logger: Logger = {
    ...silent,
    warn: (fields, message) => {
      if (message.startsWith('flush')) warnings.push({ ...fields, message });
    },
  };
  const router = routerWith(() => handle(clock), { clock, logger });
  const context: LambdaContext = { getRemainingTimeInMillis: () => startMs + timeoutMs - clock.now() };
  const answer = await clock.run(lambda(router, { flush: () => flush(clock), ...options })(event, context));
  return { answer, tookMs: clock.now() - startMs, warnings };
}

const never = () => new Promise(() => undefined);

describe('flush', () => {
  it('is called once when an event has ended, and awaited before the answer', async () => {
    const told: string[] = [];
    const router = routerWith(() => told.push('handled'));
    const flush = async () => {
      told.push('flushing');
      await new Promise((resolve) => setImmediate(resolve));
      told.push('flushed');
    };
    const answer = await lambda(router, { flush })(event);
    told.push('answered');
    expect({ answer, told }).toEqual({ answer: done, told: ['handled', 'flushing', 'flushed', 'answered'] });
  });

  it('is called however the event has ended: where records failed, and where the event was refused', async () => {
    let flushes = 0;
    const options = { flush: () => flushes++ };
    const fails = routerWith(() => Promise.reject(new Error('no')));
    expect(await lambda(fails, options)(event)).toEqual(failed);
    expect(flushes).toBe(1);
    await expect(lambda(fails, options)({ Records: [{}] })).rejects.toMatchObject({
      code: 'MALFORMED_RECORD',
    });
    expect(flushes).toBe(2);
    await expect(lambda(fails, options)({} as never)).rejects.toMatchObject({ code: 'MALFORMED_EVENT' });
    expect(flushes).toBe(3);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no collector');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no collector'))],
  ])('that %s does not change the answer, and is logged', async (_what, flush) => {
    const expected = [{ err: new Error('no collector'), message: expect.stringContaining('flush failed') }];
    expect(await invoke(quiet, flush, { timeoutMs: 30_000 })).toEqual({
      answer: done,
      tookMs: 0,
      warnings: expected,
    });
    const fails = () => Promise.reject(new Error('no'));
    expect(await invoke(fails, flush, { timeoutMs: 30_000 })).toEqual({
      answer: failed,
      tookMs: 0,
      warnings: expected,
    });
  });

  it('that throws hides no other error', async () => {
    const flush = () => Promise.reject(new Error('no collector'));
    await expect(lambda(routerWith(quiet), { flush })({ Records: [{}] })).rejects.toMatchObject({
      code: 'MALFORMED_RECORD',
    });
  });

  it('that hangs is waited for until a quarter of the reserve is left to answer in', async () => {
    expect(await invoke(quiet, never, { timeoutMs: 30_000 })).toEqual({
      answer: done,
      tookMs: 29_750,
      warnings: [{ limitMs: 29_750, message: expect.stringContaining('not waited for') }],
    });
    const { answer, tookMs } = await invoke(quiet, never, { timeoutMs: 30_000, reserveMs: 4000 });
    expect({ answer, tookMs }).toEqual({ answer: done, tookMs: 29_000 });
  });

  it('is left at least a tenth of a second to answer in, whatever the reserve', async () => {
    expect(await invoke(quiet, never, { timeoutMs: 3000, reserveMs: 0 })).toMatchObject({
      answer: done,
      tookMs: 2900,
    });
  });

  it('has what is left of the reserve where the time was up', async () => {
    expect(await invoke(never, never, { timeoutMs: 3000 })).toMatchObject({ answer: failed, tookMs: 2750 });
    expect(await invoke(never, (clock) => clock.sleep(500), { timeoutMs: 3000 })).toEqual({
      answer: failed,
      tookMs: 2500,
      warnings: [],
    });
  });

  it('comes behind what the layers around a call tell that heeds its signal when the time is up', async () => {
    const clock = virtualClock();
    const startMs = clock.now();
    const told: string[] = [];
    const heeds = async (_change: unknown, { signal }: Context) => {
      await clock.sleep(60_000, signal);
      signal.throwIfAborted();
    };
    const router = createRouter({
      routes: [route.insert(shop, { id: 'h' }, heeds)],
      middleware: { batch: [layer('batch')], record: [layer('record')], handler: [layer('handler')] },
      logger: silent,
      clock,
    });
    const context = { getRemainingTimeInMillis: () => startMs + 3000 - clock.now() };
    const flush = () => void told.push('flush');
    expect(await clock.run(lambda(router, { flush })(event, context))).toEqual(failed);
    expect(told.at(-1)).toBe('flush');
    expect(told.toSorted()).toEqual(['batch failed', 'flush', 'handler failed', 'record failed']);

    function layer(level: string): AnyMiddleware {
      return async (_call, next) => {
        const outcome = await next();
        told.push(`${level} ${outcome.kind}`);
        return outcome;
      };
    }
  });

  it('is called even where no time is left, so that what needs none of it gets done', async () => {
    let flushes = 0;
    const flush = () => {
      flushes++;
      return never();
    };
    expect(await invoke(quiet, flush, { timeoutMs: 50 })).toMatchObject({ answer: failed, tookMs: 0 });
    expect(flushes).toBe(1);
    const atOnce = await invoke(quiet, () => flushes++, { timeoutMs: 50 });
    expect(atOnce).toMatchObject({ answer: failed, warnings: [] });
    expect(flushes).toBe(2);
  });

  it('that fails after it was given up disturbs nobody', async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown) => void rejections.push(reason);
    process.on('unhandledRejection', note);
    const flushing = Promise.withResolvers();
    expect(await invoke(quiet, () => flushing.promise, { timeoutMs: 3000 })).toMatchObject({
      answer: done,
      tookMs: 2750,
    });
    flushing.reject(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
  });

  it('has no limit where there is none, as in a test', async () => {
    const clock = virtualClock();
    const router = routerWith(quiet, { clock });
    const answer = lambda(router, { flush: () => clock.sleep(3_600_000) })(event);
    expect(await clock.run(answer)).toEqual(done);
  });

  it('leaves no timer behind', async () => {
    const clock = virtualClock();
    const router = routerWith(quiet, { clock });
    const context = { getRemainingTimeInMillis: () => 30_000 };
    await clock.run(lambda(router, { flush: async () => undefined })(event, context));
    expect(clock.wakeTimes()).toEqual([]);
  });
});
