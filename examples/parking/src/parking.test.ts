import { readFileSync } from 'node:fs';
import { isSluiceError } from '@sluice/core';
import { expect, it } from 'vitest';
import { demo } from './demo.js';

it('prints what its README states', async ({ skip }) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, stated] = /```text\n([\s\S]*?)```/.exec(readme) ?? [];
  const lines: string[] = [];
  await demo((line) => void lines.push(line)).catch((error: unknown) => {
    if (!isSluiceError(error) || error.code !== 'ENGINE_MISSING') throw error;
    console.warn(`The example of parking is skipped. ${error.message}`);
    skip();
  });
  expect(`${lines.join('\n')}\n`).toBe(stated);
});
