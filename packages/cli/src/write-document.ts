import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { UsageError } from './errors.js';
import type { World } from './world.js';

/** For commands that write a document. */
export function outputOption(): Option {
  return new Option('-o, --output <file>', 'the file to write; standard output by default');
}

/** To the file that is given, or to standard output. Throws `UsageError` where the file cannot be written. */
export async function writeDocument(text: string, file: string | undefined, world: World): Promise<void> {
  if (file === undefined) {
    world.stdout.write(text);
    return;
  }
  await writeFile(resolve(world.cwd, file), text).catch((cause: Error) => {
    throw new UsageError(
      `${file} cannot be written: ${cause.message}; give --output a file in a folder that is there`,
      { cause },
    );
  });
  world.stderr.write(`${file} is written\n`);
}
