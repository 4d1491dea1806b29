import { randomUUID } from 'node:crypto';
import { type FunctionProcess, startFunctionProcess } from './function-process.js';
import {
  type FunctionError,
  type InvocationEnd,
  startRuntimeApi,
  type WaitingRuntime,
} from './runtime-api.js';

/**
 * An execution environment of Lambda on this machine: a process with AWS's runtime interface client, and the Runtime API that it talks to.
 * The process is started when the first invocation is there, and again at the next one after it ended.
 *
 * Without `concurrency` invocations come one at a time, and one that passes its time limit is an error and ends the process. With it, as
 * in Lambda Managed Instances, so many run at once; one that passes its limit is an error, runs on, and its answer is not heeded.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html,
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-execution-environment.html
 */
export async function startEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { concurrency, environment = {}, timeoutMs = 30_000 } = options;
  const waiting: Invocation[] = [];
  const running = new Map<string, Invocation>();
  const output = keptLines();
  const readyMs: number[] = [];
  let runtimes: WaitingRuntime[] = [];
  let current: Started | undefined;
  let processes = 0;
  let isStopped = false;

  const api = await startRuntimeApi({
    next(runtime) {
      if (current && !current.isReady) {
        clearTimeout(current.initLimit);
        current.isReady = true;
        readyMs.push(performance.now() - current.process.startedMs);
      }
      runtimes.push(runtime);
      handOver();
    },
    ended(requestId, end) {
      const invocation = running.get(requestId);
      if (invocation) settle(invocation, end);
      handOver();
      return invocation !== undefined;
    },
    initFailed(error) {
      if (current) current.initError = error;
    },
  });

  /** Gives what waits to runtimes that are idle, as long as there is room. */
  function handOver(): void {
    if (waiting.length > 0 && !current && !isStopped) start();
    while (waiting.length > 0 && runtimes.length > 0 && running.size < (concurrency ?? 1)) {
      const [runtime, invocation] = [runtimes.shift(), waiting[0]] as [WaitingRuntime, Invocation];
      const { requestId, eventJson, limitMs } = invocation;
      const traceId = `Root=${invocation.traceId};Parent=53995c3f42cd8ad8;Sampled=1`;
      const deadlineMs = Date.now() + limitMs;
      if (!runtime.handOver({ requestId, eventJson, deadlineMs, traceId })) continue;
      waiting.shift();
      running.set(requestId, invocation);
      invocation.limit = setTimeout(() => timedOut(invocation), limitMs);
    }
  }

  function start(): void {
    const [name, value] = ['AWS_LAMBDA_MAX_CONCURRENCY', String(concurrency)];
    processes += 1;
    const process = startFunctionProcess({
      folder: options.folder,
      handler: options.handler ?? 'index.handler',
      runtimeApi: api.address,
      environment: { ...environment, ...(concurrency !== undefined && { [name]: value }) },
      nodeOptions: options.nodeOptions ?? [],
      onLine: output.keep,
    });
    const started: Started = { process, isReady: false, initLimit: setTimeout(process.kill, initLimitMs) };
    current = started;
    void process.ended.then((reason) => exited(started, reason));
  }

  function timedOut(invocation: Invocation): void {
    const errorMessage = `RequestId: ${invocation.requestId} Error: Task timed out after ${(invocation.limitMs / 1000).toFixed(2)} seconds`;
    settle(invocation, { error: { errorType: 'Sandbox.Timedout', errorMessage } });
    if (concurrency === undefined) current?.process.kill();
    else handOver();
  }

  /** All that ran in it are errors; of those that wait, the first one where the function could not even be loaded. */
  function exited(started: Started, reason: string | undefined): void {
    clearTimeout(started.initLimit);
    runtimes = [];
    current = undefined;
    const lost = started.isReady ? [...running.values()] : waiting.splice(0, 1);
    for (const invocation of lost) {
      const why = reason
        ? `Runtime exited with error: ${reason}`
        : 'Runtime exited without providing a reason';
      const error = {
        errorType: 'Runtime.ExitError',
        errorMessage: `RequestId: ${invocation.requestId} Error: ${why}`,
      };
      settle(invocation, { error: started.initError ?? error });
    }
    handOver();
  }

  function settle(invocation: Invocation, end: InvocationEnd): void {
    clearTimeout(invocation.limit);
    running.delete(invocation.requestId);
    const { requestId, traceId } = invocation;
    invocation.resolve({ requestId, traceId, process: processes, ...end });
  }

  return {
    invoke(event, { timeoutMs: limitMs = timeoutMs } = {}) {
      if (isStopped) throw new Error('The environment was stopped.');
      if (waiting.length >= mostWaiting) throw new Error(`${mostWaiting} invocations wait already.`);
      return new Promise((resolve) => {
        const traceId = `1-${randomUUID().slice(0, 8)}-${randomUUID().replaceAll('-', '').slice(0, 24)}`;
        waiting.push({
          requestId: randomUUID(),
          traceId,
          eventJson: JSON.stringify(event),
          limitMs,
          resolve,
        });
        handOver();
      });
    },
    untilLines: output.until,
    readyMs,
    async stop() {
      isStopped = true;
      current?.process.kill();
      await current?.process.ended;
      for (const invocation of waiting.splice(0)) {
        settle(invocation, { error: { errorType: 'Stopped', errorMessage: 'The environment was stopped.' } });
      }
      await api.close();
    },
  };
}

