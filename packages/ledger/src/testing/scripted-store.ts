import type { Clock, Store } from '@sluice/core';

/** A store that tells what it is asked, and whose calls go wrong as a script says. */
export interface ScriptedStore extends Store {
  /** As in `put C`, by the sort key or what a list begins at; every call, also one that fails. */
  readonly calls: string[];
  /** What becomes of a call; without an answer it is made. */
  script: (call: StoreCall) => Fault | undefined;
}

export interface StoreCall {
  readonly operation: keyof Store;
  readonly pk: string;
  readonly sk: string;
}

/**
 * `away`: rejects and does nothing. `reply lost`: is done, and rejects. `hangs`: is never answered and does nothing.
 * A number: is done so many milliseconds later, and answered then.
 */
export type Fault = 'away' | 'reply lost' | 'hangs' | number;

export function scriptedStore(store: Store, clock: Clock): ScriptedStore {
  const scripted: ScriptedStore = {
    calls: [],
    script: () => undefined,
    get: (pk, sk) => through({ operation: 'get', pk, sk }, () => store.get(pk, sk)),
    list: (pk, from, limit) =>
      through({ operation: 'list', pk, sk: from }, () => store.list(pk, from, limit)),
    put: (row, ifVersion) =>
      through({ operation: 'put', pk: row.pk, sk: row.sk }, () => store.put(row, ifVersion)),
    delete: (row, ifVersion) =>
      through({ operation: 'delete', pk: row.pk, sk: row.sk }, () => store.delete(row, ifVersion)),
  };
  return scripted;

  async function through<T>(call: StoreCall, make: () => Promise<T>): Promise<T> {
    scripted.calls.push(`${call.operation} ${call.sk}`);
    const fault = scripted.script(call);
    if (fault === 'away') throw new Error('The store is away.');
    if (fault === 'hangs') return new Promise(() => {});
    if (typeof fault === 'number') await clock.sleep(fault);
    const reply = await make();
    if (fault === 'reply lost') throw new Error('The reply was lost.');
    return reply;
  }
}

/** A script in which the first so many calls that `isMeant` go wrong. */
export function first(
  times: number,
  fault: Fault,
  isMeant: (call: StoreCall) => boolean = () => true,
): ScriptedStore['script'] {
  let left = times;
  return (call) => (isMeant(call) && left-- > 0 ? fault : undefined);
}
