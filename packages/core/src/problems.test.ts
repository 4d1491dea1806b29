import { all, eventName, not, removedBy, type StreamViewType, table } from '@sluice/filters';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRouter, type Ledger, type Route, type RouterOptions, route } from './index.js';
import { problemsOf } from './testing/problems.js';

const keys = { partition: 'pk' } as const;
const shop = table('shop', { keys });
const schema = z.object({ total: z.number() });
const quiet = () => undefined;

describe('a router cannot be made', () => {
  it('without routes', () => {
    expect(problemsOf([])).toEqual([
      expect.stringContaining('there are no routes; give createRouter at least one'),
    ]);
    expect(problemsOf({ routes: [], problems: [] })).toHaveLength(1);
  });

  it('of routes with the same id', () => {
    const routes = [route.insert(shop, { id: 'a' }, quiet), route.remove(shop, { id: 'a' }, quiet)];
    expect(problemsOf(routes)).toEqual(['2 handlers have the id "a"; give each its own']);
  });

  it('with a ledger, by names that do not fit into its keys', () => {
    const ledger = { open: quiet, parking: quiet, once: quiet } as unknown as Ledger; // none of it is called
    const fitting = 'é'.repeat(250);
    const routes = (id: string) => route.insert(shop, { id }, quiet);
    expect(problemsOf(routes(fitting), { ledger, name: fitting })).toEqual([]);
    const refused = /fits into no ledger; give at most 500 bytes/;
    expect(problemsOf(routes(`${fitting}!`), { ledger, name: `${fitting}!` })).toEqual([
      expect.stringMatching(refused),
      expect.stringMatching(refused),
    ]);
    expect(problemsOf(routes('\ud800'), { ledger, name: 'shop' })).toEqual([expect.stringMatching(refused)]);
    expect(problemsOf(routes('h'.repeat(2000)))).toEqual([]);
  });

  it('of routes without an id, or without events', () => {
    expect(problemsOf([route.insert(shop, { id: '' }, quiet)])).toEqual([
      'a route has no id; give it one that stays the same',
    ]);
    expect(problemsOf([route.on(shop, { id: 'never', events: [] }, quiet)])).toEqual([
      'never names no events; give it some',
    ]);
  });

  it.each<[string, Parameters<typeof table>[1]]>([
    ['keys', { keys: { partition: 'id' } }],
    ['one key more', { keys: { partition: 'pk', sort: 'sk' } }],
    ['view', { keys, view: 'NEW_IMAGE' }],
    ['ttl', { keys, ttl: 'expiresAt' }],
  ])('of a table that is described twice, with another %s', (_what, options) => {
    const routes = [
      route.insert(shop, { id: 'a' }, quiet),
      route.insert(table('shop', options), { id: 'b' }, quiet),
      route.insert(shop.entity('Order', {}), { id: 'c' }, quiet),
    ];
    expect(problemsOf(routes)).toEqual([
      'table "shop" is described with different keys, view or ttl; describe it once and share it',
    ]);
  });

  it('with a concurrency that is no whole number from 1 up', () => {
    const routes = [route.insert(shop, { id: 'a' }, quiet)];
    for (const concurrency of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(problemsOf(routes, { concurrency })).toEqual([
        `concurrency is ${concurrency}; give a whole number from 1 up`,
      ]);
    }
    expect(problemsOf(routes, { concurrency: 1 })).toEqual([]);
  });

  it('with options that no compiler has checked, and that would mean nothing', () => {
    class OrderMail {}
    const options = {
      routes: [route.insert(shop, { id: 'a' }, quiet), OrderMail, 'b'],
      middleware: { handlers: [], record: [] },
      order: 'lane',
      unknownTable: 'ignore',
    } as unknown as RouterOptions;
    expect(problemsOf(options.routes, options)).toEqual([
      'routes holds OrderMail; make routes of classes with fromClasses()',
      'routes holds string; make routes of classes with fromClasses()',
      'a level of middleware is handlers; give batch, record, handler',
      'order is lane; give strict, lanes',
      'unknownTable is ignore; give fail, skip',
    ]);
    for (const unknownTable of ['fail', 'skip'] as const) {
      expect(problemsOf([route.insert(shop, { id: 'a' }, quiet)], { unknownTable })).toEqual([]);
    }
    const list = { middleware: [() => quiet] } as unknown as Partial<RouterOptions>;
    expect(problemsOf([route.insert(shop, { id: 'a' }, quiet)], list)).toHaveLength(1);
  });

  it('of anything that was found wrong while routes were made, and says everything at once', () => {
    const keysOnly = table('log', { keys, view: 'KEYS_ONLY' });
    const options: RouterOptions = {
      routes: [
        { routes: [], problems: ['class X has no id'] },
        route.insert(shop, { id: 'a' }, quiet),
        route.insert(shop, { id: 'a' }, quiet),
        route.insert(keysOnly, { id: 'b', when: keysOnly.attr('v').is(1) }, quiet),
      ],
      concurrency: 0,
    };
    expect(problemsOf(options.routes, options)).toEqual([
      'class X has no id',
      expect.stringContaining('2 handlers have the id "a"'),
      expect.stringContaining('b reads the NewImage of INSERT records'),
      expect.stringContaining('concurrency is 0'),
    ]);
    expect(() => createRouter(options)).toThrowError(
      /^Problems at start:\n {2}- class X has no id\n {2}- 2 handlers/,
    );
    expect(() => createRouter({ routes: [] })).toThrowError(/^Problems at start:\n {2}- there are no routes/);
  });
});

