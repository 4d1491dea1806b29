import { describe, expect, it } from 'vitest';
import {
  createDrain,
  createProcessMemory,
  createRouter,
  exponentialBackoff,
  type Handling,
  type Logger,
  type Middleware,
  NeverAgainError,
  neverAgain,
  type RecordCall,
  RetryLaterError,
  type RouterOptions,
  retryLater,
  route,
  runBatch,
  type StreamRecord,
  table,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });

function recordsOf(items: string): StreamRecord[] {
  return [...items].map((item, index) => ({
    eventName: 'INSERT',
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: { Keys: { pk: { S: item } }, NewImage: { pk: { S: item } }, SequenceNumber: String(index + 1) },
  }));
}

const lines: [level: string, fields: object, message: string][] = [];
const note = (level: string) => (fields: object, message: string) =>
  void lines.push([level, fields, message]);
const logger: Logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };

/** Handlers that give these back, or throw them, one a call; from then on they succeed. */
function scripted(
  scripts: Record<string, readonly (() => Handling)[]>,
  options: Partial<RouterOptions> = {},
) {
  lines.length = 0;
  const attempts: Record<string, number[]> = {};
  const slept: number[] = [];
  const calls: Record<string, number> = {};
  const routes = Object.entries(scripts).map(([id, script]) =>
    route.insert(shop, { id }, (_change, context) => {
      const call = calls[id] ?? 0;
      calls[id] = call + 1;
      attempts[id] = [...(attempts[id] ?? []), context.attempt];
      return script[call]?.();
    }),
  );
  const clock = { now: () => 0, sleep: async (delayMs: number) => void slept.push(delayMs) };
  return { attempts, slept, router: createRouter({ routes, logger, clock, random: () => 0.5, ...options }) };
}

const boom = () => {
  throw new Error('boom');
};
const ok = () => undefined;
const backoff = exponentialBackoff({ initialMs: 100, maxMs: 1000 });

async function drained(router: ReturnType<typeof createRouter>, records: StreamRecord[]) {
  const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'retry', backoff } });
  drain.offer(records);
  await drain.until(0);
  return drain;
}

describe('never again', () => {
  it.each<[string, () => Handling]>([
    ['returned', () => neverAgain('no such customer')],
    [
      'thrown',
      () => {
        throw new NeverAgainError('no such customer');
      },
    ],
    ['rejected', () => Promise.reject(new NeverAgainError('no such customer'))],
  ])('is done, counted as its own and logged as an error each time: %s', async (_how, gives) => {
    const { router, attempts } = scripted({ h: [gives, gives] });
    const { firstUnfinished, counts } = await runBatch(router, recordsOf('AB'), {
      memory: createProcessMemory(),
    });
    expect(firstUnfinished).toBeUndefined();
    expect(counts).toMatchObject({ neverAgain: 2, handled: 0, failed: 0 });
    expect(attempts).toEqual({ h: [1, 1] });
    expect(lines.map(([level, fields, message]) => [level, message, fields])).toEqual(
      ['1', '2'].map((sequenceNumber) => [
        'error',
        'handler gave up for good',
        expect.objectContaining({
          handlerId: 'h',
          sequenceNumber,
          err: expect.objectContaining({ message: 'no such customer' }),
        }),
      ]),
    );
  });
});

