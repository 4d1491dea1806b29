import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** The demo as it is started by `npm run demo`: engine, poller process, writer and the Lambda entry, all real. */
const program = fileURLToPath(new URL('../../dist/demo/main.js', import.meta.url));

async function demo(...args: string[]) {
  if (!existsSync(program)) throw new Error('The demo is not built; run `npx turbo run build` first.');
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args]);
  return stdout;
}

describe('the demo', () => {
  it('loses, doubles and reorders nothing, and the Lambda entry has the same effects', async () => {
    const summary = JSON.parse(await demo('--orders', '30', '--json'));
    expect(summary).toMatchObject({
      ok: true,
      killed: false,
      lost: [],
      doubled: [],
      outOfOrder: [],
      pollerExitCode: 0,
    });
    expect(summary.records).toBe(96);
    expect(summary.deliveries['warehouse.pack']).toBe(24);
    expect(summary.retries).toBe(6);
    expect(summary.lambda).toMatchObject({ status: 'done', records: 96, different: [] });
  });

  it('loses and reorders nothing when its poller is killed in mid-flow and started again', async () => {
    const summary = JSON.parse(await demo('--orders', '60', '--kill', '--json'));
    expect(summary).toMatchObject({ ok: true, killed: true, lost: [], outOfOrder: [] });
  });

  it('shows each change and a summary to people', async () => {
    const shown = await demo('--orders', '3');
    expect(shown).toMatch(/INSERT {2}CUSTOMER#000\/ORDER#0000 +order-mail\.confirmation/);
    expect(shown).toMatch(/lost +0\n/);
  });

  it('ends with its poller and leaves no files when it is told to end', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'sluice-ended-'));
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (text) => String(text).includes('Poller: started') && child.kill('SIGINT'));
    // The poller holds the same standard error: that closes when both have ended.
    const [code] = await once(child, 'close');
    expect(code).toBe(130);
    expect(readdirSync(temporary)).toEqual([]);
    rmdirSync(temporary);
  });

  it('explains its options, and refuses wrong ones', async () => {
    expect(await demo('--help')).toContain('--orders <n>');
    await expect(demo('--orders', 'many')).rejects.toThrow('Give a whole number');
  });
});
