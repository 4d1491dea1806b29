#!/usr/bin/env node
import { styleText } from 'node:util';
import { SluiceError } from '@sluice/core';
import { loadModule } from './load-module.js';
import { run } from './run.js';
import { tellError } from './tell-error.js';
import type { Output } from './world.js';

const { argv, stdout, stderr } = process;
// Standard output is the command's own, so that its JSON can be read: what the user's modules write goes beside it.
const writeOut = stdout.write.bind(stdout);
stdout.write = stderr.write.bind(stderr);

const world = {
  stdin: process.stdin,
  stdout: outputOf(stdout, writeOut),
  stderr: outputOf(stderr, stderr.write.bind(stderr)),
  env: process.env,
  cwd: process.cwd(),
  loadModule,
  interrupted,
};

let isOver = false;
stdout.on('error', cannotWrite);
stderr.on('error', () => {});
// What the user's modules began and nobody waits for.
process.on('uncaughtException', (error) => end(tellError(error, world, argv.includes('--verbose'))));
process.on('beforeExit', () => {
  end(told('nothing is left to do, but something that a module of yours began waits for what never comes'));
});
process.on('exit', () => {
  if (!isOver) process.exitCode = told('a module of yours ended the process; take process.exit out of it');
});

run(argv.slice(2), world).then(end);

/** Once everything is written; the user's modules may keep connections and timers open. */
function end(code: number): void {
  isOver = true;
  process.exitCode = code;
  writeOut('', (error) => (error ? cannotWrite(error) : stderr.write('', () => process.exit())));
}

/** Who reads may have had enough, as `head` has. */
function cannotWrite(error: NodeJS.ErrnoException): void {
  isOver = true;
  if (error.code !== 'EPIPE') process.exitCode = told(`standard output cannot be written: ${error.message}`);
  process.exit();
}

function told(problem: string): 1 {
  world.stderr.write(`${world.stderr.style('red', 'error:')} ${problem}\n`);
  return 1;
}

function outputOf(stream: NodeJS.WriteStream, write: Output['write']): Output {
  return {
    write,
    style: (format, text) => styleText(format, text, { stream }),
    columns: stream.columns ?? 100,
    isTerminal: stream.isTTY === true,
  };
}

function interrupted(): AbortSignal {
  const interrupt = new AbortController();
  // A second one ends the process.
  process.once('SIGINT', () => {
    interrupt.abort(new SluiceError('INTERRUPTED', 'interrupted before it was done'));
  });
  return interrupt.signal;
}
