import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Allowed, arrowProblems, importsOf, type Room, readRoom } from './arrows.js';

const root = join(import.meta.dirname, '../..');

/** The arrows of the project. What is not here is not allowed; no arrow leads from one sibling to another. */
const packages: Record<string, Allowed> = {
  filters: { loads: [], types: ['@standard-schema/spec'] },
  core: {
    loads: ['@sluice/filters', '@opentelemetry/api', 'node:async_hooks', 'node:util'],
    types: ['@standard-schema/spec'],
  },
  decorators: { loads: ['@sluice/core', 'inversify', 'reflect-metadata'], tests: ['@sluice/testing'] },
  lambda: { loads: ['@sluice/core'], tests: ['@sluice/testing'] },
  poller: {
    loads: ['@sluice/core', '@aws-sdk/client-dynamodb-streams', 'node:*'],
    tests: ['@sluice/testing'],
  },
  store: {
    loads: [
      '@sluice/core',
      '@aws-sdk/client-dynamodb',
      '@aws-sdk/client-s3',
      '@aws-sdk/client-sqs',
      'node:*',
    ],
    tests: ['@sluice/testing'],
  },
  ledger: {
    loads: ['@sluice/core', 'node:crypto', 'node:util'],
    tests: ['@sluice/testing', '@sluice/store'],
  },
  testing: { loads: ['@sluice/core', '@aws-sdk/util-dynamodb', 'node:*'] },
  describe: {
    loads: ['@sluice/core', '@sluice/filters', 'aws-cdk-lib', 'constructs', 'openapi-sampler'],
    tests: ['@sluice/testing'],
  },
  cli: {
    loads: [
      '@sluice/core',
      '@sluice/describe',
      '@sluice/lambda',
      '@sluice/poller',
      '@aws-sdk/client-dynamodb-streams',
      'commander',
      'js-yaml',
      'tsx',
      'node:*',
    ],
    tests: ['@sluice/testing'],
  },
};
const users: Record<string, readonly string[]> = {
  apps: ['packages'],
  // One of them deploys another one.
  examples: ['packages', 'apps', 'examples'],
  tests: ['packages', 'apps', 'examples'],
  bench: ['packages', 'apps', 'examples', 'tests'],
};

describe('in the project as it is', () => {
  test('every package is in the table', () => {
    expect(readdirSync(join(root, 'packages')).toSorted()).toEqual(Object.keys(packages).toSorted());
  });

  test.each(Object.entries(packages))(
    'packages/%s imports and declares what the arrows allow',
    (name, allowed) => {
      expect(arrowProblems(readRoom(join(root, 'packages', name)), allowed)).toEqual([]);
    },
  );

  test.each(Object.entries(users))('%s imports and declares what comes before it', (folder, before) => {
    const loads = [
      'node:*',
      ...before.flatMap((earlier) => roomsIn(earlier).map(({ manifest }) => manifest.name)),
    ];
    for (const room of roomsIn(folder)) {
      expect(arrowProblems(room, { loads, anyLibrary: true })).toEqual([]);
    }
  });
});

describe('the check sees', () => {
  const allowed: Allowed = {
    loads: ['@sluice/core'],
    types: ['@standard-schema/spec'],
    tests: ['@sluice/testing'],
  };
  const dependencies = { '@sluice/core': 'workspace:^', '@standard-schema/spec': 'catalog:' };

  test.each([
    ['a sibling', `import { poll } from '@sluice/poller';`, 'no arrow leads there'],
    ['a type of a sibling', `import type { PollOptions } from '@sluice/poller';`, 'no arrow leads there'],
    ['a sibling passed on', `export * from '@sluice/poller';`, 'no arrow leads there'],
    ['a sibling loaded later', `const { poll } = await import('@sluice/poller');`, 'no arrow leads there'],
    ['a sibling in a type', `export type P = import('@sluice/poller').PollOptions;`, 'no arrow leads there'],
    ['a sibling behind its back', `import { poll } from '../../poller/src/poll.js';`, 'another room'],
    ['a part of a library', `import { z } from 'zod/mini';`, 'no arrow leads there'],
    ['a module of Node', `import { join } from 'node:path';`, 'no arrow leads there'],
    ['a library of types that is loaded', `import { x } from '@standard-schema/spec';`, 'only `import type`'],
    ['the kit outside of tests', `import { given } from '@sluice/testing';`, 'no arrow leads there'],
  ])('%s', (_, text, problem) => {
    expect(arrowProblems(planted('src/router.ts', text), allowed)).toEqual([
      expect.stringContaining(problem),
    ]);
  });

  test('an import that package.json does not declare', () => {
    const room = {
      ...planted('src/router.ts', `import { Router } from '@sluice/core';`),
      manifest: { name: '@sluice/x' },
    };
    expect(arrowProblems(room, allowed)).toEqual([expect.stringContaining('package.json does not say so')]);
  });

  test('a development dependency in what is published', () => {
    const manifest = { name: '@sluice/x', devDependencies: dependencies };
    const room = { ...planted('src/router.ts', `import { Router } from '@sluice/core';`), manifest };
    expect(arrowProblems(room, allowed)).toEqual([expect.stringContaining('package.json does not say so')]);
  });

  test('a declared sibling that nothing imports', () => {
    const manifest = { name: '@sluice/x', dependencies: { '@sluice/poller': 'workspace:^' } };
    expect(arrowProblems({ manifest, files: [] }, allowed)).toEqual([
      expect.stringContaining('no arrow leads there'),
    ]);
  });

  test('a sibling in a test', () => {
    const room = planted('src/router.test.ts', `import { poll } from '@sluice/poller';`);
    expect(arrowProblems(room, allowed)).toEqual([expect.stringContaining('no arrow leads there')]);
  });

  test('nothing in what is allowed', () => {
    const text = `import { Router } from '@sluice/core'; import type { X } from '@standard-schema/spec'; import './own.js';`;
    expect(arrowProblems(planted('src/router.ts', text), allowed)).toEqual([]);
  });

  test('nothing in a test that uses the kit', () => {
    const room = planted(
      'src/router.test.ts',
      `import { given } from '@sluice/testing'; import { test } from 'vitest';`,
    );
    const manifest = { ...room.manifest, devDependencies: { '@sluice/testing': 'workspace:^' } };
    expect(arrowProblems({ ...room, manifest }, allowed)).toEqual([]);
  });

  function planted(path: string, text: string): Room {
    return { manifest: { name: '@sluice/x', dependencies }, files: [{ path, imports: importsOf(text) }] };
  }
});

test('text that only looks like an import is none', () => {
  expect(importsOf(`const s = "import 'x'"; // import 'y'`)).toEqual([]);
});

/** The workspace projects of a folder, or the folder itself where it is one. */
function roomsIn(folder: string): Room[] {
  const path = join(root, folder);
  const folders = [path, ...readdirSync(path).map((name) => join(path, name))];
  return folders.filter((one) => existsSync(join(one, 'package.json'))).map(readRoom);
}
