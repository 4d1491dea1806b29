import {
  type Clock,
  createRouter,
  type FailurePolicy,
  type Random,
  route,
  type Store,
  type StreamRecord,
  type StreamsApi,
  table,
} from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { createLedger, parkedChanges, redrive } from '@sluice/ledger';
import { type PollOptions, poll } from '@sluice/poller';
import { memoryStore } from '@sluice/store';
import { lambdaEvent, seededRandom, simulateStreams, virtualClock } from '@sluice/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { hastyClock, silent, startEngineWorld } from './engine-world.js';

const world = await startEngineWorld();
afterAll(() => world?.stop());

/** Throws to fail. That it ends is the effect of the change. */
type Work = (change: string, clock: Clock) => Promise<void> | void;

interface SetUp {
  readonly shards?: number;
  readonly once?: boolean;
  readonly onFailure?: FailurePolicy;
}

/** A table `shop` in simulated streams, and pollers of a router with a ledger; the ledger and the checkpoints are in one store. */
function setUp({ shards = 1, once = false, onFailure = { action: 'park-item', attempts: 3 } }: SetUp = {}) {
  const clock = virtualClock();
  const streams = simulateStreams({ clock });
  const shop = streams.createTable({ name: 'shop', keys: { partition: 'pk' }, shards });
  const store = memoryStore();
  const effects: string[] = [];
  const tried: string[] = [];
  const attempts: number[] = [];
  const random: Random = seededRandom(7);
  const self = {
    clock,
    streams,
    shop,
    store,
    effects,
    tried,
    attempts,
    work,
    newRouter,
    start,
    parked,
    put,
    watermarks,
  };
  return self;

  function work(_change: string, _clock: Clock): ReturnType<Work> {}

  function newRouter(place: { readonly clock: Clock; readonly store: Store } = { clock, store }) {
    return createRouter({
      name: 'shop-mail',
      routes: route.on(
        table('shop', { keys: { partition: 'pk' } }),
        { id: 'mail', once, onFailure },
        async ({ record }, context) => {
          const change = changeIn(record);
          tried.push(change);
          attempts.push(context.attempt);
          await self.work(change, place.clock);
          effects.push(change);
        },
      ),
      ledger: createLedger(place.store, { claimMs: 10_000 }),
      clock: place.clock,
      random,
      logger: silent,
    });
  }

  /** A process of its own. After its death nothing that it waits for ever comes. */
  function start(options: Partial<PollOptions> = {}) {
    const life = { isOver: false };
    const place = { clock: mortalClock(clock, life), store: mortal(store, life) };
    const stopping = new AbortController();
    const polling = poll(newRouter(place), {
      streams: ['shop'],
      streamsApi: mortal(streams.api, life),
      store: place.store,
      signal: stopping.signal,
      ...options,
    });
    polling.catch(() => {}); // looked at when it is stopped
    return {
      stop() {
        stopping.abort();
        return clock.run(polling);
      },
      die() {
        life.isOver = true;
      },
    };
  }

  function put(...changes: readonly string[]): void {
    for (const change of changes) shop.put({ pk: change[0], change });
  }

  async function parked(): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const { record, reason } of parkedChanges(store, 'shop-mail').list()) {
      found.push(`${changeIn(record)} ${reason}`);
    }
    return found;
  }

  /** What the source is told: up to where each shard is done. */
  async function watermarks(): Promise<readonly unknown[]> {
    const rows = await store.list(`shop-mail|${shop.streamArn}`, 'S#', 100);
    return rows
      .filter(({ sk }) => sk.startsWith('S#'))
      .map(({ value }) => (value as { progress: { watermark?: string } }).progress.watermark);
  }
}

/** Its promises never settle any more once the life is over. */
function mortal<T extends Store | StreamsApi>(target: T, life: { readonly isOver: boolean }): T {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => until(life, member.apply(target, args));
    },
  });
}

function mortalClock(clock: Clock, life: { readonly isOver: boolean }): Clock {
  return { now: clock.now, sleep: (delayMs, signal) => until(life, clock.sleep(delayMs, signal)) };
}

function until<T>(life: { readonly isOver: boolean }, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    promise.then(
      (value) => life.isOver || resolve(value),
      (error: unknown) => life.isOver || reject(error),
    );
  });
}

