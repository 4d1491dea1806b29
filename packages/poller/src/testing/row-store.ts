import type { JsonValue, NewRow, Row, Store, Written } from '@sluice/core';

/** A store in memory that tells what was written to it and loses replies on demand. */
export interface RowStore extends Store {
  /** Every applied put, in order. */
  readonly puts: readonly Row[];
  /** What a row holds now. */
  valueOf(skEnd: string): JsonValue | undefined;
  /** The next puts fail: without a trace, or after they have been applied. `Infinity` until `heal`. */
  failPuts(how: 'unwritten' | 'reply lost', times: number): void;
  heal(): void;
}

/** @param onPut sees every row as it is applied. */
export function rowStore(onPut: (row: Row) => void = () => {}): RowStore {
  const rows = new Map<string, Row>();
  const puts: Row[] = [];
  let fault: { readonly how: 'unwritten' | 'reply lost'; left: number } | undefined;
  let version = 0;

  async function put(row: NewRow, ifVersion: string | undefined): Promise<Written> {
    const failing = fault && fault.left-- > 0 ? fault.how : undefined;
    if (failing === 'unwritten') throw new Error('the store is away');
    const key = `${row.pk} ${row.sk}`;
    const current = rows.get(key);
    if (current?.version !== ifVersion) return { applied: false, current };
    const written = { ...structuredClone(row), version: String(++version) };
    rows.set(key, written);
    puts.push(written);
    onPut(written);
    if (failing === 'reply lost') throw new Error('the reply was lost');
    return { applied: true, row: written };
  }

  return {
    puts,
    valueOf: (skEnd) => [...rows.values()].find(({ sk }) => sk.endsWith(skEnd))?.value,
    failPuts(how, times) {
      fault = { how, left: times };
    },
    heal() {
      fault = undefined;
    },
    get: async (pk, sk) => rows.get(`${pk} ${sk}`),
    list: async (pk, from, limit) =>
      [...rows.values()]
        .filter((row) => row.pk === pk && row.sk >= from)
        .sort((one, other) => (one.sk < other.sk ? -1 : 1))
        .slice(0, limit),
    put,
    delete: async ({ pk, sk }, ifVersion) => {
      const current = rows.get(`${pk} ${sk}`);
      if (current?.version !== ifVersion) return { applied: false, current };
      rows.delete(`${pk} ${sk}`);
      return { applied: true, row: current };
    },
  };
}
