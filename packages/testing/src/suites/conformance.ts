export interface ConformanceTest {
  readonly name: string;
  /** Why this test does not apply. */
  readonly skip: string | undefined;
  run(): Promise<void>;
}

/** Named cases as tests for any runner. Each one gets something of its own to test, which is closed when it ends. */
export function conformanceTests<Given extends { close?(): Promise<void> }>(
  suite: string,
  cases: Readonly<Record<string, (given: Given) => Promise<void>>>,
  open: () => Promise<Given>,
  skips: Readonly<Record<string, string>>,
): readonly ConformanceTest[] {
  for (const name of Object.keys(skips)) {
    if (!Object.hasOwn(cases, name))
      throw new Error(`There is no case "${name}" to skip in the ${suite} suite.`);
  }
  return Object.entries(cases).map(([name, test]) => ({
    name,
    skip: skips[name],
    run: async () => {
      const given = await open();
      try {
        await test(given);
      } finally {
        await given.close?.();
      }
    },
  }));
}
