import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireBuilt, root } from '../built.js';

/** An application that has installed nothing but core. */
const application = mkdtempSync(join(tmpdir(), 'sluice-optional-peer-'));

beforeAll(() => {
  requireBuilt('packages/filters/dist/index.js', 'packages/core/dist/opentelemetry.js');
  for (const name of ['filters', 'core']) {
    for (const part of ['package.json', 'dist']) {
      const from = join(root, 'packages', name, part);
      cpSync(from, join(application, 'node_modules/@sluice', name, part), { recursive: true });
    }
  }
});
afterAll(() => rmSync(application, { recursive: true }));

function load(name: string) {
  const code = `console.log(Object.keys(await import('${name}')).length > 0)`;
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: application });
}

describe('without @opentelemetry/api', () => {
  it('core is whole: only its entry for OpenTelemetry needs that', async () => {
    expect((await load('@sluice/core')).stdout).toBe('true\n');
  });

  it('its entry for OpenTelemetry says what is missing', async () => {
    await expect(load('@sluice/core/opentelemetry')).rejects.toThrowError(
      /Cannot find package '@opentelemetry\/api'/,
    );
  });
});
