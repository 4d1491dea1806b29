#!/usr/bin/env node
import { Console } from 'node:console';
import { styleText } from 'node:util';
import { loadModule } from './load-module.js';
import { run } from './run.js';
import { tellError } from './tell-error.js';
import type { Output } from './world.js';

// Standard output is the command's own, so that its JSON can be read: what the user's modules print goes beside it.
globalThis.console = new Console(process.stderr);
// Who reads may have had enough, as `head` has.
process.stdout.on('error', () => process.exit());

const argv = process.argv.slice(2);
const world = {
  stdin: process.stdin,
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  env: process.env,
  cwd: process.cwd(),
  loadModule,
  interrupted,
};

// What the user's modules started and nobody waits for.
process.on('uncaughtException', (error) => end(tellError(error, world, argv.includes('--verbose'))));

end(await run(argv, world));

/** Once everything is written; the user's modules may keep connections and timers open. */
function end(code: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => stream.write(text),
    style: (format, text) => styleText(format, text, { stream }),
    columns: stream.columns ?? 100,
  };
}

function interrupted(): AbortSignal {
  const interrupt = new AbortController();
  // A second one ends the process.
  process.once('SIGINT', () => interrupt.abort());
  return interrupt.signal;
}
