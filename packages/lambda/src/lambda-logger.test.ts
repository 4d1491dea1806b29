import {
  type Context,
  consoleLogger,
  createRouter,
  type FailedChange,
  type Ledger,
  type Logger,
  logging,
  neverAgain,
  type RouterOptions,
  route,
  table,
} from '@sluice/core';
import { lambdaEvent, recordsOf, virtualClock } from '@sluice/testing';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LambdaContext, lambda } from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const shopRecords = () => recordsOf({ table: 'shop', keys: { partition: 'pk' } });
const insert = () => lambdaEvent([shopRecords().insert({ pk: 'secret-key' })]);
const contextOf = (fields: Partial<LambdaContext>): LambdaContext => ({
  getRemainingTimeInMillis: () => 60_000,
  ...fields,
});
const traceHeader = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
const traceId = '1-5759e988-bd862e3fe1be46a994272793';

/** What went to stdout. */
let written: string[];
const lines = (): Record<string, unknown>[] =>
  written.map((text) => {
    expect(text).toMatch(/^\{.*\}\n$/);
    return JSON.parse(text);
  });

beforeEach(() => {
  written = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function fails(): never {
  throw new TypeError('no mail', { cause: new Error('refused') });
}

function routerWith(handle: (context: Context) => unknown, options: Partial<RouterOptions> = {}) {
  const mail = route.insert(shop, { id: 'mail' }, async (_change, context) => void (await handle(context)));
  return createRouter({ routes: [mail], ...options });
}

describe('lines of a router without a logger of its own', () => {
  it("are AWS's JSON, one line each, with the id of the invocation, and nothing goes through the console", async () => {
    const consoles = (['debug', 'info', 'log', 'warn', 'error'] as const).map((method) =>
      vi.spyOn(console, method),
    );
    await lambda(routerWith(fails))(insert(), contextOf({ awsRequestId: 'r-1' }));
    const [failed, notDone] = lines();
    expect(failed).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'ERROR',
      requestId: 'r-1',
      message: 'handler failed',
      handlerId: 'mail',
      attempt: 1,
      streamArn: shopRecords().streamArn,
      sequenceNumber: '100000000000000000001',
      err: {
        name: 'TypeError',
        message: 'no mail',
        stack: expect.stringContaining('\n'),
        cause: { name: 'Error', message: 'refused', stack: expect.any(String) },
      },
    });
    expect(notDone).toMatchObject({ level: 'WARN', requestId: 'r-1', failed: 1 });
    expect(Object.keys(failed ?? {}).slice(0, 4)).toEqual(['timestamp', 'level', 'requestId', 'message']);
    expect(written).toHaveLength(2);
    expect(written.join('')).not.toContain('secret-key');
    for (const method of consoles) expect(method).not.toHaveBeenCalled();
  });

  it('have no request id where there is no invocation, as in a test', async () => {
    await lambda(routerWith(fails))(insert());
    expect(lines()).toHaveLength(2);
    for (const line of lines()) expect(line).not.toHaveProperty('requestId');
  });

  it.each([
    [undefined, ['INFO', 'WARN', 'ERROR']],
    ['TRACE', ['DEBUG', 'INFO', 'WARN', 'ERROR']],
    ['DEBUG', ['DEBUG', 'INFO', 'WARN', 'ERROR']],
    ['INFO', ['INFO', 'WARN', 'ERROR']],
    ['warn', ['WARN', 'ERROR']],
    ['ERROR', ['ERROR']],
    ['FATAL', []],
    ['loud', ['INFO', 'WARN', 'ERROR']],
  ])('begin at the level that AWS_LAMBDA_LOG_LEVEL asks for: %s', async (level, expected) => {
    if (level !== undefined) vi.stubEnv('AWS_LAMBDA_LOG_LEVEL', level);
    const router = routerWith(({ logger }) => {
      for (const at of ['debug', 'info', 'warn', 'error'] as const) logger[at]({}, 'told');
    });
    await lambda(router)(insert(), contextOf({ awsRequestId: 'r-1' }));
    expect(
      lines().flatMap(({ level, message, handlerId }) =>
        message === 'told' ? [`${level} ${handlerId}`] : [],
      ),
    ).toEqual(expected.map((level) => `${level} mail`));
  });

  it('keep what Lambda reads of them, whatever fields a handler adds', async () => {
    const router = routerWith(({ logger }) =>
      logger.info({ level: 30, timestamp: 'now', requestId: 'other', message: 'mine', orders: 2n }, 'told'),
    );
    await lambda(router)(insert(), contextOf({ awsRequestId: 'r-1' }));
    expect(lines()).toMatchObject([{ level: 'INFO', requestId: 'r-1', message: 'told', orders: '2' }]);
    expect(lines()[0]?.['timestamp']).toMatch(/Z$/);
  });

  it('have the error that a handler gives in the place of fields', async () => {
    await lambda(routerWith(({ logger }) => logger.error(new TypeError('no mail'), 'told')))(insert());
    expect(lines()).toMatchObject([
      { message: 'told', handlerId: 'mail', err: { name: 'TypeError', message: 'no mail' } },
    ]);
  });

  it('say what failed also where an error cannot be written', async () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    await lambda(
      routerWith(() => {
        throw new Error('round', { cause: circle });
      }),
    )(insert());
    expect(lines()[0]).toMatchObject({
      message: 'handler failed',
      err: { message: 'round', unwritable: true },
    });
  });
});

