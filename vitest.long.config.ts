import { defineConfig } from 'vitest/config';
import { closingLine } from './scripts/closing-line.ts';
import { onSources } from './vitest.shared.ts';

/** What is too long for every run; all of it together stays under ten minutes. */
export default defineConfig({
  ...onSources,
  test: {
    include: ['{packages,apps,examples}/*/src/**/*.long.test.ts', '{tests,bench}/src/**/*.long.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 120_000,
    reporters: ['default', closingLine],
  },
});
