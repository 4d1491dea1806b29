import type { Clock } from '@sluice/core';
import type { LambdaFault, Moment } from './lambda-simulator-faults.js';
import {
  cheapReason,
  createSandbox,
  type Sandbox,
  type SandboxEnvironment,
  type StepStrike,
} from './lambda-simulator-sandbox.js';
import type { LambdaEvent } from './records.js';

export type LambdaFunction = (event: LambdaEvent, context: SimulatedContext) => unknown;

/** What Lambda tells a function about its invocation. */
export interface SimulatedContext {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly awsRequestId: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  callbackWaitsForEmptyEventLoop: boolean;
  getRemainingTimeInMillis(): number;
}

export interface FunctionOptions {
  readonly newSandbox: (environment: SandboxEnvironment) => LambdaFunction | Promise<LambdaFunction>;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** How an invocation ended. */
interface Ended {
  readonly sandbox: number;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly response?: unknown;
  readonly error?: unknown;
}

/** A function with its execution environments, each of which lives on, frozen, from one invocation to its next. */
export interface SimulatedFunction {
  /** @param requestId of its own for each. */
  invoke(event: LambdaEvent, requestId: string, fault: LambdaFault): Promise<Ended>;
  /** Nothing goes on in any sandbox after this. */
  end(): void;
}

interface Worker extends Sandbox {
  handler: LambdaFunction | undefined;
}

export function startFunction({ newSandbox, clock, timeoutMs }: FunctionOptions): SimulatedFunction {
  const workers: Worker[] = [];
  /** Frozen, the one that was used the latest at the end. */
  let idle: Worker[] = [];

  function take(which: LambdaFault['sandbox'] = 'latest'): Worker {
    idle = idle.filter((worker) => !worker.isDead());
    const waiting = which === 'new' ? undefined : which === 'oldest' ? idle.shift() : idle.pop();
    if (waiting) return waiting;
    const worker = { ...createSandbox(workers.length + 1, clock), handler: undefined };
    workers.push(worker);
    return worker;
  }

  async function run(worker: Worker, event: LambdaEvent, requestId: string): Promise<unknown> {
    const context = contextOf(requestId, clock, clock.now() + timeoutMs);
    worker.handler ??= await newSandbox(worker.environment);
    return jsonCopy(await worker.handler(jsonCopy(event), context));
  }

  async function invoke(event: LambdaEvent, requestId: string, fault: LambdaFault): Promise<Ended> {
    const worker = take(fault.sandbox);
    const { sandbox, during } = worker.environment;
    const startedMs = clock.now();
    const over = new AbortController();
    const limit = clock.sleep(timeoutMs, over.signal).then(() => {
      if (!over.signal.aborted) throw new TaskTimedOut(timeoutMs);
    });
    const death = worker.death.then(() => {
      if (!over.signal.aborted) throw new RuntimeExited();
    });
    const strikes = [
      ...strikeAt(fault.crash, worker.kill, over.signal),
      ...strikeAt(fault.timeout, worker.freeze, over.signal),
    ];
    worker.thaw(strikes);
    try {
      const response = await Promise.race([during(run(worker, event, requestId)), limit, death]);
      return { sandbox, startedMs, endedMs: clock.now(), response };
    } catch (error) {
      const isKilled = error instanceof TaskTimedOut && fault.afterTimeout !== 'freeze';
      if (isKilled || !worker.handler) worker.kill();
      return { sandbox, startedMs, endedMs: clock.now(), error };
    } finally {
      over.abort(cheapReason);
      worker.freeze();
      idle.push(worker);
    }
  }

  /** What strikes by time is on its way after this, what strikes by steps is returned. */
  function strikeAt(moment: Moment | undefined, strike: () => void, over: AbortSignal): StepStrike[] {
    if (!moment) return [];
    const strikeOnce = () => {
      if (!over.aborted) strike();
    };
    if ('step' in moment) return [{ step: moment.step, strike: strikeOnce }];
    void clock.sleep(moment.ms, over).then(strikeOnce);
    return [];
  }

  return {
    invoke,
    end() {
      for (const worker of workers) worker.kill();
    },
  };
}

class TaskTimedOut extends Error {
  override readonly name = 'Sandbox.Timedout';
  constructor(timeoutMs: number) {
    super(`Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`);
  }
}

class RuntimeExited extends Error {
  override readonly name = 'Runtime.ExitError';
  constructor() {
    super('Runtime exited with error: signal: killed');
  }
}

export const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:simulated';

function contextOf(awsRequestId: string, clock: Clock, deadlineMs: number): SimulatedContext {
  return {
    functionName: 'simulated',
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: '128',
    awsRequestId,
    logGroupName: '/aws/lambda/simulated',
    logStreamName: '2026/03/03/[$LATEST]00000000000000000000000000000000',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - clock.now()),
  };
}

/** What is left of a value after its way as JSON; `undefined` becomes `null`, as in Lambda's runtime. */
function jsonCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value) ?? 'null');
}
