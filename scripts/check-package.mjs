// Checks one package as a user would get it: packs it, then asks publint and "are the types wrong" about the
// tarball. Runs in the package's folder, as its `check:package` script; prints nothing when all is well.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { filterProblems, problemKindInfo } from '@arethetypeswrong/core/problems';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/** Packages are ESM only: CommonJS users reach them by `require(esm)`, which these two modes do not know. */
const RESOLUTIONS = ['node16-esm', 'bundler'];
const EXPECTED_FILES = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'];

const tarball = pack();
const found = createPackageFromTarballData(tarball);
const problems = [...(await lint()), ...(await types()), ...contents()];
for (const problem of problems) console.error(`${found.packageName}: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;

/** @returns {Uint8Array} the bytes that a registry would get */
function pack() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pack-'));
  try {
    const file = join(folder, 'package.tgz');
    execFileSync('pnpm', ['pack', '--out', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
      shell: process.platform === 'win32',
    });
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function lint() {
  const { messages, pkg } = await publint({
    pack: { tarball: new Uint8Array(tarball).buffer },
    strict: true,
  });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}

async function types() {
  const analysis = await checkPackage(found);
  if (analysis.types === false) return ['types: the package has none'];
  const problems = RESOLUTIONS.flatMap((resolutionKind) => filterProblems(analysis, { resolutionKind }));
  return [...new Set(problems)].map(
    ({ kind, ...where }) => `types: ${problemKindInfo[kind].title} ${JSON.stringify(where)}`,
  );
}

/** What neither of the two looks at: what has to be in a package of ours, and what has no business there. */
function contents() {
  const folder = `/node_modules/${found.packageName}/`;
  const files = found.listFiles().map((file) => file.slice(folder.length));
  const missing = EXPECTED_FILES.filter((file) => !files.includes(file));
  const stray = files.filter((file) => !file.startsWith('dist/') && !EXPECTED_FILES.includes(file));
  const tests = files.filter((file) => /\.test(-d)?\./.test(file));
  const manifest = found.readFile(`${folder}package.json`);
  return [
    ...missing.map((file) => `expected ${file} in the package, it is not there`),
    ...stray.map((file) => `expected only dist/ and the documents, got ${file}`),
    ...tests.map((file) => `a test is in the package: ${file}`),
    ...(/@sluice\/source|workspace:|catalog:/.test(manifest)
      ? ['package.json: what only the workspace knows was not replaced']
      : []),
  ];
}
