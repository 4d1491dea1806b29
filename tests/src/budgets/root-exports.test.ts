import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../built.js';

const packages = readdirSync(join(root, 'packages')).filter((name) => existsSync(indexOf(name)));

const heading = [
  'What the roots of the packages export. After a change that is meant, write this list anew with',
  '`vitest run tests/src/budgets --update`, and say in the commit why users need it.',
  '',
];

describe('the roots of the packages', () => {
  it('export what users need and nothing else: the list that is checked in', async () => {
    const lists = packages.map((name) => [`@sluice/${name}`, ...exportsOf(name)].join('\n  '));
    await expect([...heading, ...lists, ''].join('\n')).toMatchFileSnapshot('root-exports.txt');
  });

  it.each(packages)('name each export, or the list would not be whole: %s', (name) => {
    const rest = readFileSync(indexOf(name), 'utf8').replace(namedExports, '').replace(comments, '');
    expect(rest.trim()).toBe('');
  });
});

const namedExports = /^export (type )?\{([^}]*)\} from '[^']+';$/gm;
const comments = /\/\*.*?\*\/|\/\/[^\n]*/gs;

/** Values first, then types: `table`, `type Table`. */
function exportsOf(name: string): readonly string[] {
  const index = readFileSync(indexOf(name), 'utf8').replace(comments, '');
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

function indexOf(name: string): string {
  return join(root, 'packages', name, 'src/index.ts');
}
