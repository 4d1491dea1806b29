import assert from 'node:assert/strict';
import {
  type AnyFilter,
  absent,
  all,
  any,
  createRouter,
  type EventName,
  isSluiceError,
  not,
  type Route,
  type Router,
  route,
  type StreamRecord,
  table,
} from '@sluice/core';
import { patternMatcher } from '@sluice/filters';
import { recordsOf } from '@sluice/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { filterCriteria } from './criteria.js';
import {
  alternativesOf,
  areTakenForOne,
  few,
  filterOf,
  plainFilterOf,
  recordIn,
  text,
  type World,
  world,
  worldTable,
} from './testing/criteria-worlds.js';

fc.configureGlobal({ seed: Number(process.env['SLUICE_SEED'] ?? 20_261_122) });

const templates = [
  'USER#:id',
  'USER#:id#X:id2',
  'CART',
  ':id',
  '1:rest*',
  ':a#2',
  '10',
  'CA:rest*',
  ':all*',
  '-:n',
  'x":id',
  '":rest*',
];

/** Routes that a router takes; what it refuses at start, no record meets. */
function routesIn(world: World): fc.Arbitrary<readonly Route[]> {
  const one = routeIn(world, filterOf(world));
  const sayable = fc.tuple(fc.constantFrom('a', 'b', 'L', 'c'), few(text)).map(([name, some]) => {
    return worldTable(world)
      .attr(name)
      .is(...(some as [string]));
  });
  const many = routeIn(world, sayable);
  return fc.oneof(
    fc.array(one, { minLength: 1, maxLength: 3 }),
    fc.array(many, { minLength: 5, maxLength: 60 }),
  );
}

function routeIn(world: World, filter: fc.Arbitrary<AnyFilter>): fc.Arbitrary<Route> {
  return fc
    .record({
      tableName: fc.constantFrom('shop', 'shop', 'sh*'),
      pk: fc.option(fc.constantFrom(...templates), { nil: undefined }),
      sk: fc.option(fc.constantFrom('CART', ':id', 'US:rest*'), { nil: undefined }),
      events: fc.uniqueArray(fc.constantFrom<EventName>('INSERT', 'MODIFY', 'REMOVE'), { minLength: 1 }),
      when: fc.option(filter, { nil: undefined, freq: 9 }),
      isWindow: fc.boolean(),
    })
    .map((asked) => makeRoute(world, asked))
    .filter((each) => routerOf([each]) !== undefined);
}

interface AskedRoute {
  readonly tableName?: string;
  readonly pk?: string | undefined;
  readonly sk?: string | undefined;
  readonly events: readonly EventName[];
  readonly when?: AnyFilter | undefined;
  readonly isWindow?: boolean;
}

function makeRoute(world: World, { tableName, pk, sk, events, when, isWindow }: AskedRoute): Route {
  const key = { ...(pk && { [world.partition]: pk }), ...(sk && { sk }) };
  const model = worldTable(world, tableName).entity('Thing', { key });
  const options = { id: 'one', events, ...(when && { when: when as never }) };
  return isWindow
    ? route.window(
        model,
        { ...options, state: z.object({}) },
        { add: (state) => state, close: () => undefined },
      )
    : route.on(model, options, () => undefined);
}

function routerOf(routes: readonly Route[]): Router | undefined {
  try {
    return createRouter({ routes: routes.map((each, index) => ({ ...each, id: `route-${index}` })) });
  } catch (error) {
    if (isSluiceError(error)) return undefined;
    throw error;
  }
}

interface Seen {
  wanted: number;
  filteredOut: number;
}

/** Every record that a router wants passes its patterns, which are as few and as short as they have to be. */
function check(
  router: Router,
  records: readonly StreamRecord[],
  metadata: boolean,
  maxFilters: number,
  seen: Seen,
): void {
  for (const { filters } of filterCriteria(router, { metadata, maxFilters })) {
    assert(filters.length <= maxFilters, 'There are no more filters than asked for.');
    assert(
      filters.every(({ Pattern }) => Pattern.length <= 4096),
      'A pattern has at most 4096 characters.',
    );
    const passes = filters.map(({ Pattern }) => patternMatcher(Pattern));
    for (const record of records) {
      const isWanted = router.match(record).length + router.matchWindows(record).length > 0;
      const comesThrough = passes.length === 0 || passes.some((test) => test(record));
      if (isWanted) seen.wanted++;
      if (!comesThrough) seen.filteredOut++;
      assert(comesThrough || !isWanted, `A record is lost: ${JSON.stringify({ record, filters })}`);
    }
  }
}

