import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { requireBuilt, root } from '../built.js';

/** What only a process of its own shows: how modules are loaded, and how it ends. */

const program = 'packages/cli/dist/main.js';
requireBuilt(program, 'packages/decorators/dist/index.js');

const folder = mkdtempSync(join(tmpdir(), 'sluice-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

function sluice(args: readonly string[], cwd = folder) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, program), ...args], {
    cwd,
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

function module(code: string): string {
  const file = join(mkdtempSync(join(folder, 'module-')), 'router.mjs');
  writeFileSync(file, code);
  return file;
}

const router = 'export const router = { routes: [], tables: [], match() {} }';

describe('the sluice command as a process', () => {
  it('loads a router in TypeScript, with the options of the tsconfig.json beside it: legacy decorators', () => {
    const orders = join(root, 'examples/orders/src/router.ts');
    const { status, stdout, stderr } = sluice(['routes', '--router', orders]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('order-mail.receipt       Order in orders     MODIFY');
  });

  it('ends whatever the module keeps alive, and keeps what it prints out of its own output', () => {
    const alive = module(
      `console.log('chatter'); process.stdout.write('more of it\\n'); setInterval(() => {}, 1000); ${router}`,
    );
    expect(sluice(['routes', '--json', '--router', alive])).toEqual({
      status: 0,
      stdout: '[]\n',
      stderr: 'chatter\nmore of it\n',
    });
  });

  it.each([
    ['ends the process', 'process.exit(0)', /^error: .* ended the process/],
    ['waits for ever', 'await new Promise(() => {})', /^error: .* waits for what never comes/],
  ])(
    'ends with 1 where the module %s while it loads: a check that saw nothing is none',
    (_what, code, told) => {
      const { status, stdout, stderr } = sluice(['check', '--router', module(`${code}; ${router}`)]);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toMatch(told);
      expect(stderr.split('\n')).toHaveLength(2);
    },
  );

  it('says so where it is interrupted before it is done', async () => {
    const place = ['--region', 'eu-west-1', '--endpoint', 'http://127.0.0.1:1'];
    const env = { ...process.env, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    const tail = spawn(process.execPath, [join(root, program), 'tail', 'shop', ...place], { env });
    let told = '';
    tail.stderr.on('data', (text) => {
      told += text;
    });
    await once(tail.stderr, 'data');
    tail.kill('SIGINT');
    expect(await once(tail, 'close')).toEqual([1, null]);
    expect(told).toMatch(/^error: interrupted before it was done\n$/m);
    expect(told).not.toContain('--verbose');
  });

  it('ends in silence where the reader has had enough, and with 1 where its output cannot be written', () => {
    const line = (rest: string) =>
      spawnSync('sh', ['-c', `${process.execPath} ${join(root, program)} --help ${rest}`], {
        encoding: 'utf8',
      });
    expect(line('| true; true')).toMatchObject({ stdout: '', stderr: '' });
    const { status, stderr } = line('> /dev/full');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: standard output cannot be written: .*ENOSPC/);
  });

  it('ends with 1 where the module leaves a rejection to nobody', () => {
    const stray = module(
      `Promise.reject(new Error('stray')); await new Promise((go) => setImmediate(go)); ${router}`,
    );
    expect(sluice(['routes', '--router', stray])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'error: Error: stray\n--verbose tells where.\n',
    });
  });
});
