import type { Store, Written } from '@sluice/core';
import { checkFrom, checkKey, checkKeys } from './row-keys.js';
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
    async get(pk, sk) {
      checkKeys({ pk, sk });
      return copyOut(rows.get({ pk, sk }));
    },
    async list(pk, from, limit) {
      checkKey('pk', pk);
      checkFrom(from);
      return rows.list(pk, from, limit).map((row) => copyOut(row));
    },
    put: async (row, ifVersion) => write({ kind: 'put', row: ownCopy(row), ifVersion }),
    async delete(row, ifVersion) {
      checkKeys(row);
      return write({ kind: 'delete', row, ifVersion });
    },
  };
}
