import { describe, expect, it } from 'vitest';
import {
  createDrain,
  createProcessMemory,
  createRouter,
  exponentialBackoff,
  type Logger,
  type Router,
  type RouterOptions,
  recallFrom,
  route,
  runBatch,
  type StreamRecord,
  skipped,
  table,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** `A1 B1 B2 A2`: the item's key, then its version; sequence numbers in the order given. */
function recordsOf(text: string, first = 1): StreamRecord[] {
  return text.split(' ').map((name, index) => ({
    eventName: 'INSERT',
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: {
      Keys: { pk: { S: name[0] ?? '' } },
      NewImage: { pk: { S: name[0] ?? '' }, v: { S: name } },
      SequenceNumber: String(first + index),
    },
  }));
}

/** A router that notes what ran, and fails as often as it is told to, by name. */
function noting(failures: Record<string, number> = {}, options: Partial<RouterOptions> = {}) {
  const ran: string[] = [];
  const router = createRouter({
    routes: [
      route.insert(shop, { id: 'note' }, async (change) => {
        const name = String(change.new['v']);
        await null;
        const left = failures[name] ?? 0;
        failures[name] = left - 1;
        if (left > 0) throw new Error(`${name} fails`);
        ran.push(name);
      }),
    ],
    logger: silent,
    ...options,
  });
  return { ran, router };
}

const deliver = (router: Router, records: StreamRecord[], memory = createProcessMemory()) =>
  runBatch(router, records, { memory });

describe('a delivery in strict order', () => {
  it('runs records one after another and reports nothing when all are done', async () => {
    const { ran, router } = noting();
    const result = await deliver(router, recordsOf('A1 B1 B2 A2'));
    expect(result.firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['A1', 'B1', 'B2', 'A2']);
  });

  it('runs nothing after a failed record and reports it', async () => {
    const { ran, router } = noting({ B1: 1 });
    const result = await deliver(router, recordsOf('A1 B1 B2 A2'));
    expect(result.firstUnfinished).toBe('2');
    expect(ran).toEqual(['A1']);
  });

  it('puts no item back in time when the retry meets a fresh process', async () => {
    const { ran, router } = noting({ A1: 1 });
    const records = recordsOf('A1 B1 B2 A2');
    expect((await deliver(router, records)).firstUnfinished).toBe('1');
    expect((await deliver(router, records)).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['A1', 'B1', 'B2', 'A2']);
  });
});

describe('a delivery in lanes without durable progress', () => {
  it('starts nothing above the lowest failure', async () => {
    const { ran, router } = noting({ A1: 1 }, { order: 'lanes', concurrency: 2 });
    const result = await deliver(router, recordsOf('A1 B1 C1 D1 B2'));
    expect(result.firstUnfinished).toBe('1');
    expect(ran).toEqual(['B1']);
  });
});

describe('several handlers of one record', () => {
  function three(failures: { second: number }) {
    const ran: string[] = [];
    const router = createRouter({
      routes: [
        route.insert(shop, { id: 'first' }, () => void ran.push('first')),
        route.insert(shop, { id: 'second' }, (_change, { attempt }) => {
          if (failures.second-- > 0) throw new Error('not yet');
          ran.push(`second at attempt ${attempt}`);
        }),
        route.insert(shop, { id: 'third' }, () => void ran.push('third')),
      ],
      logger: silent,
    });
    return { ran, router };
  }

  it('all run though one fails, and a redelivery to the same process runs only that one', async () => {
    const { ran, router } = three({ second: 1 });
    const memory = createProcessMemory();
    expect((await deliver(router, recordsOf('A1'), memory)).firstUnfinished).toBe('1');
    expect(ran).toEqual(['first', 'third']);
    expect((await deliver(router, recordsOf('A1'), memory)).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['first', 'third', 'second at attempt 2']);
  });
});

describe('a drain that retries in place', () => {
  const now = { now: () => 0, sleep: async () => undefined };

  it('keeps only the failed item waiting, and the order of each item', async () => {
    const { ran, router } = noting({ A1: 2 }, { clock: now, random: () => 0.5 });
    const drain = createDrain(router, {
      order: 'lanes',
      afterFailure: { kind: 'retry', backoff: exponentialBackoff({ initialMs: 1, maxMs: 1 }) },
    });
    drain.offer(recordsOf('A1 B1 B2 A2'));
    await drain.until(0);
    expect(ran).toEqual(['B1', 'B2', 'A1', 'A2']);
    expect(drain.progress()).toEqual({ watermark: '4', done: {}, attempts: {} });
  });

  it('tells what is done above the watermark, and a new drain takes it up from there', async () => {
    const { ran, router } = noting(
      { A1: 1 },
      { clock: { ...now, sleep: () => new Promise(() => undefined) } },
    );
    const backoff = exponentialBackoff({ initialMs: 1, maxMs: 1 });
    const records = recordsOf('X1 A1 B1 B2 A2');
    const first = createDrain(router, { order: 'lanes', afterFailure: { kind: 'retry', backoff } });
    first.offer(records);
    await first.until(2);
    first.stop();
    const progress = first.progress();
    expect(progress).toEqual({
      watermark: '1',
      done: { 3: ['note'], 4: ['note'] },
      attempts: { 2: { note: 1 } },
    });

    const second = createDrain(router, {
      order: 'lanes',
      afterFailure: { kind: 'retry', backoff },
      recall: recallFrom(JSON.parse(JSON.stringify(progress))),
    });
    second.offer(records.slice(1));
    await second.until(0);
    expect(ran).toEqual(['X1', 'B1', 'B2', 'A1', 'A2']);
  });

  it('tells as done what a layer decided, and no failures of what is done in the end', async () => {
    let waits = 0;
    const onlyTheFirstForEver = () =>
      waits++ === 0 ? new Promise<void>(() => undefined) : Promise.resolve();
    const { router } = noting(
      { A1: 1, B1: 1 },
      {
        clock: { ...now, sleep: onlyTheFirstForEver },
        middleware: {
          record: [
            async ({ record }, next) => (record.dynamodb.SequenceNumber === '3' ? skipped('C') : next()),
          ],
        },
      },
    );
    const backoff = exponentialBackoff({ initialMs: 1, maxMs: 1 });
    const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'retry', backoff } });
    drain.offer(recordsOf('A1 B1 C1'));
    await drain.until(1);
    expect(drain.progress()).toEqual({
      watermark: undefined,
      done: { 2: ['note'], 3: ['note'] },
      attempts: { 1: { note: 1 } },
    });
  });

  it('counts a skipped change as done', async () => {
    const router = createRouter({
      routes: [route.insert(shop, { id: 's' }, () => skipped('not ours'))],
      logger: silent,
    });
    const drain = createDrain(router, { order: 'strict', afterFailure: { kind: 'stop' } });
    const page = drain.offer(recordsOf('A1 A2'));
    await drain.until(0);
    expect(page.counts).toMatchObject({ records: 2, skipped: 2, handled: 0 });
    expect(drain.progress().watermark).toBe('2');
  });
});