function changeIn({ dynamodb }: StreamRecord): string {
  const { change } = dynamodb.NewImage ?? {};
  return change && 'S' in change ? change.S : '';
}

function failOn(...poison: readonly string[]): Work {
  return (change) => {
    if (poison.includes(change)) throw new Error('scripted');
  };
}

describe('a poller with a ledger', () => {
  test('parks what fails too often, and later changes of its item behind it; other items and the checkpoint go on', async () => {
    const scene = setUp();
    scene.work = failOn('A1');
    const poller = scene.start();
    scene.put('A1', 'B1', 'A2', 'B2');
    await scene.clock.advance(60_000);
    expect(scene.tried.filter((change) => change === 'A1')).toHaveLength(3);
    expect(scene.effects).toEqual(['B1', 'B2']);
    expect(await scene.parked()).toEqual(['A1 attempts', 'A2 behind']);
    scene.put('A3', 'C1');
    await scene.clock.advance(10_000);
    expect(scene.effects).toEqual(['B1', 'B2', 'C1']);
    expect(await scene.parked()).toEqual(['A1 attempts', 'A2 behind', 'A3 behind']);
    await poller.stop();
    expect(await scene.watermarks()).toEqual([
      scene.streams.written(scene.shop.streamArn).at(-1)?.dynamodb.SequenceNumber,
    ]);
  });

  test('counts attempts across restarts', async () => {
    const scene = setUp({ onFailure: { action: 'park-item', attempts: 5 } });
    scene.work = failOn('A1');
    scene.put('A1', 'B1');
    for (let restarts = 0; restarts < 5; restarts++) {
      const poller = scene.start();
      await scene.clock.advance(10);
      await poller.stop();
    }
    expect(scene.attempts).toEqual([1, 1, 2, 3, 4, 5]);
    expect(scene.effects).toEqual(['B1']);
    expect(await scene.parked()).toEqual(['A1 attempts']);
  });

  test('after a restart goes on to queue what follows a parked change, and repeats nothing', async () => {
    const scene = setUp();
    scene.work = failOn('A1');
    const first = scene.start();
    scene.put('A1', 'B1');
    await scene.clock.advance(60_000);
    await first.stop();
    scene.put('A2', 'B2');
    const second = scene.start();
    await scene.clock.advance(10_000);
    await second.stop();
    expect(scene.effects).toEqual(['B1', 'B2']);
    expect(await scene.parked()).toEqual(['A1 attempts', 'A2 behind']);
  });

  test('goes on by itself with an item whose queue a redrive has emptied meanwhile, in order', async () => {
    // The redrive takes 3 seconds, and changes of the item come in before, during and after it.
    for (let comesAfterMs = 0; comesAfterMs <= 4_500; comesAfterMs += 300) {
      const scene = setUp();
      const broken = { isBroken: true };
      scene.work = async (_change, clock) => {
        if (broken.isBroken) throw new Error('scripted');
        await clock.sleep(1_000);
      };
      const poller = scene.start();
      scene.put('A1', 'A2', 'A3');
      await scene.clock.advance(60_000);
      expect(await scene.parked()).toEqual(['A1 attempts', 'A2 behind', 'A3 behind']);
      broken.isBroken = false;

      const { clock } = scene;
      const redriving = redrive(scene.newRouter(), scene.store, 'all');
      void clock.sleep(comesAfterMs).then(() => scene.put('A4', 'A5'));
      await clock.advance(30_000);
      const { failed } = await clock.run(redriving);
      expect(failed).toEqual([]);
      scene.put('A6');
      await clock.advance(10_000);
      await poller.stop();
      expect(scene.effects, `after ${comesAfterMs} ms`).toEqual(['A1', 'A2', 'A3', 'A4', 'A5', 'A6']);
      expect(await scene.parked()).toEqual([]);
    }
  });

  test('acts once on each change with once, wherever it dies', async () => {
    for (let diesAfterMs = 0; diesAfterMs <= 2_000; diesAfterMs += 125) {
      const scene = setUp({ once: true });
      scene.work = (_change, clock) => clock.sleep(200);
      const first = scene.start();
      scene.put('A1', 'B1', 'A2', 'A3', 'B2');
      await scene.clock.advance(diesAfterMs);
      first.die();
      const second = scene.start();
      await scene.clock.advance(60_000);
      await second.stop();
      expect([...scene.effects].sort(), `after ${diesAfterMs} ms`).toEqual(['A1', 'A2', 'A3', 'B1', 'B2']);
      expect(scene.effects.filter((change) => change.startsWith('A'))).toEqual(['A1', 'A2', 'A3']);
    }
  });

  test('without once repeats no more than was done since its last checkpoint, and loses nothing', async () => {
    const scene = setUp();
    const first = scene.start();
    scene.put('A1', 'B1');
    await scene.clock.advance(20_000); // kept
    scene.put('A2', 'B2');
    await scene.clock.advance(1_500); // done, and not kept
    first.die();
    const second = scene.start();
    await scene.clock.advance(10_000);
    await second.stop();
    expect(scene.effects).toEqual(['A1', 'B1', 'A2', 'B2', 'A2', 'B2']);
  });

  test('parks each change once when it dies while it parks, and what follows queues', async () => {
    for (let calls = 0; calls <= 8; calls++) {
      const scene = setUp({ onFailure: { action: 'park-item', attempts: 1 } });
      scene.work = failOn('A1');
      const { put } = scene.store;
      let left = calls;
      const first = scene.start({ store: undefined });
      Object.assign(scene.store, {
        put: (...args: Parameters<Store['put']>) => {
          if (left-- === 0) first.die();
          return put.apply(scene.store, args);
        },
      });
      scene.put('A1', 'A2', 'B1');
      await scene.clock.advance(20_000);
      Object.assign(scene.store, { put });
      first.die();
      const second = scene.start();
      await scene.clock.advance(20_000);
      await second.stop();
      expect(
        (await scene.parked()).map((line) => line.split(' ')[0]),
        `at put ${calls}`,
      ).toEqual(['A1', 'A2']);
      expect(new Set(scene.effects)).toEqual(new Set(['B1']));
    }
  });

  test('children of the shard of a parked change queue too', async () => {
    const scene = setUp();
    scene.work = failOn('A1');
    const poller = scene.start();
    scene.put('A1', 'B1');
    await scene.clock.advance(60_000);
    scene.streams.split(scene.shop.ownerOf({ pk: 'A' }), 2);
    scene.put('A2', 'B2');
    await scene.clock.advance(60_000);
    expect(await scene.parked()).toEqual(['A1 attempts', 'A2 behind']);
    scene.work = () => {};
    scene.streams.roll(scene.shop.ownerOf({ pk: 'A' }));
    await scene.clock.run(redrive(scene.newRouter(), scene.store, 'all'));
    scene.put('A3');
    await scene.clock.advance(120_000);
    await poller.stop();
    expect(scene.effects).toEqual(['B1', 'B2', 'A1', 'A2', 'A3']);
  });

  test('children wait for a change of their parent shard that fails, until it is parked', async () => {
    const scene = setUp();
    scene.work = failOn('A1');
    scene.put('A1', 'B1');
    scene.streams.split(scene.shop.ownerOf({ pk: 'A' }), 2);
    scene.put('A2', 'B2');
    const poller = scene.start();
    await scene.clock.advance(120_000);
    await poller.stop();
    expect(scene.effects).toEqual(['B1', 'B2']);
    expect(await scene.parked()).toEqual(['A1 attempts', 'A2 behind']);
  });
});

