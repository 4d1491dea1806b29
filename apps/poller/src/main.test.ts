import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

function run(...args: string[]) {
  if (!existsSync(program)) throw new Error('The app is not built; run `npx turbo run build` first.');
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-process-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** As much of a router as a start looks at. */
const router = `export const router = {
  name: 'x', routes: [], tables: [], recordMiddleware: [], match: () => [], random: Math.random,
  clock: {
    now: Date.now,
    sleep: (delayMs, signal) => new Promise((wake) => {
      const timer = setTimeout(wake, signal?.aborted ? 0 : delayMs);
      signal?.addEventListener('abort', () => { clearTimeout(timer); wake(); });
    }),
  },
}`;

/** Starts it on a router module with this code and an endpoint where nobody answers; `act` sees each line of its output. */
async function start(
  code: string,
  act: (line: string, kill: (signal: NodeJS.Signals) => void) => void,
  ...more: string[]
) {
  const module = join(mkdtempSync(join(folder, 'run-')), 'router.mjs');
  writeFileSync(module, `${code}; ${router}`);
  const flags = ['--router', module, '--streams', 'shop', '--region', 'eu-west-1', '--health-port', '0'];
  const kept = ['--checkpoint-file', join(module, '../kept/rows.jsonl')];
  const nowhere = ['--endpoint', 'http://127.0.0.1:9'];
  const child = spawn(process.execPath, [program, ...flags, ...kept, ...nowhere, ...more], {
    env: { ...process.env, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    act(line, (signal) => child.kill(signal));
  });
  const [status] = await once(child, 'close');
  return { code: status, lines, folder: join(module, '..') };
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

  it('says which setting to change when its health port is taken', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const port = String((taken.address() as AddressInfo).port);
    const { code, lines } = await start('', () => {}, '--health-port', port);
    taken.close();
    expect(code).toBe(1);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'fatal', msg: expect.stringContaining(`healthPort ${port}`) },
    ]);
  });

  it('ends with 0 on a signal, also while the router is loading, and whatever its module keeps alive', async () => {
    const slow =
      'console.log("loading"); setInterval(() => {}, 50); await new Promise((go) => setTimeout(go, 300))';
    const { code, lines, folder } = await start(slow, (line, kill) => line === 'loading' && kill('SIGTERM'));
    expect(lines.at(-1)).toContain('stopped');
    expect(code).toBe(0);
    expect(readdirSync(join(folder, 'kept'))).toEqual(['rows.jsonl']);
  });

  it('stops in order and ends with 1 when code of the router throws outside of any handler call', async () => {
    const stray = 'process.once("SIGWINCH", () => void Promise.reject(new Error("stray")))';
    const { code, lines, folder } = await start(
      stray,
      (line, kill) => line.includes('"polling"') && kill('SIGWINCH'),
    );
    expect(code).toBe(1);
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ level: 'fatal', err: expect.objectContaining({ message: 'stray' }) }),
    );
    expect(readdirSync(join(folder, 'kept'))).toEqual(['rows.jsonl']);
  });

  it('explains its settings', () => {
    expect(run('--help').stdout).toContain('--checkpoint-file <file>');
  });
});
