#!/usr/bin/env node
// Mutation testing, one package after another, each against its own tests:
//
//   node scripts/mutate.mjs [package or file ...]      (`npm run mutate -- packages/filters/src/decimal.ts:10-40`)
//
// Without arguments it takes the packages that decide. What was found is kept in reports/mutation, and the next
// run tests only what has changed since; reports/mutation/<package>.html shows every mutant.
import { Stryker } from '@stryker-mutator/core';

const decisive = ['packages/filters', 'packages/core'];
const asked = process.argv.slice(2).map((path) => path.replace(/^\.\//, '').replace(/\/$/, ''));

const byPackage = Map.groupBy(asked.length > 0 ? asked : decisive, packageOf);
for (const [folder, paths] of byPackage) {
  const report = `reports/mutation/${folder.split('/')[1]}`;
  await new Stryker({
    mutate: paths.flatMap((path) => (path === folder ? sourcesOf(folder) : [path])),
    vitest: { dir: folder },
    incrementalFile: `${report}.incremental.json`,
    jsonReporter: { fileName: `${report}.json` },
    htmlReporter: { fileName: `${report}.html` },
  }).runMutationTest();
}

function packageOf(path) {
  return path.split('/').slice(0, 2).join('/');
}

/** Files without anything but types have no mutants. */
function sourcesOf(folder) {
  return [`${folder}/src/**/*.ts`, `!${folder}/src/**/*.{test,test-d}.ts`, `!${folder}/src/index.ts`];
}
