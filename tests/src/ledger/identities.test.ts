import {
  type Context,
  createRouter,
  type FailureAction,
  idempotencyKeyOf,
  type Route,
  route,
  type Store,
  type StreamRecord,
  table,
} from '@sluice/core';
import { createLedger, type ParkedSelection, parkedChanges, redrive } from '@sluice/ledger';
import { memoryStore } from '@sluice/store';
import { given, recordsOf, seededRandom, virtualClock } from '@sluice/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hastyClock, silent, startEngineWorld } from './engine-world.js';

const world = await startEngineWorld();
afterAll(() => world?.stop());

const shop = table('shop', { keys: { partition: 'pk' } });

interface Deployment {
  readonly store?: Store;
  readonly name?: string;
  readonly onFailure?: FailureAction;
  readonly attempts?: number;
}

/** Routers of one name over one store; each delivery comes to a process of its own. */
function deploy(routes: readonly Route[], deployment: Deployment = {}) {
  const { store = memoryStore(), name = 'shop-mail', onFailure = 'park-item', attempts = 1 } = deployment;
  const clock = virtualClock();
  const newRouter = (of = routes) =>
    createRouter({
      name,
      routes: of,
      onFailure: { action: onFailure, attempts },
      ledger: createLedger(store),
      clock,
      random: seededRandom(3),
      logger: silent,
    });
  return {
    store,
    /** What the source is told: the first record that is not done. */
    async deliver(...records: readonly StreamRecord[]): Promise<string | undefined> {
      return (await clock.run(given(newRouter()).when(...records))).firstUnfinished;
    },
    redrive: (selection: ParkedSelection = 'all', of = routes) =>
      clock.run(redrive(newRouter(of), store, selection)),
    async parked() {
      const found: { readonly record: StreamRecord; readonly handlerId: string; readonly reason: string }[] =
        [];
      for await (const change of parkedChanges(store, name).list()) found.push(change);
      return found;
    },
  };
}

function sequenceOf(record: StreamRecord): string {
  return record.dynamodb.SequenceNumber;
}

function numberIn({ dynamodb }: StreamRecord): number {
  const { n } = dynamodb.NewImage ?? {};
  return n && 'N' in n ? Number(n.N) : Number.NaN;
}

/** What fails as long as it is broken. */
function breakable() {
  const state = { isBroken: true };
  return {
    mend() {
      state.isBroken = false;
    },
    check() {
      if (state.isBroken) throw new Error('scripted');
    },
  };
}

describe('two handlers on one record', () => {
  const effects: string[] = [];
  const { insert } = recordsOf(shop);

  test('are each done for themselves: what one has done is not repeated when the other failed, in another process', async () => {
    effects.length = 0;
    const mailer = breakable();
    const { deliver } = deploy(
      [
        route.insert(shop, { id: 'mail' }, () => {
          mailer.check();
          effects.push('mail');
        }),
        route.insert(shop, { id: 'audit' }, () => void effects.push('audit')),
      ],
      { onFailure: 'block' },
    );
    const record = insert({ pk: 'A' });
    expect(await deliver(record)).toBe(sequenceOf(record));
    expect(await deliver(record)).toBe(sequenceOf(record));
    mailer.mend();
    expect(await deliver(record)).toBeUndefined();
    expect(effects).toEqual(['audit', 'mail']);
  });

  test('are each claimed and parked for themselves, and only what was parked is redriven', async () => {
    effects.length = 0;
    const mailer = breakable();
    const handler = (id: string, check: () => void) =>
      route.on(shop, { id, once: true }, ({ record }) => {
        check();
        effects.push(`${id} ${numberIn(record)}`);
      });
    const { deliver, redrive, parked } = deploy([handler('mail', mailer.check), handler('audit', () => {})]);
    expect(await deliver(insert({ pk: 'A', n: 1 }), insert({ pk: 'A', n: 2 }))).toBeUndefined();
    expect(effects).toEqual(['audit 1', 'audit 2']);
    expect((await parked()).map(({ handlerId, reason }) => [handlerId, reason])).toEqual([
      ['mail', 'attempts'],
      ['mail', 'behind'],
    ]);
    mailer.mend();
    expect((await redrive()).done).toHaveLength(2);
    expect(effects).toEqual(['audit 1', 'audit 2', 'mail 1', 'mail 2']);
  });

  test('have keys of their own, which are the same on each attempt and in a redrive', async () => {
    const keys: Record<string, string[]> = { mail: [], audit: [] };
    const mailer = breakable();
    const note = ({ handlerId, idempotencyKey }: Context) => void keys[handlerId]?.push(idempotencyKey);
    const { deliver, redrive } = deploy(
      [
        route.insert(shop, { id: 'mail' }, (_, context) => {
          note(context);
          mailer.check();
        }),
        route.insert(shop, { id: 'audit' }, (_, context) => note(context)),
      ],
      { attempts: 2 },
    );
    const record = insert({ pk: 'A' });
    await deliver(record);
    await deliver(record);
    mailer.mend();
    await redrive();
    const ofMail = idempotencyKeyOf(record, 'mail');
    expect(keys).toEqual({ mail: [ofMail, ofMail, ofMail], audit: [idempotencyKeyOf(record, 'audit')] });
    expect(ofMail).not.toBe(idempotencyKeyOf(record, 'audit'));
  });
});

