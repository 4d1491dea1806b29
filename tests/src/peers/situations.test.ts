import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const here = import.meta.dirname;
const page = readFileSync(join(here, 'README.md'), 'utf8');
const rows = page.split('\n').filter((line) => /^\| (?!situation \|)/.test(line));
const references = [...page.matchAll(/\[[^\]]+\]\(([^)]+)\) “([^”]+)”/g)].map(([, file = '', name = '']) => ({
  file,
  name,
}));

describe('the list of situations', () => {
  it('names tests that are there', () => {
    const missing = references.filter(({ file, name }) => {
      const path = join(here, file);
      return !existsSync(path) || !readFileSync(path, 'utf8').includes(name);
    });
    expect(missing).toEqual([]);
    expect(references.length).toBeGreaterThan(70);
  });

  it('has a test for each situation', () => {
    expect(rows.filter((row) => !/\]\([^)]+\) “/.test(row))).toEqual([]);
    expect(rows.length).toBeGreaterThan(60);
  });

  it('names every test of this folder', () => {
    const files = readdirSync(here).filter(
      (file) => file.endsWith('.test.ts') && file !== 'situations.test.ts',
    );
    const unnamed = files.flatMap((file) => {
      const named = references.filter((reference) => reference.file === file).map(({ name }) => name);
      return namesOf(file).filter((name) => !named.some((start) => name.startsWith(start)));
    });
    expect(unnamed).toEqual([]);
  });
});

/** The first text behind each `it(` or `it.each(…)(`. */
function namesOf(file: string): string[] {
  const source = readFileSync(join(here, file), 'utf8');
  return [...source.matchAll(/^ +it(?:\.each[\s\S]*?\))?\(\s*'([^'\n]+)',/gm)].map(([, name = '']) => name);
}
