import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '@sluice/example-orders/bundle';
import { lambdaPackages, requireBuilt, root } from '../built.js';
import { type Environment, type EnvironmentOptions, startEnvironment } from './environment.js';

/** Functions that are bundled once, and the environments that run them. */
export interface Deployment {
  /** A folder of its own, for what functions write. */
  readonly folder: string;
  start(name: string, options?: Omit<EnvironmentOptions, 'folder'>): Promise<Environment>;
  /** Ends all environments. */
  stopAll(): Promise<void>;
  remove(): void;
}

/** @param functions a name, and the function's entry with its path from the root. */
export async function deploy(functions: Readonly<Record<string, DeployedFunction>>): Promise<Deployment> {
  requireBuilt(...lambdaPackages);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-functions-'));
  const started: Environment[] = [];
  await Promise.all(
    Object.entries(functions).map(([name, { entry, format = 'esm' }]) =>
      bundle({ entry: root + entry, folder: join(folder, name), format }),
    ),
  );
  return {
    folder,
    async start(name, options = {}) {
      const environment = await startEnvironment({ ...options, folder: join(folder, name) });
      started.push(environment);
      return environment;
    },
    async stopAll() {
      await Promise.all(started.splice(0).map((environment) => environment.stop()));
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export interface DeployedFunction {
  readonly entry: string;
  readonly format?: 'esm' | 'cjs';
}

/** The function as the simulator of Lambda calls it: errors are thrown. */
export function handlerIn({ invoke }: Environment): (event: unknown) => Promise<unknown> {
  return async (event) => {
    const invoked = await invoke(event);
    if ('error' in invoked) throw new Error(invoked.error.errorMessage);
    return invoked.response;
  };
}
