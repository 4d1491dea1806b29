import { readFileSync } from 'node:fs';
import { isSluiceError } from '@sluice/core';
import { expect, it } from 'vitest';
import { account } from './account.js';
import { demo } from './demo.js';
import { writes } from './orders.js';
import { Totals } from './totals.js';

it('prints what its README states', async ({ skip }) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, stated] = /```text\n([\s\S]*?)```/.exec(readme) ?? [];
  const lines: string[] = [];
  const isRight = await demo((line) => void lines.push(line)).catch((error: unknown) => {
    if (!isSluiceError(error) || error.code !== 'ENGINE_MISSING') throw error;
    console.warn(`The example of windows is skipped. ${error.message}`);
    skip();
  });
  expect(`${lines.join('\n')}\n`).toBe(stated);
  expect(isRight).toBe(true);
});

it('finds an account wrong in which a report or a mail is missing, or is there twice', () => {
  const paid = ['1', '2', '4', '3'];
  const all = Totals.parse({ PLACED: { orders: 5, euros: 150 }, PAID: { orders: 4, euros: 140 } });
  const isRight = (mails: readonly string[], ...reports: Totals[]) =>
    account(writes, { mails: [...mails], reported: new Map(reports.map((one, key) => [`${key}`, one])) })
      .isRight;
  expect(isRight(paid, all)).toBe(true);
  expect(isRight(paid)).toBe(false);
  expect(isRight(paid, all, all)).toBe(false);
  expect(isRight(paid.slice(1), all)).toBe(false);
  expect(isRight([...paid, '1'], all)).toBe(false);
});
