import type { Row, RowKey, Store } from '@sluice/core';
import { describe, expect, it } from 'vitest';
import { storeSuite } from './store-suite.js';

/** A store that takes everything and keeps the last row only, under one version. */
function wrongStore(): Store {
  let row: Row | undefined;
  return {
    get: async () => row,
    list: async () => (row ? [row] : []),
    put: async (given) => {
      row = { ...given, version: '1' };
      return { applied: true, row };
    },
    delete: async () => ({ applied: false, current: row }),
  };
}

describe('the store suite', () => {
  it('finds fault with a store that breaks the contract, and closes it all the same', async () => {
    let closed = 0;
    const tests = storeSuite(async () => ({ store: wrongStore(), close: async () => void closed++ }));
    const results = await Promise.allSettled(tests.map(({ run }) => run()));
    const failed = tests.filter((_, index) => results[index]?.status === 'rejected').map(({ name }) => name);
    expect(failed).toEqual(
      expect.arrayContaining([
        'a put with any other version is refused with the current row',
        'a delete with the current version removes the row and returns it',
        'a version is never used twice for one key, not even for the same value or after a delete',
        'of many creators of one row exactly one wins',
        'a list ends at its limit, and goes on from the key after its last',
        'partitions do not see each other',
        'changing what was given or returned changes no row',
      ]),
    );
    expect(closed).toBe(tests.length);
  });

  it('gives the reason of each skip, and refuses to skip what it does not have', () => {
    const open = async () => ({ store: wrongStore() });
    const tests = storeSuite(open, { 'what is written survives a reopen': 'rows live in memory' });
    expect(tests.filter(({ skip }) => skip)).toMatchObject([
      { name: 'what is written survives a reopen', skip: 'rows live in memory' },
    ]);
    // @ts-expect-error the compiler refuses it as well
    expect(() => storeSuite(open, { 'no such case': 'why' })).toThrow('There is no case "no such case"');
  });

  it('asks for a reopen where a case needs one', async () => {
    const store = {
      ...wrongStore(),
      delete: async (row: RowKey) => ({ applied: true as const, row: row as Row }),
    };
    const name = 'a version of before a reopen is never used again for its key';
    const needsReopen = storeSuite(async () => ({ store })).find((test) => test.name === name);
    await expect(needsReopen?.run()).rejects.toThrow('This case needs `reopen`');
  });

  it('asks for faults where a case needs them', async () => {
    const name = 'a write that is throttled does nothing, and one whose reply is lost is applied';
    const needsFaults = storeSuite(async () => ({ store: wrongStore() })).find((test) => test.name === name);
    await expect(needsFaults?.run()).rejects.toThrow('This case needs `faults`');
  });
});
