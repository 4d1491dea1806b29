import { type AttributeMap, type StreamRecord, table } from '@sluice/filters';
import { describe, expect, it } from 'vitest';
import {
  type Clock,
  type Context,
  createProcessMemory,
  createRouter,
  handled,
  type Logger,
  type Order,
  type Route,
  type RouterOptions,
  route,
  runBatch,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function record(item: string, sequence: number, more: Partial<StreamRecord['dynamodb']> = {}): StreamRecord {
  return {
    eventName: 'INSERT',
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: { Keys: { pk: { S: item } }, NewImage: {}, SequenceNumber: String(sequence), ...more },
  };
}

/** A clock on which the one sleep that there is ends when the test says so. */
function deadlineClock() {
  const sleeps: { readonly delayMs: number; readonly aborted: () => boolean; end(): void }[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        sleeps.push({ delayMs, aborted: () => signal?.aborted ?? false, end: resolve });
        signal?.addEventListener('abort', () => resolve());
      }),
  };
  return { clock, sleeps };
}

/** A handler whose calls stay open until the test ends them. */
function openHandler(id = 'open') {
  const calls: {
    readonly sequence: string;
    readonly context: Context;
    succeed(): void;
    fail(error: unknown): void;
  }[] = [];
  const opened = route.insert(
    shop,
    { id },
    ({ record }, context) =>
      new Promise<void>((succeed, fail) => {
        calls.push({ sequence: record.dynamodb.SequenceNumber, context, succeed, fail });
      }),
  );
  return { opened, calls };
}

const routerOf = (routes: readonly Route[], options: Partial<RouterOptions> = {}) =>
  createRouter({ routes, logger: silent, ...options });

/** Lets everything happen that needs nobody else. */
const everythingElse = () => new Promise((resolve) => setImmediate(resolve));

