import { createRouter, route, table } from '@sluice/core';
import { describe, expect, it } from 'vitest';
import { filterCriteria } from './criteria.js';

const keys = { partition: 'pk', sort: 'sk' };
const ignore = () => undefined;

describe('tables', () => {
  const paid = (name: string) => {
    const of = table(name, { keys });
    return route.on(of, { id: name, when: of.attr('status').is('PAID') }, ignore);
  };
  const idsOf = (names: readonly string[], tables = {}) =>
    filterCriteria(createRouter({ routes: names.map(paid), tables })).map(({ table: text, routeIds }) => [
      text,
      routeIds,
    ]);

  it('have criteria of their own', () => {
    expect(idsOf(['shop', 'other'])).toEqual([
      ['shop', ['shop']],
      ['other', ['other']],
    ]);
  });

  it('share routes where a stream can be of both', () => {
    const arn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev';
    expect(idsOf(['shop-*', '*-dev', arn, 'orders'])).toEqual([
      ['shop-*', ['shop-*', '*-dev', arn]],
      ['*-dev', ['shop-*', '*-dev', arn]],
      [arn, ['shop-*', '*-dev', arn]],
      ['orders', ['orders']],
    ]);
    expect(idsOf(['a', 'b'], { a: 'same', b: 'same' })).toEqual([
      ['same', ['a', 'b']],
      ['same', ['a', 'b']],
    ]);
  });

  it('that are described with different keys or views do not tell events by them', () => {
    const one = table('shop', { keys });
    const other = table('sh*', { keys: { partition: 'id' } });
    const routes = [route.insert(one, { id: 'one' }, ignore), route.insert(other, { id: 'other' }, ignore)];
    const [criteria] = filterCriteria(createRouter({ routes }));
    expect(criteria?.filters).toEqual([]);
  });

  it('that are described with different views do not tell events by what one of them has', () => {
    const one = table('shop', { keys });
    const other = table('sh*', { keys, view: 'NEW_IMAGE' });
    const routes = [route.modify(one, { id: 'one' }, ignore), route.modify(other, { id: 'other' }, ignore)];
    const [criteria] = filterCriteria(createRouter({ routes }));
    expect(JSON.stringify(criteria?.filters)).not.toContain('OldImage');
  });
});
