import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].map((name) => join(root, name)),
  ...markdownIn(join(root, 'docs')),
  ...markdownIn(join(root, 'packages')),
  ...markdownIn(join(root, 'apps')),
  ...markdownIn(join(root, 'examples')),
];

function markdownIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return ['node_modules', 'dist'].includes(entry.name) ? [] : markdownIn(join(folder, entry.name));
    return entry.name.endsWith('.md') ? [join(folder, entry.name)] : [];
  });
}

/** The code blocks of a page, with the place that each says it is taken from. */
function snippetsOf(markdown: string) {
  return [...markdown.matchAll(/(?:<!-- snippet (\S+)#(\S+) -->\n)?```(?:ts|ya?ml)\n([\s\S]*?)```/g)].map(
    ([, file, region, code]) => ({
      file,
      region,
      code,
    }),
  );
}

/** The lines between `// #region name` and its `// #endregion`, in YAML with `#` for `//`, with their common indentation removed. */
function regionOf(file: string, name: string): string | undefined {
  const lines = readFileSync(file, 'utf8').split('\n');
  const comment = /\.ya?ml$/.test(file) ? '#' : '//';
  const start = lines.findIndex((line) => line.trim() === `${comment} #region ${name}`);
  const end = lines.findIndex((line, index) => index > start && line.trim() === `${comment} #endregion`);
  if (start < 0 || end < 0) return undefined;
  const region = lines.slice(start + 1, end);
  const indent = Math.min(
    ...region.filter((line) => line.trim()).map((line) => line.length - line.trimStart().length),
  );
  return `${region.map((line) => line.slice(indent)).join('\n')}\n`;
}

describe.each(pages.map((page) => relative(root, page)))('%s', (page) => {
  const markdown = readFileSync(join(root, page), 'utf8');

  it('shows TypeScript and YAML only as it stands in a tested file', () => {
    for (const { file, region, code } of snippetsOf(markdown)) {
      expect(file, `a block without a snippet comment:\n${code}`).toBeDefined();
      expect(regionOf(join(root, file as string), region as string), `${file}#${region}`).toBe(code);
    }
  });

  it('links to files that are there', () => {
    const links = [...markdown.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) => link as string);
    const broken = links.filter((link) => !existsSync(resolve(root, dirname(page), link)));
    expect(broken).toEqual([]);
  });
});
