import { inspect } from 'node:util';
import { isSluiceError } from '@sluice/core';
import { CommanderError } from 'commander';
import type { World } from './world.js';

/** Writes what went wrong for whoever has to mend it, and gives the exit code. The stack comes with `--verbose` alone. */
export function tellError(error: unknown, { stderr }: Pick<World, 'stderr'>, isVerbose: boolean): 0 | 1 | 2 {
  // The library has written it already; it throws for --help and --version too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = isSluiceError(error) ? error.message : inWords(error);
  const isOfModule = !isSluiceError(error) || error.code === 'MODULE';
  const where = isOfModule ? '\n--verbose tells where.' : '';
  const stack = `\n${inspect(error instanceof Error ? (error.cause ?? error) : error)}`;
  stderr.write(`${stderr.style('red', 'error:')} ${message}${isVerbose ? stack : where}\n`);
  return isSluiceError(error) && error.code === 'USAGE' ? 2 : 1;
}

/** Foreign errors, in one line where they have one. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return `something was thrown that is no error: ${inspect(error)}`;
  return error.message === '' ? error.name : `${error.name}: ${error.message}`;
}