describe('two tables whose records have the same eventID, sequence number and keys', () => {
  const basket = table('basket', { keys: { partition: 'pk' } });
  const twin = (of: typeof shop | typeof basket, n: number): StreamRecord => ({
    ...recordsOf({ table: of.name, keys: of.keys, startSequence: `10000000000000000000${n}` }).insert({
      pk: 'A',
      n,
    }),
    eventID: String(n),
  });

  test('are told apart: neither is done, claimed, parked or redriven for the other', async () => {
    const effects: string[] = [];
    const mailer = breakable();
    const handler = (of: typeof shop | typeof basket, check: () => void) =>
      route.insert(of, { id: `mail-${of.name}`, once: true }, () => {
        check();
        effects.push(of.name);
      });
    const { deliver, redrive, parked } = deploy([handler(shop, mailer.check), handler(basket, () => {})]);
    expect(await deliver(twin(shop, 1))).toBeUndefined();
    expect(await deliver(twin(basket, 1))).toBeUndefined();
    expect(await deliver(twin(shop, 2))).toBeUndefined();
    expect(await deliver(twin(basket, 2))).toBeUndefined();
    expect(effects).toEqual(['basket', 'basket']);
    expect((await parked()).map(({ record }) => record)).toEqual([twin(shop, 1), twin(shop, 2)]);
    mailer.mend();
    const { streamArn } = recordsOf(basket);
    expect((await redrive({ streamArn })).done).toEqual([]);
    expect((await redrive({ keys: { pk: { S: 'A' } } })).done).toHaveLength(2);
    expect(effects).toEqual(['basket', 'basket', 'shop', 'shop']);
  });

  test('keep their progress apart in one handler of both', async () => {
    const effects: string[] = [];
    const mailer = breakable();
    const either = table('*', { keys: { partition: 'pk' } });
    const { deliver } = deploy(
      [
        route.insert(either, { id: 'mail', once: true }, ({ record }) => {
          const { eventSourceARN } = record;
          if (eventSourceARN.includes('/shop/')) mailer.check();
          effects.push(eventSourceARN.split('/')[1] ?? '');
        }),
      ],
      { onFailure: 'block' },
    );
    expect(await deliver(twin(shop, 1))).toBe(sequenceOf(twin(shop, 1)));
    expect(await deliver(twin(basket, 1))).toBeUndefined();
    mailer.mend();
    expect(await deliver(twin(shop, 1))).toBeUndefined();
    expect(await deliver(twin(shop, 1))).toBeUndefined();
    expect(effects).toEqual(['basket', 'shop']);
  });
});

