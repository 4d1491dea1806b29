import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projects, type SourceFiles } from './generated-projects.js';
import { printTable } from './print.js';

/**
 * What the compiler pays for typed entities and routes: a generated project of 100 entities and 500 routes, beside the same
 * schemas without Sluice, and beside nothing. Run it with `npm run bench:types`.
 */
const folder = fileURLToPath(new URL('../dist/compile-cost', import.meta.url));
const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
const tsc = join(dirname(compiler), 'bin', 'tsc');
const runs = Number(process.env['BENCH_ROUNDS'] ?? 5);

const tsconfig = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    experimentalDecorators: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['**/*.ts'],
};

const rows = Object.entries(projects).map(([name, files]) => {
  const project = join(folder, name.replaceAll(/\W+/g, '-'));
  write(project, files);
  const diagnostics = Array.from({ length: runs }, () => compile(project));
  // The run that was disturbed least; the counts are the same in all.
  const of = (label: string) => Math.min(...diagnostics.map((one) => numberAfter(one, label)));
  return [
    name,
    `${of('Check time').toFixed(2)} s`,
    `${of('Total time').toFixed(2)} s`,
    String(of('Instantiations')),
    String(of('Types')),
    `${Math.round(of('Memory used') / 1024)} MB`,
  ];
});
console.log(`TypeScript ${version()}, best of ${runs} runs\n`);
console.log(printTable(['', 'check time', 'total time', 'instantiations', 'types', 'memory'], rows));

function write(project: string, files: SourceFiles): void {
  rmSync(project, { recursive: true, force: true });
  for (const [path, text] of Object.entries({ ...files, 'tsconfig.json': JSON.stringify(tsconfig) })) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
}

/** Throws with the compiler's own words when the project has an error. */
function compile(project: string): string {
  const args = [tsc, '--extendedDiagnostics', '-p', project];
  try {
    return execFileSync(process.execPath, args, { encoding: 'utf8' });
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    throw new Error(`The generated project does not compile:\n${stdout?.slice(0, 2000)}`, { cause: error });
  }
}

function numberAfter(diagnostics: string, label: string): number {
  const found = new RegExp(`^${label}:\\s+([\\d.]+)`, 'm').exec(diagnostics)?.[1];
  if (found === undefined) throw new Error(`The compiler told no "${label}".`);
  return Number(found);
}

function version(): string {
  return execFileSync(process.execPath, [tsc, '--version'], { encoding: 'utf8' }).replace(/[^\d.]/g, '');
}