describe('every line of an invocation holds its own id', () => {
  it('also where invocations go on at the same time, in each place that logs', async () => {
    const clock = virtualClock();
    const dropped: FailedChange[] = [];
    const router = createRouter({
      clock,
      middleware: { batch: [logging()], record: [logging()], handler: [logging()] },
      routes: [
        route.insert(shop, { id: 'told' }, async ({ new: item }, context) => {
          context.logger.info({ item: item['name'] }, 'before');
          await context.clock.sleep(Number(item['waitMs']));
          context.logger.info({ item: item['name'] }, 'after');
        }),
        route.insert(
          shop,
          {
            id: 'given up',
            onFailure: { action: 'drop', destination: async (failure) => void dropped.push(failure) },
          },
          ({ new: item }) => neverAgain(`not ${item['name']}`),
        ),
        route.batch(shop, { id: 'group' }, (changes, { logger }) => {
          logger.info({ item: changes[0]?.keys.pk }, 'group');
        }),
      ],
    });
    const handler = lambda(router);
    const records = shopRecords();
    const invocations = ['r-1', 'r-2', 'r-3'].map((awsRequestId, index) =>
      handler(
        lambdaEvent([records.insert({ pk: awsRequestId, name: awsRequestId, waitMs: 30 - 10 * index })]),
        contextOf({ awsRequestId }),
      ),
    );
    await clock.run(Promise.all(invocations));

    const sequenceOf = ({ requestId }: Record<string, unknown>) =>
      `10000000000000000000${String(requestId).at(-1)}`;
    for (const line of lines()) {
      expect(line['requestId']).toMatch(/^r-[123]$/);
      if ('sequenceNumber' in line) expect(line['sequenceNumber']).toBe(sequenceOf(line));
      if ('item' in line) expect(line['item']).toBe(line['requestId']);
    }
    const told = (message: string) =>
      lines().flatMap((line) => (line['message'] === message ? [line['requestId']] : []));
    expect(told('before')).toEqual(['r-1', 'r-2', 'r-3']);
    expect(told('after')).toEqual(['r-3', 'r-2', 'r-1']);
    for (const message of ['group', 'change dropped', 'handler gave up for good', 'batch ended: handled']) {
      expect(told(message).toSorted()).toEqual(['r-1', 'r-2', 'r-3']);
    }
    expect(told('handler ended: handled')).toHaveLength(6);
    expect(told('record ended: neverAgain')).toHaveLength(3);
    expect(dropped).toHaveLength(3);
  });

  it('and so do those of a ledger, which logs in the scope of its delivery', async () => {
    const loggers: Logger[] = [];
    const ledger: Ledger = {
      open: async (_records, { context }) => {
        context.logger.warn({}, 'open');
        loggers.push(context.logger);
        return {
          parking: { size: 0, holds: () => false, park: async () => 'free' },
          recall: undefined,
          starting: undefined,
          keep: async () => undefined,
        };
      },
      parking: () => Promise.reject(new Error('for sources of another kind')),
      once: () => (call, next) => {
        call.context.logger.warn({}, 'once');
        return next(call);
      },
    };
    const router = createRouter({
      name: 'shop',
      ledger,
      routes: [route.insert(shop, { id: 'mail', once: true }, () => undefined)],
    });
    const handler = lambda(router);
    await Promise.all(['r-1', 'r-2'].map((awsRequestId) => handler(insert(), contextOf({ awsRequestId }))));
    expect(
      lines()
        .map(({ message, requestId }) => `${message} ${requestId}`)
        .toSorted(),
    ).toEqual(['once r-1', 'once r-2', 'open r-1', 'open r-2']);
    expect(new Set(loggers).size).toBe(2);
  });

  it('and a call that outlives its invocation goes on with the id of the one that it began in', async () => {
    const clock = virtualClock();
    const router = routerWith(
      async ({ logger }) => {
        await clock.sleep(5000);
        logger.info({}, 'late');
      },
      { clock },
    );
    const handler = lambda(router);
    const event = insert();
    const until = clock.now();
    const limited = (awsRequestId: string, endMs: number) =>
      contextOf({ awsRequestId, getRemainingTimeInMillis: () => until + endMs - clock.now() });
    await clock.run(handler(event, limited('r-1', 3000)));
    await clock.run(handler(event, limited('r-2', 10_000)));
    expect(lines()).toMatchObject([
      { requestId: 'r-1', message: expect.stringContaining('not done'), unsettled: ['mail'] },
      { requestId: 'r-1', message: 'late' },
    ]);
  });
});