describe('sets, large numbers and binary', () => {
  const vault = table('vault', { keys: { partition: 'pk', sort: 'sk' }, numbers: 'bigint' });
  const item = {
    pk: { B: '//4A' },
    sk: { N: '12345678901234567890' },
    words: { SS: ['b', 'a'] },
    counts: { NS: ['1', '98765432109876543210'] },
    blobs: { BS: ['AQI=', '//8='] },
    blob: { B: 'AAEC' },
    deep: { M: { list: { L: [{ N: '-0.5' }, { NULL: true }, { BOOL: false }, { B: '' }] } } },
  };

  test('are the same to a handler when they come from a redrive as when they came from the stream', async () => {
    const builder = recordsOf({ table: 'vault', keys: { partition: 'pk', sort: 'sk' } });
    const seen: unknown[] = [];
    const vaults = breakable();
    const { deliver, redrive, parked } = deploy([
      route.modify(vault, { id: 'note', once: true }, (change) => {
        seen.push({ keys: change.keys, new: change.new, old: change.old });
        vaults.check();
      }),
    ]);
    const record = builder.modify({ ...item, blob: { B: '/w==' } }, item, { wire: true });
    expect(await deliver(record)).toBeUndefined();
    expect((await parked())[0]?.record).toEqual(record);
    vaults.mend();
    expect((await redrive({ keys: { pk: item.pk, sk: item.sk } })).done).toHaveLength(1);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]).toEqual({
      keys: { pk: new Uint8Array([255, 254, 0]), sk: 12345678901234567890n },
      new: {
        pk: new Uint8Array([255, 254, 0]),
        sk: 12345678901234567890n,
        words: new Set(['b', 'a']),
        counts: new Set([1, 98765432109876543210n]),
        blobs: new Set([new Uint8Array([1, 2]), new Uint8Array([255, 255])]),
        blob: new Uint8Array([0, 1, 2]),
        deep: { list: [-0.5, null, false, new Uint8Array()] },
      },
      old: expect.objectContaining({ blob: new Uint8Array([255]) }),
    });
  });

  test.each([
    ['binary keys', { B: 'AQ==' }, { B: 'AQA=' }],
    ['numbers', { N: '1' }, { N: '10' }],
    ['a text and a number of the same digits', { S: '1' }, { N: '1' }],
    ['a text and a binary of the same base64', { S: 'AQ==' }, { B: 'AQ==' }],
    ['large numbers that are one number in JavaScript', { N: '9007199254740992' }, { N: '9007199254740993' }],
  ])('%s that differ are items that do not queue behind each other', async (_name, one, other) => {
    const builder = recordsOf(shop);
    const effects: unknown[] = [];
    const first = builder.insert({ pk: one }, { wire: true });
    const { deliver, parked } = deploy([
      route.on(shop, { id: 'mail', once: true }, ({ record }) => {
        if (record.dynamodb.SequenceNumber === sequenceOf(first)) throw new Error('scripted');
        effects.push(record.dynamodb.Keys['pk']);
      }),
    ]);
    const second = builder.insert({ pk: other }, { wire: true });
    const third = builder.insert({ pk: one }, { wire: true });
    expect(await deliver(first, second)).toBeUndefined();
    expect(await deliver(third)).toBeUndefined();
    expect(effects).toEqual([other]);
    expect((await parked()).map(({ record }) => record)).toEqual([first, third]);
  });

  test('one number that is written in two ways is one item', async () => {
    const builder = recordsOf(shop);
    const { deliver, parked } = deploy([
      route.on(shop, { id: 'mail' }, () => {
        throw new Error('scripted');
      }),
    ]);
    const [first, second] = ['1', '1.0'].map((N) => builder.insert({ pk: { N } }, { wire: true }));
    if (!first || !second) throw new Error('There are two.');
    await deliver(first, second);
    expect((await parked()).map(({ reason }) => reason)).toEqual(['attempts', 'behind']);
  });

  test.skipIf(!world)('are so from the stream of a real engine, parked in a real table', async () => {
    if (!world) return;
    const real = await world.newShop();
    const store = (await world.newStoreTable()).open();
    const seen: unknown[] = [];
    const vaults = breakable();
    const router = createRouter({
      name: 'vault',
      ledger: createLedger(store),
      onFailure: { action: 'park-item', attempts: 1 },
      routes: route.insert(
        table(real.name, { keys: { partition: 'pk' }, numbers: 'bigint' }),
        { id: 'note', once: true },
        (change) => {
          seen.push({ keys: change.keys, new: change.new });
          vaults.check();
        },
      ),
      clock: hastyClock(),
      logger: silent,
    });
    const bytes = new Uint8Array([0, 255, 128]);
    await real.put({ pk: 'A', bytes, all: new Set([bytes]), large: 2n ** 80n, words: new Set(['x', 'y']) });
    const records = await real.records();
    expect((await given(router).when(...records)).firstUnfinished).toBeUndefined();
    vaults.mend();
    expect((await redrive(router, store, 'all')).done).toHaveLength(1);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]).toMatchObject({
      keys: { pk: 'A' },
      new: { bytes, all: new Set([bytes]), large: 2n ** 80n, words: new Set(['x', 'y']) },
    });
  });
});

describe('two routers with one store', () => {
  test.each([
    ['shop', 'shop-2'],
    ['shop', 'shop|once'],
    ['shop', 'sho'],
  ])('named %s and %s know nothing of each other', async (one, other) => {
    const store = memoryStore();
    const effects: string[] = [];
    const builder = recordsOf(shop);
    const batch = [builder.insert({ pk: 'A' }), builder.insert({ pk: 'B' }), builder.insert({ pk: 'A' })];
    const of = (name: string, poison: number, options: { readonly onFailure: FailureAction }) =>
      deploy(
        [
          route.on(shop, { id: 'mail', once: true }, ({ record }) => {
            if (batch.indexOf(record) === poison) throw new Error('scripted');
            effects.push(`${name} ${batch.indexOf(record)}`);
          }),
        ],
        { store, name, ...options },
      );
    const parking = of(one, 0, { onFailure: 'park-item' });
    const blocking = of(other, 1, { onFailure: 'block' });
    for (const _delivery of [1, 2]) {
      expect(await parking.deliver(...batch)).toBeUndefined();
      expect(await blocking.deliver(...batch)).toBe(batch[1] && sequenceOf(batch[1]));
    }
    expect(effects.sort()).toEqual([`${one} 1`, `${other} 0`, `${other} 2`].sort());
    expect(await blocking.parked()).toEqual([]);
    expect((await blocking.redrive()).done).toEqual([]);
    expect((await parking.parked()).map(({ record }) => record)).toEqual([batch[0], batch[2]]);
  });
});

