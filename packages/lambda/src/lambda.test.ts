import {
  createRouter,
  type Ledger,
  type Logger,
  type Route,
  type RouterOptions,
  route,
  skipped,
  table,
} from '@sluice/core';
import {
  exampleBatches,
  exampleRecords,
  lambdaEvent,
  type Records,
  recordsOf,
  simulateLambda,
  virtualClock,
} from '@sluice/testing';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { type LambdaContext, type LambdaEvent, lambda } from './index.js';

const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const shop = table('shop', { keys: { partition: 'pk' } });

const shopRecords = () => recordsOf({ table: 'shop', keys: { partition: 'pk' } });
const routerOf = (routes: readonly Route[], options: Partial<RouterOptions> = {}) =>
  createRouter({ routes, logger: silent, ...options });

/** `A1 B1 B2 A2`: inserts of items, the letter is the key. */
function insertsOf(names: string, shop: Records = shopRecords()) {
  return names.split(' ').map((name) => shop.insert({ pk: name[0], name }));
}

/** A handler that notes what it did, and fails as often as it is told to, by name. */
function noting(failures: Record<string, number> = {}) {
  const ran: string[] = [];
  const noted = route.insert(shop, { id: 'note' }, async (change) => {
    const name = String(change.new['name']);
    await null;
    const left = failures[name] ?? 0;
    failures[name] = left - 1;
    if (left > 0) throw new Error(`${name} fails`);
    ran.push(name);
  });
  return { ran, noted };
}

describe('the answer to Lambda', () => {
  it('names no record after a batch that is done', async () => {
    const { noted } = noting();
    expect(await lambda(routerOf([noted]))(lambdaEvent(insertsOf('A1 B1')))).toEqual({
      batchItemFailures: [],
    });
  });

  it('does not depend on the logger: one that throws makes no record be delivered again', async () => {
    const throws = () => {
      throw new Error('no disk');
    };
    const { ran, noted } = noting({ B1: 1 });
    const handle = lambda(
      routerOf([noted], { logger: { debug: throws, info: throws, warn: throws, error: throws } }),
    );
    const records = insertsOf('A1 B1');
    const [first, second] = records.map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber }));
    expect(await handle(lambdaEvent(records))).toEqual({ batchItemFailures: [second] });
    expect(await handle(lambdaEvent(records.slice(1)))).toEqual({ batchItemFailures: [] });
    expect(ran).toEqual(['A1', 'B1']);
    const late = { getRemainingTimeInMillis: () => 500 };
    expect(await handle(lambdaEvent(records), late)).toEqual({ batchItemFailures: [first] });
  });

  it('names no record when nobody wants any, or all are skipped', async () => {
    const removes = routerOf([route.remove(shop, { id: 'h' }, quiet)]);
    const skips = routerOf([route.insert(shop, { id: 'h' }, () => skipped('not ours'))]);
    for (const router of [removes, skips]) {
      expect(await lambda(router)(lambdaEvent(insertsOf('A1 B1')))).toEqual({ batchItemFailures: [] });
    }
    expect(await lambda(removes)({ Records: [] })).toEqual({ batchItemFailures: [] });
  });

  it('names the lowest unfinished record, and that one only, exactly as it was written', async () => {
    const { noted } = noting({ B1: 1 });
    const records = insertsOf('A1 B1 C1 D1');
    expect(await lambda(routerOf([noted]))(lambdaEvent(records))).toEqual({
      batchItemFailures: [{ itemIdentifier: records[1]?.dynamodb.SequenceNumber }],
    });
  });

  it('names the one record of a batch of one that fails', async () => {
    const { noted } = noting({ A1: 1 });
    const records = insertsOf('A1');
    expect(await lambda(routerOf([noted]))(lambdaEvent(records))).toEqual({
      batchItemFailures: [{ itemIdentifier: records[0]?.dynamodb.SequenceNumber }],
    });
  });

  it('names one record though several fail in their lanes', async () => {
    const { noted } = noting({ A1: 1, B1: 1, C1: 1 });
    const records = insertsOf('A1 B1 C1');
    const router = routerOf([noted], { order: 'lanes' });
    expect(await lambda(router)(lambdaEvent(records))).toEqual({
      batchItemFailures: [{ itemIdentifier: records[0]?.dynamodb.SequenceNumber }],
    });
  });

  it.each<[string, () => never]>([
    [
      'undefined',
      () => {
        throw undefined;
      },
    ],
    [
      'null',
      () => {
        throw null;
      },
    ],
    [
      'a string',
      () => {
        throw 'no';
      },
    ],
  ])('names a record whose handler throws %s', async (_what, handle) => {
    const records = insertsOf('A1 A2');
    const router = routerOf([route.insert(shop, { id: 'h' }, handle)]);
    expect(await lambda(router)(lambdaEvent(records))).toEqual({
      batchItemFailures: [{ itemIdentifier: records[0]?.dynamodb.SequenceNumber }],
    });
  });
});

