import {
  createRouter,
  handled,
  neverAgain,
  not,
  type Outcome,
  type RouterOptions,
  retryLater,
  route,
  type Store,
  skipped,
  table,
} from '@sluice/core';
import { faultyStore } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { createLedger } from './ledger.js';
import { parkedChanges } from './parked-changes.js';
import { changeKey, markKey, queueOf } from './parked-rows.js';
import { type RedriveOptions, redrive } from './redrive.js';
import {
  collected,
  handlerId,
  type ParkedWorld,
  parkedWorld,
  routerName,
  routerOf,
  shop,
  silentLogger,
  worldWith,
} from './testing/parked.js';

const left = async (world: ParkedWorld) =>
  (await collected(parkedChanges(world.store, routerName, world).list())).map(({ id }) => id).sort();
const idsOf = (world: ParkedWorld, ...ns: number[]) => ns.map((n) => world.id(n));
const none = { planned: [], done: [], failed: [], stale: [], noRoute: [], behind: [], busy: [] };

describe('a redrive', () => {
  it('runs what is parked, item by item in order, and frees the items', async () => {
    const world = await worldWith('ABAAB');
    const ran: number[] = [];
    const report = await redrive(
      routerOf(world, (n) => void ran.push(n)),
      world.store,
      'all',
    );
    expect(ran.toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(ran.filter((n) => [0, 2, 3].includes(n))).toEqual([0, 2, 3]);
    expect(report).toEqual({ ...none, done: ran.map((n) => world.id(n)) });
    expect((await world.parking()).size).toBe(0);
    expect(
      await redrive(
        routerOf(world, () => undefined),
        world.store,
        'all',
      ),
    ).toEqual(none);
  });

  it('stops an item at the first change that is not done, with one attempt more; other items go on', async () => {
    const world = await worldWith('ABAB');
    const attempts: number[] = [];
    const router = routerOf(world, (n, attempt) => {
      attempts.push(attempt);
      if (n === 0) throw new TypeError('still no');
    });
    const report = await redrive(router, world.store, 'all');
    expect(report).toMatchObject({
      done: idsOf(world, 1, 3),
      failed: [{ id: world.id(0), error: new TypeError('still no') }],
      behind: idsOf(world, 2),
    });
    expect(attempts).toEqual([11, 11, 11]);
    const changes = parkedChanges(world.store, routerName, world);
    expect(await changes.get(world.id(0))).toMatchObject({
      attempts: 11,
      reason: 'attempts',
      error: { name: 'TypeError', message: 'still no' },
    });
    expect((await changes.get(world.id(0)))?.runningUntilMs).toBeUndefined();
    expect((await world.parking()).size).toBe(1);
  });

  it.each<[string, Outcome, object]>([
    ['is handled is done', handled, { done: [expect.any(String)], failed: [] }],
    ['is skipped is done', skipped('no need'), { done: [expect.any(String)], failed: [] }],
    [
      'is given up for good stays',
      neverAgain('never'),
      { done: [], failed: [{ error: { message: 'never' } }] },
    ],
    ['is to come later stays', retryLater('later'), { done: [], failed: [{ error: { message: 'later' } }] }],
  ])('what %s', async (_what, outcome, report) => {
    const world = await worldWith('A');
    expect(
      await redrive(
        routerOf(world, async () => outcome),
        world.store,
        'all',
      ),
    ).toMatchObject(report);
  });

  it('counts what is given up as an attempt, and what is to come later as none', async () => {
    const world = await worldWith('AB');
    const router = routerOf(world, async (n) => (n === 0 ? neverAgain('never') : retryLater('later')));
    await redrive(router, world.store, 'all');
    const changes = parkedChanges(world.store, routerName, world);
    expect(await changes.get(world.id(0))).toMatchObject({ attempts: 11, reason: 'never-again' });
    expect(await changes.get(world.id(1))).toMatchObject({ attempts: 10, error: { message: 'no 1' } });
  });

  it('takes the way that all records take, in that handler alone, and no policy applies', async () => {
    const world = await worldWith('A');
    const ran: string[] = [];
    const layer = (name: string) => async (_call: unknown, next: () => Promise<Outcome>) => {
      ran.push(name);
      return next();
    };
    const router = createRouter({
      name: routerName,
      logger: silentLogger,
      ledger: createLedger(world.store),
      clock: world.clock,
      routes: [
        route.on(shop, { id: handlerId, onFailure: 'drop' }, () => {
          ran.push('handler');
          throw new Error('no');
        }),
        route.on(shop, { id: 'other' }, () => void ran.push('other')),
      ],
      middleware: { batch: [layer('batch')], record: [layer('record')], handler: [layer('call')] },
    });
    expect((await redrive(router, world.store, 'all')).failed).toHaveLength(1);
    expect(ran).toEqual(['batch', 'record', 'call', 'handler']);
    expect(await left(world)).toEqual(idsOf(world, 0));
  });

  it.each<[string, NonNullable<RouterOptions['middleware']>, string]>([
    ['ends without the handler', { batch: [async () => skipped('no')] }, 'No handler was reached'],
    [
      'takes back what the handler did',
      { record: [async (_call, next) => ((await next()).kind === 'handled' ? retryLater('no') : handled)] },
      'did not let its outcome count',
    ],
  ])('leaves a change when a layer %s', async (_what, middleware, message) => {
    const world = await worldWith('A');
    const report = await redrive(
      routerOf(world, () => undefined, { middleware }),
      world.store,
      'all',
    );
    expect(report.failed).toMatchObject([
      { id: world.id(0), error: { message: expect.stringContaining(message) } },
    ]);
    expect(await parkedChanges(world.store, routerName, world).get(world.id(0))).toMatchObject({
      attempts: 10,
    });
  });

  it('of a handler, an item or one change leaves the others', async () => {
    const world = await worldWith('ABAC');
    await world.park(1, 'record', { handlerId: 'mail.other' });
    const router = routerOf(world, () => undefined);
    const { Keys: keys } = world.failure(0).record.dynamodb;
    expect((await redrive(router, world.store, { id: world.id(3) })).done).toEqual(idsOf(world, 3));
    expect((await redrive(router, world.store, { keys })).done).toEqual(idsOf(world, 0, 2));
    expect((await redrive(router, world.store, { handlerId })).done).toEqual(idsOf(world, 1));
    expect(await left(world)).toEqual([world.id(1, 'mail.other')]);
  });

  it('of one change does not run it before earlier ones of its item that are parked', async () => {
    const world = await worldWith('AA');
    const router = routerOf(world, () => undefined);
    expect(await redrive(router, world.store, { id: world.id(1) })).toEqual({
      ...none,
      behind: idsOf(world, 1),
    });
    expect((await redrive(router, world.store, { id: world.id(0) })).done).toEqual(idsOf(world, 0));
    expect((await world.parking()).size).toBe(1);
    expect((await redrive(router, world.store, { id: world.id(1) })).done).toEqual(idsOf(world, 1));
    expect((await world.parking()).size).toBe(0);
  });

  it('lets nothing wait for a change that was parked alone', async () => {
    const world = parkedWorld('AAA');
    for (const n of [0, 1, 2]) await world.park(n, 'record');
    const router = routerOf(world, (n) => {
      if (n === 0) throw new Error('no');
    });
    expect((await redrive(router, world.store, { id: world.id(2) })).done).toEqual(idsOf(world, 2));
    const report = await redrive(router, world.store, 'all');
    expect(report).toMatchObject({ done: idsOf(world, 1), failed: [{ id: world.id(0) }], behind: [] });
    const mark = markKey(queueOf(routerName, handlerId, world.failure(0).record), 'A');
    expect(await world.store.get(mark.pk, mark.sk)).toBeDefined();
    await redrive(
      routerOf(world, () => undefined),
      world.store,
      'all',
    );
    expect(await world.store.get(mark.pk, mark.sk)).toBeUndefined();
  });

  it('leaves changes whose handler is gone, or does not match them any more, and what is behind these', async () => {
    const world = await worldWith('AA');
    await world.park(1, 'record', { handlerId: 'mail.gone' });
    const router = createRouter({
      name: routerName,
      logger: silentLogger,
      ledger: createLedger(world.store),
      routes: route.on(shop, { id: handlerId, when: not(shop.attr('n').is(0)) }, () => undefined),
    });
    expect(await redrive(router, world.store, 'all')).toEqual({
      ...none,
      noRoute: [world.id(1, 'mail.gone'), world.id(0)].sort(),
      behind: idsOf(world, 1),
    });
    const elsewhere = createRouter({
      name: routerName,
      ledger: createLedger(world.store),
      routes: route.on(table('other', { keys: { partition: 'pk' } }), { id: handlerId }, () => undefined),
    });
    expect((await redrive(elsewhere, world.store, { id: world.id(0) })).noRoute).toEqual(idsOf(world, 0));
  });

  it('that is dry tells what it would run, and changes nothing', async () => {
    const world = await worldWith('ABA');
    const before = JSON.stringify(await world.store.list(`${routerName}|${world.streamArn}`, '', 100));
    const ran: number[] = [];
    const router = routerOf(world, (n) => void ran.push(n));
    const report = await redrive(router, world.store, 'all', { dryRun: true });
    expect({ ...report, planned: report.planned.toSorted() }).toEqual({
      ...none,
      planned: idsOf(world, 0, 1, 2).sort(),
    });
    expect(ran).toEqual([]);
    expect(JSON.stringify(await world.store.list(`${routerName}|${world.streamArn}`, '', 100))).toBe(before);
    expect(await left(world)).toHaveLength(3);
  });

  it('asks of the last change of a queue whether it is stale, and leaves all of the queue if so', async () => {
    const world = await worldWith('ABA');
    const asked: number[] = [];
    const report = await redrive(
      routerOf(world, () => undefined),
      world.store,
      'all',
      {
        isStale: async ({ record }) => {
          asked.push(world.indexOf(record));
          return world.indexOf(record) === 2;
        },
      },
    );
    expect(report).toEqual({ ...none, done: idsOf(world, 1), stale: idsOf(world, 0, 2) });
    expect(asked.toSorted()).toEqual([1, 2]);
  });

  it('leaves a queue of which nobody can tell whether it is stale', async () => {
    const world = await worldWith('AB');
    const isStale = async ({ id }: { readonly id: string }) => {
      if (id === world.id(0)) throw new Error('no table');
      return false;
    };
    const report = await redrive(
      routerOf(world, () => undefined),
      world.store,
      'all',
      { isStale },
    );
    expect(report).toMatchObject({
      done: idsOf(world, 1),
      failed: [{ id: world.id(0), error: new Error('no table') }],
    });
  });

  it('waits for a change that is being parked while it empties the queue, and runs it too', async () => {
    const world = await worldWith('AA');
    await parkedChanges(world.store, routerName, world).discard({ id: world.id(1) });
    const fresh = parkedWorld('AAA', {}, world.store);
    const slow: Store = {
      ...world.store,
      async put(row, version) {
        if (row.sk.endsWith('03')) await fresh.clock.sleep(3_000);
        return world.store.put(row, version);
      },
    };
    const parking = await fresh.parking({}, slow);
    const parked = parking.park(fresh.failure(2), 'behind', fresh.context());
    const redriving = redrive(
      routerOf(fresh, () => undefined),
      world.store,
      'all',
    );
    expect((await fresh.clock.run(redriving)).done).toEqual(idsOf(fresh, 0, 2));
    expect(await parked).toBe('parked');
    expect((await fresh.parking()).size).toBe(0);
  });

  it('waits for a change that was announced, and lets go of the mark when it does not come: later changes run then', async () => {
    const world = parkedWorld('AA');
    const late = Promise.withResolvers<void>();
    const slow: Store = {
      ...world.store,
      put: async (row, version) => {
        if (row.sk.startsWith('0')) await late.promise;
        return world.store.put(row, version);
      },
    };
    const parking = await world.parking({}, slow);
    parking.park(world.failure(0), 'item', world.context()).catch(() => undefined);
    await world.clock.advance(20_000);
    const router = routerOf(world, () => undefined);
    expect(await world.clock.run(redrive(router, world.store, 'all'))).toEqual(none);
    expect((await world.parking()).size).toBe(0);
    late.resolve(); // the put of a source that is over
    await world.clock.advance(1_000);
    expect(await left(world)).toEqual([]);
    expect((await world.parking()).size).toBe(0);
  });

  it.each(['item', 'behind'] as const)(
    'does not pass over a change that its source, which stood still, puts after that: %s',
    async (mode) => {
      const world = parkedWorld('AA');
      if (mode === 'behind') await (await world.parking()).park(world.failure(0), 'item', world.context());
      const thaw = Promise.withResolvers<void>();
      let isFrozen = false;
      const still: Store = {
        ...world.store,
        put: async (row, version) => {
          if (row.sk.startsWith('0')) {
            isFrozen = true;
            await thaw.promise;
          }
          return world.store.put(row, version);
        },
      };
      // Its clock has stood still as well, so that its time is not up when it goes on.
      const nowMs = world.clock.now();
      const clock = { now: () => nowMs, sleep: () => new Promise<void>(() => undefined) };
      const frozen = { ...world.context(), clock };
      const parking = await world.parking({}, still);
      const n = mode === 'behind' ? 1 : 0;
      const parked = parking.park(world.failure(n), mode, frozen);
      parked.catch(() => undefined);
      await world.clock.advance(20_000);
      expect(isFrozen).toBe(true);
      const router = routerOf(world, () => undefined);
      await world.clock.run(redrive(router, world.store, 'all'));
      expect((await world.parking()).size).toBe(0);
      thaw.resolve();
      await world.clock.advance(1_000);
      expect(await parked).toBe('parked');
      expect((await world.parking()).size).toBe(1);
      expect((await world.clock.run(redrive(router, world.store, 'all'))).done).toEqual([world.id(n)]);
      expect((await world.parking()).size).toBe(0);
    },
  );

  it('needs the name that the changes were parked under', async () => {
    const world = await worldWith('A');
    const router = createRouter({ routes: route.on(shop, { id: handlerId }, () => undefined) });
    await expect(redrive(router, world.store, 'all')).rejects.toThrow('give createRouter a name');
  });

  it('needs the ledger, with which once handlers claim', async () => {
    const world = await worldWith('A');
    const router = createRouter({
      name: routerName,
      routes: route.on(shop, { id: handlerId }, () => undefined),
    });
    await expect(redrive(router, world.store, 'all')).rejects.toThrow(TypeError);
    await expect(redrive(router, world.store, 'all')).rejects.toThrow('give createRouter its ledger');
  });

  it('ends between two changes when it is aborted, and the handler hears of it', async () => {
    const world = await worldWith('AAA');
    const ending = new AbortController();
    const router = routerOf(world, (n, _attempt, signal) => {
      if (n !== 1) return;
      ending.abort(new Error('stop'));
      signal.throwIfAborted();
    });
    const report = await redrive(router, world.store, 'all', { signal: ending.signal });
    expect(report).toMatchObject({
      done: idsOf(world, 0),
      failed: [{ id: world.id(1), error: new Error('stop') }],
    });
    expect(await left(world)).toEqual(idsOf(world, 1, 2));
    expect(await parkedChanges(world.store, routerName, world).get(world.id(1))).toMatchObject({
      attempts: 10,
    });
  });

  it('keeps what was done when it was aborted, also when the store fails just then', async () => {
    const world = await worldWith('A');
    const { store, faults } = faultyStore(world.store);
    const ending = new AbortController();
    const router = routerOf(world, () => {
      ending.abort();
      faults.throttle(2);
    });
    const redriving = redrive(router, store, 'all', { signal: ending.signal });
    expect((await world.clock.run(redriving)).done).toEqual([world.id(0)]);
    expect(await left(world)).toEqual([]);
    expect((await world.parking()).size, 'later changes would queue behind nothing').toBe(0);
  });
});

describe('a redrive of many items', () => {
  /** How many handlers were at work at most. */
  async function mostAtOnce(options: RedriveOptions, more: Partial<RouterOptions> = {}): Promise<number> {
    const world = await worldWith('ABCDEFABCDEF');
    const ran: number[] = [];
    let running = 0;
    let most = 0;
    const router = routerOf(
      world,
      async (n) => {
        ran.push(n);
        most = Math.max(most, ++running);
        await world.clock.sleep(100 - n);
        running--;
      },
      more,
    );
    const { done } = await world.clock.run(redrive(router, world.store, 'all', options));
    expect(done).toHaveLength(12);
    for (let n = 0; n < 6; n++) expect(ran.indexOf(n), 'in order').toBeLessThan(ran.indexOf(n + 6));
    return most;
  }

  it.each<[string, RedriveOptions, Partial<RouterOptions>, number]>([
    ['as many as it is told', { concurrency: 3 }, {}, 3],
    ['as many as the router has records in hand', {}, { concurrency: 4 }, 4],
    ['one where the router runs one record after another', {}, { order: 'strict' }, 1],
    ['one where a lane holds more than an item', {}, { lane: 'partitionKey', onFailure: 'block' }, 1],
  ])('has %s at a time, and those of an item in order', async (_what, options, more, expected) => {
    expect(await mostAtOnce(options, more)).toBe(expected);
  });

  it('begins no further change after so many failures; the others stay as they were', async () => {
    const world = await worldWith('ABBCDEFGH');
    let ran = 0;
    const router = routerOf(world, () => {
      ran++;
      throw new Error('away');
    });
    const report = await redrive(router, world.store, 'all', { maxFailures: 2, concurrency: 1 });
    expect(report.failed).toHaveLength(2);
    expect(ran).toBe(2);
    const tried = report.failed.map(({ id }) => id);
    for await (const { id, attempts } of parkedChanges(world.store, routerName, world).list()) {
      expect(attempts).toBe(tried.includes(id) ? 11 : 10);
    }
    expect(await left(world)).toHaveLength(9);
    const beside = await redrive(router, world.store, 'all', { maxFailures: 2, concurrency: 3 });
    expect(beside.failed.length).toBeGreaterThanOrEqual(2);
    expect(beside.failed.length).toBeLessThanOrEqual(4);
  });

  it('does not count as failures what was not run', async () => {
    const world = await worldWith('AB');
    const isStale = async ({ id }: { readonly id: string }) => {
      if (id === world.id(0)) throw new Error('no table');
      return false;
    };
    const router = routerOf(world, () => undefined);
    const { done } = await redrive(router, world.store, 'all', { isStale, maxFailures: 1, concurrency: 1 });
    expect(done).toEqual(idsOf(world, 1));
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %d at a time, and %d failures', async (value) => {
    const world = await worldWith('A');
    const router = routerOf(world, () => undefined);
    for (const options of [{ concurrency: value }, { maxFailures: value }]) {
      const redriving = redrive(router, world.store, 'all', options);
      await expect(redriving).rejects.toThrow(TypeError);
      await expect(redriving).rejects.toThrow('give a whole number from 1 up');
    }
  });

  it('that ends since the store is away tells what was done until then, and why it ended', async () => {
    const world = await worldWith('ABCD');
    let isAway = false;
    const away = () => Promise.reject(new Error('away'));
    const store: Store = {
      ...world.store,
      list: (pk, from, limit) => (isAway ? away() : world.store.list(pk, from, limit)),
      put: (row, version) => (isAway ? away() : world.store.put(row, version)),
    };
    let ran = 0;
    const router = routerOf(world, () => {
      ran++;
      isAway = ran === 3;
    });
    const stopped = await world.clock
      .run(redrive(router, store, 'all', { concurrency: 1 }))
      .catch((error: unknown) => error);
    expect(stopped).toMatchObject({
      name: 'RedriveStoppedError',
      code: 'REDRIVE_STOPPED',
      report: { done: [expect.any(String), expect.any(String)], failed: [] },
      cause: new Error('away'),
    });
    isAway = false;
    await world.clock.advance(61_000);
    expect((await redrive(router, world.store, 'all')).done).toHaveLength(2);
  });

  it('ends what else it has in hand before it tells that the store was away', async () => {
    const world = await worldWith('AB');
    const held = Promise.withResolvers<void>();
    let failing = '';
    const store: Store = {
      ...world.store,
      put: (row, version) =>
        row.pk === failing ? Promise.reject(new Error('away')) : world.store.put(row, version),
    };
    const router = routerOf(world, (n) => {
      if (n === 1) return held.promise;
      const { record } = world.failure(0);
      failing = changeKey(queueOf(routerName, handlerId, record), '1').pk;
      return undefined;
    });
    const redriving = redrive(router, store, 'all').catch((error: unknown) => error);
    await world.clock.advance(15_000);
    held.resolve();
    expect(await world.clock.run(redriving)).toMatchObject({ report: { done: idsOf(world, 1) } });
  });

  it('is refused as it was before for what selects nothing', async () => {
    const world = await worldWith('A');
    const router = routerOf(world, () => undefined);
    await expect(redrive(router, world.store, { id: 'none' })).rejects.toThrow(TypeError);
  });
});

describe('two redrives', () => {
  it('run no change twice: one has it in hand for as long as its handler takes', async () => {
    const world = await worldWith('AAB');
    const first = Promise.withResolvers<void>();
    let ran = 0;
    const slow = redrive(
      routerOf(world, (n) => {
        ran++;
        return n === 0 ? first.promise : undefined;
      }),
      world.store,
      'all',
    );
    await world.clock.advance(600_000);
    const other = await redrive(
      routerOf(world, () => void ran++),
      world.store,
      'all',
    );
    expect(other).toMatchObject({ busy: idsOf(world, 0), behind: idsOf(world, 1) });
    first.resolve();
    const { done } = await world.clock.run(slow);
    expect([...done, ...other.done].toSorted()).toEqual(idsOf(world, 0, 1, 2).toSorted());
    expect(ran).toBe(3);
  });

  it('take a change over whose redrive has died, a minute later', async () => {
    const world = await worldWith('A');
    void redrive(
      routerOf(world, () => new Promise(() => undefined)),
      frozenAfter(world.store, 5),
      'all',
    );
    await world.clock.advance(59_000);
    expect(
      (
        await redrive(
          routerOf(world, () => undefined),
          world.store,
          'all',
        )
      ).busy,
    ).toEqual(idsOf(world, 0));
    await world.clock.advance(2_000);
    expect(
      (
        await redrive(
          routerOf(world, () => undefined),
          world.store,
          'all',
        )
      ).done,
    ).toEqual(idsOf(world, 0));
  });

  it('of which the one was thought dead: its handler is told, and its end is refused', async () => {
    const world = await worldWith('A');
    const held = Promise.withResolvers<void>();
    let heard: unknown;
    let isAway = false;
    const store: Store = {
      ...world.store,
      put: (row, version) => (isAway ? Promise.reject(new Error('away')) : world.store.put(row, version)),
    };
    const late = redrive(
      routerOf(world, async (_n, _attempt, signal) => {
        await held.promise;
        heard = signal.reason;
      }),
      store,
      'all',
      { signal: new AbortController().signal },
    );
    await world.clock.advance(1_000);
    isAway = true;
    await world.clock.advance(60_000);
    isAway = false;
    const other = routerOf(world, () => {
      throw new Error('no');
    });
    expect((await redrive(other, world.store, 'all')).failed).toHaveLength(1);
    held.resolve();
    expect(await world.clock.run(late)).toEqual({ ...none, busy: idsOf(world, 0) });
    expect(heard).toMatchObject({ code: 'CLAIM_LOST' });
    expect(await left(world)).toEqual(idsOf(world, 0));
  });

  it('do not lose a claim whose renewal was written though its reply was lost', async () => {
    const world = await worldWith('A');
    const held = Promise.withResolvers<void>();
    let losing = false;
    const store: Store = {
      ...world.store,
      async put(row, version) {
        const written = await world.store.put(row, version);
        if (losing) throw new Error('the reply was lost');
        return written;
      },
    };
    const redriving = redrive(
      routerOf(world, () => held.promise),
      store,
      'all',
    );
    await world.clock.advance(19_000);
    losing = true;
    await world.clock.advance(12_000);
    losing = false;
    held.resolve();
    expect((await world.clock.run(redriving)).done).toEqual(idsOf(world, 0));
  });
});

describe('what has ended', () => {
  it('stays as a small row for 48 hours, so that what comes late does not park it again', async () => {
    const world = await worldWith('A');
    await redrive(
      routerOf(world, () => undefined),
      world.store,
      'all',
    );
    const { record } = world.failure(0);
    const { pk, sk } = changeKey(queueOf(routerName, handlerId, record), record.dynamodb.SequenceNumber);
    const endedAtMs = world.clock.now();
    expect(await world.store.get(pk, sk)).toMatchObject({
      value: { state: 'ENDED', as: 'DONE', endedAtMs },
      expiresAt: Math.ceil(endedAtMs / 1000) + 48 * 3600,
    });
  });
});

/** A store whose process is gone after so many calls. */
function frozenAfter(store: Store, calls: number): Store {
  let left = calls;
  const through = <T>(call: () => Promise<T>): Promise<T> =>
    left-- > 0 ? call() : new Promise<never>(() => undefined);
  return {
    get: (pk, sk) => through(() => store.get(pk, sk)),
    list: (pk, from, limit) => through(() => store.list(pk, from, limit)),
    put: (row, version) => through(() => store.put(row, version)),
    delete: (row, version) => through(() => store.delete(row, version)),
  };
}
