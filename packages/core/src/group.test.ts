import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Context,
  createDrain,
  createProcessMemory,
  createRouter,
  eventIdOf,
  type HandlerCall,
  idempotencyKeyOf,
  type Logger,
  type Middleware,
  neverAgain,
  type Order,
  type Progress,
  type Route,
  type RouterOptions,
  recallFrom,
  retryLater,
  route,
  runBatch,
  type StreamRecord,
  skipped,
  table,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const backoff = { delayMs: () => 1 };

/** `A1 B1 A2`: the item and its version; `-` before it makes it a REMOVE, `?` an item that does not fit. */
function recordsOf(text: string, first = 1): StreamRecord[] {
  return text.split(' ').map((word, index) => {
    const name = word.replace(/^[-?]/, '');
    const image = { pk: { S: name[0] ?? '' }, v: word.startsWith('?') ? { N: '1' } : { S: name } };
    return {
      eventName: word.startsWith('-') ? 'REMOVE' : 'INSERT',
      eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
      dynamodb: {
        Keys: { pk: { S: name[0] ?? '' } },
        ...(word.startsWith('-') ? { OldImage: image } : { NewImage: image }),
        SequenceNumber: String(first + index),
      },
    };
  });
}

function nameOf({ dynamodb }: StreamRecord): string {
  return String(Object.values((dynamodb.NewImage ?? dynamodb.OldImage)?.['v'] ?? {})[0]);
}

const namesOf = (changes: readonly { readonly record: StreamRecord }[]) =>
  changes.map(({ record }) => nameOf(record)).join(' ');

function world(options: { failures?: Record<string, number>; order?: Order; maxSize?: number } = {}) {
  const ran: string[] = [];
  const contexts: Context[] = [];
  const failures = { ...options.failures };
  const work = (what: string) => {
    ran.push(what);
    const left = failures[what] ?? 0;
    failures[what] = left - 1;
    if (left > 0) throw new Error(`${what} fails`);
  };
  const together = route.batch(
    shop,
    { id: 'group', events: ['INSERT'], ...(options.maxSize && { maxSize: options.maxSize }) },
    async (changes, context) => {
      await null;
      contexts.push(context);
      work(`[${namesOf(changes)}]`);
    },
  );
  const alone = (id: string, events: 'INSERT' | 'REMOVE' = 'INSERT') =>
    route.on(shop, { id, events: [events] }, async ({ record }) => {
      await null;
      work(`${id}:${nameOf(record)}`);
    });
  const routerOf = (routes: readonly Route[], more: Partial<RouterOptions> = {}) =>
    createRouter({ routes, logger: silent, ...(options.order && { order: options.order }), ...more });
  return { ran, contexts, together, alone, routerOf };
}

async function drained(
  router: ReturnType<typeof createRouter>,
  records: readonly StreamRecord[],
  kept?: Progress,
) {
  const clock = { now: () => 0, sleep: async () => undefined };
  const drain = createDrain(
    { ...router, clock },
    { order: 'lanes', afterFailure: { kind: 'retry', backoff }, recall: kept && recallFrom(kept) },
  );
  drain.offer(records);
  await drain.until(0);
  return drain;
}

const deliver = (
  router: ReturnType<typeof createRouter>,
  records: readonly StreamRecord[],
  memory = createProcessMemory(),
) => runBatch(router, records, { memory });

