import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../built.js';

/** What users import from, `core` or `core/opentelemetry`, and its source. */
const entries = readdirSync(join(root, 'packages')).flatMap(entriesOf);

const heading = [
  'What the packages export. After a change that is meant, write this list anew with',
  '`vitest run tests/src/budgets --update`, and say in the commit why users need it.',
  '',
];

describe('the entries of the packages', () => {
  it('export what users need and nothing else: the list that is checked in', async () => {
    const lists = entries.map(({ name, file }) => [`@sluice/${name}`, ...exportsOf(file)].join('\n  '));
    await expect([...heading, ...lists, ''].join('\n')).toMatchFileSnapshot('root-exports.txt');
  });

  it.each(entries)('name each export, or the list would not be whole: $name', ({ file }) => {
    const rest = readFileSync(file, 'utf8').replace(namedExports, '').replace(comments, '');
    expect(rest.trim()).toBe('');
  });
});

const namedExports = /^export (type )?\{([^}]*)\} from '[^']+';$/gm;
const comments = /\/\*.*?\*\/|\/\/[^\n]*/gs;

/** Values first, then types: `table`, `type Table`. */
function exportsOf(file: string): readonly string[] {
  const index = readFileSync(file, 'utf8').replace(comments, '');
  const names = [...index.matchAll(namedExports)].flatMap(([, type = '', list = '']) =>
    list.split(',').flatMap((entry) => (entry.trim() ? [type + exportedName(entry.trim())] : [])),
  );
  const isType = (one: string) => one.startsWith('type ');
  return [...names.filter((one) => !isType(one)).sort(), ...names.filter(isType).sort()];
}

/** `a as b` is exported as `b`. */
function exportedName(entry: string): string {
  return entry.replace(/\S+ as /, '');
}

function entriesOf(name: string): { readonly name: string; readonly file: string }[] {
  const manifest = join(root, 'packages', name, 'package.json');
  if (!existsSync(manifest)) return [];
  const exports: Record<string, Record<string, string>> = JSON.parse(readFileSync(manifest, 'utf8')).exports;
  return Object.entries(exports).map(([path, { '@sluice/source': source }]) => ({
    name: join(name, path),
    file: join(root, 'packages', name, source as string),
  }));
}
