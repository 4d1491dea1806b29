import { type Clock, compareSequenceNumbers, type StreamRecord, systemClock } from '@sluice/core';
import { readResponse } from './lambda-response.js';
import type { LambdaEvent } from './records.js';

/**
 * Delivers the records of one shard to a handler as Lambda's event source mapping does with
 * `ReportBatchItemFailures`: batch after batch in order, and the next one only when the one before is done. After an
 * error, or a response that Lambda cannot read, the whole batch is delivered again; after a response that names
 * records, everything from the lowest of them on, also what succeeded. There is no pause between deliveries.
 *
 * Each delivery is a fresh copy of the event, and the response is read as JSON. Without `maximumRetryAttempts` a handler
 * that never succeeds ends the simulation as `gave-up`. Not simulated: batching windows, bisecting, tumbling windows.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export async function simulateLambda(options: LambdaSimulatorOptions): Promise<LambdaReport> {
  const { records, batchSize, maximumRetryAttempts, maxInvocations } = checked(options);
  const lambda = startFunction(options);
  const invocations: LambdaInvocation[] = [];
  const discarded: string[] = [];

  for (let start = 0; start < records.length; start += batchSize) {
    let batch = records.slice(start, start + batchSize);
    for (let retries = 0; batch.length > 0; retries += 1) {
      if (invocations.length === maxInvocations) {
        const unfinished = sequencesOf([...batch, ...records.slice(start + batchSize)]);
        return { status: 'gave-up', invocations, discarded, unfinished };
      }
      const invocation = await lambda.invoke(batch);
      invocations.push(invocation);
      batch = restOf(batch, invocation.retryFrom);
      if (batch.length > 0 && retries === maximumRetryAttempts) {
        discarded.push(...sequencesOf(batch));
        break;
      }
    }
  }
  return { status: 'done', invocations, discarded, unfinished: [] };
}

export interface LambdaSimulatorOptions {
  /** The records of one shard, in its order. */
  readonly records: readonly StreamRecord[];
  /** The handler; for `cold` retries give `newSandbox` instead. */
  readonly handler?: LambdaFunction;
  /** Makes a handler as a new execution environment would: with nothing that an earlier one remembers. */
  readonly newSandbox?: () => LambdaFunction | Promise<LambdaFunction>;
  /** 1 to 10 000. Default 100. */
  readonly batchSize?: number;
  /**
   * How often a batch is delivered again before Lambda discards what is left of it: 0 to 10 000, or -1 for ever, which is
   * the default. A checkpoint within the batch does not start the count anew.
   */
  readonly maximumRetryAttempts?: number;
  /** Whether a retry comes to the same execution environment or to a new one. After a timeout it is always a new one. */
  readonly retry: 'warm' | 'cold';
  /** The function's time limit. Default 30 000. */
  readonly timeoutMs?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** After so many invocations the simulation ends as `gave-up`. Default 1000. */
  readonly maxInvocations?: number;
}

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

export interface LambdaReport {
  /** `done`: every record was acknowledged or discarded. */
  readonly status: 'done' | 'gave-up';
  readonly invocations: readonly LambdaInvocation[];
  /** Sequence numbers that were lost after the last retry, or would have gone to the on-failure destination. */
  readonly discarded: readonly string[];
  /** Sequence numbers that were neither acknowledged nor discarded when the simulation gave up. */
  readonly unfinished: readonly string[];
}

export interface LambdaInvocation {
  /** Which execution environment ran it: 1, 2, … */
  readonly sandbox: number;
  /** The sequence numbers that were delivered. */
  readonly delivered: readonly string[];
  /** What the handler answered, after a round through JSON. */
  readonly response?: unknown;
  /** What was thrown, by the handler, while making it, or by the time limit. */
  readonly error?: unknown;
  /** The sequence number from which on is delivered again; `undefined` when all is acknowledged. */
  readonly retryFrom: string | undefined;
  /** Why Lambda cannot read the response, and so takes the whole batch as failed. */
  readonly fault?: string;
}

