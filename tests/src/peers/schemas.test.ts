import { type Change, type EventName, route, type StreamViewType, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { given, recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { numberOf, reportOf, routerOf, type StreamRecord } from './setup.js';

/** A schema judges what it is given, never whether a route is meant; and what does not fit is not done in silence. */

const keys = { partition: 'pk', sort: 'sk' } as const;
const shop = table('shop', { keys });
const isoDate = z.iso.datetime().transform((text) => new Date(text));
const schema = z.object({ pk: z.string(), sk: z.string(), at: isoDate, left: z.number() });
const key = { pk: 'USER#:userId', sk: 'ORDER#:orderId' } as const;
const [march, april] = ['2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z'];
const stored = { pk: 'USER#jo', sk: 'ORDER#7', at: march, left: 1 };
const later = { ...stored, at: april, left: 2 };
const quiet = () => undefined;

function eachEvent(view: StreamViewType = 'NEW_AND_OLD_IMAGES'): Record<EventName, StreamRecord> {
  const records = recordsOf({ table: 'shop', keys, view });
  return {
    INSERT: records.insert(stored),
    MODIFY: records.modify(stored, later),
    REMOVE: records.remove(later),
  };
}

const imagesOf = (change: Change<typeof shop>) => ({
  ...('old' in change && change.old !== undefined && { old: change.old['at'] }),
  ...('new' in change && change.new !== undefined && { new: change.new['at'] }),
});

describe('a schema that transforms', () => {
  it.each(['new', 'both', 'none'] as const)(
    'gives each event the images that it has, the old one as the old one and the new one as the new: %s',
    async (validate) => {
      const Order = shop.entity('Order', { key, schema, validate });
      const seen: unknown[] = [];
      const see = route.on(Order, { id: 'see' }, (change) => {
        seen.push([change.eventName, imagesOf(change as never)]);
      });
      const { failed } = await given(routerOf([see])).when(...Object.values(eachEvent()));
      const [before, after] = [new Date(march), new Date(april)];
      const asStored = { INSERT: { new: march }, MODIFY: { old: march, new: april }, REMOVE: { old: april } };
      const parsed = { INSERT: { new: before }, MODIFY: { old: before, new: after }, REMOVE: { old: after } };
      const expected = {
        none: asStored,
        both: parsed,
        // The subject of an event: of a REMOVE what was deleted.
        new: { ...parsed, MODIFY: { old: march, new: after } },
      };
      expect({ failed, seen }).toEqual({ failed: [], seen: Object.entries(expected[validate]) });
    },
  );

  it('leaves filters alone, which are about what is stored', async () => {
    const Order = shop.entity('Order', { key, schema, validate: 'both' });
    const routes = [
      route.modify(Order, { id: 'stored', when: Order.attr('at').from(march).to(april) }, quiet),
      route.modify(Order, { id: 'left', when: Order.attr('left').increasedBy(1) }, quiet),
    ];
    expect((await given(routerOf(routes)).when(eachEvent().MODIFY)).handled).toEqual(['stored', 'left']);
  });

  it.each<[StreamViewType, readonly EventName[]]>([
    ['NEW_IMAGE', ['INSERT', 'MODIFY']],
    ['OLD_IMAGE', ['REMOVE']],
  ])('needs no image that the view %s has not: %s', async (view, events) => {
    const Order = table('shop', { keys, view }).entity('Order', { key, schema });
    const router = routerOf([route.on(Order, { id: 'h', events }, quiet)]);
    const records = eachEvent(view);
    const { handled } = await given(router).when(...events.map((event) => records[event]));
    expect(handled).toEqual(events.map(() => 'h'));
  });
});

describe('an item that does not fit its schema', () => {
  const wrong = { ...later, left: 'none' };

  const batch = () => {
    const records = recordsOf({ table: 'shop', keys });
    return [
      records.insert(stored),
      records.modify(stored, wrong),
      records.remove({ ...stored, sk: 'ORDER#8' }),
    ];
  };
  const handlers = (onInvalid: 'fail' | 'skip') => {
    const Order = shop.entity('Order', { key, schema, onInvalid });
    return [
      route.on(Order, { id: 'typed' }, quiet),
      route.on(shop, { id: 'untyped' }, quiet),
      route.modify(Order, { id: 'left', when: Order.attr('left').changed() }, quiet),
    ];
  };

  it('fails its handlers, which are reported, and no other one', async () => {
    const [first, second, third] = batch() as [StreamRecord, StreamRecord, StreamRecord];
    const { handled, skipped, unmatched, ...delivered } = await given(routerOf(handlers('fail'))).when(
      first,
      second,
      third,
    );
    expect({ handled, skipped, unmatched }).toEqual({
      handled: ['typed', 'untyped', 'untyped'],
      skipped: [],
      unmatched: 0,
    });
    expect(delivered.firstUnfinished).toBe(numberOf(second));
    expect(delivered.errors.map((error) => (error as { code?: string }).code)).toEqual([
      'INVALID_ITEM',
      'INVALID_ITEM',
    ]);
    expect(await reportOf(lambda(routerOf(handlers('fail'))), [first, second, third])).toEqual([
      numberOf(second),
    ]);
  });

  it('is passed over where that is wanted, and counted as skipped: never as handled, and never as unmatched', async () => {
    const { handled, skipped, unmatched, firstUnfinished } = await given(routerOf(handlers('skip'))).when(
      ...batch(),
    );
    expect({ handled, skipped, unmatched, firstUnfinished }).toEqual({
      handled: ['typed', 'untyped', 'untyped', 'typed', 'untyped'],
      skipped: ['typed', 'left'],
      unmatched: 0,
      firstUnfinished: undefined,
    });
  });

  it('is still an item of its entity: another one, whose schema it would fit, does not get it', async () => {
    const anything = z.looseObject({});
    const Order = shop.entity('Order', { key, schema, onInvalid: 'skip' });
    const Note = shop.entity('Note', { key: { pk: 'USER#:userId', sk: 'NOTE#:noteId' }, schema: anything });
    const routes = [route.on(Note, { id: 'note' }, quiet), route.on(Order, { id: 'order' }, quiet)];
    const { handled, skipped } = await given(routerOf(routes)).when(...batch());
    expect({ handled, skipped }).toEqual({ handled: ['order', 'order'], skipped: ['order'] });
  });
});

describe('kinds of items in a table whose sort keys are not all text', () => {
  it('are told by what their keys are, and a key of another type is of no kind', async () => {
    const readings = table('readings', { keys: { partition: 'pk', sort: 'at' } });
    const Reading = readings.entity('Reading', { key: { pk: 'SENSOR#:sensor', at: ':second' } });
    const Config = readings.entity('Config', { key: { pk: 'SENSOR#:sensor', at: 'CONFIG' } });
    const records = recordsOf(readings);
    const seen: unknown[] = [];
    const { failed, unmatched } = await given(
      routerOf([
        route.on(Reading, { id: 'reading' }, ({ params }) => void seen.push(params)),
        route.on(Config, { id: 'config' }, ({ params }) => void seen.push(params)),
      ]),
    ).when(
      records.insert({ pk: 'SENSOR#1', at: 1_772_539_200 }),
      records.insert({ pk: 'SENSOR#1', at: new Uint8Array([1]) }),
    );
    expect({ failed, unmatched, seen }).toEqual({
      failed: [],
      unmatched: 1,
      seen: [{ sensor: '1', second: '1772539200' }],
    });
  });
});