describe('an event that DynamoDB does not have', () => {
  it('is told, where no compiler has', () => {
    const shop = table('shop', { keys: { partition: 'pk' } });
    const routes = [route.on(shop, { id: 'it', events: ['UPDATE' as never, 'INSERT'] }, quiet)];
    expect(problemsOf(routes)).toEqual(['an event of it is UPDATE; give INSERT, MODIFY, REMOVE']);
    expect(() => createRouter({ routes })).toThrowError(/an event of it is UPDATE/);
    const only = route.on(shop, { id: 'it', events: ['UPDATE' as never] }, quiet);
    expect(problemsOf(only)).toEqual(['an event of it is UPDATE; give INSERT, MODIFY, REMOVE']);
  });
});

describe('the order of a route', () => {
  it('is a number', () => {
    const shop = table('shop', { keys: { partition: 'pk' } });
    const routes = [route.insert(shop, { id: 'it', order: Number.NaN }, quiet)];
    expect(problemsOf(routes)).toEqual(['the order of it is NaN; give a finite number']);
  });
});

describe('the images of a stream', () => {
  const news = table('news', { keys, view: 'NEW_IMAGE' });
  const olds = table('olds', { keys, view: 'OLD_IMAGE' });
  const Item = news.entity('Item', { schema });

  it('need not have what a filter reads of events that it leaves out', () => {
    const written = eventName('INSERT', 'MODIFY');
    expect(
      problemsOf([
        route.on(news, { id: 'written', when: all(written, news.attr('status').is('OPEN')) }, quiet),
        route.on(
          Item,
          { id: 'checked', when: all(not(eventName('REMOVE')), Item.attr('total').is(1)) },
          quiet,
        ),
        route.on(olds, { id: 'gone', when: all(removedBy('user'), olds.attr('status').is('OPEN')) }, quiet),
        route.on(
          olds,
          { id: 'lost', events: ['INSERT', 'REMOVE'], when: olds.attr('tags').removed() },
          quiet,
        ),
      ]),
    ).toEqual([]);
  });

  it('are not missed in a record of an event that the filter leaves out', () => {
    const routes = [
      route.on(olds, { id: 'lost', events: ['INSERT', 'REMOVE'], when: olds.attr('tags').removed() }, quiet),
    ];
    const inserted = {
      eventName: 'INSERT',
      eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/olds/stream/2026-01-01T00:00:00.000',
      dynamodb: { Keys: { pk: { S: 'a' } }, SequenceNumber: '1' },
    } as const;
    expect(createRouter({ routes }).match(inserted)).toEqual([]);
  });
});

describe('a route that no record could reach', () => {
  const shop = table('shop', { keys: { partition: 'pk' } });

  it('is told with its events and its filter', () => {
    const never = route.remove(
      shop,
      { id: 'closing', when: shop.attr('status').to('CLOSED') },
      () => undefined,
    );
    expect(problemsOf([never])).toEqual([
      expect.stringMatching(/^closing would never run: no record of \[REMOVE\] passes its filter/),
    ]);
  });

  it('is none while one of its events can pass', () => {
    const some = route.on(
      shop,
      { id: 'some', when: shop.attr('status').from('OPEN').to('CLOSED') },
      () => undefined,
    );
    expect(problemsOf([some])).toEqual([]);
  });
});

