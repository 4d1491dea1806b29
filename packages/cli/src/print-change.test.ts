import {
  type AnyChange,
  createProcessMemory,
  createRouter,
  makeRoute,
  runBatch,
  type StreamRecord,
  table,
} from '@sluice/core';
import { type RecordsOptions, recordsOf } from '@sluice/testing';
import { describe, expect, test } from 'vitest';
import { printChange } from './print-change.js';
import { numeral, printPath, printValue } from './print-value.js';

const options: RecordsOptions = {
  table: 'shop',
  keys: { partition: 'pk', sort: 'sk' },
  startSeconds: 1_772_496_000,
};
const key = { pk: 'USER#1', sk: 2 };

async function printed(record: StreamRecord, colours = false): Promise<string> {
  let text = '';
  const view = record.dynamodb.StreamViewType ?? 'NEW_AND_OLD_IMAGES';
  const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' }, view, numbers: numeral });
  const show = (change: AnyChange) => {
    text = printChange(change, { style: (format, inner) => (colours ? `<${format}>${inner}</>` : inner) });
  };
  const router = createRouter({
    routes: makeRoute(shop, { events: ['INSERT', 'MODIFY', 'REMOVE'] }, { id: 'show' }, show),
  });
  await runBatch(router, [record], { memory: createProcessMemory() });
  return text;
}

describe('a change is printed', () => {
  const { insert, modify, remove, expire } = recordsOf(options);

  test('with what differs, old and new, by path', async () => {
    const before = {
      ...key,
      status: 'PENDING',
      gone: true,
      address: { city: 'Bern', zip: '3000' },
      tags: new Set(['a', 'b']),
      lines: [{ n: 1 }],
    };
    const after = {
      ...key,
      status: 'PAID',
      address: { city: 'Basel', zip: '3000' },
      tags: new Set(['b', 'c']),
      lines: [{ n: 1 }, { n: 2 }],
      total: 12.5,
    };
    expect(await printed(modify(before, after))).toBe(
      `2026-03-03 00:00:00Z  MODIFY  pk: "USER#1", sk: 2
  ~ address.city: "Bern" → "Basel"
  - gone: true
  + lines[1]: { n: 2 }
  ~ status: "PENDING" → "PAID"
  - tags: "a" left the set
  + tags: "c" joined the set
  + total: 12.5`,
    );
  });

  test('as new and as gone without its key once more, and an expiry as such', async () => {
    expect(await printed(insert({ ...key, n: 1 }))).toMatch(/INSERT {2}pk: "USER#1", sk: 2\n {2}\+ n: 1$/);
    expect(await printed(remove({ ...key, n: 1 }))).toMatch(/REMOVE {2}pk: "USER#1", sk: 2\n {2}- n: 1$/);
    expect(await printed(expire(key))).toMatch(/REMOVE \(expired\) {2}pk: "USER#1", sk: 2$/);
  });

  test('in colours', async () => {
    const [title, ...lines] = (
      await printed(modify({ ...key, a: 1, b: 1 }, { ...key, b: 2, c: 3 }), true)
    ).split('\n');
    expect(title).toMatch(/^<dim>.*<\/> {2}<bold,yellow>MODIFY<\/>/);
    expect(lines).toEqual(['  <red>- a: 1</>', '  <yellow>~ b: 1 → 2</>', '  <green>+ c: 3</>']);
  });
});

test.each([
  ['NEW_IMAGE', '= n: 2', '+ n: 1', undefined],
  ['OLD_IMAGE', '= n: 1', undefined, '- n: 1'],
  ['KEYS_ONLY', undefined, undefined, undefined],
] as const)('of a stream with %s that is shown which is there', async (view, modified, inserted, removed) => {
  const { insert, modify, remove } = recordsOf({ ...options, view });
  const [old, now] = [
    { ...key, n: 1 },
    { ...key, n: 2 },
  ];
  const linesOf = async (record: StreamRecord) =>
    (await printed(record))
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  expect(await linesOf(modify(old, now))).toEqual(modified ? [modified] : []);
  expect(await linesOf(insert(old))).toEqual(inserted ? [inserted] : []);
  expect(await linesOf(remove(old))).toEqual(removed ? [removed] : []);
});

test.each([
  ['text', '"text"'],
  [numeral('12345678901234567890.5'), '12345678901234567890.5'],
  [true, 'true'],
  [null, 'null'],
  [new Uint8Array([1, 2, 3]), '3 bytes AQID'],
  [new Set([numeral('1'), numeral('2')]), 'Set(1, 2)'],
  [['a', [numeral('1')]], '["a", [1]]'],
  [{ a: { 'b.c': {} }, größe: 'x' }, '{ a: { "b.c": {} }, größe: "x" }'],
  ['\u001b[2J\u009b2J\u202e\n', '"\\u001b[2J\\u009b2J\\u202e\\n"'],
  [{ '\u001b': 1 }, '{ "\\u001b": 1 }'],
  ['x'.repeat(1000), `"${'x'.repeat(299)}… (1002 characters)`],
])('a value is one line of a terminal: %j', (value, text) => {
  expect(printValue(value)).toBe(text);
});

test('a path is as one writes it, with names that are none in quotes', () => {
  expect(printPath(['lines', 0, 'sku'])).toBe('lines[0].sku');
  expect(printPath(['a.b', 'c', '', '\u001b'])).toBe('["a.b"].c[""]["\\u001b"]');
});
