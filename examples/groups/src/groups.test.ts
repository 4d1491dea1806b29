import { readFileSync } from 'node:fs';
import { isSluiceError, type StreamRecord } from '@sluice/core';
import { recordsOf } from '@sluice/testing';
import { expect, it } from 'vitest';
import { account } from './account.js';
import { catalog } from './catalog.js';
import { demo } from './demo.js';
import { writes } from './products.js';
import type { Document } from './search.js';

it('prints what its README states', async ({ skip }) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, stated] = /```text\n([\s\S]*?)```/.exec(readme) ?? [];
  const lines: string[] = [];
  const isRight = await demo((line) => void lines.push(line)).catch((error: unknown) => {
    if (!isSluiceError(error) || error.code !== 'ENGINE_MISSING') throw error;
    console.warn(`The example of groups is skipped. ${error.message}`);
    skip();
  });
  expect(`${lines.join('\n')}\n`).toBe(stated);
  expect(isRight).toBe(true);
});

it('finds an account wrong in which a change is missing, doubled or too early', () => {
  const isFirst = ({ seller, productId }: Document) => seller === 'Ann' && productId === '1';
  const [listed, repriced] = writes.filter(isFirst) as [Document, Document];
  const others = writes.filter((document) => !isFirst(document));
  const product = { pk: 'SELLER#Ann', sk: 'PRODUCT#1' };
  const changes = recordsOf(catalog);
  const parkedListed = changes.insert({ ...product, price: listed.price });
  const parkedRepriced = changes.insert({ ...product, price: repriced.price });

  const isRight = (taken: readonly Document[], ...parked: readonly StreamRecord[]) =>
    account(writes, taken, parked).isRight;
  expect(isRight(writes)).toBe(true);
  expect(isRight(others, parkedListed, parkedRepriced)).toBe(true);
  expect(isRight([...others, listed])).toBe(false);
  expect(isRight([...writes, repriced])).toBe(false);
  expect(isRight([...others, repriced, listed])).toBe(false);
  expect(isRight([...others, repriced], parkedListed)).toBe(false);
});
