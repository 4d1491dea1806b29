import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import {
  type BatchCall,
  contextWith,
  createProcessMemory,
  createRouter,
  type HandlerCall,
  handled,
  type Logger,
  type Middleware,
  type Outcome,
  type RouterOptions,
  retryLater,
  route,
  runBatch,
  type StreamRecord,
  table,
} from './index.js';
import { noCounts } from './progress.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const streamArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000';

function recordsOf(items: string): StreamRecord[] {
  return [...items].map((item, index) => ({
    eventName: item === 'x' ? 'REMOVE' : 'INSERT',
    eventSourceARN: streamArn,
    dynamodb: { Keys: { pk: { S: item } }, NewImage: { pk: { S: item } }, SequenceNumber: String(index + 1) },
  }));
}

/** Notes the items that ran with their attempts; an item fails as often as it is told to. */
function noting(
  batch: readonly Middleware<BatchCall>[],
  failures: Record<string, number> = {},
  options: Partial<RouterOptions> = {},
) {
  const ran: string[] = [];
  const lines: [string, Record<string, unknown>, string][] = [];
  const note = (level: string) => (fields: object, message: string) =>
    void lines.push([level, fields as Record<string, unknown>, message]);
  const logger: Logger = {
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
  };
  const router = createRouter({
    routes: [
      route.insert(shop, { id: 'h' }, (change, { attempt }) => {
        const item = String(change.keys['pk']);
        ran.push(`${item}${attempt}`);
        const left = failures[item] ?? 0;
        failures[item] = left - 1;
        if (left > 0) throw new Error(`${item} fails`);
      }),
    ],
    middleware: { batch },
    logger,
    ...options,
  });
  const memory = createProcessMemory();
  const deliver = (records: StreamRecord[], budgetMs?: number) =>
    runBatch(router, records, { memory, ...(budgetMs !== undefined && { budgetMs }) });
  return { ran, lines, deliver };
}

const passing: Middleware<BatchCall> = (_call, next) => next();

