import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadRouter } from './load-router.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-router-'));
afterAll(() => rmSync(folder, { recursive: true }));

const module = join(folder, 'module.mjs');
writeFileSync(
  module,
  'export const router = { routes: [], match: () => [] }; export const other = router; export const text = "";',
);

describe('the router module', () => {
  it('exports the router as "router", or under the name after #', async () => {
    expect(await loadRouter(module)).toHaveProperty('match');
    expect(await loadRouter(`${module}#other`)).toHaveProperty('match');
  });

  it('without such an export is refused with what it does export', async () => {
    await expect(loadRouter(`${module}#text`)).rejects.toThrow(
      /is no router; the module exports other, router, text/,
    );
  });

  it('that is not there is refused with where it was looked for', async () => {
    await expect(loadRouter(join(folder, 'none.mjs'))).rejects.toThrow(/there is no module .*none\.mjs/);
  });

  it('passes on what goes wrong while it loads', async () => {
    const broken = join(folder, 'broken.mjs');
    writeFileSync(broken, 'throw new Error("no table name in the environment");');
    await expect(loadRouter(broken)).rejects.toThrow('no table name in the environment');
  });
});
