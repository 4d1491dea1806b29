import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { World } from './world.js';

/**
 * Loads a module as Node would, and TypeScript through tsx, with the compiler options of the `tsconfig.json` nearest to it, or that
 * `TSX_TSCONFIG_PATH` names: legacy decorators need them.
 */
export const loadModule: World['loadModule'] = async (file) => {
  const url = pathToFileURL(file).href;
  if (!/\.[cm]?tsx?$/.test(file)) return import(url);
  const { tsImport } = await import('tsx/esm/api');
  // The environment is the one place where tsx looks for CommonJS too.
  const config = configNear(dirname(file));
  if (config !== undefined) process.env['TSX_TSCONFIG_PATH'] ??= config;
  return tsImport(url, import.meta.url);
};

function configNear(folder: string): string | undefined {
  const file = join(folder, 'tsconfig.json');
  if (existsSync(file)) return file;
  const above = dirname(folder);
  return above === folder ? undefined : configNear(above);
}
