import { configureGlobal, installGlobalPlugin, type PluginInstance, readConfigureGlobal } from 'fast-check';
import { beforeAll } from 'vitest';

/** Property tests see this many values for a mutant, where they see up to 2000 for the sources. */
const most = 500;

const installed = Symbol.for('sluice short properties');
const once = globalThis as { [installed]?: true };
if (!once[installed]) {
  once[installed] = true;
  installGlobalPlugin(() => short());
}

// A mutant is dead at the first counterexample: a smaller one is of no use. With one seed it dies each time.
beforeAll(() => {
  configureGlobal({ seed: 20_260_101, ...readConfigureGlobal(), endOnFailure: true });
});

/** What comes after the first values is taken to pass as the last of them did. */
function short<T>(): PluginInstance<T> {
  let runs = 0;
  return {
    decorateGenerate: (generate) => {
      let value: ReturnType<typeof generate> | undefined;
      return (...given) => {
        if (value === undefined || runs < most) value = generate(...given);
        return value;
      };
    },
    decorateRun: (run) => {
      let result: ReturnType<typeof run> | undefined;
      return (value) => {
        if (result === undefined || runs < most) result = run(value);
        runs += 1;
        return result;
      };
    },
  };
}
