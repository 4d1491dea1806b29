import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build } from 'esbuild';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../fixtures/compilers/app.js';
import { lambdaPackages, requireBuilt, root } from '../built.js';

const run = promisify(execFile);
const fixtures = `${root}tests/fixtures/compilers`;
const source = (name: string) => join(fixtures, `${name}.ts`);

/** Below the fixtures, so that what stays outside a bundle is found from there. */
const out = join(fixtures, `out/${process.pid}`);
let transcript: Awaited<ReturnType<typeof main>>;

beforeAll(async () => {
  requireBuilt(...lambdaPackages);
  await mkdir(out, { recursive: true });
  transcript = await main();
});

afterAll(() => rm(out, { recursive: true, force: true }));

/** Each compiles the fixture into a file that Node can run, and says which. */
const compilers: Record<string, () => Promise<string>> = {
  'tsc, which also checks the types': () => tsc(),
  'tsc, emitting decorator metadata': () => tsc('--emitDecoratorMetadata', '--noCheck'),
  'esbuild, file by file': () => esbuild({ bundle: false }),
  'esbuild to ESM': () => esbuild({}),
  'esbuild to ESM, minified': () => esbuild({ minify: true }),
  'esbuild to CommonJS': () => esbuild({ format: 'cjs' }),
  'esbuild to CommonJS, minified': () => esbuild({ format: 'cjs', minify: true }),
  'rolldown to ESM': () => rolldownTo({ minify: false }),
  'rolldown to ESM, minified': () => rolldownTo({ minify: true }),
};

describe('a decorated application', { timeout: 60_000 }, () => {
  it('routes, retries and answers as it says (here through vitest)', () => {
    expect(transcript.routes.map(({ id }) => id)).toEqual([
      'order-mail.welcome',
      'order-mail.receipt',
      'order-mail.shipped',
      'order-mail.farewell',
      'audit.every',
      'audit.gone',
    ]);
    expect(transcript.effects).toEqual([
      'mail to 7: order a (gift+new, none) #1',
      'audit 1 INSERT ORDER#a',
      'mail to 7: paid 12.5 EUR after PENDING, key 1ThHZHdSY4CzPyuk5S6tnugsJvsP07ELkvD9O_o0YqE #2',
      'audit 2 MODIFY ORDER#a',
      'audit 3 INSERT HOME with 12345678901234567890123456789012345678 views and 6 bytes',
      'audit 4 MODIFY ORDER#a',
      'mail to 7: shipped at attempt 2 #4',
      'mail to 7: removed 12.5 #5',
      'audit 5 REMOVE ORDER#a',
      'audit 6 REMOVE ORDER#b',
      'audit 7 REMOVE HOME with 12345678901234567890123456789012345678 views and 6 bytes',
      'audit expired by ttl',
      'audit 8 INSERT ORDER#c',
    ]);
    expect(transcript.responses).toEqual([
      '100000000000000000004',
      '100000000000000000008',
      '100000000000000000008',
    ]);
  });

  it.concurrent.each(Object.entries(compilers))('does the same through %s', async (_name, compile) => {
    const { stdout } = await run(process.execPath, [await compile()]);
    expect(JSON.parse(stdout)).toEqual(transcript);
  });
});

describe('without experimentalDecorators', { timeout: 60_000 }, () => {
  // With a target, as the tools that deploy to Lambda set one, esbuild compiles standard decorators.
  const standard: BuildOptions = { tsconfigRaw: {}, target: 'node22' };

  it('an application says at its start what to set', async () => {
    const file = await esbuild(standard, 'no-parameters');
    await expect(run(process.execPath, [file])).rejects.toMatchObject({
      stderr: expect.stringMatching(/"experimentalDecorators": true.*code: 'STANDARD_DECORATORS'/s),
    });
  });

  it('esbuild refuses decorated parameters and says what to set', async () => {
    await expect(esbuild({ ...standard, logLevel: 'silent' })).rejects.toThrow('experimental decorators');
  });
});

async function tsc(...options: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(out, 'tsc-'));
  const cli = `${root}node_modules/typescript/bin/tsc`;
  await run(process.execPath, [cli, '-p', fixtures, '--outDir', folder, ...options]);
  return join(folder, 'run.js');
}

async function esbuild(options: BuildOptions, entry = 'run'): Promise<string> {
  const outdir = await mkdtemp(join(out, 'esbuild-'));
  const entryPoints = (options.bundle === false ? ['run', 'app'] : [entry]).map(source);
  await build({ entryPoints, outdir, bundle: true, format: 'esm', platform: 'node', ...options });
  const type = options.format === 'cjs' ? 'commonjs' : 'module';
  await writeFile(join(outdir, 'package.json'), JSON.stringify({ type }));
  return join(outdir, `${entry}.js`);
}

async function rolldownTo({ minify }: { readonly minify: boolean }): Promise<string> {
  const folder = await mkdtemp(join(out, 'rolldown-'));
  const file = join(folder, 'run.mjs');
  const bundle = await rolldown({ input: source('run'), platform: 'node', logLevel: 'silent' });
  await bundle.write({ file, format: 'esm', minify });
  await bundle.close();
  return file;
}
