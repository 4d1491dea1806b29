import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's root, from the sources of these tests as well as from what they are compiled to. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** What an application on Lambda is made of. */
export const lambdaPackages = ['filters', 'core', 'decorators', 'lambda'].map(
  (name) => `packages/${name}/dist/index.js`,
);

/**
 * Throws unless these files of `dist/` folders, given from the root, are there. Some tests run what users get, the
 * built packages, and not the sources as all others do.
 */
export function requireBuilt(...files: readonly string[]): void {
  const missing = files.filter((file) => !existsSync(root + file));
  if (missing.length === 0) return;
  throw new Error(
    `These tests run the built packages, and ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there. ` +
      'Run `pnpm exec turbo run build` first (again after each change of a package), or `npm test`, which begins with it.',
  );
}
