import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Zippable, zipSync } from 'fflate';

/**
 * Builds a Lambda function as one uploads it: everything that its entry imports in one minified file, `index.mjs` (or `index.cjs`), and a
 * source map beside it, which Node reads for the stacks of errors where the function has `NODE_OPTIONS=--enable-source-maps`.
 * Lambda's handler is `index.` and the name of what the entry exports.
 *
 * AWS's clients are bundled where the entry uses them. Lambda has a copy of its own, but of a version that nothing here was tested
 * with, and it reads that file by file at a cold start.
 */
export async function bundle({ entry, folder, format = 'esm' }: BundleOptions): Promise<readonly string[]> {
  const name = format === 'esm' ? 'index.mjs' : 'index.cjs';
  await build({
    entryPoints: [entry],
    outfile: join(folder, name),
    bundle: true,
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    platform: 'node',
    target: 'node22',
    format,
    // Of libraries that have both the ESM build, from which what is not used can be left out.
    mainFields: ['module', 'main'],
    logLevel: 'warning',
  });
  return [name, `${name}.map`];
}

interface BundleOptions {
  /** The module that exports the handler. The `tsconfig.json` above it says `experimentalDecorators`, which esbuild goes by. */
  readonly entry: string;
  /** Where the files are put; it is made where it is not there. */
  readonly folder: string;
  /** Default `esm`. */
  readonly format?: 'esm' | 'cjs';
}

/** The files of a folder as a zip. The same files make the same zip, so that Lambda can tell whether code has changed. */
export async function zipped(folder: string, files: readonly string[]): Promise<Uint8Array> {
  const contents: Zippable = {};
  for (const file of files) contents[file] = [await readFile(join(folder, file)), { mtime: earliest }];
  return zipSync(contents, { level: 9 });
}

/** The first time that a zip can tell. */
const earliest = '1980-01-01T12:00:00';
