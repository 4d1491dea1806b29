import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandReference } from './testing/command-reference.js';

test('the page of the docs says what the commands say of themselves', async () => {
  const page = join(import.meta.dirname, '../../../docs/command-reference.md');
  await expect(commandReference()).toMatchFileSnapshot(page);
});
