import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const files = filesBelow(root).map((path) => ({
  path: relative(root, path).replaceAll('\\', '/'),
  lines: readFileSync(path, 'utf8').split('\n'),
}));
const self = relative(root, import.meta.filename).replaceAll('\\', '/');

test('a clone can stand anywhere: no file names a place on a machine', () => {
  expect(linesWith(/(^|[\s"'`(=])(\/(home|Users|root|work|opt|mnt)\/\w|[A-Z]:\\)/)).toEqual([]);
});

test('nothing is left for later without a word about it elsewhere', () => {
  expect(linesWith(/\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
});

test('the lockfile fits every registry', () => {
  expect(linesWith(/https?:\/\//, ({ path }) => path === 'pnpm-lock.yaml')).toEqual([]);
});

test('a source file that is no test stays within 400 lines', () => {
  const isSource = (path: string) => /^packages\/[^/]+\/src\/(?!.*(\.test\.ts|suites\/)).*\.ts$/.test(path);
  const long = files.filter(({ path, lines }) => isSource(path) && lines.length > 401);
  expect(long.map(({ path, lines }) => `${path}: ${lines.length - 1} lines`)).toEqual([]);
});

describe.each(readdirSync(join(root, 'packages')))('packages/%s', (name) => {
  test('is published with its build alone, for the Node versions that the others name, and checked before', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({
      name: `@sluice/${name}`,
      license: 'Apache-2.0',
      type: 'module',
      engines: { node: '>=22.12' },
      files: ['dist'],
      sideEffects: false,
      scripts: { 'check:package': 'node ../../scripts/check-package.mjs' },
    });
  });
});

function linesWith(pattern: RegExp, isMeant = ({ path }: { path: string }) => path !== self) {
  return files
    .filter(isMeant)
    .flatMap(({ path, lines }) =>
      lines.flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [],
      ),
    );
}

/** What is written by hand: no dependencies, no build, no caches. */
function filesBelow(folder: string): string[] {
  const skipped = ['node_modules', 'dist', 'coverage'];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const isCache = entry.name.startsWith('.') && !['.ci', '.changeset', '.github'].includes(entry.name);
      return isCache || skipped.includes(entry.name) ? [] : filesBelow(path);
    }
    return /\.(ts|mjs|js|json|ya?ml|md|sh|html|css)$|^(LICENSE|run|\.gitignore)$/.test(entry.name)
      ? [path]
      : [];
  });
}
