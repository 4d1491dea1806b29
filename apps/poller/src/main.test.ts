import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

function run(...args: string[]) {
  if (!existsSync(program)) throw new Error('The app is not built; run `npx turbo run build` first.');
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
}

describe('the process', () => {
  it('ends with 1 and everything that is wrong with its settings', () => {
    const { status, stdout } = run('--health-port', 'x');
    expect(status).toBe(1);
    const line = JSON.parse(stdout);
    expect(line.msg).toContain('setting "router"');
    expect(line.msg).toContain('setting "streams"');
    expect(line.msg).toContain('setting "healthPort"');
  });

  it('explains its settings', () => {
    expect(run('--help').stdout).toContain('--checkpoint-file <file>');
  });
});
