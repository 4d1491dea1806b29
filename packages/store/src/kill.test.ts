import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fileStore } from './file-store.js';

/** Opens the store, tells it, and writes for ever, some writes at a time; tells each write that is acknowledged. */
const writer = `
  import { fileStore } from './file-store.js';
  const store = await fileStore(process.argv[2]).catch((error) => { console.log(error.code); process.exit(1); });
  console.log('open');
  if (process.argv[3] === 'write') await Promise.all(['a', 'b', 'c'].map(async (key) => {
    let row = await store.get('p', key);
    for (;;) {
      ({ row } = await store.put({ pk: 'p', sk: key, value: (row?.value ?? 0) + 1 }, row?.version));
      console.log(key, row.value);
    }
  }));
  setInterval(() => {}, 60_000);
`;

let programs: string;
let program: string;
let folder: string;
let path: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'sluice-store-program-'));
  program = join(programs, 'writer.mjs');
  await build({
    stdin: { contents: writer, resolveDir: import.meta.dirname },
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@sluice/source'],
  });
});

afterAll(() => rm(programs, { recursive: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
  path = join(folder, 'store.jsonl');
});

afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  await rm(folder, { recursive: true });
});

function start(what: 'write' | 'hold') {
  const child = spawn(process.execPath, [program, path, what], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

describe('a process with a file store that is killed', () => {
  it('loses no acknowledged write, and the next one goes on at once', async () => {
    const acknowledged = new Map(['a', 'b', 'c'].map((key) => [key, 0]));
    for (const after of [1, 50, 200]) {
      const { child, lines } = start('write');
      expect((await lines.next()).value).toBe('open');
      for (let n = 0; n < after; n++) note((await lines.next()).value);
      await kill(child);
      for (let line = await lines.next(); !line.done; line = await lines.next()) note(line.value);
      const store = await fileStore(path);
      for (const [key, value] of acknowledged) {
        // The last write of each key may be there without having been told of.
        const stored = (await store.get('p', key))?.value ?? 0;
        expect([value, value + 1]).toContain(stored);
        acknowledged.set(key, stored as number);
      }
      await store.close();
    }
    expect([...acknowledged.values()].reduce((sum, value) => sum + value)).toBeGreaterThanOrEqual(251);

    function note(line: string | undefined) {
      const [key = '', value] = line?.split(' ') ?? [];
      expect(Number(value)).toBe((acknowledged.get(key) ?? 0) + 1);
      acknowledged.set(key, Number(value));
    }
  });
});

describe('the lock of a store file', () => {
  it('refuses a second process and names the first, until that one dies', async () => {
    const { child, lines } = start('hold');
    await lines.next();
    await expect(fileStore(path)).rejects.toMatchObject({
      code: 'STORE_IN_USE',
      message: expect.stringContaining(
        `is open in process ${child.pid}, and one process at a time may use it`,
      ),
    });
    await kill(child);
    await (await fileStore(path)).close();
    expect(await readdir(folder)).toEqual(['store.jsonl']);
  });

  it('refuses the second of two stores in one process', async () => {
    const store = await fileStore(path);
    await expect(fileStore(path)).rejects.toThrow(`is open in process ${process.pid} (this one)`);
    await store.close();
    await (await fileStore(path)).close();
  });

  it('is never held by two, however many come at the same time after a kill', async () => {
    const { child, lines } = start('hold');
    await lines.next();
    await kill(child);
    const contenders = Array.from({ length: 3 }, () => start('hold'));
    const first = await Promise.all(contenders.map(async ({ lines }) => (await lines.next()).value));
    expect(first.filter((line) => line === 'open').length).toBeLessThanOrEqual(1);
    expect(first.filter((line) => line !== 'open' && line !== 'STORE_IN_USE')).toEqual([]);
  });

  it('counts for nothing when its process number is ours or that of none', async () => {
    const { child, lines } = start('hold');
    await lines.next();
    await kill(child);
    await rm(folder, { recursive: true });
    await (await fileStore(path)).close();
    await writeFile(`${path}.lock-${process.pid}-1`, '');
    await writeFile(`${path}.lock-${child.pid}-1`, '');
    await (await fileStore(path)).close();
    expect(await readdir(folder)).toEqual(['store.jsonl']);
  });

  it.runIf(process.platform === 'linux')(
    'counts for nothing when another process has its number',
    async () => {
      await writeFile(`${path}.lock-${process.ppid}-1`, '');
      await (await fileStore(path)).close();
      expect(await readdir(folder)).toEqual(['store.jsonl']);
    },
  );

  it('of another file is of no interest', async () => {
    const store = await fileStore(path);
    await (await fileStore(`${path}.lock-1`)).close();
    await (await fileStore(`${path}2`)).close();
    await store.close();
  });
});
