// Mutation testing, as `npm run mutate` runs it for one package after another (scripts/mutate.mjs).
// Stryker copies the repository into .stryker, changes the copy, and leaves the sources as they are.
export default {
  testRunner: 'vitest',
  // Tests are chosen by the mutants that they have run into, not by imports: an index imports every file.
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  plugins: ['@stryker-mutator/vitest-runner', './stryker.config.mjs'],
  ignorers: ['prose'],
  incremental: true,
  // One worker leaves a machine of two cores usable.
  concurrency: 1,
  // An endless loop is found by counting its turns. Time ends what waits, and is patient with a busy machine.
  timeoutMS: 15_000,
  dryRunTimeoutMinutes: 10,
  reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
  clearTextReporter: { reportTests: false, logTests: false },
  warnings: { slow: false },
  ignorePatterns: ['.toolchain', '.turbo', 'dist', 'reports'],
  tempDirName: '.stryker',
  cleanTempDir: 'always',
  // Nothing is compiled with types there, and TypeScript 7 has no interface to rewrite a tsconfig with.
  disableTypeChecks: false,
  tsconfigFile: 'none',
};

/**
 * Text with a space in it is a sentence for people: a mutant of it would ask whether a test repeats its
 * wording, which none should. Kinds, names and keys are strings without a space, and do get mutants.
 */
export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'prose',
    value: {
      shouldIgnore: ({ node }) =>
        textsOf(node).some((text) => text.includes(' ')) ? 'a sentence for people' : undefined,
    },
  },
];

function textsOf(node) {
  if (node.type === 'StringLiteral') return [node.value];
  return node.type === 'TemplateLiteral' ? node.quasis.map((part) => part.value.raw) : [];
}
