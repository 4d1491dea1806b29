import type { styleText } from 'node:util';
import type { Environment } from '@sluice/core';

/** All that a command sees of the world, so that a test runs it in its own process. */
export interface World {
  /** Read to its end where a file is given as `-`. */
  readonly stdin: AsyncIterable<string | Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  /** What files are relative to. */
  readonly cwd: string;
  /** A module by the absolute path of its file, in TypeScript or JavaScript. Rejects with what goes wrong while it loads. */
  loadModule(file: string): Promise<Readonly<Record<string, unknown>>>;
  /** Aborts when the user interrupts. From the first call on an interrupt no longer ends the process by itself. */
  interrupted(): AbortSignal;
}

export interface Output {
  write(text: string): unknown;
  /** The text in a colour, where this output shows colours. */
  style(format: Format, text: string): string;
  /** How many characters a line has. */
  readonly columns: number;
  /** Whether what is written is shown as it comes, and goes into no pipe and no file; `false` by default. */
  readonly isTerminal?: boolean;
}

export type Format = Parameters<typeof styleText>[0];
