import { inspect } from 'node:util';
import { isSluiceError } from '@sluice/core';
import { CommanderError } from 'commander';
import type { World } from './world.js';

/** Writes what went wrong for whoever has to mend it, and gives the exit code. The stack comes with `--verbose` alone. */
export function tellError(error: unknown, { stderr }: Pick<World, 'stderr'>, isVerbose: boolean): 0 | 1 | 2 {
  // The library has written it already; it throws for --help and --version too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const said = isSluiceError(error) ? error.message : `${inWords(error)}\n${hint}`;
  stderr.write(`${stderr.style('red', 'error:')} ${isVerbose ? inspect(error) : said}\n`);
  return isSluiceError(error) && error.code === 'USAGE' ? 2 : 1;
}

const hint = '--verbose tells where it was thrown.';

/** Foreign errors, in one line where they have one. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return `something was thrown that is no error: ${inspect(error)}`;
  return error.message === '' ? error.name : `${error.name}: ${error.message}`;
}
