import {
  type AnyFilter,
  absent,
  all,
  any,
  createRouter,
  decimal,
  not,
  route,
  type StreamRecord,
  table,
  value,
} from '@sluice/core';
import { patternMatcher } from '@sluice/filters';
import { recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { filterCriteria } from './criteria.js';

const keys = { partition: 'pk' };
const shop = table('shop', { keys });
const records = recordsOf({ table: 'shop', keys });
const inserted = (item: object) => records.insert({ pk: '1', ...item });
const modified = (old: object, now: object) => records.modify({ pk: '1', ...old }, { pk: '1', ...now });
const { attr, attrAt } = shop;
const many = (count: number, made: (index: number) => AnyFilter) =>
  Array.from({ length: count }, (_, index) => made(index) as never);
const texts = (count: number) => Array.from({ length: count }, (_, index) => `text-${index}`) as [string];

function criteriaOf(when: AnyFilter, maxFilters: number, metadata = false) {
  const router = createRouter({
    routes: route.on(shop, { id: 'one', when: when as never }, () => undefined),
  });
  const [{ filters } = { filters: [] }] = filterCriteria(router, { maxFilters, metadata });
  const patterns = filters.map(({ Pattern }) => Pattern);
  const tests = patterns.map(patternMatcher);
  return {
    patterns,
    isWanted: (record: StreamRecord) => router.match(record).length > 0,
    letsThrough: (record: StreamRecord) => tests.length === 0 || tests.some((test) => test(record)),
  };
}

describe('a record that a route wants comes through:', () => {
  const cases: Readonly<Record<string, [AnyFilter, StreamRecord]>> = {
    'one element of a type, where another is of the type that is not wanted': [
      not(attr('a[0]').ofType('S')),
      inserted({ a: [1, 'x'] }),
    ],
    'two elements, each with its own value': [
      all(attr('a[0]').is('x'), attr('a[1]').is('y')),
      inserted({ a: ['x', 'y'] }),
    ],
    'two members that are maps': [
      all(attr('a').has({ b: 'x' }), attr('a').has({ c: 'y' })),
      inserted({ a: [{ b: 'x' }, { c: 'y' }] }),
    ],
    'a member that is a map, and an element': [
      all(attr('a').has({ b: 'x' }), attr('a[0].c').is('y')),
      inserted({ a: [{ c: 'y' }, { b: 'x' }] }),
    ],
    'two members of one set, one of which is asked by itself': [
      all(attr('a').has('x'), attr('a').has('x', 'y'), attr('a').has('y')),
      inserted({ a: new Set(['x', 'y']) }),
    ],
    'an attribute and an entry that stand in one place by their names': [
      all(attrAt('a.M.b').is('x'), attr('a.b').is('y')),
      inserted({ 'a.M.b': 'x', a: { b: 'y' } }),
    ],
    'a map, where types of fields would do too': [attr('a').ofType('S', 'M'), inserted({ a: {} })],
    'an empty list that is asked for as a whole': [attr('a').is([]), inserted({ a: [] })],
    'an attribute named as an operator beside others': [
      any(...many(3, (index) => attr(`a${index}`).is('x')), attr('prefix').is('x')),
      inserted({ prefix: 'x' }),
    ],
    'an insertion that does not appear as asked': [
      not(attr('a').from(absent).to(absent, 'x')),
      inserted({ a: 'y' }),
    ],
    'an insertion from nothing, or from a beginning': [
      attr('a').from(absent, value.startsWith('x')).to('y'),
      inserted({ a: 'y' }),
    ],
    'an insertion with a member': [attr('a').added('x'), inserted({ a: new Set(['x']) })],
    'a change that crosses nothing': [not(attr('a').crossed(10)), modified({ n: 1 }, { n: 2 })],
    'a change of what is in both lists': [
      attr('a').from('x', 'y').to('x', 'y'),
      modified({ a: 'x' }, { a: 'y' }),
    ],
    'an unchanged attribute': [not(attr('a').to('x')), modified({ a: 'x', n: 1 }, { a: 'x', n: 2 })],
    'the last of too many combinations': [
      all(
        any(...many(11, (index) => attr(`a${index}`).is('x'))),
        any(...many(11, (index) => attr(`b${index}`).is('x'))),
      ),
      inserted({ a10: 'x', b10: 'x' }),
    ],
    'the last of too many alternatives': [
      any(...many(120, (index) => attr(`a${index}`).is('x'))),
      inserted({ a119: 'x' }),
    ],
    'the last of a long list': [attr('a').is(...texts(1000), absent), inserted({ a: 'text-999' })],
    'nothing, where that is asked beside a long list': [
      any(attr('a').is(...texts(100)), not(attr('a').ofType('S'))),
      inserted({ n: 1 }),
    ],
    'the last of many beginnings': [
      any(...many(40, (index) => attr('a').startsWith(`a long beginning-${100 + index}`))),
      inserted({ a: 'a long beginning-139!' }),
    ],
    'the last of many ends': [
      any(...many(40, (index) => attr('a').endsWith(`a very long end-${100 + index}`))),
      inserted({ a: 'x a very long end-139' }),
    ],
    'none of a long list': [not(attr('a').is(...texts(100))), inserted({ a: 'x' })],
    'a list of texts, some of which are empty': [attr('a').is(...texts(3000), ''), inserted({ a: '' })],
  };
  it.each(Object.entries(cases))('%s', (_name, [when, record]) => {
    // Beside another one, as where nothing is left of all that is asked every record comes through.
    const beside = any(when, attr('z').is('z'));
    for (const maxFilters of [1, 5]) {
      for (const metadata of [false, true]) {
        const { isWanted, letsThrough } = criteriaOf(beside, maxFilters, metadata);
        expect([isWanted(record), letsThrough(record)]).toEqual([true, true]);
      }
    }
  });

  it('of a table whose keys are bytes, told by its images', () => {
    const bytes = { pk: Buffer.from('x') };
    const router = createRouter({ routes: route.modify(shop, { id: 'one' }, () => undefined) });
    const [{ filters } = { filters: [] }] = filterCriteria(router);
    const tests = filters.map(({ Pattern }) => patternMatcher(Pattern));
    const change = records.modify({ ...bytes, n: 1 }, { ...bytes, n: 2 });
    expect(tests.some((test) => test(change))).toBe(true);
    expect(tests.some((test) => test(records.insert(bytes)))).toBe(false);
  });
});

it.each([
  ['100', '100'],
  ['1.50', '1.5'],
  ['-0', '0'],
  ['0.0000010', '0.000001'],
  ['0.00000099', undefined],
  ['999999999999999999999', '999999999999999999999'],
  ['1E+21', undefined],
  ['0.12345678901234567890123456789012345678', '0.12345678901234567890123456789012345678'],
  ['0.123456789012345678901234567890123456789', undefined],
])('the number %s is written as %s, and what is uncertain is asked for by its type', (text, written) => {
  const { patterns } = criteriaOf(all(attr('a').is(decimal(text)), attr('b').is('x')), 5, true);
  const asked = patterns.map((pattern) => Object.values(JSON.parse(pattern).dynamodb)[0]);
  expect(asked[0]).toEqual({ a: { N: [written ?? { exists: true }] }, b: { S: ['x'] } });
});

it('halves of characters are in no pattern: Java reads them as question marks', () => {
  const [half = ''] = '😀'.split('');
  const other = attr('b').is('x');
  for (const one of [
    attr('a').is(half),
    attr('a').startsWith(half),
    not(attr('a').is(half)),
    attr(half).is('x'),
  ]) {
    expect(criteriaOf(all(one, other), 5).patterns.join()).toMatch(/^(?!.*\\ud).*"b"/);
  }
  const Halved = shop.entity('Halved', { key: { pk: `${half}:rest*` } });
  const router = createRouter({ routes: route.on(Halved, { id: 'one' }, () => undefined) });
  expect(filterCriteria(router)[0]?.filters).toEqual([]);
});
