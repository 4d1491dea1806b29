import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { World } from './world.js';

/**
 * Loads a module as Node would, and TypeScript through tsx, with the compiler options of the `tsconfig.json` nearest to it: legacy
 * decorators need them.
 */
export const loadModule: World['loadModule'] = async (file) => {
  const url = pathToFileURL(file).href;
  if (!/\.[cm]?tsx?$/.test(file)) return import(url);
  const { tsImport } = await import('tsx/esm/api');
  const tsconfig = configNear(dirname(file));
  return tsImport(url, { parentURL: import.meta.url, ...(tsconfig !== undefined && { tsconfig }) });
};

function configNear(folder: string): string | undefined {
  const file = join(folder, 'tsconfig.json');
  if (existsSync(file)) return file;
  const above = dirname(folder);
  return above === folder ? undefined : configNear(above);
}
