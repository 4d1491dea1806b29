import {
  all,
  neverAgain,
  not,
  type Order,
  type Route,
  type RouterOptions,
  retryLater,
  route,
  skipped,
  table,
  where,
} from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { lambdaEvent, readResponse } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mapped, numberOf, reportOf, routerOf, shop, shopRecords, writes } from './setup.js';

/**
 * What a function does not report is lost for ever, and a report that Lambda cannot read repeats the whole batch. So each way
 * to fail leads to one report, of the lowest record that is not done.
 */

const quiet = () => undefined;
const broken = (): never => {
  throw new Error('broken');
};
const onlyB = shop.attr('pk').is('B');

/** One way in which item B fails: the routes, what stands around them, and what B holds besides its key. */
interface Way {
  readonly routes: readonly Route[];
  readonly middleware?: RouterOptions['middleware'];
  readonly holds?: object;
}

const handling = (fail: () => unknown): Way => ({
  routes: [
    route.insert(shop, { id: 'h' }, ({ keys }) => (keys.pk === 'B' ? (fail() as undefined) : undefined)),
  ],
});
const around = (middleware: NonNullable<RouterOptions['middleware']>): Way => ({
  routes: [route.insert(shop, { id: 'h', when: onlyB }, quiet)],
  middleware,
});
const picky = table('shop', {
  keys: { partition: 'pk' },
  numbers: (text) => (text === '2' ? broken() : Number(text)),
});
const Checked = shop.entity('Checked', { schema: z.object({ pk: z.enum(['A', 'C']) }) });
const twoLetters = { S: 'x', N: '1' };

const waysToFail: Record<string, Way> = {
  'its handler throws': handling(broken),
  'its handler rejects with undefined': handling(() => Promise.reject(undefined)),
  'its handler asks for a later time': handling(() => retryLater('busy')),
  'one of its handlers fails, and the others do not': {
    routes: [
      route.insert(shop, { id: 'first' }, quiet),
      ...handling(broken).routes,
      route.insert(shop, { id: 'last' }, quiet),
    ],
  },
  'one of its handlers fails, and another one skips it': {
    routes: [...handling(broken).routes, route.insert(shop, { id: 'last' }, () => skipped('not ours'))],
  },
  'one of its handlers fails, and another one gives up': {
    routes: [...handling(broken).routes, route.insert(shop, { id: 'last' }, () => neverAgain('no use'))],
  },
  'it does not fit its schema': { routes: [route.insert(Checked, { id: 'h' }, quiet)] },
  'a value of it that is read cannot be decoded': {
    routes: [route.insert(shop, { id: 'h' }, (change) => void change.new['odd'])],
    holds: { odd: twoLetters },
  },
  'the function for its numbers throws': {
    routes: [route.insert(picky, { id: 'h' }, (change) => void change.new['version'])],
    holds: { version: { N: '2' } },
  },
  'a filter cannot judge it': {
    routes: [route.insert(shop, { id: 'h', when: shop.attr('odd').ofType('S') }, quiet)],
    holds: { odd: twoLetters },
  },
  'a part of a filter cannot judge it, and the others do not decide': {
    routes: [
      route.insert(
        shop,
        { id: 'h', when: all(not(shop.attr('odd').is('y')), shop.attr('pk').exists()) },
        quiet,
      ),
    ],
    holds: { odd: twoLetters },
  },
  'a function that is a filter gives a promise': {
    routes: [
      route.insert(
        shop,
        { id: 'h', when: all(onlyB, where('asks', (async () => false) as never, { reads: [] })) },
        quiet,
      ),
    ],
  },
  'a function that is a filter throws': {
    routes: [
      route.insert(
        shop,
        { id: 'h', when: where('picky', ({ dynamodb }) => (dynamodb.NewImage?.['odd'] ? broken() : false)) },
        quiet,
      ),
    ],
    holds: { odd: { S: 'x' } },
  },
  'a layer around its handler throws': around({ handler: [broken] }),
  'a layer around its handler forgets to give back the outcome': around({
    // What would not compile: layers in JavaScript do it.
    handler: [(async (_call: unknown, next: () => Promise<unknown>) => void (await next())) as never],
  }),
  'a layer around the record throws when all is done': around({
    record: [(_call, next) => next().then(broken)],
  }),
};

