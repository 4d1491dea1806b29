import { defineConfig } from 'vitest/config';
import { onSources } from './vitest.shared.ts';

export default defineConfig({
  ...onSources,
  test: {
    include: ['{packages,apps,examples}/*/src/**/*.test.ts', '{tests,bench}/src/**/*.test.ts'],
    exclude: ['**/*.long.test.ts', '**/node_modules/**', '**/dist/**'],
    typecheck: { enabled: false, include: ['{packages,tests}/**/src/**/*.test-d.ts'] },
  },
});
