import { describe, expect, it } from 'vitest';
import {
  createDrain,
  createProcessMemory,
  createRouter,
  type LaneKey,
  type Logger,
  neverAgain,
  type RouterOptions,
  route,
  runBatch,
  type StreamRecord,
  table,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** `a1 a2 b1`: the partition key and the sort key. */
function recordsOf(text: string): StreamRecord[] {
  return text.split(' ').map(([pk = '', sk = ''], index) => ({
    eventName: 'INSERT',
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: {
      Keys: { pk: { S: pk }, sk: { N: sk } },
      NewImage: { pk: { S: pk }, sk: { N: sk } },
      SequenceNumber: String(index + 1),
    },
  }));
}

function keyOf({ dynamodb: { Keys } }: StreamRecord, name: string): string {
  return String(Object.values(Keys[name] ?? {})[0]);
}

/** Which records run side by side when all have been offered and none has ended. */
async function startedTogether(lane: LaneKey | undefined, text: string): Promise<string[]> {
  const started: string[] = [];
  const end = Promise.withResolvers<void>();
  const routes = [
    route.insert(shop, { id: 'h' }, ({ record }) => {
      started.push(record.dynamodb.SequenceNumber);
      return end.promise;
    }),
  ];
  const router = createRouter({ routes, logger: silent, ...(lane && { lane }) });
  const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'stop' } });
  drain.offer(recordsOf(text));
  await new Promise((resolve) => setImmediate(resolve));
  const together = [...started];
  end.resolve();
  await drain.until(0);
  expect(drain.unfinished).toBe(0);
  return together;
}

describe('a lane', () => {
  it.each<[string, LaneKey | undefined, string[]]>([
    ['is an item by default', undefined, ['1', '2', '4']],
    ['is an item', 'item', ['1', '2', '4']],
    ['is a partition key', 'partitionKey', ['1', '4']],
    ['is nothing that holds two changes together', 'unordered', ['1', '2', '3', '4']],
    ['is what a function says', (record) => keyOf(record, 'sk'), ['1', '2']],
  ])('%s', async (_what, lane, expected) => {
    expect(await startedTogether(lane, 'a1 a2 a1 b1')).toEqual(expected);
  });

  it('of a partition key is told by the number, not by how it is written', async () => {
    const counters = table('shop', { keys: { partition: 'sk' } });
    const started: string[] = [];
    const end = Promise.withResolvers<void>();
    const routes = [
      route.insert(counters, { id: 'h' }, ({ record }) => {
        started.push(record.dynamodb.SequenceNumber);
        return end.promise;
      }),
    ];
    const [one, two] = recordsOf('a1 b1') as [StreamRecord, StreamRecord];
    const written = {
      ...two,
      dynamodb: { ...two.dynamodb, Keys: { ...two.dynamodb.Keys, sk: { N: '1.0' } } },
    };
    const router = createRouter({ routes, logger: silent, lane: 'partitionKey' });
    const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'stop' } });
    drain.offer([one, written]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toEqual(['1']);
    end.resolve();
    await drain.until(0);
  });

  it('has no say in strict order', async () => {
    const lane = () => {
      throw new Error('not asked');
    };
    const { deliver, ran } = noting({ lane, order: 'strict' });
    expect((await deliver('a1 b1')).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['a1', 'b1']);
  });
});

function noting(options: Partial<RouterOptions>) {
  const ran: string[] = [];
  const errors: unknown[] = [];
  const router = createRouter({
    routes: [
      route.insert(shop, { id: 'h' }, ({ keys }) => void ran.push(`${keys['pk']}${keys['sk']}`)),
      route.insert(shop, { id: 'other', when: shop.attr('pk').is('b') }, () => undefined),
    ],
    logger: {
      ...silent,
      error: (fields) => void errors.push((fields as { readonly err: Error }).err.message),
    },
    order: 'lanes',
    ...options,
  });
  const deliver = (text: string) => runBatch(router, recordsOf(text), { memory: createProcessMemory() });
  return { ran, errors, deliver, router };
}

describe('a record whose lane cannot be told', () => {
  const noLaneOfB = (record: StreamRecord) => {
    if (keyOf(record, 'pk') === 'b') throw new Error('what lane is b?');
    return 'lane';
  };

  it.each<[string, LaneKey, RegExp]>([
    ['as the function throws', noLaneOfB, /what lane is b/],
    [
      'as the function gives no text',
      ((record: StreamRecord) => (keyOf(record, 'pk') === 'b' ? 7 : 'lane')) as unknown as LaneKey,
      /lane function gave something of type number; give a string/,
    ],
  ])('fails, after those before it and before those behind it: %s', async (_why, lane, message) => {
    const { deliver, ran, errors } = noting({ lane });
    expect((await deliver('a1 a2 b1 a3')).firstUnfinished).toBe('3');
    expect(ran).toEqual(['a1', 'a2']);
    expect(errors).toEqual([expect.stringMatching(message), expect.stringMatching(message)]);
  });

  it('holds all that come after it also where others would go on, since each may be of its lane', async () => {
    const { router, ran } = noting({ lane: noLaneOfB });
    const slept: number[] = [];
    const stop = new AbortController();
    const clock = {
      now: () => 0,
      sleep: async (delayMs: number) => void (slept.push(delayMs) > 3 && stop.abort()),
    };
    const drain = createDrain(
      { ...router, clock },
      {
        order: 'lanes',
        afterFailure: { kind: 'retry', backoff: { delayMs: () => 5 } },
        signal: stop.signal,
      },
    );
    drain.offer(recordsOf('a1 b1 a2'));
    await drain.until(0);
    expect(ran).toEqual(['a1']);
    expect(drain.progress()).toMatchObject({ watermark: '1', attempts: { 2: { h: 4, other: 4 } } });
  });

  it('is given up by no middleware, as what comes after it would then overtake what came before it', async () => {
    const ran: string[] = [];
    const slow = Promise.withResolvers<void>();
    const router = createRouter({
      routes: [
        route.insert(shop, { id: 'h' }, async ({ keys }) => {
          if (keys['sk'] === 1) await slow.promise;
          ran.push(`${keys['pk']}${keys['sk']}`);
        }),
      ],
      middleware: {
        record: [
          async (_call, next) => {
            const outcome = await next();
            return outcome.kind === 'failed' ? neverAgain(outcome.error) : outcome;
          },
        ],
      },
      lane: noLaneOfB,
      order: 'lanes',
      logger: silent,
    });
    const delivered = runBatch(router, recordsOf('a1 b2 a3'), { memory: createProcessMemory() });
    await new Promise((resolve) => setImmediate(resolve));
    slow.resolve();
    expect((await delivered).firstUnfinished).toBe('2');
    expect(ran).toEqual(['a1']);
  });

  it('lacks the partition key that its table is said to have', async () => {
    const wrong = table('shop', { keys: { partition: 'id' } });
    const { deliver, errors } = noting({
      lane: 'partitionKey',
      routes: [route.insert(wrong, { id: 'h' }, () => undefined)],
    });
    expect((await deliver('a1')).firstUnfinished).toBe('1');
    expect(errors).toEqual([expect.stringMatching(/partition key "id", but the record has pk,sk/)]);
  });
});

describe('a lane key that is none', () => {
  it('is told at start', () => {
    const routes = [route.insert(shop, { id: 'h' }, () => undefined)];
    expect(() => createRouter({ routes, lane: 'partition' as LaneKey })).toThrow(
      /lane is partition; give item, partitionKey, unordered or a function/,
    );
  });
});
