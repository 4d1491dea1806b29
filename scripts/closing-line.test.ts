import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

test('a run ends with one line that counts files, hooks and loose errors that failed', () => {
  const run = vitest({
    'passes.test.js': `test('a', () => {}); test('b', () => {}); test.skip('c', () => {});`,
    'fails.test.js': `test('d', () => { throw new Error('planted'); });`,
    'does-not-load.test.js': `import './nowhere.js'; test('e', () => {});`,
    'hook.test.js': `describe('x', () => {
      beforeAll(() => { throw new Error('planted'); });
      describe('y', () => test('f', () => {}));
    });`,
    'loose.test.js': `test('g', () => { void Promise.reject(new Error('planted')); });`,
  });
  expect(run).toEqual({ lastLine: '3 passed, 4 failed, 2 skipped', code: 1 });
});

/** Runs vitest on the files alone, with the reporters of the root's configuration. */
function vitest(files: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-closing-line-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const reporter = JSON.stringify(join(import.meta.dirname, 'closing-line.ts'));
  writeFileSync(
    join(folder, 'vitest.config.ts'),
    `import { closingLine } from ${reporter};
     export default { test: { globals: true, reporters: ['default', closingLine] } };`,
  );
  const cli = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const ended = spawnSync(process.execPath, [cli, 'run', '--root', folder], { encoding: 'utf8' });
  return { lastLine: ended.stdout.trimEnd().split('\n').at(-1), code: ended.status };
}