it('lets through every record that a route or a window wants, whatever they ask and however little room there is', () => {
  const seen = { wanted: 0, filteredOut: 0 };
  const story = world.chain((one) =>
    fc.record({
      routes: routesIn(one),
      records: fc.array(recordIn(one), { minLength: 10, maxLength: 30 }),
      metadata: fc.boolean(),
      maxFilters: fc.constantFrom(1, 2, 5, 10),
    }),
  );
  fc.assert(
    fc.property(story, ({ routes, records, metadata, maxFilters }) => {
      const router = routerOf(routes);
      assert(router);
      check(router, records, metadata, maxFilters, seen);
    }),
    { numRuns: 100 },
  );
  expect(Math.min(seen.wanted, seen.filteredOut)).toBeGreaterThan(500);
});

it('lets through every record that a route alone wants, where no other route makes up for what its patterns leave out', () => {
  const seen = { wanted: 0, filteredOut: 0 };
  const story = world.chain((one) =>
    fc.record({
      world: fc.constant(one),
      filters: fc.array(plainFilterOf(one), { minLength: 10, maxLength: 30 }),
      records: fc.array(recordIn(one), { minLength: 20, maxLength: 30 }),
      metadata: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(story, ({ world: one, filters, records, metadata }) => {
      for (const when of filters) {
        const router = routerOf([makeRoute(one, { events: ['INSERT', 'MODIFY', 'REMOVE'], when })]);
        if (router) check(router, records, metadata, 10, seen);
      }
    }),
    { numRuns: 100 },
  );
  expect(Math.min(seen.wanted, seen.filteredOut)).toBeGreaterThan(500);
});

it('makes patterns none of whose alternatives event-ruler takes for one that it knows already', () => {
  const shop = table('shop', { keys: { partition: 'pk' } });
  const records = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
  const asked = fc.record({
    a: few(fc.constantFrom('A', 'B', 'C', '::1', '0::1')),
    b: few(fc.constantFrom('A', 'B', 'C')),
    kind: fc.constantFrom('is', 'is', 'startsWith', 'not', 'absent'),
  });
  const whenOf = ({ a, b, kind }: { a: string[]; b: string[]; kind: string }) => {
    const first = shop.attr('a').is(...(a as [string]));
    const second = shop.attr('b');
    if (kind === 'is') return all(first, second.is(...(b as [string])));
    if (kind === 'startsWith') return all(first, any(second.startsWith('A'), second.is(...(b as [string]))));
    return all(first, kind === 'not' ? not(second.is(...(b as [string]))) : second.is('A', absent));
  };
  const values = ['A', 'B', 'C', '::1', '0::1', 'AB'];
  const inserted = values.flatMap((a) => values.map((b) => records.insert({ pk: '1', a, b })));
  inserted.push(...values.map((a) => records.insert({ pk: '1', a })));
  fc.assert(
    fc.property(
      fc.array(asked, { minLength: 2, maxLength: 8 }),
      fc.constantFrom(1, 5, 10),
      (routes, maxFilters) => {
        const router = createRouter({
          routes: routes.map((one, index) =>
            route.insert(shop, { id: `route-${index}`, when: whenOf(one) }, () => undefined),
          ),
        });
        check(router, inserted, false, maxFilters, { wanted: 0, filteredOut: 0 });
        const [{ filters } = { filters: [] }] = filterCriteria(router, { maxFilters });
        const alternatives = alternativesOf(filters.map(({ Pattern }) => Pattern));
        alternatives.forEach((one, index) => {
          const before = alternatives.slice(0, index);
          assert(!before.some((other) => areTakenForOne(one, other)), JSON.stringify(filters));
        });
      },
    ),
    { numRuns: 100 },
  );
});