describe('a failure', () => {
  it('is logged once, with what to look for and without keys or items', async () => {
    const lines: object[] = [];
    const logger = {
      ...silent,
      error: (fields: object, message: string) => void lines.push({ ...fields, message }),
    };
    const { router } = noting({ A1: 1 }, { logger });
    await deliver(router, recordsOf('A1'));
    const [{ eventSourceARN: streamArn }] = recordsOf('A1') as [StreamRecord];
    expect(lines).toEqual([
      {
        streamArn,
        sequenceNumber: '1',
        handlerId: 'note',
        attempt: 1,
        err: new Error('A1 fails'),
        message: 'handler failed',
      },
    ]);
  });

  it('is logged too when a record cannot be matched, or a record middleware throws', async () => {
    const messages: string[] = [];
    const logger = { ...silent, error: (_fields: object, message: string) => void messages.push(message) };
    const keyed = table('shop', { keys: { partition: 'pk' } });
    const unmatchable = createRouter({
      routes: [route.insert(keyed, { id: 'a', when: keyed.attr('v').is('x') }, () => undefined)],
      logger,
    });
    const [record] = recordsOf('A1') as [StreamRecord];
    const twoLetters = { S: 'x', N: '1' } as unknown as { S: string };
    const malformed = { ...record, dynamodb: { ...record.dynamodb, NewImage: { v: twoLetters } } };
    expect((await deliver(unmatchable, [malformed])).firstUnfinished).toBe('1');
    const throwing = noting(
      {},
      { logger, middleware: { record: [() => Promise.reject(new Error('broken'))] } },
    );
    expect((await deliver(throwing.router, [record])).firstUnfinished).toBe('1');
    expect(messages).toEqual(['handler failed', 'record failed']);
  });
});

