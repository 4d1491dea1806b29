import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from './errors.js';
import type { World } from './world.js';

/** The text of a file, or of standard input for `-`. Throws `UsageError` where it cannot be read. */
export async function readText(file: string, { cwd, stdin }: Pick<World, 'cwd' | 'stdin'>): Promise<string> {
  if (file === '-') {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stdin) chunks.push(Buffer.from(chunk as string));
    return Buffer.concat(chunks).toString('utf8');
  }
  return readFile(resolve(cwd, file), 'utf8').catch((cause: Error) => {
    throw new UsageError(`${file} cannot be read: ${cause.message}; give a file, or - for standard input`, {
      cause,
    });
  });
}