/** The function with its execution environment, which lives on from one invocation to the next. */
function startFunction(options: LambdaSimulatorOptions) {
  const { handler: given, newSandbox, retry, timeoutMs = 30_000, clock = systemClock } = options;
  const freshHandler = newSandbox ?? (() => given as LambdaFunction); // one of the two is there, as was checked
  let handler: LambdaFunction | undefined;
  let sandbox = 0;
  let requests = 0;

  async function run(batch: readonly StreamRecord[]): Promise<unknown> {
    if (!handler) {
      sandbox += 1;
      handler = await freshHandler();
    }
    requests += 1;
    const event: LambdaEvent = jsonCopy({ Records: batch });
    const context = contextOf(requests, clock, clock.now() + timeoutMs);
    const answered = new AbortController();
    const timeout = clock.sleep(timeoutMs, answered.signal).then(() => {
      if (!answered.signal.aborted) throw new TaskTimedOut(timeoutMs);
    });
    try {
      return jsonCopy(await Promise.race([handler(event, context), timeout]));
    } finally {
      answered.abort();
    }
  }

  async function invoke(batch: readonly StreamRecord[]): Promise<LambdaInvocation> {
    const delivered = sequencesOf(batch);
    try {
      const response = await run(batch);
      const read = readResponse(response, delivered);
      if (read.retryFrom !== undefined && retry === 'cold') handler = undefined;
      return { sandbox, delivered, response, ...read };
    } catch (error) {
      if (retry === 'cold' || error instanceof TaskTimedOut) handler = undefined;
      return { sandbox, delivered, error, retryFrom: delivered[0] };
    }
  }

  return { invoke };
}

class TaskTimedOut extends Error {
  override readonly name = 'Sandbox.Timedout';
  constructor(timeoutMs: number) {
    super(`Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`);
  }
}

function contextOf(request: number, clock: Clock, deadlineMs: number): SimulatedContext {
  return {
    functionName: 'simulated',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:simulated',
    memoryLimitInMB: '128',
    awsRequestId: `00000000-0000-4000-8000-${String(request).padStart(12, '0')}`,
    logGroupName: '/aws/lambda/simulated',
    logStreamName: '2026/03/03/[$LATEST]00000000000000000000000000000000',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - clock.now()),
  };
}

function checked(options: LambdaSimulatorOptions) {
  const { records, batchSize = 100, maximumRetryAttempts = -1, maxInvocations = 1000 } = options;
  const problems = [
    ...(options.handler || options.newSandbox ? [] : ['Give it a handler or a newSandbox.']),
    ...(options.retry === 'cold' && !options.newSandbox ? ['Cold retries need a newSandbox.'] : []),
    ...(isWithin(batchSize, 1, 10_000) ? [] : [`batchSize is 1 to 10000, not ${batchSize}.`]),
    ...(isWithin(maximumRetryAttempts, -1, 10_000)
      ? []
      : [`maximumRetryAttempts is -1 to 10000, not ${maximumRetryAttempts}.`]),
    ...(records.every((record, index) => isAfter(record, records[index - 1]))
      ? []
      : ['The records are of one stream, with growing sequence numbers.']),
  ];
  if (problems.length > 0) throw new TypeError(`simulateLambda: ${problems.join(' ')}`);
  return { records, batchSize, maximumRetryAttempts, maxInvocations };
}

function isAfter(record: StreamRecord, before: StreamRecord | undefined): boolean {
  if (!before) return true;
  if (record.eventSourceARN !== before.eventSourceARN) return false;
  return compareSequenceNumbers(before.dynamodb.SequenceNumber, record.dynamodb.SequenceNumber) < 0;
}

function isWithin(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

function restOf(batch: readonly StreamRecord[], retryFrom: string | undefined): StreamRecord[] {
  const first = batch.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === retryFrom);
  return first === -1 ? [] : batch.slice(first);
}

function sequencesOf(records: readonly StreamRecord[]): string[] {
  return records.map(({ dynamodb }) => dynamodb.SequenceNumber);
}

/** What is left of a value after its way as JSON; `undefined` becomes `null`, as in Lambda's runtime. */
function jsonCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value) ?? 'null');
}
