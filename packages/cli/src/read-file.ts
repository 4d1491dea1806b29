import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from './errors.js';
import type { World } from './world.js';

/** The text of a file, or of standard input for `-`. Throws `UsageError` where it cannot be read. */
export async function readText(file: string, { cwd, stdin }: Pick<World, 'cwd' | 'stdin'>): Promise<string> {
  if (file === '-') {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stdin) chunks.push(Buffer.from(chunk as string));
    return decoded(Buffer.concat(chunks));
  }
  const bytes = await readFile(resolve(cwd, file)).catch((cause: Error) => {
    throw new UsageError(`${file} cannot be read: ${cause.message}; give a file, or - for standard input`, {
      cause,
    });
  });
  return decoded(bytes);
}

/** Windows marks the beginning of a text, and has two bytes for each character at times. */
function decoded(bytes: Uint8Array): string {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(bytes);
}
