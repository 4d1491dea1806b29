import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSluiceError } from '@sluice/core';
import { build } from 'esbuild';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startEngine } from './engine.js';
import { startProcess } from './engine-process.js';

const isUp = (endpoint: string) =>
  fetch(endpoint).then(
    () => true,
    () => false,
  );

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('the embedded engine', () => {
  it('answers when it is started, and is gone when it is stopped', async () => {
    const engine = await startEngine();
    expect(engine).toMatchObject({ engine: 'embedded', region: 'us-east-1' });
    expect(engine.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await isUp(engine.endpoint)).toBe(true);
    await engine.stop();
    expect(await isUp(engine.endpoint)).toBe(false);
    await engine.stop();
  });

  it('runs as often as it is started, each on a port of its own', async () => {
    const engines = await Promise.all([startEngine(), startEngine()]);
    expect(new Set(engines.map(({ endpoint }) => endpoint)).size).toBe(2);
    await engines[0].stop();
    expect(await isUp(engines[1].endpoint)).toBe(true);
    await engines[1].stop();
  });

  it('that is not installed is named, with what to use instead', async () => {
    vi.spyOn(process, 'arch', 'get').mockReturnValue('mips');
    const error: unknown = await startEngine().catch((thrown: unknown) => thrown);
    expect(isSluiceError(error) && error.code).toBe('ENGINE_MISSING');
    expect(String(error)).toContain(`@dynoxide/${process.platform}-mips`);
    expect(String(error)).toContain("startEngine({ engine: 'dynamodb-local' })");
  });

  it.skipIf(process.platform === 'win32')(
    'ends when the process that started it is killed',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
      const outfile = join(folder, 'starts-an-engine.mjs');
      await build({
        stdin: { contents: startsAnEngine, resolveDir: import.meta.dirname },
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        conditions: ['@sluice/source'],
      });
      const parent = spawn(process.execPath, [outfile], {
        cwd: import.meta.dirname, // the engine's package is installed for this one
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
      const endpoint = String(line).trim();
      expect(await isUp(endpoint)).toBe(true);
      parent.kill('SIGKILL');
      await vi.waitFor(async () => expect(await isUp(endpoint)).toBe(false), {
        timeout: 10_000,
        interval: 20,
      });
      rmSync(folder, { recursive: true });
    },
    20_000,
  );
});

const startsAnEngine = `
  import { startEngine } from './engine.js';
  console.log((await startEngine()).endpoint);
  setInterval(() => {}, 60_000);
`;

describe('DynamoDB Local', () => {
  it('that is not there is told with all that is missing', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'sluice-'));
    vi.stubEnv('DYNAMODB_LOCAL_DIR', empty);
    vi.stubEnv('PATH', empty);
    vi.spyOn(process, 'cwd').mockReturnValue(empty);
    const error: unknown = await startEngine({ engine: 'dynamodb-local' }).catch((thrown: unknown) => thrown);
    rmSync(empty, { recursive: true });
    expect(isSluiceError(error) && error.code).toBe('ENGINE_MISSING');
    expect(String(error)).toContain('DynamoDBLocal.jar and a "java"');
    expect(String(error)).toContain(`DYNAMODB_LOCAL_DIR names (${empty})`);
  });
});

describe('an endpoint that is given', () => {
  it('is passed through: nothing is started or stopped', async () => {
    const endpoint = 'http://127.0.0.1:9';
    const engine = await startEngine({ endpoint, region: 'eu-west-1' });
    expect(engine).toMatchObject({ engine: 'endpoint', endpoint, region: 'eu-west-1' });
    await engine.stop();
  });
});

describe('an engine that does not come up', () => {
  const node = (script: string) => ({ file: process.execPath, args: ['-e', script] });
  const url = 'http://127.0.0.1:9'; // the discard port: nothing answers there

  it('because it ends is reported with the end of its output', async () => {
    const start = startProcess(node('console.error("port taken"); process.exit(3)'), url, 30_000);
    await expect(start).rejects.toMatchObject({
      code: 'ENGINE_START',
      message: expect.stringMatching(/exit code 3[\s\S]*port taken/),
    });
  });

  it('because it cannot be run is reported with the reason', async () => {
    const start = startProcess({ file: '/no/such/engine', args: [] }, url, 30_000);
    await expect(start).rejects.toThrow('could not be run');
  });

  it('in time is ended and reported', async () => {
    const start = startProcess(node('setInterval(() => {}, 1000)'), url, 50);
    await expect(start).rejects.toThrow(`did not answer at ${url} within 50 ms`);
  });
});
