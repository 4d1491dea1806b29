import { type AnyFilter, all, route, table } from '@sluice/core';
import { recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { criteriaOf } from './testing/criteria-of.js';

const keys = { partition: 'pk', sort: 'sk' };
const shop = table('shop', { keys });
const records = recordsOf({ table: 'shop', keys });
const inserted = (item: object) => records.insert({ pk: 'USER#jo', sk: 'ORDER#1', ...item });
const removed = (item: object) => records.remove({ pk: 'USER#jo', sk: 'ORDER#1', ...item });
const ignore = () => undefined;

describe('many routes', () => {
  const literals = (
    count: number,
    of = (index: number): AnyFilter => shop.attr('kind').is(`kind-${index}`),
  ) =>
    Array.from({ length: count }, (_, index) =>
      route.insert(shop, { id: `route-${index}`, when: of(index) as never }, ignore),
    );

  it('share a pattern where they ask the same field', () => {
    const { filters, letsThrough, notPushedDown } = criteriaOf(literals(100), { maxFilters: 1 });
    expect(filters).toHaveLength(1);
    expect([inserted({ kind: 'kind-99' }), inserted({ kind: 'kind-100' })].map(letsThrough)).toEqual([
      true,
      false,
    ]);
    expect(notPushedDown).toEqual([]);
  });

  it('are spread over the filters that there are, exactly as long as they have room', () => {
    const { filters, letsThrough, notPushedDown } = criteriaOf(literals(1000));
    expect(filters.length).toBeGreaterThan(1);
    expect([inserted({ kind: 'kind-999' }), inserted({ kind: 'kind-1000' })].map(letsThrough)).toEqual([
      true,
      false,
    ]);
    expect(notPushedDown).toEqual([]);
  });

  it('share a pattern by $or where they ask different fields', () => {
    const routes = literals(30, (index) => shop.attr(`attribute-${index}`).is('x'));
    const { filters, letsThrough } = criteriaOf(routes, { maxFilters: 2 });
    expect(filters.map(({ Pattern }) => Pattern.includes('"$or"'))).toContain(true);
    expect([inserted({ 'attribute-29': 'x' }), inserted({ 'attribute-29': 'y' })].map(letsThrough)).toEqual([
      true,
      false,
    ]);
  });

  it('have no alternatives in common, of which event-ruler would forget the second: same fields, with a leaf in common in each', () => {
    const { status, kind } = { status: shop.attr('status'), kind: shop.attr('kind') };
    const routes = [
      route.on(shop, { id: 'one', events: ['INSERT'], when: all(status.is('A', 'B'), kind.is('x')) }, ignore),
      route.on(
        shop,
        { id: 'two', events: ['INSERT'], when: all(status.is('B', 'C'), kind.is('x', 'y')) },
        ignore,
      ),
    ];
    const { filters, letsThrough } = criteriaOf(routes, { metadata: true });
    expect(filters.map(({ Pattern }) => JSON.parse(Pattern).dynamodb.NewImage)).toEqual([
      { status: { S: ['A', 'B'] }, kind: { S: ['x'] } },
      { status: { S: ['C'] }, kind: { S: ['x', 'y'] } },
      { status: { S: ['B'] }, kind: { S: ['y'] } },
    ]);
    const pairs = ['A', 'B', 'C'].flatMap((one) => ['x', 'y'].map((other) => ({ status: one, kind: other })));
    expect(pairs.filter((item) => !letsThrough(inserted(item)))).toEqual([{ status: 'A', kind: 'y' }]);
  });

  it('have no line breaks in their patterns, of any kind: AWS takes none', () => {
    const text = '\n\u0085\u2028\u2029';
    const { filters, letsThrough } = criteriaOf(literals(1, () => shop.attr(text).is(text)));
    expect(filters.map(({ Pattern }) => /[\n\u0085\u2028\u2029]/.test(Pattern))).toEqual([false]);
    expect([inserted({ [text]: text }), inserted({ [text]: 'x' })].map(letsThrough)).toEqual([true, false]);
  });

  it('get wider patterns where there is no room, and are told', () => {
    const { filters, letsThrough, notPushedDown } = criteriaOf(literals(1000), { maxFilters: 1 });
    expect(filters).toHaveLength(1);
    expect([inserted({ kind: 'kind-5' }), inserted({ kind: 'other' })].map(letsThrough)).toEqual([
      true,
      false,
    ]);
    expect(notPushedDown).toHaveLength(1000);
    expect(notPushedDown[0]).toEqual({
      routeId: 'route-0',
      condition: 'table shop and INSERT and kind is "kind-0"',
      reason: '1 filter of 4096 characters cannot say all that the routes of the table ask',
    });
  });

  it('let through at least the events that one of them is for', () => {
    const { letsThrough } = criteriaOf(literals(1000, (index) => shop.attr(`attribute-${index}`).is('x')));
    expect([inserted({}), removed({})].map(letsThrough)).toEqual([true, false]);
  });
});
