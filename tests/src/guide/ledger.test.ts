import { createRouter, type FailedChange, neverAgain, route, table } from '@sluice/core';
import { createLedger, parkedChanges, redrive, staleByItem } from '@sluice/ledger';
import { memoryStore } from '@sluice/store';
import { createTable, dynamoDbStore } from '@sluice/store/dynamodb';
import { type Engine, given, recordsOf, startEngine } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

/** The regions of this file are the snippets of the pages on the ledger, once and parking. */

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({ total: z.number() }),
});
const records = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' } });
const order = (userId: string, total = 30) => ({ pk: `USER#${userId}`, sk: 'ORDER#1', total });

const isEmbedded = process.platform === 'linux' && process.arch === 'x64';

describe('the ledger', () => {
  let engine: Engine;
  beforeAll(async () => {
    if (isEmbedded) engine = await startEngine();
  });
  afterAll(() => engine?.stop());

  it.skipIf(!isEmbedded)('is over a table of DynamoDB', async () => {
    const { region, endpoint, credentials } = engine;
    const access = { region, endpoint, credentials };
    const routes = route.insert(Order, { id: 'mail' }, () => {});
    const prepare = async () => {
      // #region table
      await createTable({ tableName: 'sluice', ...access });
      // #endregion
    };
    await prepare();
    // #region ledger
    const store = dynamoDbStore({ tableName: 'sluice', ...access }); // `access` is left out on AWS
    const router = createRouter({ name: 'shop-mail', routes, ledger: createLedger(store) });
    // #endregion
    expect((await given(router).when(records.insert(order('jo')))).handled).toEqual(['mail']);
    store.destroy();
  });
});

describe('lanes behind Lambda', () => {
  it('repeat nothing, in whatever process', async () => {
    const ledger = createLedger(memoryStore());
    const effects: string[] = [];
    let left = 1;
    const note = route.on(shop, { id: 'note' }, ({ keys: { pk }, eventName }) => {
      if (pk === 'A' && left-- > 0) throw new Error('not yet');
      effects.push(`${pk} ${eventName}`);
    });
    const aProcess = () => given(createRouter({ name: 'shop', routes: note, ledger }));
    const item = (pk: string) => ({ pk, sk: 'x' });
    const batch = [
      records.insert(item('A')),
      records.insert(item('B')),
      records.remove(item('B')),
      records.remove(item('A')),
    ];
    // #region lanes
    const first = await aProcess().when(...batch); // A's insert fails; B's changes go on
    expect(first.firstUnfinished).toBe(batch[0]?.dynamodb.SequenceNumber);
    expect(effects).toEqual(['B INSERT', 'B REMOVE']);

    const second = await aProcess().when(...batch); // a fresh process gets the batch again
    expect(second.firstUnfinished).toBeUndefined();
    expect(effects).toEqual(['B INSERT', 'B REMOVE', 'A INSERT', 'A REMOVE']);
    // #endregion
  });
});

describe('once', () => {
  it('acts on an event once, whoever delivers it', async () => {
    const ledger = createLedger(memoryStore());
    const charged: string[] = [];
    const payments = {
      charge: async (userId: string, amount: number, options: { readonly key: string }) =>
        void charged.push(`${userId} ${amount} ${options.key.length}`),
    };
    // #region once
    const charge = route.insert(
      Order,
      { id: 'charge', once: true },
      async ({ params, new: { total } }, { idempotencyKey }) => {
        await payments.charge(params.userId, total, { key: idempotencyKey });
      },
    );
    // #endregion
    const record = records.insert(order('jo'));
    for (const _process of [1, 2]) {
      const router = createRouter({ name: 'shop', routes: charge, ledger });
      expect((await given(router).when(record)).firstUnfinished).toBeUndefined();
    }
    expect(charged).toEqual(['jo 30 43']);
  });

  it('leaves a window, which the receiver can close', async () => {
    const seen = new Set<string>();
    const bank = {
      transfer: async (_amount: number, { key }: { readonly key: string }) => void seen.add(key),
    };
    // #region key
    const pay = route.insert(Order, { id: 'pay', once: { inProgress: 'later' } }, (change, context) =>
      bank.transfer(change.new.total, { key: context.idempotencyKey }),
    );
    // #endregion
    const router = createRouter({ name: 'shop', routes: pay, ledger: createLedger(memoryStore()) });
    await given(router).when(records.insert(order('jo')));
    expect(seen.size).toBe(1);
  });
});

