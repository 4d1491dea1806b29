import { type Order, type Route, route, type StreamViewType, table } from '@sluice/core';
import { recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { backInTime, mapped, numberOf, shop, writes } from './setup.js';

/** A group that fails and is not reported loses not one change but all of it. */

/** A handler of groups, which fails as often as it is told to when a change of that name is in it. */
function grouping(failing: string, fail: () => unknown, times = 1) {
  let left = times;
  const ran: string[][] = [];
  const attempts: number[] = [];
  const together = route.batch(shop, { id: 'together', maxSize: 3 }, async (changes, { attempt, clock }) => {
    const names = changes.map((change) => ('new' in change ? String(change.new['name']) : ''));
    await clock.sleep(1);
    if (names.includes(failing)) {
      attempts.push(attempt);
      if (left-- > 0) return fail() as undefined;
    }
    ran.push(names);
  });
  return { ran, attempts, together };
}

const names = ['A1', 'B1', 'A2', 'A3', 'B2'];
const batch = writes(names.join(' '));
const numbers = batch.map(numberOf);
const throws = () => {
  throw new Error('not now');
};

describe('a group that fails', () => {
  it.each<[Order, 'warm' | 'cold', string, string]>([
    ['strict', 'warm', 'A2', 'A1'],
    ['strict', 'cold', 'A2', 'A1'],
    ['strict', 'warm', 'B2', 'A3'],
    ['strict', 'cold', 'B2', 'A3'],
    ['lanes', 'warm', 'A3', 'A1'],
    ['lanes', 'warm', 'B2', 'B1'],
  ])(
    'is reported from its first change on, and each of its changes is done in the end, once: %s, %s, with %s',
    async (order, retry, failing, reported) => {
      const { ran, attempts, together } = grouping(failing, throws, 2);
      const { status, invocations } = await mapped([together], batch, retry, { order });
      expect({ status, done: ran.flat().toSorted() }).toEqual({ status: 'done', done: names.toSorted() });
      expect(backInTime(ran.flat())).toEqual([]);
      const failed = numbers[names.indexOf(reported)];
      expect(invocations.map(({ retryFrom }) => retryFrom)).toEqual([failed, failed, undefined]);
      expect(attempts).toEqual(retry === 'warm' ? [1, 2, 3] : [1, 1, 1]);
    },
  );

  it.each<[string, () => unknown]>([
    ['rejects with undefined', () => Promise.reject(undefined)],
    ['throws a text', () => Promise.reject('no')],
    [
      'fails as one of several at a time',
      () => Promise.all([Promise.resolve(), Promise.reject(new Error('one'))]),
    ],
  ])('is reported whatever it throws: it %s', async (_how, fail) => {
    const { ran, together } = grouping('A1', fail);
    const { invocations } = await mapped([together], batch, 'warm');
    expect(invocations.map(({ retryFrom }) => retryFrom)).toEqual([numbers[0], undefined]);
    expect(ran.flat()).toEqual(names);
  });

  it('is reported beside handlers of one change that do not fail, and these are not run again', async () => {
    for (const isFirst of [true, false]) {
      const { ran, together } = grouping('A1', throws);
      const alone: string[] = [];
      const single: Route = route.on(shop, { id: 'alone', events: ['INSERT', 'MODIFY'] }, (change) => {
        alone.push(String(change.new['name']));
      });
      const routes = isFirst ? [together, single] : [single, together];
      const { invocations } = await mapped(routes, batch, 'warm');
      expect(invocations[0]?.response).toEqual({ batchItemFailures: [{ itemIdentifier: numbers[0] }] });
      expect({ alone, ran: ran.flat() }).toEqual({ alone: names, ran: names });
    }
  });
});

describe('a group', () => {
  it('is never ahead of another handler of its first change, which fails: a retry in a fresh process would put its items back', async () => {
    const { ran, together } = grouping('none', throws);
    let left = 2;
    const fails = route.insert(shop, { id: 'fails' }, ({ keys }) => {
      if (keys.pk === 'A' && left-- > 0) throws();
    });
    const { status } = await mapped([together, fails], batch, 'cold');
    expect(status).toBe('done');
    expect(ran.slice(0, 3)).toEqual([['A1'], ['A1'], ['A1']]);
    expect(ran.slice(3).flat()).toEqual(names.slice(1));
  });
});

describe.each<StreamViewType>(['KEYS_ONLY', 'NEW_AND_OLD_IMAGES'])(
  'groups of items whose keys look alike, on a stream with the view %s',
  (view) => {
    it('hold the changes of one item each', async () => {
      const carts = table('carts', { keys: { partition: 'pk', sort: 'sk' }, view });
      const records = recordsOf(carts);
      const items = [
        { pk: 'a#b', sk: 'c' },
        { pk: 'a', sk: 'b#c' },
      ];
      const groups: string[][] = [];
      const together = route.batch(carts, { id: 'together' }, (changes) => {
        groups.push(changes.map(({ eventName, keys }) => `${eventName} ${keys.pk} ${keys.sk}`));
      });
      const all = [
        ...items.map((item) => records.insert(item)),
        ...items.map((item) => records.remove(item)),
      ];
      await mapped([together], all, 'warm', { order: 'lanes' });
      expect(groups).toEqual([
        ['INSERT a#b c', 'REMOVE a#b c'],
        ['INSERT a b#c', 'REMOVE a b#c'],
      ]);
    });
  },
);
