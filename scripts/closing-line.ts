import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends a run with one line that says it all: `12 passed, 0 failed`, and `, 1 skipped` where there is any.
 * Whatever makes the run fail without being a test counts as failed, once each: a file that does not load, a
 * hook that throws, an error that nobody caught, a test that never came to an end.
 */
export const closingLine: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    const { passed, failed, skipped } = counts(modules);
    const line = `${passed} passed, ${failed + unhandledErrors.length} failed`;
    // At exit, so that nothing of the other reporters comes after it.
    process.once('exit', () => console.log(skipped > 0 ? `${line}, ${skipped} skipped` : line));
  },
};

function counts(modules: readonly TestModule[]) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      count[state === 'pending' ? 'failed' : state] += 1;
    }
    for (const suite of [module, ...module.children.allSuites()]) {
      if (suite.errors().length > 0 || suite.state() === 'queued') count.failed += 1;
    }
  }
  return count;
}
