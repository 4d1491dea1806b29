import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigurationError, type Router } from '@sluice/core';

/** Loads `./dist/router.js#router`. What the module throws while it loads (a router's own start-up problems) passes through. */
export async function loadRouter(location: string): Promise<Router> {
  const [path = '', name = 'router'] = location.split('#');
  const url = pathToFileURL(resolve(path)).href;
  const module = (await import(url).catch((error: unknown) => {
    if (
      (error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND' ||
      !String(error).includes(resolve(path))
    )
      throw error;
    throw new ConfigurationError([
      `there is no module ${resolve(path)}; "router" names a built JavaScript module that exports the router`,
    ]);
  })) as Record<string, unknown>;
  const router = module[name];
  if (isRouter(router)) return router;
  const exported = Object.keys(module).sort().join(', ') || 'nothing';
  throw new ConfigurationError([
    `${location} is no router; the module exports ${exported}. Export what createRouter returns as "${name}", or name another export after #`,
  ]);
}

function isRouter(value: unknown): value is Router {
  return typeof value === 'object' && value !== null && 'match' in value && 'routes' in value;
}