describe('a logger that was given', () => {
  it('keeps its form, and its lines hold the ids of the invocation', async () => {
    const told: string[] = [];
    const logger = pino({ base: null, timestamp: false }, { write: (line: string) => void told.push(line) });
    await lambda(routerWith(fails, { logger }))(
      insert(),
      contextOf({ awsRequestId: 'r-1', xRayTraceId: traceHeader }),
    );
    expect(told.map((line) => JSON.parse(line))).toMatchObject([
      { level: 50, requestId: 'r-1', xrayTraceId: traceId, msg: 'handler failed' },
      { level: 40, requestId: 'r-1', xrayTraceId: traceId },
    ]);
    expect(written).toEqual([]);
  });

  it('gets nothing more where there is no invocation', async () => {
    const told: object[] = [];
    const note = (fields: object) => void told.push(fields);
    await lambda(
      routerWith(() => undefined, { logger: { debug: note, info: note, warn: note, error: note } }),
    )(insert());
    expect(told).toHaveLength(1);
    expect(told[0]).not.toHaveProperty('requestId');
    expect(told[0]).not.toHaveProperty('xrayTraceId');
  });

  it("is also a copy of core's own, for whoever wants its lines", async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await lambda(routerWith(fails, { logger: { ...consoleLogger } }))(
      insert(),
      contextOf({ awsRequestId: 'r-1' }),
    );
    expect(written).toEqual([]);
    expect(console.error).toHaveBeenCalledWith(
      expect.stringMatching(/^\{"level":"error".*"requestId":"r-1"/),
    );
  });
});

describe('the trace of an invocation', () => {
  const traced = async (fields: Partial<LambdaContext>) => {
    await lambda(routerWith(fails))(insert(), contextOf(fields));
    return lines().map(({ xrayTraceId }) => xrayTraceId);
  };

  it('is the id of its root, from the context where the runtime gives it there', async () => {
    expect(await traced({ xRayTraceId: traceHeader })).toEqual([traceId, traceId]);
  });

  it('is that of the environment where it is not, and invocations come one at a time', async () => {
    vi.stubEnv('_X_AMZN_TRACE_ID', `Parent=53995c3f42cd8ad8;${traceHeader}`);
    expect(await traced({})).toEqual([traceId, traceId]);
  });

  it('is not taken from the environment where several may go on: it would be that of another one', async () => {
    vi.stubEnv('_X_AMZN_TRACE_ID', traceHeader);
    vi.stubEnv('AWS_LAMBDA_MAX_CONCURRENCY', '10');
    expect(await traced({})).toEqual([undefined, undefined]);
    written = [];
    expect(await traced({ xRayTraceId: 'Root=1-own;Sampled=0' })).toEqual(['1-own', '1-own']);
  });

  it('is left out where there is none, or none can be read', async () => {
    expect(await traced({ xRayTraceId: undefined })).toEqual([undefined, undefined]);
    await traced({ xRayTraceId: 'Parent=1;Sampled=1' });
    expect(lines()).toHaveLength(4);
    for (const line of lines()) expect(line).not.toHaveProperty('xrayTraceId');
  });
});
