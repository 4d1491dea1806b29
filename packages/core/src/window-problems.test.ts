import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  createRouter,
  explain,
  type Ledger,
  makeRoute,
  route,
  type StandardSchemaV1,
  table,
  windowRoute,
} from './index.js';
import { problemsOf } from './testing/problems.js';
import { changesOf, noting, Seen, shop } from './testing/windows.js';

const quiet = () => undefined;
const folding = { add: (state: Seen) => state, close: quiet };

describe('a router cannot be made of a window route', () => {
  it('whose state does not take nothing, with which a window begins', () => {
    const strict = z.object({ orders: z.number() });
    expect(
      problemsOf(route.window(shop, { id: 'w', state: strict }, { ...folding, add: (state) => state })),
    ).toEqual(['the state of w takes no {}, with which a window begins; give it defaults']);
  });

  it('whose state is no schema', () => {
    const none = { id: 'w', state: {} as StandardSchemaV1<Seen> }; // as a caller without types may
    expect(problemsOf(route.window(shop, none, folding))).toEqual([
      expect.stringMatching(/^the state of w takes no {}/),
    ]);
  });

  it('with what cannot be asked of one, where no compiler has refused it', () => {
    const fold = { state: Seen, ...folding };
    const options = [{ order: 1 }, { exclusive: 'g' }, { once: true }, { onFailure: 'drop' }] as const;
    const ledger = { open: quiet, parking: quiet, once: quiet } as unknown as Ledger; // none of it is called
    for (const option of options) {
      const made = makeRoute(shop, { events: ['INSERT'] }, { id: 'w', ...option }, quiet, fold);
      expect(problemsOf(made, { ledger, name: 'windows' })).toEqual([
        'w is a window route, which has no order, exclusive, once or onFailure; leave them out',
      ]);
    }
  });

  it('of an entity whose unfit items are to be parked, for which an event that is all or nothing has no place', () => {
    const Item = shop.entity('Item', { schema: z.object({ pk: z.string() }), onInvalid: 'park' });
    const ledger = { open: quiet, parking: quiet, once: quiet } as unknown as Ledger;
    const made = route.window(Item, { id: 'w', events: ['INSERT'], state: Seen }, folding);
    expect(problemsOf(made, { ledger, name: 'windows' })).toEqual([
      "w is a window route, which parks no items that do not fit; give onInvalid 'fail' or 'skip'",
    ]);
  });

  it('of an id that another handler has, or whose filter reads what the view leaves out', () => {
    const keysOnly = table('shop', { keys: { partition: 'pk' }, view: 'KEYS_ONLY' });
    expect(
      problemsOf(
        route.window(
          keysOnly,
          { id: 'w', events: ['MODIFY'], when: keysOnly.attr('a').changed(), state: Seen },
          folding,
        ),
      ),
    ).toHaveLength(2);
    expect(() => createRouter({ routes: [noting('w').noted, noting('w').noted] })).toThrow(
      '2 handlers have the id "w"',
    );
  });
});

it('a state whose schema takes its time is not judged at start, nor does its refusal go unhandled', async () => {
  const slow = Seen.refine(async () => false);
  expect(
    problemsOf(route.window(shop, { id: 'w', state: slow }, { ...folding, add: (state) => state })),
  ).toEqual([]);
  const rejecting: StandardSchemaV1<Seen> = {
    '~standard': { version: 1, vendor: 'own', validate: () => Promise.reject(new Error('no database')) },
  };
  expect(problemsOf(route.window(shop, { id: 'w', state: rejecting }, folding))).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
});

describe('a router with window routes', () => {
  const router = createRouter({
    routes: [noting('revenue').noted, route.on(shop, { id: 'audit' }, quiet)],
    onFailure: { action: 'drop' },
  });
  const [record] = changesOf('A') as [ReturnType<typeof changesOf>[number]];

  it('explains them among the others', () => {
    expect(explain(router, record).map(({ routeId, verdict }) => [routeId, verdict])).toEqual([
      ['revenue', 'runs'],
      ['audit', 'runs'],
    ]);
  });

  it('finds them for a record apart from those that handle it by itself', () => {
    expect(router.match(record).map(({ route }) => route.id)).toEqual(['audit']);
    expect(router.matchWindows(record).map(({ route }) => route.id)).toEqual(['revenue']);
    expect(router.windows.map(({ route, policy }) => [route.id, policy])).toEqual([['revenue', undefined]]);
    expect(router.routes.map(({ id }) => id)).toEqual(['revenue', 'audit']);
  });

  it('knows the tables of both, and no others', () => {
    const onlyWindows = createRouter({ routes: noting('revenue').noted });
    expect(onlyWindows.match(record)).toEqual([]);
    const other = { ...record, eventSourceARN: record.eventSourceARN.replace('shop', 'carts') };
    expect(() => onlyWindows.match(other)).toThrow('the routes name shop');
    expect(onlyWindows.matchWindows(other)).toEqual([]);
  });

  it('never runs one as a handler', () => {
    const { handle } = windowRoute(shop, { id: 'w' }, { state: Seen, ...folding });
    expect(() => handle({} as never, {} as never)).toThrow('A window route handles no change by itself');
  });
});