describe('what is given up', () => {
  it('goes by the policy of its handler', async () => {
    const ledger = createLedger(memoryStore());
    const index = () => {};
    const send = () => neverAgain('no such address');
    // #region policies
    const router = createRouter({
      name: 'shop',
      ledger,
      onFailure: { action: 'park-item', attempts: 5 }, // for all that say nothing themselves
      routes: [
        route.insert(Order, { id: 'index', onFailure: 'block' }, index),
        route.insert(Order, { id: 'mail', onFailure: { action: 'park-record', attempts: 3 } }, send),
      ],
    });
    // #endregion
    const { firstUnfinished } = await given(router).when(records.insert(order('jo')));
    expect(firstUnfinished).toBeUndefined();
  });

  it('is listed, redriven and discarded', async () => {
    const store = memoryStore();
    let isDown = true;
    const mailed: string[] = [];
    const mail = route.on(
      Order,
      { id: 'mail', onFailure: { action: 'park-item', attempts: 1 } },
      ({ params, eventName }) => {
        if (isDown) throw new Error('the mailer is down');
        mailed.push(`${params.userId} ${eventName}`);
      },
    );
    const router = createRouter({ name: 'shop', routes: mail, ledger: createLedger(store) });
    await given(router).when(records.insert(order('jo')), records.modify(order('jo'), order('jo', 40)));
    isDown = false;
    const lines: string[] = [];
    const print = (line: string) => lines.push(line);
    // #region redrive
    const parked = parkedChanges(store, 'shop');
    for await (const { handlerId, record, reason, attempts, error } of parked.list({ handlerId: 'mail' })) {
      const why = reason === 'behind' ? 'waits behind it' : `${attempts} attempts, ${error.message}`;
      print(`${handlerId} ${record.eventName}: ${why}`);
    }

    const { done, failed } = await redrive(router, store, 'all'); // or { id }, { handlerId }, { keys }, { streamArn }
    await parked.discard({ handlerId: 'mail' }); // what is still there
    // #endregion
    expect(lines).toEqual(['mail INSERT: 1 attempts, the mailer is down', 'mail MODIFY: waits behind it']);
    expect([done.length, failed]).toEqual([2, []]);
    expect(mailed).toEqual(['jo INSERT', 'jo MODIFY']);
  });

  it('may be older than its item', async () => {
    const store = memoryStore();
    const mail = route.on(
      Order,
      { id: 'mail', events: ['INSERT', 'MODIFY'], onFailure: 'park-record' },
      ({ new: image }) => (image.total === 30 ? neverAgain('an odd total') : undefined),
    );
    const router = createRouter({ name: 'shop', routes: mail, ledger: createLedger(store) });
    const placed = records.insert(order('jo'));
    const current = records.modify(order('jo'), order('jo', 40));
    await given(router).when(placed, current);
    const currentItem = async () => current.dynamodb.NewImage;
    // #region stale
    const isStale = staleByItem(currentItem); // currentItems(client) of @sluice/store/dynamodb reads it from its table
    const { stale } = await redrive(router, store, { handlerId: 'mail' }, { isStale });
    // #endregion
    expect(stale).toHaveLength(1);
  });

  it('can be sent somewhere first', async () => {
    const sent: FailedChange[] = [];
    const send = () => neverAgain('no such address');
    const page = async (failure: FailedChange) => void sent.push(failure);
    // #region destination
    const mail = route.insert(
      Order,
      {
        id: 'mail',
        onFailure: { action: 'drop', attempts: 3, destination: async (failure) => page(failure) },
      },
      send,
    );
    // #endregion
    await given(createRouter({ routes: mail })).when(records.insert(order('jo')));
    expect(sent).toMatchObject([{ handlerId: 'mail', reason: 'never-again' }]);
  });
});