describe.each<Order>(['strict', 'lanes'])('a batch of three items, in %s order', (order) => {
  it.each(Object.entries(waysToFail))('is reported from the second one on when %s', async (_how, way) => {
    const { routes, middleware = {}, holds = {} } = way;
    const records = shopRecords();
    const items = ['A', 'B', 'C'].map((pk) => ({ pk: { S: pk }, ...(pk === 'B' && holds) }));
    const batch = items.map((item) => records.insert(item, { wire: true }));
    const handler = lambda(routerOf(routes, { order, middleware, concurrency: 1 }));

    // The second time as Lambda delivers it again, to the same environment and to a fresh one.
    const again = batch.slice(1);
    for (const [run, delivered] of [
      [handler, batch],
      [handler, again],
      [lambda(routerOf(routes, { order, middleware })), again],
    ] as const) {
      const answer = await run(lambdaEvent(delivered));
      expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: numberOf(batch[1]) }] });
      const numbers = delivered.map(({ dynamodb }) => dynamodb.SequenceNumber);
      expect(readResponse(answer, numbers)).toEqual({ retryFrom: numberOf(batch[1]) });
    }
  });
});

describe('a batch of which every record fails', () => {
  it.each<[number, Order]>([
    [1, 'strict'],
    [1, 'lanes'],
    [3, 'strict'],
    [3, 'lanes'],
  ])('is answered like any other and not with an error: %d, %s', async (size, order) => {
    const batch = writes('A1 B1 C1').slice(0, size);
    const handler = lambda(routerOf([route.insert(shop, { id: 'h' }, broken)], { order }));
    expect(await reportOf(handler, batch)).toEqual([numberOf(batch[0])]);
  });
});

describe('failures of several items at a time', () => {
  it.each([
    [10, 20, 30],
    [30, 20, 10],
    [20, 10, 30],
    [10, 10, 10],
  ])(
    'are reported as the lowest of them, whichever came first: after %d, %d and %d ms',
    async (...failAfterMs) => {
      const batch = writes('A1 B1 C1 D1');
      const calls = new Map<unknown, number>();
      const fails = route.insert(shop, { id: 'h' }, async ({ keys }, { clock }) => {
        const call = (calls.get(keys.pk) ?? 0) + 1;
        calls.set(keys.pk, call);
        await clock.sleep(failAfterMs['ABC'.indexOf(String(keys.pk))] ?? 5);
        if (call === 1 && keys.pk !== 'D') throw new Error('not now');
      });
      const { invocations } = await mapped([fails], batch, 'warm', { order: 'lanes' });
      expect(invocations.map(({ retryFrom }) => retryFrom)).toEqual([numberOf(batch[0]), undefined]);
      expect(Object.fromEntries(calls)).toEqual({ A: 2, B: 2, C: 2, D: 1 });
    },
  );
});

describe('one function', () => {
  /** Fails item B as long as it is told to. */
  const choosy = () => {
    const state = { failing: true };
    const handler = lambda(
      routerOf([
        route.insert(shop, { id: 'h' }, async ({ keys }) => {
          await null;
          if (state.failing && keys.pk === 'B') broken();
        }),
      ]),
    );
    return { state, handler };
  };

  it('answers to each event for itself: nothing of a failed one is left in the next', async () => {
    const { handler } = choosy();
    const batch = writes('A1 B1 C1 D1');
    expect(await reportOf(handler, batch.slice(0, 2))).toEqual([numberOf(batch[1])]);
    expect(await reportOf(handler, batch.slice(2))).toEqual([]);
    expect(await reportOf(handler, batch.slice(1, 2))).toEqual([numberOf(batch[1])]);
    expect(await reportOf(handler, [])).toEqual([]);
  });

  it('answers to events that come at the same time each for itself', async () => {
    const { handler } = choosy();
    const batch = writes('A1 B1 C1 D1');
    expect(
      await Promise.all([
        reportOf(handler, batch.slice(2)),
        reportOf(handler, batch.slice(0, 2)),
        reportOf(handler, batch.slice(3)),
      ]),
    ).toEqual([[], [numberOf(batch[1])], []]);
  });

  it('says the same whether it is fresh or has been used', async () => {
    const batch = writes('A1 B1 C1');
    const used = choosy();
    used.state.failing = false;
    await reportOf(used.handler, writes('D1 B1'));
    used.state.failing = true;
    expect(await reportOf(used.handler, batch)).toEqual(await reportOf(choosy().handler, batch));
  });
});
