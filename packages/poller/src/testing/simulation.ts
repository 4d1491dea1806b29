import {
  type Clock,
  ConfigurationError,
  compareSequenceNumbers,
  createRouter,
  type Random,
  type Row,
  route,
  type StreamRecord,
  type StreamsApi,
  table,
} from '@sluice/core';
import {
  type SimulatedStreams,
  type SimulatedTable,
  type StreamsOperation,
  seededRandom,
  simulateStreams,
  storeThrough,
  virtualClock,
} from '@sluice/testing';
import fc from 'fast-check';
import { poll } from '../poll.js';
import { rowStore } from './row-store.js';

/** One step of a story: something happens to the stream, the service or the process, or time goes by. */
export type Step =
  | { readonly kind: 'write'; readonly count: number }
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'split'; readonly shard: number; readonly children: number; readonly late: boolean }
  | {
      readonly kind:
        | 'reveal'
        | 'freeze'
        | 'thaw'
        | 'expire'
        | 'restart'
        | 'crash'
        | 'store away'
        | 'replies lost';
    }
  | {
      readonly kind: 'fault';
      readonly operation: StreamsOperation;
      readonly name: string;
      readonly times: number;
    }
  | { readonly kind: 'empty pages'; readonly shard: number; readonly count: number };

const simple = [
  'reveal',
  'freeze',
  'thaw',
  'expire',
  'restart',
  'crash',
  'store away',
  'replies lost',
] as const;

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('write' as const), count: fc.integer({ min: 1, max: 25 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        delayMs: fc.integer({ min: 0, max: 20_000 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('split' as const),
        shard: fc.nat(9),
        children: fc.integer({ min: 1, max: 3 }),
        late: fc.boolean(),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom(...simple) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('fault' as const),
        operation: fc.constantFrom<StreamsOperation>('describeStream', 'getShardIterator', 'getRecords'),
        name: fc.constantFrom('ThrottlingException', 'InternalServerError', 'TimeoutError'),
        times: fc.integer({ min: 1, max: 4 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('empty pages' as const),
        shard: fc.nat(9),
        count: fc.integer({ min: 1, max: 5 }),
      }),
    },
  ),
  { minLength: 5, maxLength: 40 },
);

/**
 * Plays a story from a seed, with handlers that take time and fail now and then, lets everything come to rest, and
 * checks what the poller promises. Throws an `Error` that says what was broken.
 */
export async function play(seed: number, story: readonly Step[]): Promise<void> {
  const clock = virtualClock();
  const random = seededRandom(seed);
  const streams = simulateStreams({
    clock,
    seed,
    listing: pick(random, ['by-id', 'shuffled']),
    shortPageChance: 0.3,
  });
  const shop = streams.createTable({
    name: 'shop',
    keys: { partition: 'pk' },
    shards: 1 + Math.floor(random() * 3),
  });
  const handled: string[] = [];
  let calm = false;
  const store = rowStore((row) => checkRow(row, streams, shop, handled));

  let processes = 0;
  let process = begin();
  for (const step of story) await perform(step);

  calm = true;
  streams.heal();
  streams.reveal();
  streams.thawListing(shop.streamArn);
  store.heal();
  await clock.advance(15_000);
  for (let round = 0; round < 60 && new Set(handled).size < streams.written(shop.streamArn).length; round++) {
    await clock.advance(15_000);
  }
  await process.stop();
  checkDeliveries(streams, shop, handled, !story.some(({ kind }) => kind === 'crash'));
  if (clock.wakeTimes().some(Number.isFinite) && processes === 1) throw new Error('a timer was left behind');

  async function perform(step: Step): Promise<void> {
    const open = shop.openShards();
    switch (step.kind) {
      case 'write':
        for (let n = 0; n < step.count; n++)
          shop.put({ pk: `item-${Math.floor(random() * 12)}`, value: random() });
        return;
      case 'wait':
        return clock.advance(step.delayMs);
      case 'split':
        streams.split(open[step.shard % open.length] as string, step.children, {
          lateChild: step.late,
          lateEnd: step.late,
        });
        return;
      case 'reveal':
        return streams.reveal();
      case 'freeze':
        return streams.freezeListing(shop.streamArn);
      case 'thaw':
        return streams.thawListing(shop.streamArn);
      case 'store away':
        return store.failPuts('unwritten', 3);
      case 'replies lost':
        return store.failPuts('reply lost', 2);
      case 'fault':
        return streams.fail(step.operation, step.name, step);
      case 'expire':
        return streams.expireIterators();
      case 'empty pages':
        return streams.emptyPages(open[step.shard % open.length] as string, step.count);
      case 'restart':
        await process.stop();
        process = begin();
        return;
      case 'crash':
        process.crash();
        process = begin();
    }
  }

  /** A process of its own: after its crash nothing that it waits for ever comes. */
  function begin() {
    processes++;
    let alive = true;
    const mortal = <T>(promise: Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        promise.then(
          (value) => alive && resolve(value),
          (error: unknown) => alive && reject(error),
        );
      });
    const mortalClock: Clock = {
      now: clock.now,
      sleep: (delayMs, signal) => mortal(clock.sleep(delayMs, signal)),
    };
    const router = createRouter({
      name: 'test',
      clock: mortalClock,
      random,
      concurrency: 1 + Math.floor(random() * 10),
      logger: silent,
      routes: [
        route.on(table('shop', { keys: { partition: 'pk' } }), { id: 'note' }, async ({ record }) => {
          await mortalClock.sleep(Math.floor(random() * 400));
          if (!calm && random() < 0.15) throw new Error('scripted');
          handled.push(record.dynamodb.SequenceNumber);
        }),
      ],
    });
    const stopping = new AbortController();
    const options = {
      streams: ['shop'],
      streamsApi: mortalApi(streams.api, mortal),
      store: storeThrough(store, (call) => mortal(call())),
      signal: stopping.signal,
      maxAhead: Math.floor(random() * 40),
    };
    // A start gives up on a service that it cannot reach for long; what looks after the process then begins it anew.
    const start = (): Promise<void> =>
      poll(router, options).catch((error: unknown) => {
        if (error instanceof ConfigurationError && !stopping.signal.aborted) return start();
        throw error;
      });
    const end = mortal(start());
    end.catch(() => {});
    return {
      stop() {
        stopping.abort();
        return clock.run(end);
      },
      crash() {
        alive = false;
      },
    };
  }
}

