import {
  type BatchCall,
  contextWith,
  createRouter,
  handled,
  type Middleware,
  type Outcome,
  RetryLaterError,
  type RouterOptions,
  retryLater,
  route,
  table,
  timeout,
} from '@sluice/core';
import { describe, expect, test } from 'vitest';
import { type Scenario, scenario } from './testing/scenario.js';

const shop = table('shop', { keys: { partition: 'pk' } });

/** A scenario whose router has these layers around pages, and its one handler. */
function around(batch: readonly Middleware<BatchCall>[], options: Partial<RouterOptions> = {}): Scenario {
  const given = scenario({ table: { shards: 1 } });
  const { clock, random, logger } = given.router;
  given.router = createRouter({
    routes: [
      route.on(shop, { id: 'note' }, async ({ record }, context) => {
        await given.work(record, context);
        given.handled.push(record.dynamodb.SequenceNumber);
      }),
    ],
    middleware: { batch },
    clock,
    random,
    logger,
    ...options,
  });
  return given;
}

function put({ shop }: Scenario, ...items: string[]): void {
  for (const pk of items) shop.put({ pk });
}

describe('middleware around pages', () => {
  test('sees each page with its own counts, until all of it is done', async () => {
    const seen: unknown[] = [];
    const watch: Middleware<BatchCall> = async ({ records, counts, streamArn }, next) => {
      const outcome = await next();
      seen.push([records.length, streamArn === given.shop.streamArn, outcome.kind, { ...counts }]);
      return outcome;
    };
    const given = around([watch]);
    let failures = 1;
    given.work = ({ dynamodb }) => {
      if (JSON.stringify(dynamodb.Keys).includes('b') && failures-- > 0) throw new Error('not yet');
    };
    const polling = given.begin();
    put(given, 'a', 'b');
    await given.clock.advance(10_000);
    put(given, 'c');
    await given.clock.advance(10_000);
    const none = { unmatched: 0, skipped: 0, neverAgain: 0, retryLater: 0, parked: 0, dropped: 0 };
    expect(seen).toEqual([
      [2, true, 'handled', { ...none, records: 2, handled: 2, failed: 1 }],
      [1, true, 'handled', { ...none, records: 1, handled: 1, failed: 0 }],
    ]);
    await polling.stop();
  });

  test.each<[string, (open: boolean) => Promise<Outcome>]>([
    ['says it was handled', async () => handled],
    ['asks for later', async () => retryLater('closed', { afterMs: 500 })],
    ['throws', () => Promise.reject(new Error('broken'))],
  ])('that does not call next and %s gets the same page again, and none before it', async (_what, closed) => {
    let isOpen = false;
    const pages: number[] = [];
    const breaker: Middleware<BatchCall> = async ({ records }, next) => {
      pages.push(records.length);
      return isOpen ? next() : closed(isOpen);
    };
    const given = around([breaker]);
    const polling = given.begin();
    put(given, 'a', 'b');
    await given.clock.advance(10_000);
    put(given, 'a');
    await given.clock.advance(60_000);
    expect(given.handled).toEqual([]);
    expect(JSON.stringify(given.store.puts)).not.toContain('watermark');
    expect(new Set(pages)).toEqual(new Set([2]));

    isOpen = true;
    await given.clock.advance(40_000);
    expect(given.handled).toEqual(given.written());
    await polling.stop();
  });

  test('is asked again when it said it would be open', async () => {
    const askedAtMs: number[] = [];
    const breaker: Middleware<BatchCall> = async ({ context }, next) => {
      askedAtMs.push(context.clock.now());
      if (askedAtMs.length < 3) throw new RetryLaterError('closed', { afterMs: 5_000 });
      return next();
    };
    const given = around([breaker]);
    put(given, 'a');
    const polling = given.begin();
    await given.clock.advance(60_000);
    const [first = 0] = askedAtMs;
    expect(askedAtMs.map((atMs) => atMs - first)).toEqual([0, 5_000, 10_000]);
    expect(given.handled).toEqual(given.written());
    await polling.stop();
  });

  test('that aborts its signal loses nothing: what it stopped is tried again without it', async () => {
    const timeout: Middleware<BatchCall> = async (call, next) => {
      const own = new AbortController();
      const running = next({ ...call, context: contextWith(call.context, { signal: own.signal }) });
      await call.context.clock.sleep(1_000);
      own.abort();
      return running;
    };
    const given = around([timeout]);
    given.work = (_record, { signal }) =>
      new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        void given.clock.sleep(3_000).then(resolve);
      });
    put(given, 'a', 'b');
    given.shop.put({ pk: 'a', n: 2 });
    const polling = given.begin();
    await given.clock.advance(60_000);
    expect(given.handled.toSorted()).toEqual(given.written());
    await polling.stop();
  });

  test('that works on after next is waited for at a stop, but not beyond the grace', async () => {
    const log: string[] = [];
    const flushing: Middleware<BatchCall> = async ({ context }, next) => {
      const outcome = await next();
      await context.clock.sleep(3_000);
      log.push('flushed');
      return outcome;
    };
    const given = around([flushing]);
    put(given, 'a');
    const polling = given.begin();
    await given.clock.advance(1_000);
    await polling.stop();
    expect(log).toEqual(['flushed']);

    const hanging = around([
      async (_call, next) => {
        await next();
        return new Promise(() => {});
      },
    ]);
    put(hanging, 'a');
    const other = hanging.begin({ shutdownGraceMs: 2_000 });
    await hanging.clock.advance(1_000);
    const stoppedAtMs = hanging.clock.now();
    await other.stop();
    expect(hanging.clock.now() - stoppedAtMs).toBe(2_000);
    expect(hanging.store.valueOf(hanging.shardIds()[0] as string)).toMatchObject({
      progress: { watermark: hanging.written()[0] },
    });
  });

  test('that is late with next at a stop leaves the page undone, for the next start', async () => {
    const slow: Middleware<BatchCall> = async ({ context }, next) => {
      await context.clock.sleep(5_000);
      return next();
    };
    const given = around([slow]);
    put(given, 'a');
    const polling = given.begin();
    await given.clock.advance(1_000);
    await polling.stop();
    await given.clock.advance(10_000);
    expect(given.handled).toEqual([]);
    expect(JSON.stringify(given.store.puts)).not.toContain('watermark');
    const again = given.begin();
    await given.clock.advance(10_000);
    expect(given.handled).toEqual(given.written());
    await again.stop();
  });

  test('that calls next after its page was given back undone is too late: the page is offered again, once', async () => {
    let begun = 0;
    const limiter: Middleware<BatchCall> = async ({ context }, next) => {
      if (begun++ === 0) await context.clock.sleep(1_010);
      return next();
    };
    const given = around([timeout({ afterMs: 1_000, ifIgnored: 'abandon' }), limiter], {
      random: () => 0.5,
    });
    put(given, 'a', 'b');
    const polling = given.begin();
    await given.clock.advance(10_000);
    expect(given.handled).toEqual(given.written());
    await polling.stop();
  });

  test('is not begun again after a stop', async () => {
    let begun = 0;
    const closed: Middleware<BatchCall> = async () => {
      begun++;
      return handled;
    };
    const given = around([closed], { random: () => 0.5 });
    put(given, 'a');
    const polling = given.begin();
    await given.clock.advance(20_000);
    const before = begun;
    await polling.stop();
    expect(begun).toBe(before);
  });

  test('cannot swallow that a page was refused', async () => {
    const swallows: Middleware<BatchCall> = async (_call, next) => {
      await next();
      return handled;
    };
    const given = around([swallows], { tables: { shop: 'shop' } });
    put(given, 'a');
    const streamsApi = {
      ...given.streams.api,
      async getRecords(...args: Parameters<typeof given.streams.api.getRecords>) {
        const page = await given.streams.api.getRecords(...args);
        return {
          ...page,
          Records: page.Records.map((record) => ({ ...record, eventName: 'UPSERT' as never })),
        };
      },
    };
    const { end } = given.begin({ streamsApi });
    await expect(given.clock.run(end)).rejects.toMatchObject({ code: 'MALFORMED_RECORD' });
    expect(given.handled).toEqual([]);
  });
});

describe('a record that is to be tried again later', () => {
  test('waits in its lane for as long as its handler asks, and others do not', async () => {
    const given = scenario({ table: { shards: 1 } });
    const triedAtMs: number[] = [];
    given.work = ({ dynamodb }, { clock }) => {
      if (!JSON.stringify(dynamodb.Keys).includes('slow')) return;
      triedAtMs.push(clock.now());
      if (triedAtMs.length < 3) throw new RetryLaterError('busy', { afterMs: 90_000 });
    };
    put(given, 'slow', 'other');
    given.shop.put({ pk: 'slow', n: 2 });
    const polling = given.begin();
    await given.clock.advance(80_000);
    const [first = 0] = triedAtMs;
    expect(given.handled).toHaveLength(1);
    await given.clock.advance(120_000);
    expect(triedAtMs.slice(0, 3).map((atMs) => atMs - first)).toEqual([0, 90_000, 180_000]);
    expect(given.handled).toHaveLength(3);
    await polling.stop();
  });
});
