import type { Store, Written } from '@sluice/core';
import { copyOut, copyOutcome, decide, emptyRows, ownCopy, type Write } from './rows.js';

/** A store that lives as long as the process. Rows that have expired stay. */
export function memoryStore(): Store {
  const rows = emptyRows();
  let lastVersion = 0; // of all rows together, so that none is used twice

  function write(write: Write): Written {
    const { written, change } = decide(rows.get(write.row), write, String(lastVersion + 1));
    if (change) {
      lastVersion++;
      rows.apply(change);
    }
    return copyOutcome(written);
  }

  return {
    get: async (pk, sk) => copyOut(rows.get({ pk, sk })),
    list: async (pk, from, limit) => rows.list(pk, from, limit).map((row) => copyOut(row)),
    put: async (row, ifVersion) => write({ kind: 'put', row: ownCopy(row), ifVersion }),
    delete: async (row, ifVersion) => write({ kind: 'delete', row, ifVersion }),
  };
}
