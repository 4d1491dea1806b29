import {
  createRouter,
  NeverAgainError,
  neverAgain,
  RetryLaterError,
  retryLater,
  route,
  skipped,
  table,
} from '@sluice/core';
import { given, recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

/** The regions of this file are the snippets of the pages on order, failure and handlers. */

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({ status: z.string(), total: z.number() }),
});
const records = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' } });
const order = (userId: string, orderId = '1', status = 'PENDING') => ({
  pk: `USER#${userId}`,
  sk: `ORDER#${orderId}`,
  status,
  total: 30,
});

describe('lanes', () => {
  it('are what a router says', async () => {
    const seen: string[] = [];
    const routes = [route.on(Order, { id: 'note' }, ({ params }) => void seen.push(params.orderId))];
    // #region lanes
    const router = createRouter({
      routes,
      order: 'lanes',
      lane: 'partitionKey', // all orders of a user one after another, users side by side
      concurrency: 20,
    });
    // #endregion
    await given(router).when(records.insert(order('jo', '1')), records.insert(order('jo', '2')));
    expect(seen).toEqual(['1', '2']);
  });
});

describe('groups', () => {
  it('are the consecutive changes of a lane', async () => {
    const batches: string[][] = [];
    const search = {
      bulk: async (lines: readonly string[], _options: { key: string; signal: AbortSignal }) =>
        void batches.push([...lines]),
    };
    // #region groups
    const index = route.batch(
      Order,
      { id: 'index', events: ['INSERT', 'MODIFY'], maxSize: 50 },
      async (changes, { idempotencyKey, signal }) => {
        const lines = changes.map(({ params, new: { total } }) => `${params.orderId} ${total}`);
        await search.bulk(lines, { key: idempotencyKey, signal });
      },
    );
    // #endregion
    const router = createRouter({ routes: [index] });
    await given(router).when(
      ...['1', '2', '3'].map((orderId) => records.insert(order('jo', orderId))),
      records.remove(order('jo', '1')),
    );
    expect(batches).toEqual([['1 30', '2 30', '3 30']]);
  });
});

describe('outcomes', () => {
  it('are returned, or thrown from deeper down', async () => {
    const replies: Record<string, number> = { known: 200, busy: 429, gone: 410 };
    const mailer = {
      send: async (to: string) => ({ status: replies[to] ?? 500, retryAfterMs: 2000 }),
    };
    // #region outcomes
    const mail = route.insert(Order, { id: 'mail' }, async ({ params, new: { status } }) => {
      if (status === 'DRAFT') return skipped('a draft');
      const reply = await mailer.send(params.userId);
      if (reply.status === 429) return retryLater('the mailer is busy', { afterMs: reply.retryAfterMs });
      if (reply.status === 410) return neverAgain('the address is gone');
      if (reply.status !== 200) throw new Error(`the mailer says ${reply.status}`);
      return;
    });
    // #endregion
    const outcome = async (item: ReturnType<typeof order>) =>
      (await given(createRouter({ routes: [mail] })).when(records.insert(item))).calls[0]?.outcome.kind;
    expect(await outcome(order('known'))).toBe('handled');
    expect(await outcome(order('known', '1', 'DRAFT'))).toBe('skipped');
    expect(await outcome(order('busy'))).toBe('retryLater');
    expect(await outcome(order('gone'))).toBe('neverAgain');
    expect(await outcome(order('unknown'))).toBe('failed');
  });

  it('are typed errors too', async () => {
    // #region errors
    async function address(userId: string): Promise<string> {
      if (userId === 'busy') throw new RetryLaterError('the directory is busy', { afterMs: 500 });
      if (userId === 'gone') throw new NeverAgainError('the user is gone');
      return `${userId}@example.com`;
    }
    // #endregion
    const routes = [route.insert(Order, { id: 'mail' }, ({ params }) => address(params.userId))];
    const { retryLater: later } = await given(createRouter({ routes })).when(records.insert(order('busy')));
    const { neverAgain: never } = await given(createRouter({ routes })).when(records.insert(order('gone')));
    expect([later, never]).toEqual([['mail'], ['mail']]);
  });
});