describe('the example records', () => {
  it('come to the handlers of their events', async () => {
    const users = table('Users', { keys: { partition: 'UserId' } });
    const sessions = table('Sessions', { keys: { partition: 'SessionId' }, ttl: 'TTL' });
    const ran: string[] = [];
    const router = routerOf([
      route.insert(users, { id: 'welcome' }, ({ new: user }) => void ran.push(`welcome ${user['Name']}`)),
      route.modify(users, { id: 'email', when: users.attr('Email').changed() }, (change) => {
        ran.push(`email ${change.old['Email']} -> ${change.new['Email']}`);
      }),
      route.remove(users, { id: 'bye', by: 'user' }, ({ keys }) => void ran.push(`bye ${keys.UserId}`)),
      route.remove(sessions, { id: 'logout', by: 'user' }, () => void ran.push('logout')),
      route.expire(
        sessions,
        { id: 'expired' },
        ({ keys, by }) => void ran.push(`expired ${keys.SessionId} by ${by}`),
      ),
    ]);
    const handler = lambda(router);
    expect(await handler(exampleBatches.users)).toEqual({ batchItemFailures: [] });
    expect(await handler(exampleBatches.sessions)).toEqual({ batchItemFailures: [] });
    expect(ran).toEqual([
      'welcome Jane Doe',
      'email jane@example.com -> jane.doe@example.com',
      'bye user-123',
      'expired session-abc by ttl',
    ]);
  });

  it('of two streams are not one batch', async () => {
    const router = routerOf([
      route.on(table('Users', { keys: { partition: 'UserId' } }), { id: 'u' }, quiet),
      route.on(table('Sessions', { keys: { partition: 'SessionId' } }), { id: 's' }, quiet),
    ]);
    await expect(lambda(router)(lambdaEvent(Object.values(exampleRecords)))).rejects.toThrowError(
      expect.objectContaining({ code: 'MALFORMED_RECORD', message: expect.stringMatching(/two streams/) }),
    );
  });
});

describe('an event that cannot be one', () => {
  const [one, two] = insertsOf('A1 B1') as [object, { dynamodb: object }];
  const other = recordsOf({ table: 'shop', keys: { partition: 'pk' }, region: 'eu-west-1' }).insert({
    pk: 'A',
  });
  const { SequenceNumber: _none, ...unnumbered } = two.dynamodb as { SequenceNumber: string };

  it.each<[string, unknown, string, RegExp]>([
    ['null', null, 'MALFORMED_EVENT', /"Records" is missing.*event source mapping/],
    ['undefined', undefined, 'MALFORMED_EVENT', /"Records" is missing/],
    ['text', 'Records', 'MALFORMED_EVENT', /"Records" is missing/],
    [
      'an event of a schedule',
      { source: 'aws.events', detail: {} },
      'MALFORMED_EVENT',
      /"Records" is missing/,
    ],
    [
      'records that are no list',
      { Records: { 0: one } },
      'MALFORMED_EVENT',
      /"Records" is of type object, not a list/,
    ],
    ['records in lower case', { records: [one] }, 'MALFORMED_EVENT', /"Records" is missing/],
    [
      'an event of a queue',
      { Records: [{ messageId: '1', eventSource: 'aws:sqs', body: '{}' }] },
      'MALFORMED_RECORD',
      /eventName undefined/,
    ],
    [
      'an event of Kinesis',
      { Records: [{ eventName: 'aws:kinesis:record', kinesis: {} }] },
      'MALFORMED_RECORD',
      /another service/,
    ],
    ['a null record', { Records: [one, null] }, 'MALFORMED_RECORD', /Record 2 of 2 .* undefined/],
    [
      'a record without a sequence number',
      { Records: [one, { ...two, dynamodb: unnumbered }] },
      'MALFORMED_RECORD',
      /no usable SequenceNumber/,
    ],
    ['a record twice', { Records: [one, one] }, 'MALFORMED_RECORD', /not above/],
    ['records in descending order', { Records: [two, one] }, 'MALFORMED_RECORD', /not above/],
    ['records of two streams', { Records: [one, other] }, 'MALFORMED_RECORD', /two streams/],
    [
      'a table that no route names',
      lambdaEvent([recordsOf({ table: 'cart', keys: { partition: 'pk' } }).insert({ pk: 'A' })]),
      'UNKNOWN_TABLE',
      /table\/cart.*routes name shop/,
    ],
  ])('is an error and nothing runs: %s', async (_what, event, code, message) => {
    const ran: string[] = [];
    const lines: string[] = [];
    const note = (_fields: object, message: string) => void lines.push(message);
    const router = routerOf([route.on(shop, { id: 'h' }, () => void ran.push('h'))], {
      logger: { debug: note, info: note, warn: note, error: note },
    });
    await expect(lambda(router)(event as LambdaEvent)).rejects.toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
    expect({ ran, lines }).toEqual({ ran: [], lines: [] });
  });

  it('is one with records of an unknown table, unless these are to be skipped', async () => {
    const router = routerOf([route.on(shop, { id: 'h' }, quiet)], { unknownTable: 'skip' });
    const event = lambdaEvent([recordsOf({ table: 'cart', keys: { partition: 'pk' } }).insert({ pk: 'A' })]);
    expect(await lambda(router)(event)).toEqual({ batchItemFailures: [] });
  });
});