describe('a batch handler', () => {
  it('gets all consecutive changes of the lane together: in strict order those of the whole delivery', async () => {
    const { ran, together, routerOf } = world();
    const result = await deliver(routerOf([together]), recordsOf('A1 B1 A2 C1'));
    expect(ran).toEqual(['[A1 B1 A2 C1]']);
    expect(result).toMatchObject({ firstUnfinished: undefined, counts: { records: 4, handled: 1 } });
  });

  it('gets those of each item on their own in lanes', async () => {
    const { ran, together, routerOf } = world();
    await drained(routerOf([together]), recordsOf('A1 B1 A2 C1'));
    expect(ran).toEqual(['[A1 A2]', '[B1]', '[C1]']);
  });

  it('gets at most maxSize of them, in their order', async () => {
    const { ran, together, routerOf } = world({ maxSize: 2 });
    await deliver(routerOf([together]), recordsOf('A1 A2 A3 A4 A5'));
    expect(ran).toEqual(['[A1 A2]', '[A3 A4]', '[A5]']);
  });

  it('gets 100 at a time by default', async () => {
    const sizes: number[] = [];
    const counting = route.batch(shop, { id: 'g' }, (changes) => void sizes.push(changes.length));
    const names = Array.from({ length: 205 }, (_, index) => `A${index}`).join(' ');
    await deliver(createRouter({ routes: [counting], logger: silent }), recordsOf(names));
    expect(sizes).toEqual([100, 100, 5]);
  });

  it('gets what has been offered when it starts, and the rest with the next group', async () => {
    const { ran, together, routerOf } = world();
    const drain = createDrain(routerOf([together]), { order: 'lanes', afterFailure: { kind: 'stop' } });
    drain.offer(recordsOf('A1 A2'));
    drain.offer(recordsOf('A3 A4', 3));
    await drain.until(0);
    expect(ran).toEqual(['[A1 A2]', '[A3 A4]']);
  });

  it('gets no change that another one of the lane comes between; one that nobody wants is none', async () => {
    const { ran, together, alone, routerOf } = world();
    await drained(routerOf([together, alone('gone', 'REMOVE')]), recordsOf('A1 A2 -A3 A4 A5'));
    expect(ran).toEqual(['[A1 A2]', 'gone:A3', '[A4 A5]']);
    const without = world();
    await drained(without.routerOf([without.together]), recordsOf('A1 A2 -A3 A4 A5'));
    expect(without.ran).toEqual(['[A1 A2 A4 A5]']);
  });

  it('is refused at start with a maxSize that is none', () => {
    for (const maxSize of [0, 1.5, Number.POSITIVE_INFINITY]) {
      const routes = [route.batch(shop, { id: 'g', maxSize }, () => undefined)];
      expect(() => createRouter({ routes })).toThrow(`the maxSize of g is ${maxSize}; give a whole number`);
    }
  });
});