describe('a delivery with a deadline', () => {
  it('starts nothing after it, aborts the signal of what is running, and answers at once', async () => {
    const { clock, sleeps } = deadlineClock();
    const { opened, calls } = openHandler();
    const router = routerOf([opened], { clock });
    const delivered = runBatch(router, [record('A', 1), record('B', 2)], {
      memory: createProcessMemory(),
      budgetMs: 5000,
    });
    await everythingElse();
    expect(sleeps.map(({ delayMs }) => delayMs)).toEqual([5000]);
    expect(calls[0]?.context.signal.aborted).toBe(false);
    sleeps[0]?.end();
    expect(await delivered).toMatchObject({
      firstUnfinished: '1',
      timedOut: true,
      unsettled: [expect.any(String)],
    });
    expect(calls[0]?.context.signal.reason).toMatchObject({ name: 'TimeoutError' });
    calls[0]?.succeed();
    await everythingElse();
    expect(calls.map(({ sequence }) => sequence)).toEqual(['1']);
  });

  it('counts a late success: a redelivery here waits for it, does not start it again, and goes on behind it', async () => {
    const { clock, sleeps } = deadlineClock();
    const { opened, calls } = openHandler();
    const router = routerOf([opened], { clock });
    const memory = createProcessMemory();
    const records = [record('A', 1), record('B', 2)];
    const first = runBatch(router, records, { memory, budgetMs: 5000 });
    await everythingElse();
    sleeps[0]?.end();
    await first;

    const second = runBatch(router, records, { memory, budgetMs: 5000 });
    await everythingElse();
    expect(calls.map(({ sequence }) => sequence)).toEqual(['1']);
    calls[0]?.succeed();
    await everythingElse();
    expect(calls.map(({ sequence }) => sequence)).toEqual(['1', '2']);
    calls[1]?.succeed();
    expect(await second).toMatchObject({ firstUnfinished: undefined, timedOut: false });
  });

  it('counts a success that came between two deliveries', async () => {
    const { clock, sleeps } = deadlineClock();
    const { opened, calls } = openHandler();
    const router = routerOf([opened], { clock });
    const memory = createProcessMemory();
    const first = runBatch(router, [record('A', 1)], { memory, budgetMs: 5000 });
    await everythingElse();
    sleeps[0]?.end();
    await first;
    calls[0]?.succeed();
    await everythingElse();
    expect((await runBatch(router, [record('A', 1)], { memory })).firstUnfinished).toBeUndefined();
    expect(calls).toHaveLength(1);
  });

  it('runs a handler again when it failed late, as its next attempt', async () => {
    const { clock, sleeps } = deadlineClock();
    const { opened, calls } = openHandler();
    const router = routerOf([opened], { clock });
    const memory = createProcessMemory();
    const first = runBatch(router, [record('A', 1)], { memory, budgetMs: 5000 });
    await everythingElse();
    sleeps[0]?.end();
    await first;
    const second = runBatch(router, [record('A', 1)], { memory });
    calls[0]?.fail(new Error('late'));
    await everythingElse();
    expect(calls.map(({ context }) => context.attempt)).toEqual([1, 2]);
    calls[1]?.succeed();
    expect((await second).firstUnfinished).toBeUndefined();
  });

  it('starts no second call beside one that never ends, however often the record comes', async () => {
    const { clock, sleeps } = deadlineClock();
    const { opened, calls } = openHandler();
    const router = routerOf([opened], { clock });
    const memory = createProcessMemory();
    for (let delivery = 0; delivery < 3; delivery++) {
      const delivered = runBatch(router, [record('A', 1), record('B', 2)], { memory, budgetMs: 5000 });
      await everythingElse();
      sleeps[delivery]?.end();
      expect(await delivered).toMatchObject({
        firstUnfinished: '1',
        timedOut: true,
        unsettled: [expect.any(String)],
      });
    }
    expect(calls).toHaveLength(1);
    calls[0]?.succeed();
    await everythingElse();
    expect(calls).toHaveLength(1);
  });

  it('leaves the second handler of a record to the redelivery when the time was up during the first', async () => {
    const { clock, sleeps } = deadlineClock();
    const one = openHandler('one');
    const two = openHandler('two');
    const router = routerOf([one.opened, two.opened], { clock });
    const memory = createProcessMemory();
    const first = runBatch(router, [record('A', 1)], { memory, budgetMs: 5000 });
    await everythingElse();
    sleeps[0]?.end();
    expect((await first).firstUnfinished).toBe('1');
    one.calls[0]?.succeed();
    await everythingElse();
    expect([one.calls.length, two.calls.length]).toEqual([1, 0]);
    const second = runBatch(router, [record('A', 1)], { memory });
    await everythingElse();
    expect([one.calls.length, two.calls.length]).toEqual([1, 1]);
    expect(two.calls[0]?.context.attempt).toBe(1);
    two.calls[0]?.succeed();
    expect((await second).firstUnfinished).toBeUndefined();
  });

  it.each([0, -1, Number.NEGATIVE_INFINITY])(
    'of %d ms starts nothing, and names the first record that is wanted',
    async (budgetMs) => {
      const { clock, sleeps } = deadlineClock();
      const { opened, calls } = openHandler();
      const router = routerOf([opened], { clock });
      const unwanted: StreamRecord = { ...record('X', 1), eventName: 'REMOVE' };
      const memory = createProcessMemory();
      expect(await runBatch(router, [unwanted, record('A', 2)], { memory, budgetMs })).toMatchObject({
        firstUnfinished: '2',
        timedOut: true,
      });
      expect((await runBatch(router, [unwanted], { memory, budgetMs })).firstUnfinished).toBeUndefined();
      expect([calls.length, sleeps.length]).toEqual([0, 0]);
    },
  );

  it('lets its sleep go when the work is done before', async () => {
    const { clock, sleeps } = deadlineClock();
    const signals: AbortSignal[] = [];
    const router = routerOf(
      [route.insert(shop, { id: 'h' }, (_change, { signal }) => void signals.push(signal))],
      {
        clock,
      },
    );
    const result = await runBatch(router, [record('A', 1)], {
      memory: createProcessMemory(),
      budgetMs: 5000,
    });
    expect(result).toMatchObject({ firstUnfinished: undefined, timedOut: false });
    await everythingElse();
    expect(sleeps.map(({ aborted }) => aborted())).toEqual([true]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  it('needs no clock where there is no deadline', async () => {
    const { clock, sleeps } = deadlineClock();
    const router = routerOf([route.insert(shop, { id: 'h' }, quiet)], { clock });
    await runBatch(router, [record('A', 1)], { memory: createProcessMemory() });
    expect(sleeps).toEqual([]);
  });

  it('stops lanes as it stops one queue', async () => {
    const { clock, sleeps } = deadlineClock();
    const { opened, calls } = openHandler();
    const router = routerOf([opened], { clock, order: 'lanes', concurrency: 2 });
    const memory = createProcessMemory();
    const records = [record('A', 1), record('B', 2), record('C', 3), record('B', 4)];
    const first = runBatch(router, records, { memory, budgetMs: 5000 });
    await everythingElse();
    expect(calls.map(({ sequence }) => sequence)).toEqual(['1', '2']);
    calls[1]?.succeed();
    await everythingElse();
    expect(calls.map(({ sequence }) => sequence)).toEqual(['1', '2', '4']);
    sleeps[0]?.end();
    expect((await first).firstUnfinished).toBe('1');
    calls[0]?.succeed();
    calls[2]?.succeed();
    await everythingElse();
    const second = runBatch(router, records, { memory });
    await everythingElse();
    expect(calls.map(({ sequence }) => sequence)).toEqual(['1', '2', '4', '3']);
    calls[3]?.succeed();
    expect((await second).firstUnfinished).toBeUndefined();
  });
});

describe('a handler that fails', () => {
  it.each<[string, () => unknown]>([
    [
      'throws an error',
      () => {
        throw new Error('no');
      },
    ],
    [
      'throws undefined',
      () => {
        throw undefined;
      },
    ],
    [
      'throws null',
      () => {
        throw null;
      },
    ],
    [
      'throws a string',
      () => {
        throw 'no';
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['rejects with undefined', () => Promise.reject(undefined)],
    ['is no function', undefined as never],
  ])('is failed, not done, and its batch ends there: it %s', async (_how, fail) => {
    const ran: string[] = [];
    const logged: unknown[] = [];
    const logger: Logger = {
      ...silent,
      error: (fields) => void logged.push((fields as { err: unknown }).err),
    };
    const failing = route.insert(shop, { id: 'failing' }, fail as () => undefined);
    const after = route.insert(
      shop,
      { id: 'after' },
      ({ record }) => void ran.push(record.dynamodb.SequenceNumber),
    );
    const router = routerOf([failing, after], { logger });
    const result = await runBatch(router, [record('A', 1), record('B', 2)], {
      memory: createProcessMemory(),
    });
    expect(result).toMatchObject({ firstUnfinished: '1', counts: { failed: 1, handled: 1 } });
    expect(ran).toEqual(['1']);
    expect(logged).toEqual([expect.any(Error)]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a value', 'done'],
    ['an outcome', handled],
    ['a promise of a value', Promise.resolve(42)],
  ])('is one that throws, not one that gives back %s', async (_what, value) => {
    const router = routerOf([route.insert(shop, { id: 'h' }, (() => value) as () => undefined)]);
    const result = await runBatch(router, [record('A', 1)], { memory: createProcessMemory() });
    expect(result).toMatchObject({ firstUnfinished: undefined, counts: { handled: 1, failed: 0 } });
  });

  it('is logged at each attempt, also when it throws the same error object', async () => {
    const lines: object[] = [];
    const logger: Logger = { ...silent, error: (fields) => void lines.push(fields) };
    const notYet = new Error('not yet');
    const router = routerOf([route.insert(shop, { id: 'h' }, () => Promise.reject(notYet))], {
      logger,
      order: 'lanes',
    });
    const memory = createProcessMemory();
    await runBatch(router, [record('A', 1), record('B', 2)], { memory });
    await runBatch(router, [record('A', 1)], { memory });
    expect(lines).toMatchObject([
      { sequenceNumber: '1', attempt: 1 },
      { sequenceNumber: '2', attempt: 1 },
      { sequenceNumber: '1', attempt: 2 },
    ]);
  });
});

describe('a logger that throws', () => {
  it('decides nothing: the batch goes on, and ends as it would have', async () => {
    const broken = () => {
      throw new Error('no disk');
    };
    const ran: string[] = [];
    const router = routerOf(
      [
        route.insert(shop, { id: 'fails' }, () => Promise.reject(new Error('no'))),
        route.insert(shop, { id: 'runs' }, ({ record }) => void ran.push(record.dynamodb.SequenceNumber)),
      ],
      { logger: { debug: broken, info: broken, warn: broken, error: broken } },
    );
    const result = await runBatch(router, [record('A', 1), record('A', 2)], {
      memory: createProcessMemory(),
    });
    expect({ ran, firstUnfinished: result.firstUnfinished }).toEqual({ ran: ['1'], firstUnfinished: '1' });
  });
});

describe('a batch with a record that cannot be judged', () => {
  const malformed = { S: 'x', N: '1' } as unknown as AttributeMap[string];
  const watched = route.insert(shop, { id: 'watched', when: shop.attr('v').is('x') }, quiet);

  it.each<Order>(['strict', 'lanes'])(
    'runs what is before it and its other handlers, and fails at it, in %s order',
    async (order) => {
      const ran: string[] = [];
      const router = routerOf(
        [
          route.insert(shop, { id: 'all' }, ({ record }) => void ran.push(record.dynamodb.SequenceNumber)),
          watched,
        ],
        { order },
      );
      const records = [record('A', 1), record('A', 2, { NewImage: { v: malformed } }), record('A', 3)];
      const result = await runBatch(router, records, { memory: createProcessMemory() });
      expect(result.firstUnfinished).toBe('2');
      expect(ran).toEqual(['1', '2']);
    },
  );

  it.each<Order>(['strict', 'lanes'])(
    'fails at it too when its keys are malformed, in %s order',
    async (order) => {
      const ran: string[] = [];
      const logged: unknown[] = [];
      const router = routerOf(
        [
          route.insert(shop, { id: 'all' }, ({ keys, record }) => {
            ran.push(`${record.dynamodb.SequenceNumber} ${keys.pk}`);
          }),
        ],
        {
          order,
          logger: { ...silent, error: (fields) => void logged.push((fields as { err: unknown }).err) },
        },
      );
      for (const pk of [malformed, {}, { N: 'one' }, null]) {
        ran.length = 0;
        const memory = createProcessMemory();
        const records = [
          record('A', 1),
          record('B', 2, { Keys: { pk } as unknown as AttributeMap }),
          record('A', 3),
        ];
        expect((await runBatch(router, records, { memory })).firstUnfinished).toBe('2');
        expect((await runBatch(router, records.slice(1), { memory })).firstUnfinished).toBe('2');
        expect(ran.filter((line) => line.startsWith('1'))).toEqual(['1 A']);
      }
      expect(logged.length).toBeGreaterThan(0);
      for (const err of logged) expect(err).toMatchObject({ code: 'MALFORMED_VALUE' });
    },
  );
});

describe('what a batch says', () => {
  it('is nothing unfinished when nobody wants any of it', async () => {
    const router = routerOf([route.remove(shop, { id: 'h' }, quiet)]);
    const result = await runBatch(router, [record('A', 1), record('B', 2)], {
      memory: createProcessMemory(),
    });
    expect(result).toEqual({
      isDone: true,
      firstUnfinished: undefined,
      timedOut: false,
      unsettled: [],
      counts: {
        records: 2,
        unmatched: 2,
        handled: 0,
        skipped: 0,
        neverAgain: 0,
        parked: 0,
        dropped: 0,
        retryLater: 0,
        failed: 0,
      },
    });
    expect((await runBatch(router, [], { memory: createProcessMemory() })).firstUnfinished).toBeUndefined();
  });

  it('is the lowest failed record of several lanes', async () => {
    const { opened, calls } = openHandler();
    const router = routerOf([opened], { order: 'lanes', concurrency: 3 });
    const records = [record('A', 1), record('B', 2), record('C', 3), record('D', 4)];
    const delivered = runBatch(router, records, { memory: createProcessMemory() });
    await everythingElse();
    calls[1]?.fail(new Error('2'));
    await everythingElse();
    calls[2]?.fail(new Error('3'));
    await everythingElse();
    calls[0]?.succeed();
    expect((await delivered).firstUnfinished).toBe('2');
    expect(calls.map(({ sequence }) => sequence)).toEqual(['1', '2', '3']);
  });
});