describe('middleware around batches', () => {
  it('stands around everything, sees the records with their counts, and what came of them', async () => {
    const seen: unknown[] = [];
    const watch: Middleware<BatchCall> = async ({ records, streamArn, counts, context }, next) => {
      seen.push([records.length, streamArn, counts.records, context.deadlineMs]);
      const outcome = await next();
      seen.push([outcome, { ...counts }]);
      return outcome;
    };
    const handler: Middleware<HandlerCall> = (call, next) => {
      seen.push(call.context.handlerId);
      return next();
    };
    const { deliver } = noting([watch], {}, { middleware: { batch: [watch], handler: [handler] } });
    expect((await deliver(recordsOf('AxB'))).firstUnfinished).toBeUndefined();
    expect(seen).toEqual([
      [3, streamArn, 0, Number.POSITIVE_INFINITY],
      'h',
      'h',
      [handled, { ...noCounts(), records: 3, unmatched: 1, handled: 2 }],
    ]);
  });

  it('sees the failure of the lowest record that failed, which is logged once', async () => {
    const seen: Outcome[] = [];
    const watch: Middleware<BatchCall> = async (_call, next) => {
      const outcome = await next();
      seen.push(outcome);
      return outcome;
    };
    const { deliver, lines } = noting([watch], { B: 1 });
    expect((await deliver(recordsOf('ABC'))).firstUnfinished).toBe('2');
    expect(seen).toMatchObject([{ kind: 'failed', error: new Error('B fails') }]);
    expect(lines.map(([, , message]) => message)).toEqual(['handler failed']);
  });

  it('sees "retry later" where nothing failed', async () => {
    const seen: string[] = [];
    const watch: Middleware<BatchCall> = async (_call, next) => {
      const outcome = await next();
      seen.push(outcome.kind);
      return outcome;
    };
    const later = route.insert(shop, { id: 'later' }, () => retryLater('closed'));
    const { deliver } = noting([watch], {}, { routes: [later] });
    expect((await deliver(recordsOf('AB'))).firstUnfinished).toBe('1');
    expect(seen).toEqual(['retryLater']);
  });

  it('can try again what is not done, within the same attempt', async () => {
    const again: Middleware<BatchCall> = async (_call, next) => {
      const outcome = await next();
      return outcome.kind === 'failed' ? next() : outcome;
    };
    const { deliver, ran } = noting([again], { B: 3 });
    expect((await deliver(recordsOf('ABC'))).firstUnfinished).toBe('2');
    expect(ran).toEqual(['A1', 'B1', 'B1']);
    expect((await deliver(recordsOf('ABC').slice(1))).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['A1', 'B1', 'B1', 'B2', 'B2', 'C1']);
  });

  it('has what each try does in the asynchronous context of that try, as a span around it is', async () => {
    const storage = new AsyncLocalStorage<string>();
    const tries: Middleware<BatchCall> = async (_call, next) => {
      await storage.run('first', next);
      return storage.run('second', next);
    };
    const seen: unknown[] = [];
    const see: Middleware<HandlerCall> = (_call, next) => {
      seen.push(storage.getStore());
      return next();
    };
    const { deliver } = noting([], { A: 1 }, { middleware: { batch: [tries], handler: [see] } });
    expect((await deliver(recordsOf('AB'))).firstUnfinished).toBeUndefined();
    expect(seen).toEqual(['first', 'second', 'second']);
  });

  it('can try again in lanes, lowest record first, and nothing above a failure starts meanwhile', async () => {
    const again: Middleware<BatchCall> = async (_call, next) => {
      const outcome = await next();
      return outcome.kind === 'failed' ? next() : outcome;
    };
    const { deliver, ran } = noting([again], { A: 1 }, { order: 'lanes', concurrency: 1 });
    expect((await deliver(recordsOf('ABAC'))).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['A1', 'A1', 'A1', 'B1', 'C1']);
  });

  it.each<[string, Middleware<BatchCall>]>([
    ['says it was handled', async () => handled],
    ['asks for later', async () => retryLater('closed')],
    ['throws', () => Promise.reject(new Error('broken'))],
  ])('marks nothing as done when it does not call next and %s; it says so', async (_what, closed) => {
    const { deliver, ran, lines } = noting([passing, closed]);
    expect(await deliver(recordsOf('xAB'))).toMatchObject({
      firstUnfinished: '2', // nobody wants the first one
      counts: { handled: 0, failed: 0 },
    });
    expect(ran).toEqual([]);
    expect(lines.map(([, { streamArn: arn }, message]) => [arn, message])).toEqual([
      [streamArn, 'a batch middleware ended without next(): nothing is run'],
    ]);
  });

  it('does not make what an earlier delivery did forgotten when it does not call next', async () => {
    let isClosed = false;
    const breaker: Middleware<BatchCall> = (_call, next) =>
      isClosed ? Promise.resolve(retryLater('closed')) : next();
    const { deliver, ran } = noting([breaker], { B: 1 });
    await deliver(recordsOf('AB'));
    isClosed = true;
    await deliver(recordsOf('AB').slice(1));
    isClosed = false;
    expect((await deliver(recordsOf('AB').slice(1))).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['A1', 'B1', 'B2']);
  });

  it.each<[string, Middleware<BatchCall>]>([
    [
      'throws',
      async (_call, next) => {
        await next();
        throw new Error('broken');
      },
    ],
    [
      'says it was handled',
      async (_call, next) => {
        await next();
        return handled;
      },
    ],
  ])('decides nothing when it %s afterwards', async (what, layer) => {
    const { deliver, lines } = noting([layer], { B: 1 });
    expect((await deliver(recordsOf('ABC'))).firstUnfinished).toBe('2');
    expect((await deliver(recordsOf('BC'))).firstUnfinished).toBeUndefined();
    const failures = lines.filter(([, , message]) => message === 'a batch middleware failed');
    expect(failures).toHaveLength(what === 'throws' ? 2 : 0);
  });

  it('does not make the answer earlier than the records when it does not wait for next', async () => {
    const hasty: Middleware<BatchCall> = async (_call, next) => {
      void next();
      return handled;
    };
    const { deliver, ran } = noting([hasty]);
    expect((await deliver(recordsOf('AB'))).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['A1', 'B1']);
  });

  it('hands its signal on to the handlers, and nothing starts once that has aborted', async () => {
    const own = new AbortController();
    const timeout: Middleware<BatchCall> = (call, next) =>
      next({ ...call, context: contextWith(call.context, { signal: own.signal }) });
    const signals: boolean[] = [];
    const routes = [
      route.insert(shop, { id: 'h' }, (_change, { signal }) => {
        signals.push(signal.aborted);
        own.abort();
      }),
    ];
    const { deliver } = noting([timeout], {}, { routes });
    expect((await deliver(recordsOf('AB'))).firstUnfinished).toBe('2');
    expect(signals).toEqual([false]);
  });

  it('that hangs holds the answer no longer than to the deadline, and nothing starts after it', async () => {
    const late = Promise.withResolvers<void>();
    const hangs: Middleware<BatchCall> = async (_call, next) => {
      await late.promise;
      return next();
    };
    const clock = { now: () => 0, sleep: async () => undefined };
    const { deliver, ran } = noting([hangs], {}, { clock });
    expect(await deliver(recordsOf('AB'), 1000)).toMatchObject({ firstUnfinished: '1', timedOut: true });
    late.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toEqual([]);
  });

  it('ends with the delivery, and not with a handler that never does', async () => {
    const ended: string[] = [];
    const watching: Middleware<BatchCall> = async (_call, next) => {
      const outcome = await next();
      ended.push(outcome.kind);
      return outcome;
    };
    const routes = [
      route.insert(shop, { id: 'hangs' }, ({ keys }) =>
        keys['pk'] === 'A' ? new Promise(() => undefined) : undefined,
      ),
    ];
    const clock = { now: () => 0, sleep: async () => undefined };
    const { deliver } = noting([watching], {}, { clock, routes });
    expect(await deliver(recordsOf('AB'), 1000)).toMatchObject({
      firstUnfinished: '1',
      timedOut: true,
      unsettled: ['hangs'],
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toEqual(['failed']);
  });

  it('cannot swallow that records were refused', async () => {
    const swallows: Middleware<BatchCall> = async (_call, next) => {
      await next();
      return handled;
    };
    const { deliver } = noting([swallows]);
    const [record] = recordsOf('A') as [StreamRecord];
    await expect(deliver([record, record])).rejects.toMatchObject({ code: 'MALFORMED_RECORD' });
    const other = { ...record, eventSourceARN: streamArn.replace('shop', 'other') };
    await expect(deliver([other])).rejects.toMatchObject({ code: 'UNKNOWN_TABLE' });
  });
});