describe('the records of a group', () => {
  it('are all done when it is handled, skipped or given up', async () => {
    for (const outcome of [undefined, skipped('no'), neverAgain('no')]) {
      const routes = [route.batch(shop, { id: 'g' }, () => outcome)];
      const drain = await drained(createRouter({ routes, logger: silent }), recordsOf('A1 A2 B1'));
      expect(drain.progress()).toEqual({ watermark: '3', done: {}, attempts: {} });
    }
  });

  it('are all not done when it fails, and a redelivery in this process has the same ones as one more attempt', async () => {
    const { ran, contexts, together, routerOf } = world({ failures: { '[A1 A2]': 2 } });
    const router = routerOf([together]);
    const memory = createProcessMemory();
    const first = await deliver(router, recordsOf('A1 A2'), memory);
    expect(first).toMatchObject({ firstUnfinished: '1', counts: { failed: 1, handled: 0 } });
    await deliver(router, recordsOf('A1 A2 A3'), memory);
    expect((await deliver(router, recordsOf('A1 A2 A3'), memory)).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['[A1 A2]', '[A1 A2]', '[A1 A2]', '[A3]']);
    expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 1]);
    expect(new Set(contexts.slice(0, 3).map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
  });

  it('count an attempt each, which a checkpoint keeps', async () => {
    const { together, routerOf } = world({ failures: { '[A1 A2]': 9 } });
    const router = routerOf([together]);
    const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'stop' } });
    drain.offer(recordsOf('A1 A2 B1'));
    await drain.until(0);
    expect(drain.progress()).toEqual({
      watermark: undefined,
      done: { 3: ['group'] },
      attempts: { 1: { group: 1 }, 2: { group: 1 } },
    });
  });

  it('are not counted as tried when it asks for later', async () => {
    let calls = 0;
    const routes = [
      route.batch(shop, { id: 'g' }, () =>
        ++calls === 1 ? retryLater('closed', { afterMs: 7 }) : undefined,
      ),
    ];
    const slept: number[] = [];
    const clock = { now: () => 0, sleep: async (delayMs: number) => void slept.push(delayMs) };
    const drain = createDrain(createRouter({ routes, clock, logger: silent }), {
      order: 'lanes',
      afterFailure: { kind: 'retry', backoff },
    });
    drain.offer(recordsOf('A1 A2'));
    await drain.until(0);
    expect([slept, calls, drain.progress().watermark]).toEqual([[7], 2, '2']);
  });

  it('are done for this handler alone: their other handlers run for each, in order', async () => {
    const { ran, together, alone, routerOf } = world();
    await drained(routerOf([together, alone('one')]), recordsOf('A1 A2'));
    expect(ran).toEqual(['[A1 A2]', 'one:A1', 'one:A2']);
  });

  it('of which another handler failed are not given to this one again, in a warm process and from a checkpoint', async () => {
    for (const cold of [false, true]) {
      const { ran, together, alone, routerOf } = world({ failures: { 'one:A1': 1 } });
      const router = routerOf([together, alone('one')], { order: 'lanes' });
      if (cold) {
        const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'stop' } });
        drain.offer(recordsOf('A1 A2'));
        await drain.until(0);
        await drained(router, recordsOf('A1 A2'), JSON.parse(JSON.stringify(drain.progress())));
      } else {
        const memory = createProcessMemory();
        expect((await deliver(router, recordsOf('A1 A2'), memory)).firstUnfinished).toBe('1');
        expect((await deliver(router, recordsOf('A1 A2'), memory)).firstUnfinished).toBeUndefined();
      }
      expect(ran).toEqual(['[A1 A2]', 'one:A1', 'one:A1', 'one:A2']);
    }
  });

  it('that has another handler to run first begins a group of its own', async () => {
    const { ran, together, alone, routerOf } = world();
    await drained(routerOf([alone('one'), together]), recordsOf('A1 A2'));
    expect(ran).toEqual(['one:A1', '[A1]', 'one:A2', '[A2]']);
  });

  it('in strict order are no more than one when others have to run after it', async () => {
    const { ran, together, alone, routerOf } = world({ failures: { 'one:A1': 1 } });
    const router = routerOf([together, alone('one')]);
    expect((await deliver(router, recordsOf('A1 A2'))).firstUnfinished).toBe('1');
    expect(ran).toEqual(['[A1]', 'one:A1']);
  });

  it('are none above a record of another lane that failed meanwhile, where that one stops the others', async () => {
    const { ran, together, routerOf } = world();
    const slow = Promise.withResolvers<void>();
    const first = route.insert(shop, { id: 'first', when: shop.attr('v').is('A1') }, () => slow.promise);
    const fails = route.insert(shop, { id: 'fails', when: shop.attr('v').is('B1') }, () =>
      Promise.reject(new Error('no')),
    );
    const router = routerOf([first, fails, together], { order: 'lanes' });
    const delivered = deliver(router, recordsOf('A1 B1 A2'));
    await new Promise((resolve) => setImmediate(resolve));
    slow.resolve();
    expect((await delivered).firstUnfinished).toBe('2');
    expect(ran).toEqual(['[B1]', '[A1]']);
  });

  it('are waited for together when the deadline comes first, and a late success counts for each', async () => {
    const end = Promise.withResolvers<void>();
    const groups: string[] = [];
    const routes = [
      route.batch(shop, { id: 'g' }, (changes) => {
        groups.push(namesOf(changes));
        return end.promise;
      }),
    ];
    const clock = { now: () => 0, sleep: async () => undefined };
    const router = createRouter({ routes, clock, logger: silent });
    const memory = createProcessMemory();
    const late = await runBatch(router, recordsOf('A1 A2'), { memory, budgetMs: 1000 });
    expect(late).toMatchObject({ firstUnfinished: '1', timedOut: true, unsettled: ['g'] });
    const again = runBatch(router, recordsOf('A1 A2 A3'), { memory });
    end.resolve();
    expect((await again).firstUnfinished).toBeUndefined();
    expect(groups).toEqual(['A1 A2', 'A3']);
  });
});