export interface EnvironmentOptions {
  /** Where the function's code is. */
  readonly folder: string;
  /** File and export, as Lambda has them. Default `index.handler`. */
  readonly handler?: string;
  /** The function's time limit, unless an invocation says its own. Default 30 000. */
  readonly timeoutMs?: number;
  /** How many invocations may run at once; without it one, and otherwise than with 1. */
  readonly concurrency?: number;
  /** Variables besides those that Lambda sets. None of this process are there. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Arguments for Node. */
  readonly nodeOptions?: readonly string[];
}

export interface Environment {
  /** The event goes as JSON, and so comes the answer. Errors of the function do not reject. */
  invoke(event: unknown, options?: { readonly timeoutMs?: number }): Promise<Invoked>;
  /**
   * Resolves to what its processes have written, line by line, on standard output and standard error, as soon as it is enough. What was
   * written before an answer may be read after it. Rejects with the lines when that takes 10 seconds.
   */
  untilLines(isEnough: (lines: readonly string[]) => boolean): Promise<readonly string[]>;
  /** Of each process the milliseconds from its start until it first asked for an invocation. */
  readonly readyMs: readonly number[];
  /** Ends its process, and everything with it. */
  stop(): Promise<void>;
}

export type Invoked = InvocationEnd & {
  readonly requestId: string;
  readonly traceId: string;
  /** Which of the environment's processes ran it: 1, 2, … */
  readonly process: number;
};

interface Invocation {
  readonly requestId: string;
  readonly traceId: string;
  readonly eventJson: string;
  readonly limitMs: number;
  limit?: NodeJS.Timeout;
  resolve(invoked: Invoked): void;
}

interface Started {
  readonly process: FunctionProcess;
  readonly initLimit: NodeJS.Timeout;
  isReady: boolean;
  initError?: FunctionError;
}

/** Lambda's limit on the time until the function is loaded. */
const initLimitMs = 10_000;
const mostWaiting = 1000;

function keptLines() {
  const lines: string[] = [];
  const watchers = new Set<() => void>();

  return {
    keep(line: string): void {
      lines.push(line);
      if (lines.length > mostLines) lines.shift();
      for (const watcher of watchers) watcher();
    },
    until(isEnough: (lines: readonly string[]) => boolean): Promise<readonly string[]> {
      return new Promise((resolve, reject) => {
        const limit = setTimeout(() => {
          watchers.delete(look);
          reject(new Error(`What was waited for is not among these lines:\n${lines.join('\n')}`));
        }, linesLimitMs);
        function look(): void {
          if (!isEnough(lines)) return;
          clearTimeout(limit);
          watchers.delete(look);
          resolve([...lines]);
        }
        watchers.add(look);
        look();
      });
    },
  };
}

const mostLines = 10_000;
const linesLimitMs = 10_000;