describe('a retry', () => {
  const batch = 'A1 B1 B2 A2';

  it('in a new environment keeps the order of each item, since nothing above the failure has run', async () => {
    const { ran, noted } = noting({ A1: 1 });
    const report = await simulateLambda({
      records: insertsOf(batch),
      newSandbox: () => lambda(routerOf([noted])),
      retry: 'cold',
    });
    expect(report.status).toBe('done');
    expect(ran).toEqual(['A1', 'B1', 'B2', 'A2']);
  });

  it('in the same environment repeats nothing, in lanes too', async () => {
    const { ran, noted } = noting({ A1: 2, B2: 1 });
    const router = routerOf([noted], { order: 'lanes' });
    const report = await simulateLambda({
      records: insertsOf(batch),
      handler: lambda(router),
      retry: 'warm',
    });
    expect(report).toMatchObject({ status: 'done', discarded: [] });
    expect(ran.toSorted()).toEqual(['A1', 'A2', 'B1', 'B2']);
    expect(ran.filter((name) => name.startsWith('A'))).toEqual(['A1', 'A2']);
    expect(ran.filter((name) => name.startsWith('B'))).toEqual(['B1', 'B2']);
  });

  it('of a record with several handlers runs only the one that failed, where the environment is the same', async () => {
    const ran: string[] = [];
    let failures = 1;
    const routes = [
      route.insert(shop, { id: 'a' }, () => void ran.push('a')),
      route.insert(shop, { id: 'b' }, (_change, { attempt }) => {
        if (failures-- > 0) throw new Error('no');
        ran.push(`b at attempt ${attempt}`);
      }),
      route.insert(shop, { id: 'c' }, () => void ran.push('c')),
    ];
    const handler = lambda(routerOf(routes));
    await simulateLambda({ records: insertsOf('A1'), handler, retry: 'warm' });
    expect(ran).toEqual(['a', 'c', 'b at attempt 2']);
  });
});

