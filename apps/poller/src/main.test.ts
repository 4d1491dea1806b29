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
  name: 'x', routes: [], windows: [], tables: [], unknownTable: 'skip', recordMiddleware: [], match: () => [], random: Math.random,
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

const stream = {
  StreamArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/shop/stream/2026',
  TableName: 'shop',
  StreamLabel: '2026',
};

/** What a source answers whose stream has one shard, which is closed and empty. */
const oneClosedShard: Record<string, object> = {
  ListStreams: { Streams: [stream] },
  DescribeStream: {
    StreamDescription: {
      ...stream,
      StreamStatus: 'ENABLED',
      StreamViewType: 'KEYS_ONLY',
      Shards: [{ ShardId: 'shardId-1' }],
    },
  },
  GetShardIterator: { ShardIterator: 'first' },
  GetRecords: { Records: [] },
};

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

  it('ends with 1 when all its streams have ended, since nobody asked it to', async () => {
    const source = createServer(async (request, response) => {
      const [, operation = ''] = String(request.headers['x-amz-target']).split('.');
      const body = (await request.toArray()).join('');
      const gone = operation === 'DescribeStream' && body.includes('CHILD_SHARDS');
      response.writeHead(gone ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(
        JSON.stringify(gone ? { __type: 'ResourceNotFoundException' } : oneClosedShard[operation]),
      );
    }).listen(0);
    await once(source, 'listening');
    const endpoint = `http://127.0.0.1:${(source.address() as AddressInfo).port}`;
    const { code, lines } = await start('', () => {}, '--endpoint', endpoint);
    source.close();
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ level: 'fatal', code: 'STREAMS_ENDED' });
    expect(code).toBe(1);
  });

  it('explains its settings', () => {
    expect(run('--help').stdout).toContain('--checkpoint-file <file>');
  });
});
