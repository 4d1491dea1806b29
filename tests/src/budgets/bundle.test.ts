import { beforeAll, describe, expect, it } from 'vitest';
import { lambdaPackages, requireBuilt } from '../built.js';
import { bundled, applications as entries } from './applications.js';

/**
 * What an application brings along, in bytes of one minified file before compression. A schema library is not counted:
 * these applications use none. A limit goes up only with a sentence here that says why.
 *
 * - functions: 25 128 bytes when it was first measured. 58 100 (22 KB compressed) with the whole filter language, the index,
 *   lanes, groups, layers around batches, differences and lazy items: about 26 KB are the language and its index, 30 KB the
 *   router and its checks at start. Filters are data with several readers, so an application has the readers of all of them. 66 400 with
 *   what becomes of changes that fail for good, their checks at start, and the way to a ledger; the ledger itself is not among them.
 *   66 600 with windows, events as emulators send them and logs in AWS's form, for which filters, checks and errors became 11 KB smaller.
 * - classes: 130 465 bytes when it was first measured; 101 KB of it are inversify and reflect-metadata. 164 700 and 173 100 for the same reasons;
 *   159 900 without the second build of reflect-metadata, of which inversify brings one.
 */
const applications = {
  functions: {
    limitBytes: 67_000,
    lacks: ['inversify', '@inversifyjs/', 'reflect-metadata'],
    has: [],
    entry: entries.functions,
  },
  classes: {
    limitBytes: 161_000,
    lacks: [],
    has: ['inversify', 'reflect-metadata'],
    entry: entries.classes,
  },
};

/** No application needs these to route records on Lambda. */
const neverBundled = ['@aws-sdk/', '@smithy/', '@opentelemetry/', 'pino', 'zod'];

beforeAll(() => requireBuilt(...lambdaPackages));

describe.each(Object.entries(applications))(
  'a Lambda application of %s',
  { timeout: 60_000 },
  (_name, application) => {
    it('stays within its limit', async () => {
      const { bytes, largest } = await bundledParts(application.entry);
      expect(bytes, `most of it is in ${largest.join(', ')}`).toBeLessThanOrEqual(application.limitBytes);
    });

    it('brings along no library that it does not use', async () => {
      const { packages } = await bundledParts(application.entry);
      const unwanted = [...neverBundled, ...application.lacks];
      expect(packages.filter((name) => unwanted.some((start) => name.startsWith(start)))).toEqual([]);
      expect(packages).toEqual(expect.arrayContaining(application.has));
    });
  },
);

describe('what an application chooses, as middleware and metrics for CloudWatch,', () => {
  const onlyIfUsed = ['retry', 'timeout', 'logging', 'metrics', 'tracing', 'watching', 'cloudwatch-metrics'];
  const among = (files: readonly string[]) =>
    onlyIfUsed.filter((name) => files.some((file) => file.endsWith(`/dist/${name}.js`)));

  it('is in a bundle only where it is used', async () => {
    const used = "import { retry } from '@sluice/core'; console.log(retry);";
    expect(among((await bundledParts(used)).files)).toEqual(['retry']);
    expect(among((await bundledParts(entries.functions)).files)).toEqual([]);
  });
});

async function bundledParts(entry: string) {
  const { bytes, inputs } = await bundled(entry);
  const files = Object.entries(inputs).sort(([, a], [, b]) => b - a);
  return {
    bytes: bytes.length,
    files: files.flatMap(([path, bytesInOutput]) => (bytesInOutput > 0 ? path : [])),
    largest: files.slice(0, 5).map(([path, bytesInOutput]) => `${path} (${bytesInOutput})`),
    packages: [...new Set(files.flatMap(([path]) => packageOf(path) ?? []))],
  };
}

/** The installed package that a file belongs to; ours are not under node_modules. */
function packageOf(path: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
}
