import { createRouter, type Difference, route, table } from '@sluice/core';
import { given, recordsOf } from '@sluice/testing';
import { expect, it } from 'vitest';

/** The regions of this file are snippets of `docs/exact-values.md`. */

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const records = recordsOf(shop);
const key = { pk: 'USER#jo', sk: 'ORDER#7' };

async function differencesOf(oldItem: object, newItem: object): Promise<readonly Difference[]> {
  let seen: readonly Difference[] = [];
  const router = createRouter({
    routes: [
      route.modify(shop, { id: 'audit' }, (change) => {
        seen = change.diff();
      }),
    ],
  });
  await given(router).when(records.modify({ ...key, ...oldItem }, { ...key, ...newItem }));
  return seen;
}

it('a change tells what differs', async () => {
  const diff = await differencesOf(
    { status: 'PENDING', tags: new Set(['new']), lines: [{ sku: 'A', count: 1 }] },
    {
      status: 'PAID',
      tags: new Set(['new', 'vip']),
      lines: [
        { sku: 'A', count: 2 },
        { sku: 'B', count: 1 },
      ],
    },
  );
  // #region diff
  expect(diff).toEqual([
    { kind: 'changed', path: ['lines', 0, 'count'], before: 1, after: 2 },
    { kind: 'added', path: ['lines', 1], after: { sku: 'B', count: 1 } },
    { kind: 'changed', path: ['status'], before: 'PENDING', after: 'PAID' },
    { kind: 'memberAdded', path: ['tags'], member: 'vip' },
  ]);
  // #endregion
});
