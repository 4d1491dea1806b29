import { defineConfig } from 'vitest/config';
import { closingLine } from './scripts/closing-line.ts';
import { onSources } from './vitest.shared.ts';

export default defineConfig({
  ...onSources,
  test: {
    include: [
      '{packages,apps,examples}/*/src/**/*.test.ts',
      '{tests,bench}/src/**/*.test.ts',
      'scripts/*.test.ts',
    ],
    // A bound for what hangs, far above what anything takes on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    exclude: ['**/*.long.test.ts', '**/node_modules/**', '**/dist/**'],
    reporters: ['default', closingLine],
  },
});