describe('a router that is behind Lambda and in the poller, with one name and one store', () => {
  test('keeps what either keeps apart: neither loses, repeats or stops what the other does', async () => {
    const scene = setUp({ onFailure: { action: 'block' } });
    scene.work = failOn('A1');
    scene.put('A1', 'B1');
    const records = scene.streams.written(scene.shop.streamArn);
    const deliver = () => scene.clock.run(lambda(scene.newRouter())(lambdaEvent(records)));
    const first = scene.start();
    await scene.clock.advance(20_000);
    const told = { batchItemFailures: [{ itemIdentifier: records[0]?.dynamodb.SequenceNumber }] };
    expect(await deliver()).toEqual(told);
    expect(await deliver()).toEqual(told);
    await first.stop();
    const second = scene.start();
    await scene.clock.advance(20_000);
    expect(scene.effects).toEqual(['B1', 'B1']); // once in each
    scene.work = () => {};
    expect(await deliver()).toEqual({ batchItemFailures: [] });
    await scene.clock.advance(60_000);
    await second.stop();
    expect(scene.effects).toEqual(['B1', 'B1', 'A1', 'A1']);
    expect(await scene.watermarks()).toEqual([records.at(-1)?.dynamodb.SequenceNumber]);
  });

  test('runs a handler with once once for an event that both of them bring', async () => {
    const scene = setUp({ once: true });
    scene.put('A1', 'B1', 'A2');
    const records = scene.streams.written(scene.shop.streamArn);
    await scene.clock.run(lambda(scene.newRouter())(lambdaEvent(records.slice(0, 2))));
    const poller = scene.start();
    await scene.clock.advance(20_000);
    await poller.stop();
    expect(scene.effects).toEqual(['A1', 'B1', 'A2']);
  });

  test('what one of them has parked has later changes queue in the other', async () => {
    const scene = setUp({ onFailure: { action: 'park-item', attempts: 1 } });
    scene.work = failOn('A1');
    scene.put('A1', 'A2');
    const [first, second] = scene.streams.written(scene.shop.streamArn);
    if (!first || !second) throw new Error('There are two.');
    await scene.clock.run(lambda(scene.newRouter())(lambdaEvent([first])));
    const poller = scene.start();
    await scene.clock.advance(20_000);
    await poller.stop();
    expect(scene.effects).toEqual([]);
    expect((await scene.parked()).map((line) => line.split(' ')[0])).toEqual(['A1', 'A2']);
  });
});