describe('groups', () => {
  /** A handler of groups that fails on one with a poisoned change in it. */
  function groups(poison: { readonly n: number | undefined }, given: { readonly once?: boolean } = {}) {
    const tried: number[][] = [];
    const done: number[][] = [];
    const mail = route.batch(shop, { id: 'mail', ...given }, (changes) => {
      const group = changes.map(({ record }) => numberIn(record));
      tried.push(group);
      if (group.some((n) => n === poison.n)) throw new Error('scripted');
      done.push(group);
    });
    return { mail, tried, done };
  }

  const batchOf = (count: number): readonly StreamRecord[] => {
    const builder = recordsOf(shop);
    return Array.from({ length: count }, (_, n) => builder.insert({ pk: 'A', n }));
  };

  test('are tried one by one before one of their changes is parked, and what follows that queues', async () => {
    const poison = { n: 1 as number | undefined };
    const { mail, tried, done } = groups(poison);
    const { deliver, redrive, parked } = deploy([mail], { attempts: 2 });
    const batch = batchOf(4);
    expect(await deliver(...batch)).toBe(batch[0] && sequenceOf(batch[0]));
    expect(tried).toEqual([[0, 1, 2, 3]]);
    expect(await deliver(...batch)).toBeUndefined();
    expect(done.flat()).toEqual([0]);
    expect((await parked()).map(({ record }) => record)).toEqual(batch.slice(1));
    poison.n = undefined;
    expect((await redrive()).done).toHaveLength(3);
    expect(done.flat()).toEqual([0, 1, 2, 3]);
  });

  test('with once leave out what is done of them in another delivery, and act on each change once', async () => {
    const { mail, done } = groups({ n: undefined }, { once: true });
    const { deliver } = deploy([mail]);
    const batch = batchOf(4);
    expect(await deliver(...batch.slice(0, 2))).toBeUndefined();
    expect(await deliver(...batch)).toBeUndefined();
    expect(await deliver(...batch)).toBeUndefined();
    expect(done).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  test('with once that are parked are redriven change by change, each once', async () => {
    const poison = { n: 2 as number | undefined };
    const { mail, done } = groups(poison, { once: true });
    const { deliver, redrive, parked } = deploy([mail], { attempts: 2 });
    const batch = batchOf(4);
    while ((await deliver(...batch)) !== undefined);
    expect((await parked()).map(({ record }) => record)).toEqual(batch.slice(2));
    poison.n = undefined;
    expect((await redrive()).done).toHaveLength(2);
    expect(await deliver(...batch)).toBeUndefined();
    expect(done.flat()).toEqual([0, 1, 2, 3]);
  });
});

describe("an entity with onInvalid: 'park'", () => {
  test('has an item that does not fit parked at once, what follows behind it, and both run when its schema is mended', async () => {
    const orderOf = (schema: z.ZodType<{ total: number }>) =>
      shop.entity('Order', { key: { pk: 'ORDER#:orderId' }, schema, onInvalid: 'park' });
    const effects: number[] = [];
    const handlerOf = (schema: z.ZodType<{ total: number }>, once: boolean) =>
      route.on(orderOf(schema), { id: 'mail', once, events: ['INSERT', 'MODIFY'] }, (change) => {
        effects.push(change.new.total);
      });
    for (const once of [false, true]) {
      effects.length = 0;
      const { insert, modify } = recordsOf(shop);
      const [bad, good] = [
        { pk: 'ORDER#1', total: '30' },
        { pk: 'ORDER#1', total: 40 },
      ];
      const { deliver, redrive, parked } = deploy([handlerOf(z.object({ total: z.number() }), once)], {
        attempts: 5,
      });
      const records = [insert(bad), insert({ pk: 'ORDER#2', total: 20 }), modify(bad, good)];
      expect(await deliver(...records)).toBeUndefined();
      expect(effects).toEqual([20]);
      expect((await parked()).map(({ reason }) => reason)).toEqual(['never-again', 'behind']);
      expect((await redrive()).failed).toHaveLength(1);
      const mended = handlerOf(z.object({ total: z.coerce.number() }), once);
      expect((await redrive('all', [mended])).done).toHaveLength(2);
      expect(effects).toEqual([20, 30, 40]);
    }
  });
});
