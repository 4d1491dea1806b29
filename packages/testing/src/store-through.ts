import type { Store } from '@sluice/core';

/** A store of which each call goes through a function, that makes it, delays it, or lets it fail. */
export function storeThrough(store: Store, through: <T>(call: () => Promise<T>) => Promise<T>): Store {
  return {
    get: (pk, sk) => through(() => store.get(pk, sk)),
    list: (pk, from, limit) => through(() => store.list(pk, from, limit)),
    put: (row, ifVersion) => through(() => store.put(row, ifVersion)),
    delete: (row, ifVersion) => through(() => store.delete(row, ifVersion)),
  };
}
