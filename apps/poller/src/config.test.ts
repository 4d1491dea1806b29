import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from './config.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('the configuration', () => {
  it('comes from a file, whose paths are relative to it, and flags win', () => {
    const path = file(
      'good.json',
      JSON.stringify({
        router: './dist/router.js',
        streams: ['a'],
        checkpointFile: 'kept/rows.jsonl',
        logLevel: 'warn',
      }),
    );
    expect(readConfig(path, { streams: ['b'], region: undefined })).toEqual({
      router: join(folder, 'dist/router.js'),
      streams: ['b'],
      checkpointFile: join(folder, 'kept/rows.jsonl'),
      logLevel: 'warn',
      startingPosition: 'TRIM_HORIZON',
      healthPort: 8080,
      shutdownGraceMs: 25_000,
      onGap: 'halt',
      maxAhead: 1000,
    });
  });

  it('that is wrong is told whole, by the names of the settings', () => {
    const path = file('bad.json', JSON.stringify({ streams: [], healthPort: 'x', typo: 1 }));
    expect(() => readConfig(path, {})).toThrowError(
      expect.objectContaining({
        code: 'CONFIGURATION',
        problems: expect.arrayContaining([
          expect.stringContaining('setting "router" is missing'),
          expect.stringContaining('setting "streams"'),
          expect.stringContaining('the progress has no place; give either "checkpointFile"'),
          expect.stringContaining('setting "healthPort"'),
          expect.stringContaining('typo'),
        ]),
      }),
    );
  });

  it('keeps the progress in one place', () => {
    const flags = { router: './router.js', streams: ['a'] };
    expect(readConfig(undefined, { ...flags, checkpointTable: 'progress' })).toMatchObject({
      checkpointTable: 'progress',
    });
    expect(() =>
      readConfig(undefined, { ...flags, checkpointTable: 'progress', checkpointFile: 'rows.jsonl' }),
    ).toThrowError(/the progress has two places/);
  });

  it.each(['checkpointFile', 'checkpointTable'])(
    'refuses an empty %s, as a flag and in a file',
    (setting) => {
      const settings = { router: './router.js', streams: ['a'], [setting]: '' };
      const path = file(`empty-${setting}.json`, JSON.stringify(settings));
      for (const read of [() => readConfig(undefined, settings), () => readConfig(path, {})]) {
        expect(read).toThrowError(new RegExp(`setting "${setting}" cannot be used`));
      }
    },
  );

  it('that cannot be read says which file and why', () => {
    expect(() => readConfig(join(folder, 'none.json'), {})).toThrowError(/none\.json cannot be read/);
    expect(() => readConfig(file('broken.json', '{'), {})).toThrowError(/broken\.json cannot be read/);
    expect(() => readConfig(file('text.json', '"x"'), {})).toThrowError(/no object of settings/);
  });
});
