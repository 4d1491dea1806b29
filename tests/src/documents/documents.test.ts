import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from '@sluice/cli';
import { describe, expect, it } from 'vitest';
import { root } from '../built.js';

/**
 * The documents that the command makes of each example, as they are checked in. After a change that is meant,
 * `vitest run tests/src/documents --update` writes them anew.
 */
const routers: Readonly<Record<string, { readonly module?: string; readonly infra?: string }>> = {
  deploy: { module: 'src/invoices.ts' },
  'first-handler': {},
  groups: {},
  orders: {},
  parking: {},
  window: { infra: '--tumbling-window-in-seconds 60' },
};

const examples = join(root, 'examples');

describe('the documents of an example', () => {
  it('are there for each', () => {
    expect(readdirSync(examples).sort()).toEqual(Object.keys(routers));
  });

  it.each(Object.entries(routers))('are what its routes say: %s', async (name, { module, infra = '' }) => {
    const print = (line: string) => printed(line, join(examples, name), module);
    const file = (document: string) => join(examples, name, 'documents', document);
    await expect(await print('asyncapi')).toMatchFileSnapshot(file('asyncapi.yaml'));
    await expect(await print('filter-criteria --json')).toMatchFileSnapshot(file('filter-criteria.json'));
    await expect(await print(`infra ${infra}`)).toMatchFileSnapshot(file('template.yaml'));
    const [table, diagram] = [await print('routes'), await print('routes --format mermaid')];
    await expect(page(name, table, diagram)).toMatchFileSnapshot(file('routes.md'));
  });
});

function page(name: string, table: string, diagram: string): string {
  return `# The routes of ${name}\n\n\`\`\`text\n${table}\`\`\`\n\n\`\`\`mermaid\n${diagram}\`\`\`\n`;
}

/** What the command prints in a folder; it does so without a problem. */
async function printed(line: string, cwd: string, module: string | undefined): Promise<string> {
  let text = '';
  let problems = '';
  const argv = [...line.split(' ').filter(Boolean), ...(module === undefined ? [] : ['--router', module])];
  const code = await run(argv, {
    stdin: process.stdin,
    stdout: outputTo((more) => {
      text += more;
    }),
    stderr: outputTo((more) => {
      problems += more;
    }),
    env: {},
    cwd,
    loadModule: (file) => import(/* @vite-ignore */ pathToFileURL(file).href),
    interrupted: () => new AbortController().signal,
  });
  expect({ code, problems }).toEqual({ code: 0, problems: '' });
  return text;
}

function outputTo(write: (text: string) => void) {
  return { write, style: (_: unknown, text: string) => text, columns: 100 };
}
