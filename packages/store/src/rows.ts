import type { NewRow, Row, RowKey, Written } from '@sluice/core';
import { checkKeys } from './row-keys.js';

/** The rows of a store in memory: per partition an array, sorted by sort key. */
export interface Rows {
  get(key: RowKey): Row | undefined;
  list(pk: string, from: string, limit: number): readonly Row[];
  apply(change: RowChange): void;
  [Symbol.iterator](): Iterator<Row>;
}

/** What an applied write does: the row as it now stands, or that it is gone. */
export type RowChange = Row | DeletedRow;

interface DeletedRow extends RowKey {
  readonly deleted: true;
}

export type Write =
  | { readonly kind: 'put'; readonly row: NewRow; readonly ifVersion: string | undefined }
  | { readonly kind: 'delete'; readonly row: RowKey; readonly ifVersion: string };

export function emptyRows(): Rows {
  const partitions = new Map<string, Row[]>();
  return {
    get({ pk, sk }) {
      const partition = partitions.get(pk) ?? [];
      const row = partition[position(partition, sk)];
      return row?.sk === sk ? row : undefined;
    },
    list(pk, from, limit) {
      const partition = partitions.get(pk) ?? [];
      const start = position(partition, from);
      return partition.slice(start, start + limit);
    },
    apply(change) {
      const partition = partitions.get(change.pk) ?? [];
      const at = position(partition, change.sk);
      const replaced = partition[at]?.sk === change.sk ? 1 : 0;
      const added = 'deleted' in change ? [] : [change];
      partition.splice(at, replaced, ...added);
      if (partition.length > 0) partitions.set(change.pk, partition);
      else partitions.delete(change.pk);
    },
    *[Symbol.iterator]() {
      for (const partition of partitions.values()) yield* partition;
    },
  };
}

/** Compare-and-set: what becomes of a write on a row that stands as `current`, and the change it makes, if any. */
export function decide(
  current: Row | undefined,
  write: Write,
  nextVersion: string,
): { readonly written: Written; readonly change?: RowChange } {
  if (current?.version !== write.ifVersion) return { written: { applied: false, current } };
  if (write.kind === 'put') {
    const row = { ...write.row, version: nextVersion };
    return { written: { applied: true, row }, change: row };
  }
  // A delete names a version, so there is a row that has it.
  return { written: { applied: true, row: current as Row }, change: { ...keyOf(write.row), deleted: true } };
}

/** The caller's row as a copy of our own, made through JSON, so that every store keeps the same. */
export function ownCopy({ pk, sk, value, expiresAt }: NewRow): NewRow {
  checkKeys({ pk, sk });
  const copy = JSON.parse(JSON.stringify({ pk, sk, value, expiresAt }, refuseLoss)) as NewRow; // it was one before
  if (copy.value === undefined) throw new TypeError(`A row holds a JSON value, not ${typeof value}.`);
  if (expiresAt !== undefined && !Number.isSafeInteger(expiresAt)) {
    throw new TypeError(`A row expires at a whole number of seconds since the epoch, not at ${expiresAt}.`);
  }
  return copy;
}

/** A copy for the caller to keep and to change. */
export function copyOut(row: Row): Row;
export function copyOut(row: Row | undefined): Row | undefined;
export function copyOut(row: Row | undefined): Row | undefined {
  return row && (JSON.parse(JSON.stringify(row)) as Row); // it was one before
}

export function copyOutcome(written: Written): Written {
  return written.applied
    ? { applied: true, row: copyOut(written.row) }
    : { applied: false, current: copyOut(written.current) };
}

function keyOf({ pk, sk }: RowKey): RowKey {
  return { pk, sk };
}

function refuseLoss(name: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new TypeError(`A row holds JSON, which has no ${value}; it came in the field "${name}".`);
}

/** The index of the first row of the partition whose sort key is not before `sk`. */
function position(partition: readonly Row[], sk: string): number {
  let low = 0;
  let high = partition.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareUtf8((partition[middle] as Row).sk, sk) < 0)
      low = middle + 1; // low <= middle < high, so there is one
    else high = middle;
  }
  return low;
}

/** The order of UTF-8 bytes is that of code points; `<` compares UTF-16 units and has emoji before U+E000 to U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates, which stand for the code points above all others, go behind all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
