import { decodeItem, type StreamRecord } from '@sluice/core';
import type { Document } from './search.js';

export interface Account {
  readonly line: string;
  /** Whether each change is in the index or parked, and those of each product in the order of their writes. */
  readonly isRight: boolean;
}

/** What was written, beside what the index has taken and, after that, what was parked. */
export function account(
  writes: readonly Document[],
  taken: readonly Document[],
  parked: readonly StreamRecord[],
): Account {
  const written = pricesByProduct(writes.map(versionOf));
  const found = pricesByProduct([...taken.map(versionOf), ...parked.map(versionParked)]);
  const inOrder = [...written].filter(([product, prices]) => `${prices}` === `${found.get(product)}`);
  return {
    line: `Products with each change once and in order: ${inOrder.length} of ${written.size}`,
    isRight: inOrder.length === written.size && taken.length + parked.length === writes.length,
  };
}

interface Version {
  readonly product: string;
  readonly price: unknown;
}

function versionOf({ seller, productId, price }: Document): Version {
  return { product: `SELLER#${seller} PRODUCT#${productId}`, price };
}

function versionParked({ dynamodb: { Keys, NewImage } }: StreamRecord): Version {
  const { pk, sk, price } = decodeItem({ ...Keys, ...NewImage });
  return { product: `${pk} ${sk}`, price };
}

function pricesByProduct(versions: readonly Version[]): ReadonlyMap<string, readonly unknown[]> {
  const prices = new Map<string, unknown[]>();
  for (const { product, price } of versions) prices.set(product, [...(prices.get(product) ?? []), price]);
  return prices;
}
