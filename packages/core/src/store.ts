/**
 * The one storage port: ordered rows with compare-and-set. Checkpoints, ledger and leases are functions over it.
 *
 * Contract of an implementation:
 * - Reads are strongly consistent: what a resolved `put` or `delete` did is seen by every later read.
 * - A write is applied whole or not at all, and is durable when its promise resolves.
 * - A rejected write may have been applied (a lost reply); the caller reads the row again and compares.
 * - Every applied write gives the row a `version` that this (pk, sk) never had before, also after a delete, so that
 *   a writer that was away cannot mistake a newer row for the one it read.
 * - Keys are text that is not empty and has no half of a surrogate pair: a `pk` of up to 2048 and an `sk` of up to 1024 bytes
 *   of UTF-8, as DynamoDB has it. Every call rejects other keys with a `TypeError`, and so a value that JSON would change.
 * - An error that no repetition of the call helps has `retryable: false`; callers repeat after all others.
 * - A row may be too large for an implementation (DynamoDB takes 400 KB with its keys): `put` rejects then, and has done nothing.
 */
export interface Store {
  /** The row, or `undefined`. */
  get(pk: string, sk: string): Promise<Row | undefined>;
  /**
   * Up to `limit` rows of `pk` with `sk >= from`, ascending by UTF-8 bytes of `sk`. `from` is text of any length: `''` is the
   * beginning, and `<last sk>\0` goes on after a page. Of writes that are made meanwhile it may have some and not others.
   */
  list(pk: string, from: string, limit: number): Promise<readonly Row[]>;
  /** Writes the row if its current version is `ifVersion`; `undefined` means that there must be no row yet. */
  put(row: NewRow, ifVersion: string | undefined): Promise<Written>;
  /** Deletes the row if its current version is `ifVersion`. */
  delete(row: RowKey, ifVersion: string): Promise<Written>;
}

export interface RowKey {
  readonly pk: string;
  readonly sk: string;
}

export interface NewRow extends RowKey {
  readonly value: JsonValue;
  /** Whole seconds since the epoch after which an implementation may drop the row as litter; never needed for correctness. */
  readonly expiresAt?: number;
}

export interface Row extends NewRow {
  readonly version: string;
}

/**
 * What became of a conditional write. A refused one returns the row that stood in its way, `undefined` if there is
 * none. An applied put returns the row as it now stands, an applied delete the row that was deleted.
 */
export type Written =
  | { readonly applied: true; readonly row: Row }
  | { readonly applied: false; readonly current: Row | undefined };

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };
