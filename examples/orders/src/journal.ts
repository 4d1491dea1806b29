import { appendFileSync } from 'node:fs';
import type { Outside } from './outside.js';

/** A world that writes down what is done, a JSON line an effect: into a file, or on the console. */
export function journal(path: string | undefined): Outside {
  return {
    async act(effect) {
      const line = JSON.stringify({ ...effect, atMs: Date.now() });
      // Written before `act` resolves: what counts as done stays done when the process is killed.
      if (path) appendFileSync(path, `${line}\n`);
      else console.info(line);
    },
  };
}