describe('an item in a group that does not fit its schema', () => {
  const Order = (onInvalid: 'fail' | 'skip') =>
    shop.entity('Order', { schema: z.object({ v: z.string() }), onInvalid });

  it.each([
    ['fails alone, after those before it and before those behind it', 'fail', ['A1 A2'], '3'],
    ['is skipped alone', 'skip', ['A1 A2', 'A4'], undefined],
  ] as const)('%s', async (_what, onInvalid, groups, firstUnfinished) => {
    const seen: string[] = [];
    const routes = [
      route.batch(
        Order(onInvalid),
        { id: 'g' },
        (changes) => void seen.push(changes.map((change) => ('new' in change ? change.new.v : '')).join(' ')),
      ),
    ];
    const result = await deliver(createRouter({ routes, logger: silent }), recordsOf('A1 A2 ?A3 A4'));
    expect(result.firstUnfinished).toBe(firstUnfinished);
    expect(seen).toEqual(groups);
  });

  it('stands alone where it is the first', async () => {
    const seen: string[] = [];
    const routes = [route.batch(Order('skip'), { id: 'g' }, (changes) => void seen.push(namesOf(changes)))];
    const result = await deliver(createRouter({ routes, logger: silent }), recordsOf('?A1 A2 A3'));
    expect(result).toMatchObject({ firstUnfinished: undefined, counts: { skipped: 1, handled: 1 } });
    expect(seen).toEqual(['A2 A3']);
  });
});

describe("a group's context", () => {
  it('has the identity of exactly its changes; of one change it is that of the change', async () => {
    const { contexts, together, routerOf } = world();
    const records = recordsOf('A1 A2 B1');
    await drained(routerOf([together]), records);
    const [two, one] = contexts as [Context, Context];
    const [a1, a2, b1] = records as [StreamRecord, StreamRecord, StreamRecord];
    expect([one.eventId, one.idempotencyKey]).toEqual([eventIdOf(b1), idempotencyKeyOf(b1, 'group')]);
    const keys = [two, one].flatMap(({ eventId, idempotencyKey }) => [eventId, idempotencyKey]);
    expect(new Set([...keys, eventIdOf(a1), eventIdOf(a2), idempotencyKeyOf(a1, 'group')]).size).toBe(7);
    const again = world();
    await drained(again.routerOf([again.together]), records);
    expect(again.contexts[0]?.idempotencyKey).toBe(two.idempotencyKey);
  });

  it('writes to the log where the group begins and how many it has', async () => {
    const lines: object[] = [];
    const logger = { ...silent, info: (fields: object) => void lines.push(fields) };
    const routes = [route.batch(shop, { id: 'g' }, (_changes, context) => context.logger.info({}, 'here'))];
    await deliver(createRouter({ routes, logger }), recordsOf('A1 A2'));
    expect(lines).toMatchObject([{ handlerId: 'g', sequenceNumber: '1', attempt: 1, records: 2 }]);
  });
});

describe('middleware around a batch handler', () => {
  it('is called once a group, with all its changes', async () => {
    const seen: string[] = [];
    const watch: Middleware<HandlerCall> = ({ route, change, changes }, next) => {
      seen.push(`${route.id} ${nameOf(change.record)} of ${changes ? namesOf(changes) : 'itself'}`);
      return next();
    };
    const { together, alone, routerOf } = world();
    const router = routerOf([together, alone('one')], { middleware: { handler: [watch] } });
    await drained(router, recordsOf('A1 A2'));
    expect(seen).toEqual(['group A1 of A1 A2', 'one A1 of itself', 'one A2 of itself']);
  });
});