describe('a table that is described twice in the same way', () => {
  it('is one table, in whatever order its keys are written', () => {
    const one = table('t', { keys: { partition: 'pk', sort: 'sk' } });
    const same = table('t', { keys: { sort: 'sk', partition: 'pk' }, view: 'NEW_AND_OLD_IMAGES' });
    expect(
      problemsOf([route.insert(one, { id: 'a' }, quiet), route.insert(same, { id: 'b' }, quiet)]),
    ).toEqual([]);
  });

  it('may decode its numbers in two ways', () => {
    const exact = table('shop', { keys, numbers: 'bigint' });
    expect(
      problemsOf([route.insert(shop, { id: 'a' }, quiet), route.insert(exact, { id: 'b' }, quiet)]),
    ).toEqual([]);
  });
});

describe('an image that the view lacks', () => {
  const described = (view: StreamViewType) => table('log', { keys, view });
  type Made = (of: ReturnType<typeof described>) => Route;

  it.each<[StreamViewType, string, Made, readonly string[]]>([
    [
      'KEYS_ONLY',
      'is',
      (t) => route.insert(t, { id: 'r', when: t.attr('v').is(1) }, quiet),
      ['NewImage of INSERT'],
    ],
    ['NEW_IMAGE', 'is', (t) => route.insert(t, { id: 'r', when: t.attr('v').is(1) }, quiet), []],
    [
      'NEW_IMAGE',
      'is',
      (t) => route.remove(t, { id: 'r', when: t.attr('v').is(1) }, quiet),
      ['OldImage of REMOVE'],
    ],
    [
      'NEW_IMAGE',
      'changed',
      (t) => route.modify(t, { id: 'r', when: t.attr('v').changed() }, quiet),
      ['OldImage of MODIFY'],
    ],
    [
      'OLD_IMAGE',
      'changed',
      (t) => route.modify(t, { id: 'r', when: t.attr('v').changed() }, quiet),
      ['NewImage of MODIFY'],
    ],
    ['NEW_IMAGE', 'changed', (t) => route.insert(t, { id: 'r', when: t.attr('v').changed() }, quiet), []],
    [
      'KEYS_ONLY',
      'changed',
      (t) => route.on(t, { id: 'r', when: t.attr('v').changed() }, quiet),
      ['NewImage of INSERT', 'NewImage of MODIFY', 'OldImage of MODIFY', 'OldImage of REMOVE'],
    ],
    ['KEYS_ONLY', 'nothing', (t) => route.on(t, { id: 'r' }, quiet), []],
    ['KEYS_ONLY', 'nothing', (t) => route.expire(t, { id: 'r', when: all() }, quiet), []],
  ])('is told at start: %s, where a filter reads %s', (view, _what, make, missing) => {
    expect(problemsOf([make(described(view))])).toEqual(
      missing.map((image) =>
        expect.stringMatching(
          new RegExp(`r reads the ${image} records, .*the view .* is ${view}; use NEW_AND_OLD_IMAGES`),
        ),
      ),
    );
  });

  it.each<[StreamViewType, 'new' | 'both' | 'none', readonly string[]]>([
    ['KEYS_ONLY', 'new', ['NewImage of INSERT', 'NewImage of MODIFY', 'OldImage of REMOVE']],
    ['KEYS_ONLY', 'none', []],
    ['NEW_IMAGE', 'new', ['OldImage of REMOVE']],
    ['NEW_IMAGE', 'both', ['OldImage of MODIFY', 'OldImage of REMOVE']],
    ['OLD_IMAGE', 'new', ['NewImage of INSERT', 'NewImage of MODIFY']],
    ['OLD_IMAGE', 'both', ['NewImage of INSERT', 'NewImage of MODIFY']],
    ['NEW_AND_OLD_IMAGES', 'both', []],
  ])("is told at start: %s, where a schema validates '%s'", (view, validate, missing) => {
    const Entry = described(view).entity('Entry', { schema, validate });
    expect(problemsOf([route.on(Entry, { id: 'r' }, quiet)])).toEqual(
      missing.map((image) =>
        expect.stringMatching(
          new RegExp(`schema of r reads the ${image} records, .*the view .* is ${view}; .*validate: 'none'`),
        ),
      ),
    );
  });
});
