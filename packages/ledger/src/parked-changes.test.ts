import { describe, expect, it, vi } from 'vitest';
import { parkedChanges } from './parked-changes.js';
import type { ParkedSelection } from './parked-queues.js';
import { changeKey, markKey, queueOf } from './parked-rows.js';
import type { ParkedChangeUnreadableError } from './parking-errors.js';
import { redrive } from './redrive.js';
import {
  collected,
  handlerId,
  type ParkedWorld,
  parkedWorld,
  routerName,
  routerOf,
  worldWith,
} from './testing/parked.js';

const changesOf = (world: ParkedWorld) => parkedChanges(world.store, routerName, world);
const queueOfChange = (world: ParkedWorld, n: number, handler = handlerId) =>
  queueOf(routerName, handler, world.failure(n).record);

describe('the list of parked changes', () => {
  it('has those of each item in order, also by number of digits, and pages through long queues', async () => {
    const world = await worldWith('AB'.repeat(40));
    const found = await collected(changesOf(world).list());
    for (const parity of [0, 1]) {
      const wanted = Array.from({ length: 40 }, (_, n) => world.id(2 * n + parity));
      expect(found.map(({ id }) => id).filter((id) => wanted.includes(id))).toEqual(wanted);
    }
    expect(found).toHaveLength(80);
    expect(await collected(changesOf(world).list('all', { limit: 3 }))).toEqual(found.slice(0, 3));
  });

  it('is of a handler, an item, a stream, one change, or of what several of them name', async () => {
    const world = await worldWith('ABA');
    await world.park(1, 'record', { handlerId: 'mail.other' });
    const keys = world.failure(0).record.dynamodb.Keys;
    const listed = async (selection: ParkedSelection) =>
      (await collected(changesOf(world).list(selection))).map(({ id }) => id).sort();
    const all = [world.id(0), world.id(1), world.id(2), world.id(1, 'mail.other')].sort();
    expect(await listed('all')).toEqual(all);
    expect(await listed({ handlerId })).toEqual([world.id(0), world.id(1), world.id(2)].sort());
    expect(await listed({ keys })).toEqual([world.id(0), world.id(2)]);
    expect(await listed({ handlerId: 'mail.other', keys })).toEqual([]);
    expect(await listed({ streamArn: world.streamArn })).toEqual(all);
    expect(await listed({ streamArn: 'arn:aws:dynamodb:x:1:table/y/stream/z' })).toEqual([]);
    expect(await listed({ id: world.id(2) })).toEqual([world.id(2)]);
  });

  it('is of a router too, by its name; one without a name is refused at once, and so is anything else', async () => {
    const world = await worldWith('A');
    const router = routerOf(world, () => undefined);
    expect(await collected(parkedChanges(world.store, router, world).list())).toHaveLength(1);
    const wrong = [{ name: undefined }, '', {}, undefined, null, 7] as readonly (typeof router)[]; // as code without a compiler may
    for (const none of wrong) {
      expect(() => parkedChanges(world.store, none)).toThrow(TypeError);
      expect(() => parkedChanges(world.store, none)).toThrow('give createRouter a name');
    }
  });

  it('takes numbers in keys by their value', async () => {
    const world = await worldWith('A');
    const record = { ...world.failure(0).record };
    const keyed = { ...record, dynamodb: { ...record.dynamodb, Keys: { n: { N: '1.50' } } } };
    await world.park(0, 'item', { record: keyed });
    expect(await collected(changesOf(world).list({ keys: { n: { N: '1.5' } } }))).toHaveLength(1);
  });

  it('is not of other routers, nor of what has ended', async () => {
    const world = await worldWith('A');
    expect(await collected(parkedChanges(world.store, 'other', world).list())).toEqual([]);
    await redrive(
      routerOf(world, () => undefined),
      world.store,
      'all',
    );
    expect(await collected(changesOf(world).list({ id: world.id(0) }))).toEqual([]);
    expect(await changesOf(world).get(world.id(0))).toBeUndefined();
  });

  it('refuses a selection that names nothing, and what is no id', async () => {
    const world = await worldWith('A');
    const nothing = {} as ParkedSelection; // as code without a compiler may have it
    await expect(changesOf(world).discard(nothing)).rejects.toThrow("or 'all'; got none of these");
    const id = world.id(0);
    for (const none of ['A', ` ${id}`, `${id}\n`, `${id}${'9'.repeat(40)}`]) {
      await expect(changesOf(world).get(none)).rejects.toThrow('Expected the id of a parked change');
    }
    expect(await changesOf(world).get(world.id(0))).toMatchObject({ id: world.id(0) });
  });

  it.each<[string, object]>([
    ['keys that are undefined', { handlerId, keys: undefined }],
    ['a misspelt field', { handlerId, key: { pk: { S: 'A' } } }],
    ['an id and something else', { id: parkedWorld('A').id(0), handlerId: 'mail.other' }],
  ])('refuses a selection with %s, which would be of more than is meant', async (_what, wider) => {
    const world = await worldWith('AB');
    const discarding = changesOf(world).discard(wider as ParkedSelection); // as code without a compiler may have it
    await expect(discarding).rejects.toThrow(TypeError);
    expect(await collected(changesOf(world).list())).toHaveLength(2);
  });

  it('of few of many takes few calls of the store', async () => {
    const world = await worldWith('A');
    for (let n = 0; n < 500; n++) await world.park(0, 'item', { handlerId: `h${n}` });
    const list = vi.spyOn(world.store, 'list');
    expect(await collected(changesOf(world).list('all', { limit: 1 }))).toHaveLength(1);
    expect(list.mock.calls.length).toBeLessThan(10);
    expect(await collected(changesOf(world).list())).toHaveLength(501);
  });

  it('of an item does not read what other items have', async () => {
    const world = await worldWith('AA');
    const [, second] = world.records;
    for (let n = 0; n < 500; n++) {
      const record = { ...world.failure(0).record };
      const keyed = { ...record, dynamodb: { ...record.dynamodb, Keys: { pk: { S: `${n}` } } } };
      await world.park(0, 'item', { record: keyed });
    }
    const list = vi.spyOn(world.store, 'list');
    const keys = second?.dynamodb.Keys ?? {};
    expect(await collected(changesOf(world).list({ keys }))).toHaveLength(2);
    const marks = list.mock.calls.map(([, from]) => from).filter((from) => /^[AQ]#/.test(from));
    expect(marks).toEqual([expect.stringMatching(/^Q#[\w-]{22}#$/), expect.stringMatching(/^A#[\w-]{22}#$/)]);
  });

  it('finds handlers whose ids hold the characters that keys are made with', async () => {
    const world = await worldWith('A');
    const odd = 'mail|x#y.send';
    await world.park(0, 'item', { handlerId: odd });
    const found = await collected(changesOf(world).list({ handlerId: odd }));
    expect(found).toMatchObject([{ id: world.id(0, odd), handlerId: odd }]);
    expect(await changesOf(world).get(world.id(0, odd))).toMatchObject({ handlerId: odd });
  });
});

describe('what cannot be read', () => {
  it.each<[string, object | string]>([
    ['its state is "GONE"', { state: 'GONE' }],
    ['its state is undefined', 'text'],
    ['it does not say how it ended', { state: 'ENDED', as: 'DONE' }],
    ['it does not say who runs it', { state: 'RUNNING', owner: 'x' }],
    ['its record is not of the type object', { state: 'PARKED', change: { record: null } }],
  ])('is told: %s', async (problem, value) => {
    const world = await worldWith('A');
    await spoil(world, 0, () => value);
    await expect(collected(changesOf(world).list())).rejects.toThrow(problem);
    await expect(changesOf(world).get(world.id(0))).rejects.toMatchObject({
      code: 'PARKED_CHANGE_UNREADABLE',
    });
  });

  it('is told when a field of it is missing, or its record is none', async () => {
    const world = await worldWith('A');
    await spoil(world, 0, ({ change }) => ({ state: 'PARKED', change: { ...change, error: {} } }));
    await expect(changesOf(world).get(world.id(0))).rejects.toThrow('its error has no name or message');
    await spoil(world, 0, ({ change }) => ({
      state: 'PARKED',
      change: { ...change, error: { name: 'Error', message: 'no' }, record: { eventName: 'INSERT' } },
    }));
    await expect(changesOf(world).get(world.id(0))).rejects.toThrow('its record is no stream record');
  });

  it('is told with its id, by which it can be discarded, and a list may go on behind it', async () => {
    const world = await worldWith('ABA');
    await spoil(world, 0, () => 'rubbish');
    const unreadable: ParkedChangeUnreadableError[] = [];
    const onUnreadable = (error: ParkedChangeUnreadableError) => unreadable.push(error);
    const found = await collected(changesOf(world).list('all', { onUnreadable }));
    expect(found.map(({ id }) => id).sort()).toEqual([world.id(1), world.id(2)].sort());
    expect(unreadable).toMatchObject([{ id: world.id(0), message: expect.stringContaining(world.id(0)) }]);
    for (const { id = '' } of unreadable) await changesOf(world).discard({ id });
    expect(await collected(changesOf(world).list())).toHaveLength(2);
  });

  it('stays, stops its queue alone, and can be discarded', async () => {
    const world = await worldWith('ABA');
    await spoil(world, 0, () => 'rubbish');
    const { done, failed, behind } = await redrive(
      routerOf(world, () => undefined),
      world.store,
      'all',
    );
    expect(done).toEqual([world.id(1)]);
    expect(behind).toEqual([world.id(2)]);
    expect(failed).toMatchObject([{ id: world.id(0), error: { code: 'PARKED_CHANGE_UNREADABLE' } }]);
    expect(await changesOf(world).discard({ id: world.id(0) })).toEqual({
      discarded: [world.id(0)],
      busy: [],
    });
    expect(
      (
        await redrive(
          routerOf(world, () => undefined),
          world.store,
          'all',
        )
      ).done,
    ).toEqual([world.id(2)]);
  });

  it('is a mark too, which is told', async () => {
    const world = await worldWith('A');
    const { pk, sk } = markKey(queueOfChange(world, 0), 'Q');
    const mark = await world.store.get(pk, sk);
    await world.store.put({ pk, sk, value: 1 }, mark?.version);
    await expect(changesOf(world).discard('all')).rejects.toThrow('does not say what was announced');
  });
});

describe('discarding', () => {
  it('gives up one change, and leaves what queues behind it', async () => {
    const world = await worldWith('AAA');
    expect((await changesOf(world).discard({ id: world.id(0) })).discarded).toEqual([world.id(0)]);
    expect((await world.parking()).size).toBe(1);
    const left = await collected(changesOf(world).list());
    expect(left.map(({ id }) => id)).toEqual([world.id(1), world.id(2)]);
  });

  it('of all changes of an item takes its mark away, so that the next ones run as they come', async () => {
    const world = await worldWith('AABA');
    const { discarded } = await changesOf(world).discard({ keys: world.failure(0).record.dynamodb.Keys });
    expect(discarded).toEqual([world.id(0), world.id(1), world.id(3)]);
    expect((await world.parking()).size).toBe(1);
    expect((await changesOf(world).discard('all')).discarded).toEqual([world.id(2)]);
    expect((await world.parking()).size).toBe(0);
    expect((await changesOf(world).discard('all')).discarded).toEqual([]);
  });

  it('leaves a change that a redrive has in hand, until its claim is over', async () => {
    const world = await worldWith('A');
    const held = Promise.withResolvers<void>();
    const redriving = redrive(
      routerOf(world, () => held.promise),
      world.store,
      'all',
    );
    await world.clock.advance(70_000);
    expect(await changesOf(world).discard('all')).toEqual({ discarded: [], busy: [world.id(0)] });
    expect(await changesOf(world).get(world.id(0))).toMatchObject({
      runningUntilMs: expect.toSatisfy((untilMs: number) => untilMs > world.clock.now()),
    });
    held.resolve();
    expect((await world.clock.run(redriving)).done).toEqual([world.id(0)]);
  });
});

describe('a discarding that is aborted', () => {
  it('ends after the change that it has in hand, and looks at no other item', async () => {
    const world = await worldWith('ABCDEFGH');
    const ending = new AbortController();
    const put = vi.spyOn(world.store, 'put').mockImplementationOnce(async (row, version) => {
      ending.abort();
      return world.store.put(row, version);
    });
    const list = vi.spyOn(world.store, 'list');
    const { signal } = ending;
    const { discarded } = await parkedChanges(world.store, routerName, { ...world, signal }).discard('all');
    expect(discarded).toHaveLength(1);
    expect((await world.parking()).size).toBe(7);
    expect(new Set(list.mock.calls.map(([pk]) => pk)).size).toBe(3);
    put.mockRestore();
  });
});

async function spoil(
  world: ParkedWorld,
  n: number,
  change: (value: { change: object }) => object | string,
): Promise<void> {
  const { record } = world.failure(n);
  const { pk, sk } = changeKey(queueOfChange(world, n), record.dynamodb.SequenceNumber);
  const row = await world.store.get(pk, sk);
  const value = JSON.parse(JSON.stringify(change(row?.value as never)));
  await world.store.put({ pk, sk, value }, row?.version);
}