describe.skipIf(!world)('a poller on a real engine, whose checkpoints and ledger are in a real table', () => {
  test('goes on after a restart where it was, with what it has parked, though each reply of a write is lost now and then', async () => {
    if (!world) return;
    const { engine, proxy } = world;
    const shop = await world.newShop();
    const rows = await world.newStoreTable();
    const effects: string[] = [];
    const broken = { isBroken: true };
    let settled = 0;
    for (const change of ['A1', 'B1', 'A2', 'B2']) await shop.put({ pk: change[0], change });
    await runUntilSettled(4);
    for (const change of ['B3', 'A3', 'B4']) await shop.put({ pk: change[0], change });
    await runUntilSettled(7);
    expect(effects).toEqual(['B1', 'B2', 'B3', 'B4']);
    broken.isBroken = false;
    const store = rows.open();
    const { done, failed } = await redrive(newRouter(store), store, 'all');
    expect([done.length, failed]).toEqual([3, []]);
    await shop.put({ pk: 'A', change: 'A4' });
    await runUntilSettled(8);
    expect(effects).toEqual(['B1', 'B2', 'B3', 'B4', 'A1', 'A2', 'A3', 'A4']);

    function newRouter(store: Store, onSettled = () => {}) {
      return createRouter({
        name: 'shop-mail',
        routes: route.on(
          table(shop.name, { keys: { partition: 'pk' } }),
          { id: 'mail', onFailure: { action: 'park-item', attempts: 2 } },
          ({ record }) => {
            const change = changeIn(record);
            if (broken.isBroken && change.startsWith('A')) throw new Error('scripted');
            effects.push(change);
            onSettled();
          },
        ),
        ledger: createLedger(store),
        clock: hastyClock(),
        logger: { ...silent, error: onMessage, info: onMessage },
      });

      function onMessage(_fields: object, message: string): void {
        if (message.startsWith('change parked')) onSettled();
      }
    }

    /** A process that ends in an orderly way when so many changes altogether are done or parked. */
    async function runUntilSettled(count: number): Promise<void> {
      const store = rows.open();
      const stopping = new AbortController();
      const { region, endpoint, credentials } = engine;
      proxy.loseReply(2, 'PutItem');
      const router = newRouter(store, () => {
        settled += 1;
        if (settled === count) stopping.abort();
      });
      await poll(router, {
        streams: [shop.name],
        region,
        endpoint,
        credentials,
        store,
        signal: stopping.signal,
      });
    }
  });
});
