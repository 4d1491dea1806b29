import { describe, expect, it } from 'vitest';
import {
  type Context,
  contextWith,
  createProcessMemory,
  createRouter,
  eventIdOf,
  type HandlerCall,
  idempotencyKeyOf,
  type Logger,
  type Middleware,
  type RouterOptions,
  route,
  runBatch,
  type StreamRecord,
  systemClock,
  table,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const record: StreamRecord = {
  eventName: 'INSERT',
  eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
  dynamodb: { Keys: { pk: { S: 'A' } }, NewImage: { pk: { S: 'A' } }, SequenceNumber: '7' },
};

function linesInto(lines: [string, object, string][]): Logger {
  const note = (level: string) => (fields: object, message: string) =>
    void lines.push([level, fields, message]);
  return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
}

async function contextOf(options: Partial<RouterOptions> = {}, budgetMs?: number): Promise<Context> {
  let seen: Context | undefined;
  const routes = [
    route.insert(shop, { id: 'h' }, (_change, context) => {
      seen = context;
    }),
  ];
  const router = createRouter({ routes, ...options });
  const memory = createProcessMemory();
  await runBatch(router, [record], { memory, ...(budgetMs !== undefined && { budgetMs }) });
  if (!seen) throw new Error('the handler was not called');
  return seen;
}

describe("a handler's context", () => {
  it('writes to the log with what tells where a line comes from, and never the item or its keys', async () => {
    const lines: [string, object, string][] = [];
    const { logger } = await contextOf({ logger: linesInto(lines) });
    logger.debug({}, 'a');
    logger.info({ total: 3 }, 'b');
    logger.warn({ attempt: 'mine' }, 'c');
    logger.error({ err: 'x' }, 'd');
    const where = {
      handlerId: 'h',
      streamArn: record.eventSourceARN,
      sequenceNumber: '7',
      attempt: 1,
    };
    expect(lines).toEqual([
      ['debug', where, 'a'],
      ['info', { ...where, total: 3 }, 'b'],
      ['warn', { ...where, attempt: 'mine' }, 'c'],
      ['error', { ...where, err: 'x' }, 'd'],
    ]);
  });

  it("tells the deadline on the router's clock, or that there is none", async () => {
    const clock = { ...systemClock, now: () => 1000 };
    expect((await contextOf({ clock }, 500)).deadlineMs).toBe(1500);
    expect((await contextOf({ clock })).deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  it("has the router's time and randomness", async () => {
    const random = () => 0.25;
    const context = await contextOf({ clock: systemClock, random });
    expect([context.clock, context.random]).toEqual([systemClock, random]);
  });

  it('is handed on with another signal and logger by a middleware, and is otherwise what it was', async () => {
    const own = new AbortController();
    const lines: [string, object, string][] = [];
    const change: Middleware<HandlerCall> = (call, next) =>
      next({
        ...call,
        context: contextWith(call.context, { signal: own.signal, logger: linesInto(lines) }),
      });
    const context = await contextOf({ middleware: { handler: [change] } });
    context.logger.info({}, 'here');
    expect(context.signal).toBe(own.signal);
    expect(lines).toEqual([['info', {}, 'here']]);
    expect([context.handlerId, context.attempt]).toEqual(['h', 1]);
    expect([context.eventId, context.idempotencyKey]).toEqual([
      eventIdOf(record),
      idempotencyKeyOf(record, 'h'),
    ]);
  });

  it('is made on what a layer around the record handed on', async () => {
    const own = new AbortController();
    const lines: [string, object, string][] = [];
    const context = await contextOf({
      middleware: {
        record: [
          (call, next) =>
            next({
              ...call,
              context: contextWith(call.context, { signal: own.signal, logger: linesInto(lines) }),
            }),
        ],
      },
    });
    context.logger.info({}, 'here');
    expect(context.signal).toBe(own.signal);
    expect(lines).toMatchObject([['info', { handlerId: 'h', sequenceNumber: '7' }, 'here']]);
  });

  it('of one layer does not change that of the layers around it', async () => {
    const seen: boolean[] = [];
    const own = AbortSignal.abort();
    const outer: Middleware<HandlerCall> = async ({ context }, next) => {
      const outcome = await next();
      seen.push(context.signal.aborted);
      return outcome;
    };
    const inner: Middleware<HandlerCall> = (call, next) =>
      next({ ...call, context: contextWith(call.context, { signal: own }) });
    await contextOf({ middleware: { handler: [outer, inner] } });
    expect(seen).toEqual([false]);
  });
});
