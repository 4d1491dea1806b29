import { pathToFileURL } from 'node:url';
import { run } from '../run.js';
import type { World } from '../world.js';

/** What a run of the command came to. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process; colours are shown as `<red>text</red>`. */
export async function ran(
  line: string | readonly string[],
  given: Partial<Omit<World, 'stdin'>> & { readonly stdin?: string; readonly colours?: boolean } = {},
): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
    style: (format: unknown, text: string) => (given.colours ? `<${format}>${text}</${format}>` : text),
    columns: 100,
  });
  const code = await run(typeof line === 'string' ? line.split(' ').filter(Boolean) : line, {
    stdout: output('stdout'),
    stderr: output('stderr'),
    env: {},
    cwd: import.meta.dirname,
    loadModule: (file) => import(/* @vite-ignore */ pathToFileURL(file).href),
    interrupted: () => new AbortController().signal,
    ...given,
    stdin: textOf(given.stdin ?? ''),
  });
  return { code, ...written };
}

async function* textOf(text: string): AsyncIterable<string> {
  yield text;
}
