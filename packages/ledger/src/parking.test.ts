import { inspect } from 'node:util';
import type { Store } from '@sluice/core';
import { memoryStore } from '@sluice/store';
import { describe, expect, it } from 'vitest';
import { parkedChanges } from './parked-changes.js';
import { changeKey, markKey, queueOf } from './parked-rows.js';
import { openParking } from './parking.js';
import { redrive } from './redrive.js';
import { collected, handlerId, memoryObjects, parkedWorld, routerName, routerOf } from './testing/parked.js';

describe('parking a change', () => {
  it('keeps the wire record, the handler, the error, the attempts and the times', async () => {
    const world = parkedWorld('A');
    const error = Object.assign(new RangeError('no'), { code: 'TOO_FAR' });
    expect(await world.park(0, 'record', { error, attempts: 3, failedAtMs: 5 })).toBe('parked');
    const [parked] = await collected(parkedChanges(world.store, routerName, world).list());
    expect(parked).toEqual({
      id: world.id(0),
      streamArn: world.streamArn,
      handlerId,
      eventId: expect.any(String),
      record: world.records[0],
      mode: 'record',
      reason: 'attempts',
      error: { name: 'RangeError', message: 'no', code: 'TOO_FAR' },
      attempts: 3,
      failedAtMs: 5,
      parkedAtMs: world.clock.now(),
    });
  });

  it('of park-item holds the later changes of its item for its handler, also in other processes; of park-record none', async () => {
    const world = parkedWorld('ABA');
    const parking = await world.parking();
    await parking.park(world.failure(0), 'item', world.context());
    await parking.park(world.failure(1), 'record', world.context());
    for (const seen of [parking, await world.parking()]) {
      expect(seen.size).toBe(1);
      expect(world.records.map((record) => seen.holds(handlerId, record))).toEqual([true, false, true]);
      expect(world.records.map((record) => seen.holds('mail.other', record))).toEqual([false, false, false]);
    }
  });

  it('is opened from marks that have been listed already, without a read', async () => {
    const world = parkedWorld('AA');
    await world.park(0);
    const { pk } = markKey(queueOf(routerName, handlerId, world.failure(0).record), 'Q');
    const marks = await world.store.list(pk, '', 100);
    const scope = { name: routerName, streamArn: world.streamArn, context: world.context() };
    const parking = await openParking(unreachable(), {}, scope, marks);
    expect(parking.size).toBe(1);
  });

  it.each<[string, object]>([
    ['a name that is none', { name: undefined }],
    ['a message that is none', { message: undefined }],
    ['a message that is an object', { message: { reason: 'no' } }],
    ['a symbol for a name', { name: Symbol('Odd') }],
  ])('keeps an error with %s too, so that it can be read', async (_what, odd) => {
    const world = parkedWorld('A');
    await world.park(0, 'item', { error: Object.assign(new Error('no'), odd) });
    const texts = { name: expect.any(String), message: expect.any(String) };
    expect(await collected(parkedChanges(world.store, routerName, world).list())).toMatchObject([
      { error: texts },
    ]);
  });

  it('that comes again is parked once, and keeps what it was parked with', async () => {
    const world = parkedWorld('A');
    await world.park(0, 'item', { attempts: 10 });
    expect(await world.park(0, 'item', { attempts: 11 })).toBe('parked');
    expect(await world.park(0, 'behind', { attempts: 12 })).toBe('parked');
    expect(await collected(parkedChanges(world.store, routerName, world).list())).toMatchObject([
      { attempts: 10 },
    ]);
  });

  it('is free when the queue that it was to go behind is empty by now; later ones are not held any more', async () => {
    const world = parkedWorld('AAA');
    const parking = await world.parking();
    await parking.park(world.failure(0), 'item', world.context());
    await parking.park(world.failure(1, { reason: 'behind' }), 'behind', world.context());
    const { done } = await redrive(
      routerOf(world, () => undefined),
      world.store,
      'all',
    );
    expect(done).toEqual([world.id(0), world.id(1)]);
    expect(await parking.park(world.failure(2, { reason: 'behind' }), 'behind', world.context())).toBe(
      'free',
    );
    expect(parking.size).toBe(0);
    expect(await collected(parkedChanges(world.store, routerName, world).list())).toEqual([]);
  });

  it('is done when a redrive has run it by the time that it comes again behind others', async () => {
    const world = parkedWorld('AAA');
    for (const n of [0, 1, 2]) await world.park(n, n === 0 ? 'item' : 'behind');
    const router = routerOf(world, (n) => {
      if (n === 2) throw new Error('no');
    });
    await redrive(router, world.store, 'all');
    await world.clock.advance(1);
    expect(await world.park(1, 'behind')).toBe('parked');
    expect(await collected(parkedChanges(world.store, routerName, world).list())).toMatchObject([
      { id: world.id(2) },
    ]);
  });

  it('that fails in the source though it was run before is parked anew', async () => {
    const world = parkedWorld('A');
    await world.park(0);
    await redrive(
      routerOf(world, () => undefined),
      world.store,
      'all',
    );
    await world.clock.advance(1);
    expect(await world.park(0)).toBe('parked');
    expect(await collected(parkedChanges(world.store, routerName, world).list())).toHaveLength(1);
    expect((await world.parking()).size).toBe(1);
  });

  it('at the same time as others of its item leaves none where no tool finds it', async () => {
    const world = parkedWorld('AAA');
    const slow = lingering(world.store, (sk) => sk.endsWith('01') && world.clock.sleep(1_000));
    const parking = await world.parking({}, slow);
    const context = world.context();
    const all = [0, 1, 2].map((n) => parking.park(world.failure(n), 'record', context));
    const redriving = world.clock.advance(500).then(async () => {
      const running = redrive(
        routerOf(world, () => undefined),
        world.store,
        'all',
      );
      await world.clock.run(running);
    });
    await redriving;
    await world.clock.run(Promise.all(all));
    await world.clock.run(
      redrive(
        routerOf(world, () => undefined),
        world.store,
        'all',
      ),
    );
    for (const n of [0, 1, 2]) {
      const record = world.failure(n).record;
      const { pk, sk } = changeKey(queueOf(routerName, handlerId, record), record.dynamodb.SequenceNumber);
      expect(await world.store.get(pk, sk)).toMatchObject({ value: { state: 'ENDED' } });
    }
  });

  it('is not parked anew when a redrive has run it before the lost reply was asked for again', async () => {
    const world = parkedWorld('A');
    let isLost = false;
    const store: Store = {
      ...world.store,
      async put(row, version) {
        const written = await world.store.put(row, version);
        if (isLost || !row.sk.startsWith('0')) return written;
        isLost = true;
        await redrive(
          routerOf(world, () => undefined),
          world.store,
          'all',
        );
        throw new Error('the reply was lost');
      },
    };
    const parking = await world.parking({}, store);
    const parked = parking.park(world.failure(0), 'item', world.context());
    expect(await world.clock.run(parked)).toBe('parked');
    expect(await collected(parkedChanges(world.store, routerName, world).list())).toEqual([]);
  });

  it('anew is marked also when a redrive takes the mark away in between', async () => {
    const world = parkedWorld('A');
    const router = routerOf(world, () => undefined);
    await world.park(0);
    await redrive(router, world.store, 'all');
    await world.clock.advance(1);
    const store: Store = {
      ...world.store,
      async put(row, version) {
        // Its mark announces what has ended until the change is in its place.
        if (row.sk.startsWith('0') && version) await redrive(router, world.store, { id: world.id(0) });
        return world.store.put(row, version);
      },
    };
    await (await world.parking({}, store)).park(world.failure(0), 'item', world.context());
    expect(await collected(parkedChanges(world.store, routerName, world).list())).toHaveLength(1);
    expect((await world.parking()).size).toBe(1);
  });

  it('rejects while the store is away for 10 seconds, or until the deadline', async () => {
    const world = parkedWorld('A');
    const parking = await world.parking({}, failing(world.store, opened()));
    const startMs = world.clock.now();
    const parked = parking.park(world.failure(0), 'item', world.context());
    await expect(world.clock.run(parked)).rejects.toThrow('away');
    expect(world.clock.now() - startMs).toBeLessThanOrEqual(10_000);
    const deadlineMs = world.clock.now() + 500;
    const soon = parking.park(world.failure(0), 'item', world.context({ deadlineMs }));
    await expect(world.clock.run(soon)).rejects.toThrow('away');
    expect(world.clock.now()).toBeLessThanOrEqual(deadlineMs);
  });

  it('that could not be confirmed counts as parked for its item until that is known: its mark may be there', async () => {
    const world = parkedWorld('AA');
    let isLosing = true;
    const store: Store = {
      ...world.store,
      async put(row, version) {
        const written = await world.store.put(row, version);
        if (isLosing && row.sk.startsWith('Q#')) throw new Error('the reply was lost');
        return written;
      },
    };
    const parking = await world.parking({}, store);
    const lost = parking.park(world.failure(0), 'item', world.context());
    await expect(world.clock.run(lost)).rejects.toThrow('the reply was lost');
    isLosing = false;
    expect(parking.holds(handlerId, world.failure(0).record)).toBe(true);
    expect(await parking.park(world.failure(0), 'behind', world.context())).toBe('parked');

    const none = parkedWorld('A');
    let isAway = false;
    const unmarked = await none.parking(
      {},
      failing(none.store, () => isAway),
    );
    isAway = true;
    const failed = unmarked.park(none.failure(0), 'item', none.context());
    await expect(none.clock.run(failed)).rejects.toThrow('away');
    isAway = false;
    expect(await unmarked.park(none.failure(0), 'behind', none.context())).toBe('free');
  });

  it('cannot be told of while the store is away: opening rejects', async () => {
    const world = parkedWorld('A');
    const opening = world.parking({}, unreachable());
    await expect(world.clock.run(opening)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  });

  it('finds all marks, however many there are', async () => {
    const world = parkedWorld('A');
    const parking = await world.parking();
    for (let n = 0; n < 230; n++) {
      await parking.park(world.failure(0, { handlerId: `h${n}` }), 'item', world.context());
    }
    expect((await world.parking()).size).toBe(230);
  });
});

describe('a change that is too large for a row', () => {
  const large = 'x'.repeat(360_000);

  it('stays failed where there is no place for it: nothing is marked', async () => {
    const world = parkedWorld('A');
    const record = { ...world.failure(0).record };
    const image = { ...record.dynamodb, NewImage: { pk: { S: 'A' }, text: { S: large } } };
    await expect(world.park(0, 'item', { record: { ...record, dynamodb: image } })).rejects.toMatchObject({
      code: 'PARKED_CHANGE_TOO_LARGE',
      message: expect.stringContaining('largeObjects'),
    });
    expect((await world.parking()).size).toBe(0);
  });

  it('has a key that every bucket takes, however its router is called', async () => {
    const objects = memoryObjects();
    const world = parkedWorld('A', { largeObjects: objects });
    const { record } = world.failure(0);
    const image = { ...record.dynamodb, NewImage: { pk: { S: 'A' }, text: { S: large } } };
    const failure = world.failure(0, { record: { ...record, dynamodb: image } });
    for (const name of ['é'.repeat(250), `${'é'.repeat(249)}e`]) {
      const scope = { name, streamArn: world.streamArn, context: world.context() };
      const parking = await openParking(world.store, { largeObjects: objects }, scope);
      await parking.park(failure, 'item', world.context());
    }
    const [one = '', other = ''] = objects.bodies.keys();
    expect(one.split('/')[0]).not.toBe(other.split('/')[0]);
    for (const key of [one, other]) expect(key.length).toBeLessThanOrEqual(500);
  });

  it('goes among the large objects, is read from there, and leaves nothing when it is done', async () => {
    const objects = memoryObjects();
    const world = parkedWorld('A', { largeObjects: objects });
    const { record } = world.failure(0);
    const whole = {
      ...record,
      dynamodb: { ...record.dynamodb, NewImage: { pk: { S: 'A' }, text: { S: large } } },
    };
    await world.park(0, 'item', { record: whole });
    const objectsOnce = [...objects.bodies.keys()];
    expect(objectsOnce).toHaveLength(1);
    // Again: its own object is given up.
    await world.clock.advance(1);
    await world.park(0, 'item', { record: whole });
    expect([...objects.bodies.keys()]).toEqual(objectsOnce);

    const { dynamodb } = record;
    const { NewImage: _, ...rest } = dynamodb;
    const without = parkedChanges(world.store, routerName, world);
    expect(await without.get(world.id(0))).toMatchObject({
      record: { dynamodb: rest },
      object: objectsOnce[0],
    });
    expect((await without.get(world.id(0)))?.record.dynamodb.NewImage).toBeUndefined();
    const changes = parkedChanges(world.store, routerName, { ...world, largeObjects: objects });
    expect((await changes.get(world.id(0)))?.record).toEqual(whole);

    const seen: unknown[] = [];
    const router = routerOf(world, () => undefined, {
      middleware: {
        handler: [
          (call, next) => {
            seen.push(call.change.record.dynamodb.NewImage);
            return next();
          },
        ],
      },
    });
    const blind = await redrive(router, world.store, 'all');
    expect(blind.failed).toMatchObject([
      {
        id: world.id(0),
        error: { code: 'PARKED_CHANGE_UNREADABLE', message: expect.stringContaining('give largeObjects') },
      },
    ]);
    expect((await redrive(router, world.store, 'all', { largeObjects: objects })).done).toEqual([
      world.id(0),
    ]);
    expect(seen).toEqual([whole.dynamodb.NewImage]);
    expect(objects.bodies.size).toBe(0);
  });

  it('marks nothing while there is no place for it, so that it is parked later as what it is', async () => {
    const objects = memoryObjects();
    const largeObjects = { ...objects, put: () => Promise.reject(new Error('S3 is away')) };
    const world = parkedWorld('A', { largeObjects });
    const { record } = world.failure(0);
    const images = { ...record.dynamodb, NewImage: { pk: { S: 'A' }, text: { S: large } } };
    const parking = world.park(0, 'item', { record: { ...record, dynamodb: images } });
    await expect(world.clock.run(parking)).rejects.toThrow('S3 is away');
    expect((await world.parking()).size).toBe(0);
  });

  it('is not waited for once it is not needed any more, when its place does not answer', async () => {
    const objects = memoryObjects();
    const largeObjects = { ...objects, delete: () => new Promise<void>(() => undefined) };
    const world = parkedWorld('A', { largeObjects });
    const { record } = world.failure(0);
    const images = { ...record.dynamodb, NewImage: { pk: { S: 'A' }, text: { S: large } } };
    const more = { record: { ...record, dynamodb: images } };
    expect(await world.clock.run(world.park(0, 'behind', more))).toBe('free');
    await world.park(0, 'item', more);
    const router = routerOf(world, () => undefined);
    const redriving = redrive(router, world.store, 'all', { largeObjects });
    expect((await world.clock.run(redriving)).done).toEqual([world.id(0)]);
  });

  it('leaves no object when the queue that it was to go behind is empty by now', async () => {
    const objects = memoryObjects();
    const world = parkedWorld('A', { largeObjects: objects });
    const { record } = world.failure(0);
    const images = { ...record.dynamodb, NewImage: { pk: { S: 'A' }, text: { S: large } } };
    expect(await world.park(0, 'behind', { record: { ...record, dynamodb: images } })).toBe('free');
    expect(objects.bodies.size).toBe(0);
  });

  it('cannot be read when its object is gone or is something else', async () => {
    const objects = memoryObjects();
    const world = parkedWorld('A', { largeObjects: objects });
    const { record } = world.failure(0);
    const images = { ...record.dynamodb, NewImage: { pk: { S: 'A' }, text: { S: large } } };
    await world.park(0, 'item', { record: { ...record, dynamodb: images } });
    const changes = parkedChanges(world.store, routerName, { ...world, largeObjects: objects });
    const [key = ''] = objects.bodies.keys();
    for (const [body, problem] of [
      ['{', 'is no JSON'],
      ['{}', 'is no stream record'],
    ] as const) {
      objects.bodies.set(key, body);
      await expect(changes.get(world.id(0))).rejects.toThrow(problem);
    }
    objects.bodies.set(key, 'the content of an item');
    const told = inspect(await changes.get(world.id(0)).catch((error: unknown) => error));
    expect(told).not.toContain('content');
    objects.bodies.clear();
    await expect(changes.get(world.id(0))).rejects.toThrow('there is no large object');
    expect((await changes.discard('all')).discarded).toEqual([world.id(0)]);
  });
});

function unreachable(): Store {
  return failing(memoryStore(), () => true);
}

/** Away from the second call on. */
function opened(): () => boolean {
  let calls = 0;
  return () => ++calls > 1;
}

/** A store that is away while it says so. */
function failing(store: Store, isAway: () => boolean): Store {
  const through = async <T>(call: () => Promise<T>) => {
    if (isAway()) throw new Error('away');
    return call();
  };
  return {
    get: (pk, sk) => through(() => store.get(pk, sk)),
    list: (pk, from, limit) => through(() => store.list(pk, from, limit)),
    put: (row, version) => through(() => store.put(row, version)),
    delete: (row, version) => through(() => store.delete(row, version)),
  };
}

/** A store whose puts wait as long as they are told. */
function lingering(store: Store, wait: (sk: string) => false | Promise<void>): Store {
  return {
    ...store,
    async put(row, version) {
      await wait(row.sk);
      return store.put(row, version);
    },
  };
}