type Mortal = <T>(promise: Promise<T>) => Promise<T>;

function mortalApi(api: StreamsApi, mortal: Mortal): StreamsApi {
  return {
    listStreams: (input, signal) => mortal(api.listStreams(input, signal)),
    describeStream: (input, signal) => mortal(api.describeStream(input, signal)),
    getShardIterator: (input, signal) => mortal(api.getShardIterator(input, signal)),
    getRecords: (input, signal) => mortal(api.getRecords({ ...input, Limit: 20 }, signal)),
  };
}

/** What is kept of a shard is done, and what is kept of a child comes after all of its parent. */
function checkRow(
  row: Row,
  streams: SimulatedStreams,
  shop: SimulatedTable,
  handled: readonly string[],
): void {
  const shards = streams.shards(shop.streamArn);
  const shard = shards.find(({ shardId }) => row.sk === `S#${shardId}`);
  if (!shard) return;
  const done = new Set(handled);
  const { state, progress } = row.value as { state: string; progress: { watermark?: string; done: object } };
  const numbers = shard.records.map(sequenceNumber);
  const claimed = numbers.filter(
    (number) =>
      state === 'DONE' ||
      number in progress.done ||
      (progress.watermark !== undefined && compareSequenceNumbers(number, progress.watermark) <= 0),
  );
  for (const number of claimed) {
    if (!done.has(number))
      throw new Error(`the checkpoint of ${shard.shardId} says that ${number} is done, and it is not`);
  }
  const parent = shards.find(({ shardId }) => shardId === shard.parentShardId);
  const missing = parent?.records.map(sequenceNumber).find((number) => !done.has(number));
  if (missing) throw new Error(`${shard.shardId} has a checkpoint, and ${missing} of its parent is not done`);
}

function checkDeliveries(
  streams: SimulatedStreams,
  shop: SimulatedTable,
  handled: readonly string[],
  once: boolean,
): void {
  const written = streams.written(shop.streamArn);
  const place = new Map([...handled.entries()].reverse().map(([index, number]) => [number, index])); // the first one of each
  const lost = written.map(sequenceNumber).filter((number) => !place.has(number));
  if (lost.length > 0)
    throw new Error(`${lost.length} of ${written.length} records were lost, the first is ${lost[0]}`);
  if (once && handled.length > written.length)
    throw new Error(`${handled.length - written.length} records came twice without a crash`);
  for (const [item, records] of Map.groupBy(written, ({ dynamodb }) => JSON.stringify(dynamodb.Keys))) {
    const places = records.map((record) => place.get(sequenceNumber(record)) ?? -1);
    if (places.some((at, n) => at < (places[n - 1] ?? -1)))
      throw new Error(`the changes of ${item} came out of order`);
  }
}

const sequenceNumber = ({ dynamodb }: StreamRecord) => dynamodb.SequenceNumber;

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)] as T;
}