describe('retry later', () => {
  it('is unfinished behind Lambda, is no failed attempt, and is logged as information', async () => {
    const { router, attempts } = scripted({ h: [() => retryLater('they are closed'), boom] });
    const memory = createProcessMemory();
    const deliver = () => runBatch(router, recordsOf('AB'), { memory });
    expect(await deliver()).toMatchObject({ firstUnfinished: '1', counts: { retryLater: 1, failed: 0 } });
    expect(lines.map(([level, , message]) => [level, message])).toEqual([['info', 'handler asks for later']]);
    expect(await deliver()).toMatchObject({ firstUnfinished: '1', counts: { retryLater: 0, failed: 1 } });
    expect(await deliver()).toMatchObject({ firstUnfinished: undefined });
    expect(attempts['h']).toEqual([1, 1, 2, 1]); // A, A, A, B
  });

  it.each<[string, () => Handling]>([
    ['returned', () => retryLater('they are closed', { afterMs: 5000 })],
    [
      'thrown',
      () => {
        throw new RetryLaterError('they are closed', { afterMs: 5000 });
      },
    ],
  ])('in a drain that retries waits as long as it asks for: %s', async (_how, gives) => {
    const { router, slept, attempts } = scripted({ h: [gives, gives, boom] });
    const drain = await drained(router, recordsOf('A'));
    expect(slept).toEqual([5000, 5000, 200]);
    expect(attempts['h']).toEqual([1, 1, 1, 2]);
    expect(drain.progress()).toEqual({ watermark: '1', done: {}, attempts: {} });
  });

  it('without a time waits for the backoff', async () => {
    const { router, slept } = scripted({ h: [() => retryLater('closed'), () => retryLater('closed')] });
    await drained(router, recordsOf('A'));
    expect(slept).toEqual([50, 100]);
  });

  it('of one handler of a record holds the others as long, when they are tried again', async () => {
    const later = () => retryLater('closed', { afterMs: 5000 });
    const { router, slept, attempts } = scripted({ one: [boom], two: [later], three: [ok] });
    await drained(router, recordsOf('A'));
    expect(slept).toEqual([5000]);
    expect(attempts).toEqual({ one: [1, 2], two: [1, 1], three: [1] });
  });

  it('never shortens the wait after a failure of another handler', async () => {
    const { router, slept } = scripted({ one: [boom], two: [() => retryLater('closed', { afterMs: 1 })] });
    await drained(router, recordsOf('A'));
    expect(slept).toEqual([50]);
  });

  it('may be the word of a layer around the record, which then has not run', async () => {
    let isOpen = false;
    const breaker: Middleware<RecordCall> = async (_call, next) => {
      if (isOpen) return next();
      isOpen = true;
      return retryLater('closed', { afterMs: 3000 });
    };
    const { router, slept, attempts } = scripted({ h: [] }, { middleware: { record: [breaker] } });
    await drained(router, recordsOf('A'));
    expect([slept, attempts]).toEqual([[3000], { h: [1] }]);
  });

  it('may be thrown by a layer', async () => {
    let isOpen = false;
    const breaker = async (_call: unknown, next: () => ReturnType<Middleware<RecordCall>>) => {
      if (isOpen) return next();
      isOpen = true;
      throw new RetryLaterError('closed', { afterMs: 3000 });
    };
    const { router, slept } = scripted({ h: [] }, { middleware: { handler: [breaker] } });
    await drained(router, recordsOf('A'));
    expect(slept).toEqual([3000]);
  });
});

describe('a schema that looks things up', () => {
  it('may ask for later too', async () => {
    const validate = () => Promise.reject(new RetryLaterError('the directory is busy', { afterMs: 3000 }));
    const schema = { '~standard': { version: 1 as const, vendor: 'test', validate } };
    const Order = shop.entity('Order', { schema });
    const router = createRouter({ routes: [route.insert(Order, { id: 'h' }, ok)], logger });
    const { counts } = await runBatch(router, recordsOf('A'), { memory: createProcessMemory() });
    expect(counts).toMatchObject({ retryLater: 1, failed: 0 });
  });
});

describe('an attempt', () => {
  const again: Middleware<RecordCall> = async (_call, next) => {
    const outcome = await next();
    return outcome.kind === 'failed' ? next() : outcome;
  };

  it('is one delivery, however often a layer around the record repeats it', async () => {
    const { router, attempts } = scripted(
      { one: [boom, boom, boom, boom], two: [boom] },
      { middleware: { record: [again] } },
    );
    const memory = createProcessMemory();
    const deliver = () => runBatch(router, recordsOf('A'), { memory });
    await deliver();
    await deliver();
    expect((await deliver()).firstUnfinished).toBeUndefined();
    expect(attempts).toEqual({ one: [1, 1, 2, 2, 3], two: [1, 1] });
  });

  it('is one retry of the lane in a drain that retries', async () => {
    const { router, attempts } = scripted(
      { one: [boom, boom, boom, boom] },
      { middleware: { record: [again] } },
    );
    await drained(router, recordsOf('A'));
    expect(attempts).toEqual({ one: [1, 1, 2, 2, 3] });
  });
});