describe('the time limit', () => {
  const contextWith = (remainingMs: number): LambdaContext => ({
    getRemainingTimeInMillis: () => remainingMs,
  });

  it('is answered before it is reached, with what is not done, and a late success counts', async () => {
    const clock = virtualClock();
    const began: [string, number][] = [];
    const slow = route.insert(shop, { id: 'slow' }, async (change) => {
      began.push([String(change.new['name']), clock.now()]);
      await clock.sleep(change.new['name'] === 'A2' ? 5000 : 100);
    });
    const startMs = clock.now();
    const records = insertsOf('A1 A2 A3');
    const report = await clock.run(
      simulateLambda({
        records,
        handler: lambda(routerOf([slow], { clock })),
        retry: 'warm',
        timeoutMs: 3000,
        clock,
      }),
    );
    expect(report.status).toBe('done');
    expect(report.invocations.map(({ error }) => error)).toEqual(report.invocations.map(() => undefined));
    expect(report.invocations[0]?.retryFrom).toBe(records[1]?.dynamodb.SequenceNumber);
    expect(began.map(([name, atMs]) => [name, atMs - startMs])).toEqual([
      ['A1', 0],
      ['A2', 100],
      ['A3', 5100],
    ]);
  });

  it('leaves a second to answer in by default, or what is asked for', async () => {
    for (const [reserveMs, expectedMs] of [
      [undefined, 9000],
      [250, 9750],
    ] as const) {
      const slept: number[] = [];
      const clock = {
        now: () => 0,
        sleep: async (delayMs: number, signal?: AbortSignal) => {
          slept.push(delayMs);
          await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
        },
      };
      const router = routerOf([noting().noted], { clock });
      await lambda(router, reserveMs === undefined ? {} : { reserveMs })(
        lambdaEvent(insertsOf('A1')),
        contextWith(10_000),
      );
      expect(slept).toEqual([expectedMs]);
    }
  });

  it('that is nearly reached starts nothing, and says so', async () => {
    const { ran, noted } = noting();
    const lines: object[] = [];
    const logger: Logger = { ...silent, warn: (fields, message) => void lines.push({ ...fields, message }) };
    const records = insertsOf('A1 A2');
    const answer = await lambda(routerOf([noted], { logger }))(lambdaEvent(records), contextWith(900));
    const firstUnfinished = records[0]?.dynamodb.SequenceNumber;
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: firstUnfinished }] });
    expect(ran).toEqual([]);
    expect(lines).toEqual([expect.objectContaining({ timedOut: true, firstUnfinished })]);
  });

  it('that leaves no time after the reserve is told as what it is, since no delivery of it would ever begin', async () => {
    const errors: object[] = [];
    const logger: Logger = { ...silent, error: (fields, message) => void errors.push({ fields, message }) };
    await lambda(routerOf([noting().noted], { logger }))(lambdaEvent(insertsOf('A1')), contextWith(1000));
    expect(errors).toEqual([
      { fields: { remainingMs: 1000, reserveMs: 1000 }, message: expect.stringContaining('timeout') },
    ]);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('cannot have a reserve of %s ms', (reserveMs) => {
    expect(() => lambda(routerOf([noting().noted]), { reserveMs })).toThrow(RangeError);
  });

  it('leaves three quarters of the reserve to a ledger, to be told what is done', async () => {
    const clock = virtualClock();
    const startMs = clock.now();
    const toldUntilMs: number[] = [];
    const ledger: Ledger = {
      open: async () => ({
        parking: { size: 0, holds: () => false, park: async () => 'free' },
        recall: undefined,
        starting: undefined,
        keep: async (_progress, _isDone, untilMs) => void toldUntilMs.push(untilMs - startMs),
      }),
      parking: () => Promise.reject(new Error('for sources of another kind')),
      once: () => (call, next) => next(call),
    };
    const hangs = route.insert(shop, { id: 'hangs' }, () => clock.sleep(60_000));
    const handler = lambda(routerOf([hangs], { name: 'shop', clock, ledger }), { reserveMs: 2000 });
    await clock.run(handler(lambdaEvent(insertsOf('A1')), contextWith(10_000)));
    expect(toldUntilMs).toEqual([9500]);
  });

  it('needs a reserve with a ledger, which is told within it', () => {
    const ledger = {} as Ledger; // nothing is delivered
    const router = { ...routerOf([noting().noted]), ledger };
    expect(() => lambda(router, { reserveMs: 100 })).toThrow(/give 200 or more/);
    expect(() => lambda(router, { reserveMs: 200 })).not.toThrow();
  });
});

describe('a pino instance as logger', () => {
  it('gets the errors of handlers, and no keys or items', async () => {
    const written: string[] = [];
    const logger = pino({ level: 'debug' }, { write: (line: string) => void written.push(line) });
    const { noted } = noting({ A1: 1 });
    const records = shopRecords();
    const event = lambdaEvent([records.insert({ pk: 'A-secret', name: 'A1', card: '4111' })]);
    const handler = lambda(routerOf([noted], { logger }));
    await handler(event);
    await handler(event);
    const lines = written.map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      {
        level: 50,
        msg: 'handler failed',
        handlerId: 'note',
        attempt: 1,
        err: { type: 'Error', message: 'A1 fails' },
      },
      {
        level: 40,
        msg: expect.stringContaining('batch not done'),
        firstUnfinished: expect.any(String),
        failed: 1,
      },
      { level: 20, msg: 'batch done', handled: 1 },
    ]);
    expect(written.join('')).not.toMatch(/A-secret|4111/);
  });
});
