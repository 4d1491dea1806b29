import { existsSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { isSluiceError, type Router, SluiceError } from '@sluice/core';
import type { Call } from './command.js';
import { UsageError } from './errors.js';

/**
 * The router that `--router` names, or that stands where routers usually do. Throws `UsageError` where there is none, the
 * `ConfigurationError` of `createRouter` as it is, and what else the module throws as an error that names the module.
 */
export async function loadRouter({ options, world }: Pick<Call, 'options' | 'world'>): Promise<Router> {
  const [, path = '', name] = /^(.*?)(?:#([^#/\\.]+))?$/s.exec(options.router ?? '') ?? [];
  const file = path === '' ? usualFile(world.cwd) : resolve(world.cwd, path);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new UsageError(`there is no module ${file}; --router takes the file that exports the router`);
  }
  const module = await world.loadModule(file).catch((error: unknown) => {
    // A problem of the start is told by its own words, whichever copy of core found it.
    if (isSluiceError(error)) throw error;
    throw new ModuleError(relative(world.cwd, file), error);
  });
  return routerOf(exportsOf(module), name, relative(world.cwd, file));
}

/** A user's module threw while it loaded. */
class ModuleError extends SluiceError {
  override readonly name: string = 'ModuleError';
  constructor(file: string, cause: unknown) {
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super('MODULE', `${file} threw while it loaded: ${what}`, { cause });
  }
}

function usualFile(cwd: string): string {
  const file = usualPlaces.find((place) => existsSync(resolve(cwd, place)));
  if (file !== undefined) return resolve(cwd, file);
  throw new UsageError(
    `there is no router module in ${cwd}: looked for ${usualPlaces.join(', ')}; name yours with --router <module[#export]>`,
  );
}

const usualPlaces = [
  ...['src/router', 'router'].flatMap((place) =>
    ['ts', 'mts', 'js', 'mjs'].map((type) => `${place}.${type}`),
  ),
  'dist/router.js',
];

type Exports = Readonly<Record<string, unknown>>;

/** What a CommonJS module exports may be within its `default` alone, and the default export of TypeScript within that. */
function exportsOf({ 'module.exports': _same, ...module }: Exports): Exports {
  const inner = module['default'];
  if (typeof inner !== 'object' || inner === null || isRouter(inner)) return module;
  const { default: _inner, ...named } = module;
  return { ...(inner as Exports), ...named };
}

function routerOf(exports: Exports, name: string | undefined, file: string): Router {
  const routers = Object.keys(exports).filter((key) => isRouter(exports[key]));
  const wanted = name ?? usualName(routers);
  const router = wanted === undefined ? undefined : exports[wanted];
  if (isRouter(router)) return router;
  if (name === undefined && routers.length > 1) {
    throw new UsageError(
      `${file} exports several routers; name one: ${routers.map((key) => `--router ${file}#${key}`).join(', ')}`,
    );
  }
  const names = Object.keys(exports).sort();
  const exported = names.map((key) => `${key} (${typeof exports[key]})`).join(', ') || 'nothing';
  throw new UsageError(
    `${name === undefined ? `${file} exports no router` : `${file}#${name} is no router`}; it exports ${exported}. ` +
      'Export what createRouter returns, or name another module with --router <module[#export]>',
  );
}

/** One export may be there under two names. */
function usualName(routers: readonly string[]): string | undefined {
  const [only, ...others] = routers;
  return (
    ['router', 'default'].find((name) => routers.includes(name)) ?? (others.length === 0 ? only : undefined)
  );
}

/** By its shape: the module may have a copy of core of its own. */
function isRouter(value: unknown): value is Router {
  return (
    typeof value === 'object' && value !== null && 'match' in value && 'routes' in value && 'tables' in value
  );
}
