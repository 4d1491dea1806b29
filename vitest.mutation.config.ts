import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { onSources } from './vitest.shared.ts';

/** A mutant is dead at the first failure: what its neighbour failed comes first, then what is quick. */
class LikelyToFailFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = (file: TestSpecification) => {
      const before = this.ctx.cache.getTestSpecificationResult(file);
      return before === undefined || before.failed ? 0 : before.duration;
    };
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** The tests of a package as they run against its mutants; `npm run mutate` says which package. */
export default defineConfig({
  ...onSources,
  cacheDir: '.vitest',
  test: {
    include: ['**/src/**/*.test.ts'],
    exclude: ['**/*.long.test.ts', '**/node_modules/**', '**/dist/**'],
    setupFiles: ['scripts/short-properties.ts'],
    sequence: { sequencer: LikelyToFailFirst },
    // One worker for all files, and a new one for the next mutant: several times as fast as one for each file.
    isolate: false,
    // Nothing takes a tenth of this, unless it waits for what never comes.
    testTimeout: 10_000,
  },
});
