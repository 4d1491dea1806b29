import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { root } from '../built.js';

/** A function's process: Node with AWS's runtime interface client in it. */
export interface FunctionProcess {
  readonly startedMs: number;
  /** Resolves to why it ended, when it has and all that it wrote has been read. */
  readonly ended: Promise<string | undefined>;
  kill(): void;
}

export interface FunctionProcessOptions {
  readonly folder: string;
  readonly handler: string;
  readonly runtimeApi: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Arguments for Node. */
  readonly nodeOptions: readonly string[];
  onLine(line: string): void;
}

export function startFunctionProcess(options: FunctionProcessOptions): FunctionProcess {
  const { folder, handler, runtimeApi, environment, nodeOptions, onLine } = options;
  const startedMs = performance.now();
  const [file, args] = bounded(process.execPath, [...nodeOptions, '--require', nativeClient, runtimeClient]);
  const child = spawn(file, args, {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...lambdaEnvironment,
      ...environment,
      PATH: process.env['PATH'],
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: handler,
      AWS_LAMBDA_RUNTIME_API: runtimeApi,
    },
  });
  // Nothing is written to it: that it is open tells the process that this one is there.
  child.stdin.on('error', () => {});
  for (const stream of [child.stdout, child.stderr]) linesOf(stream, onLine);
  alive.add(child);
  return { startedMs, kill: () => void child.kill('SIGKILL'), ended: endOf(child) };
}

/** Those that an exit of this process ends. */
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** A minute of a processor's time, whatever becomes of who started it. */
function bounded(file: string, args: readonly string[]): [string, readonly string[]] {
  if (process.platform === 'win32') return [file, args];
  return ['/bin/sh', ['-c', 'ulimit -t 60; exec "$0" "$@"', file, ...args]];
}

const runtimeClient = fileURLToPath(import.meta.resolve('aws-lambda-ric'));
const nativeClient = `${root}tests/src/runtime/native-client.cjs`;

/** What Lambda sets. */
const lambdaEnvironment = {
  TZ: ':UTC',
  LANG: 'en_US.UTF-8',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: 'tested',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
  AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/tested',
  AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]00000000000000000000000000000000',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
};

function linesOf(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
}

async function endOf(child: ChildProcess): Promise<string | undefined> {
  try {
    const [code, signal] = await once(child, 'close');
    if (signal !== null) return `signal: ${signal}`;
    return code === 0 ? undefined : `exit status ${code}`;
  } catch (error) {
    return `it could not be run: ${error}`;
  } finally {
    alive.delete(child);
  }
}