describe('keys that DynamoDB cannot have written', () => {
  const oddKeys = (record: StreamRecord): StreamRecord => {
    const Keys = { pk: { S: 'A', N: '1' } as unknown as { S: string } };
    return { ...record, dynamodb: { ...record.dynamodb, Keys } };
  };

  it('do not keep a failure beside them from being reported and remembered', async () => {
    const { ran, router } = noting({ A1: 1 });
    const [first, second] = recordsOf('A1 A2') as [StreamRecord, StreamRecord];
    const memory = createProcessMemory();
    expect((await deliver(router, [first, oddKeys(second)], memory)).firstUnfinished).toBe('1');
    expect((await deliver(router, [first, oddKeys(second)], memory)).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['A1', 'A2']);
  });

  it('have a lane of their own', async () => {
    const { ran, router } = noting({}, { order: 'lanes' });
    await deliver(router, recordsOf('A1 A2').map(oddKeys));
    expect(ran).toEqual(['A1', 'A2']);
  });
});

describe('the steps of a drain', () => {
  const backoff = exponentialBackoff({ initialMs: 1, maxMs: 1 });

  /** A router whose handler calls stay open until the test ends them, by name. */
  function open(options: Partial<RouterOptions> = {}) {
    const calls = new Map<string, { succeed(): void; fail(): void; attempt: number }>();
    const router = createRouter({
      routes: [
        route.insert(
          shop,
          { id: 'open', when: shop.attr('v').is('X1', 'A1', 'A2', 'B1', 'B2', 'C1', 'C2') },
          (change, { attempt }) =>
            new Promise<void>((succeed, reject) => {
              calls.set(String(change.new['v']), { succeed, fail: () => reject(new Error('no')), attempt });
            }),
        ),
      ],
      logger: silent,
      ...options,
    });
    /** Names of the calls that are open, or were until this step. */
    const started = () => [...calls.keys()];
    return { router, calls, started };
  }

  const everythingElse = () => new Promise((resolve) => setImmediate(resolve));

  it('keep to the lowest failure when a higher one comes after it', async () => {
    const { router, calls, started } = open({ concurrency: 2 });
    const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'stop' } });
    drain.offer(recordsOf('A1 B1 C1'));
    calls.get('A1')?.fail();
    calls.get('B1')?.fail();
    await drain.until(0);
    expect(started()).toEqual(['A1', 'B1']);
  });

  it('finish what is below a failure, in lanes that have not begun too', async () => {
    const { router, calls, started } = open({ concurrency: 1 });
    const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'stop' } });
    drain.offer(recordsOf('A1 B1 A2 C1'));
    calls.get('A1')?.succeed();
    await everythingElse();
    calls.get('A2')?.fail();
    await everythingElse();
    expect(started()).toEqual(['A1', 'A2', 'B1']);
    calls.get('B1')?.succeed();
    await drain.until(0);
    expect(started()).toEqual(['A1', 'A2', 'B1']);
    expect(drain.progress()).toMatchObject({ watermark: '2', attempts: { 3: { open: 1 } } });
  });

  it('are waited for down to a number of unfinished records', async () => {
    const { router, calls } = open();
    const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'stop' } });
    drain.offer(recordsOf('A1 B1 C1'));
    const resolved: number[] = [];
    for (const limit of [2, 0, 1, 3]) void drain.until(limit).then(() => resolved.push(limit));
    await everythingElse();
    expect(resolved).toEqual([3]);
    calls.get('C1')?.succeed();
    await everythingElse();
    expect(resolved).toEqual([3, 2]);
    calls.get('A1')?.succeed();
    calls.get('B1')?.succeed();
    await everythingElse();
    expect(resolved).toEqual([3, 2, 1, 0]);
  });

  it('move the watermark over records that nobody wants, up to the first unfinished one', async () => {
    const { router, calls } = open();
    const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'stop' } });
    drain.offer(recordsOf('A1 N1 N2 B1 N3'));
    expect(drain.progress().watermark).toBeUndefined();
    calls.get('A1')?.succeed();
    await everythingElse();
    expect(drain.progress().watermark).toBe('3');
    calls.get('B1')?.succeed();
    await everythingElse();
    expect(drain.progress()).toEqual({ watermark: '5', done: {}, attempts: {} });
    drain.offer(recordsOf('N4', 6));
    expect(drain.progress().watermark).toBe('6');
  });

  it('keep the order of an item over pages, whether its lane is working, waiting or empty', async () => {
    const wakes: (() => void)[] = [];
    const clock = { now: () => 0, sleep: () => new Promise<void>((resolve) => wakes.push(resolve)) };
    const { ran, router } = noting({ A2: 1 }, { clock });
    const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'retry', backoff } });
    drain.offer(recordsOf('A1'));
    drain.offer(recordsOf('A2', 2));
    await everythingElse();
    drain.offer(recordsOf('A3 B1', 3));
    await everythingElse();
    expect(ran).toEqual(['A1', 'B1']);
    for (const wake of wakes) wake();
    await drain.until(0);
    drain.offer(recordsOf('A4', 5));
    await drain.until(0);
    expect(ran).toEqual(['A1', 'B1', 'A2', 'A3', 'A4']);
  });

  it('end a wait for a retry when the drain is stopped, and start nothing afterwards', async () => {
    const sleeps: AbortSignal[] = [];
    const clock = {
      now: () => 0,
      sleep: (_delayMs: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => {
          if (signal) sleeps.push(signal);
          signal?.addEventListener('abort', () => resolve());
        }),
    };
    const { ran, router } = noting({ A1: 1 }, { clock });
    const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'retry', backoff } });
    drain.offer(recordsOf('A1 A2'));
    await everythingElse();
    drain.stop();
    drain.offer(recordsOf('B1', 3));
    await drain.until(0);
    expect(sleeps.map(({ aborted }) => aborted)).toEqual([true]);
    expect(ran).toEqual([]);
    expect([drain.unfinished, drain.progress().watermark]).toEqual([3, undefined]);
  });

  it('start nothing under a signal that has aborted, before or since', async () => {
    const { ran, router } = noting();
    const stop = new AbortController();
    for (const signal of [AbortSignal.abort(), stop.signal]) {
      const drain = createDrain(router, { order: 'strict', afterFailure: { kind: 'stop' }, signal });
      stop.abort();
      drain.offer(recordsOf('A1'));
      await drain.until(0);
    }
    expect(ran).toEqual([]);
  });

  it('count attempts on from what is recalled', async () => {
    const { router, calls } = open();
    const kept = { watermark: undefined, done: {}, attempts: { 1: { open: 2, gone: 7 } } };
    const drain = createDrain(router, {
      order: 'strict',
      afterFailure: { kind: 'stop' },
      recall: recallFrom(kept),
    });
    drain.offer(recordsOf('A1'));
    expect(calls.get('A1')?.attempt).toBe(3);
    calls.get('A1')?.fail();
    await drain.until(0);
    expect(drain.progress().attempts).toEqual({ 1: { open: 3, gone: 7 } });
  });

  it('run a handler that is new since the progress was kept, on records that are not behind the watermark', async () => {
    const ran: string[] = [];
    const router = createRouter({
      routes: ['old', 'new'].map((id) =>
        route.insert(shop, { id }, (change) => void ran.push(`${id} ${change.new['v']}`)),
      ),
      logger: silent,
    });
    const kept = { watermark: '1', done: { 3: ['old'] }, attempts: {} };
    const drain = createDrain(router, {
      order: 'strict',
      afterFailure: { kind: 'stop' },
      recall: recallFrom(kept),
    });
    drain.offer(recordsOf('A1 A2', 2));
    await drain.until(0);
    expect(ran).toEqual(['old A1', 'new A1', 'new A2']);
  });

  it('go on through thousands of records of one item, in order, and hold on to none of them', async () => {
    const { ran, router } = noting();
    const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'stop' } });
    const names = Array.from({ length: 2500 }, (_, index) => `A${index}`);
    drain.offer(recordsOf(names.slice(0, 1500).join(' ')));
    await drain.until(400);
    drain.offer(recordsOf(names.slice(1500).join(' '), 1501));
    await drain.until(0);
    expect(ran).toEqual(names);
    expect([drain.remaining(), drain.unfinished, drain.progress().watermark]).toEqual([[], 0, '2500']);
  });
});
