import type { RowKey } from '@sluice/core';

/** DynamoDB's limits. Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
export const maxKeyBytes: Readonly<Record<keyof RowKey, number>> = { pk: 2048, sk: 1024 };

/** Throws a `TypeError` for keys that not every store could keep. Keys themselves stay out of the message. */
export function checkKeys(key: RowKey): void {
  checkKey('pk', key.pk);
  checkKey('sk', key.sk);
}

export function checkKey(name: keyof RowKey, key: unknown): void {
  const problem = problemOf(key, maxKeyBytes[name]);
  if (problem === undefined) return;
  throw new TypeError(
    `The ${name} of a row is text of 1 to ${maxKeyBytes[name]} bytes of UTF-8; it was ${problem}.`,
  );
}

/** A list may begin at the key after the longest one, or at the beginning, which is no key itself. */
export function checkFrom(from: unknown): void {
  const problem = from === '' ? undefined : problemOf(from, Infinity);
  if (problem !== undefined) throw new TypeError(`A list begins at text of any length; it was ${problem}.`);
}

function problemOf(key: unknown, maxBytes: number): string | undefined {
  if (typeof key !== 'string') return `of the type ${typeof key}`;
  if (key === '') return 'empty';
  if (!key.isWellFormed()) return 'text with half of a surrogate pair, which UTF-8 does not have';
  const bytes = Buffer.byteLength(key);
  return bytes > maxBytes ? `${bytes} bytes long` : undefined;
}
