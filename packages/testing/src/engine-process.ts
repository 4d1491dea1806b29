import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { SluiceError } from '@sluice/core';
import type { Command } from './engine-commands.js';

/** The engine ended before it answered, or did not answer in time. The message has the end of its output. */
export class EngineStartError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ENGINE_START', message, options);
  }
}

export interface RunningProcess {
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
}

/** Starts a server and resolves when it answers at the URL. It ends with this process. */
export async function startProcess(
  command: Command,
  url: string,
  timeoutMs: number,
): Promise<RunningProcess> {
  const child = spawn(command.file, command.args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  const output = tailOf(child);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be run: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  });
  const stopWatching = endWithThisProcess(child);

  async function stop(): Promise<void> {
    child.ref(); // so that this process stays until the child has ended
    child.kill('SIGKILL');
    await ended;
    stopWatching();
  }

  const waiting = new AbortController();
  const failure = await Promise.race([
    answers(url, waiting.signal).then(() => undefined),
    ended,
    setTimeout(timeoutMs, `did not answer at ${url} within ${timeoutMs} ms`, { signal: waiting.signal }),
  ]);
  waiting.abort();
  if (failure === undefined) return { stop };
  await stop();
  const said = output().trim();
  throw new EngineStartError(
    `The engine ${failure}. It was started as: ${[command.file, ...command.args].join(' ')}\n` +
      (said ? `The end of its output:\n${said}` : 'It put out nothing.'),
  );
}

const tailCharacters = 4000;

/** The last of what the child says. It is read all the time, so that the child never waits for a full pipe. */
function tailOf(child: ChildProcess): () => string {
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-tailCharacters);
    });
    if (stream instanceof Socket) stream.unref();
  }
  child.unref();
  return () => tail;
}

/** Any answer to a plain request will do: the engines refuse it for its missing signature. */
async function answers(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await (await fetch(url, { signal })).arrayBuffer();
      return;
    } catch {
      await setTimeout(10, undefined, { signal }).catch(() => {}); // not listening yet
    }
  }
}

/**
 * An exit of this process, by itself or by an error, kills the child. No code of ours runs when this process is
 * killed, but the pipes it holds are closed then: a shell waits for that and kills the child in its place.
 */
function endWithThisProcess(child: ChildProcess): () => void {
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const watcher = child.pid === undefined || process.platform === 'win32' ? undefined : watch(child.pid);
  const stop = () => {
    process.removeListener('exit', kill);
    watcher?.kill('SIGKILL');
  };
  child.once('exit', stop); // the system may give the id to another process from now on
  return stop;
}

/** Best effort: without `/bin/sh` there is no watcher. */
function watch(pid: number): ChildProcess {
  const script = 'read -r _; kill -9 "$1" 2>/dev/null';
  const watcher = spawn('/bin/sh', ['-c', script, 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // a signal to this process's group, such as Ctrl-C, leaves it to do its work
  });
  watcher.once('error', () => {});
  watcher.stdin.once('error', () => {});
  if (watcher.stdin instanceof Socket) watcher.stdin.unref();
  watcher.unref();
  return watcher;
}
