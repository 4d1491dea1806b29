import type { Command } from 'commander';
import type { World } from './world.js';

/**
 * A command, one file each in `commands/`, and named in `program.ts`. The frame adds what all have in common: `--router`, `--json`,
 * `--verbose`, the examples below its help.
 */
export interface CommandFile<Options = object> {
  readonly group: 'Read the routes' | 'Make documents of them' | 'Try them';
  /** A new one each time: its name, description, arguments and options; no action. */
  define(): Command;
  /** What to type behind `sluice`, and what it is for. */
  readonly examples: readonly (readonly [line: string, purpose: string])[];
  /** Does it and gives the exit code: 0 where all is well, 1 where it found problems. Throws `UsageError` for 2. */
  run(call: Call<Options>): Promise<0 | 1>;
}

/** One run of a command. */
export interface Call<Options = object> {
  /** Those in the order of `define`; a required one is there. */
  readonly args: readonly (string | undefined)[];
  readonly options: Options & SharedOptions;
  readonly world: World;
}

export interface SharedOptions {
  /** `module#export`. */
  readonly router?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}
