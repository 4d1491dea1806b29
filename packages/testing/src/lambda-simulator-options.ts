import { type Clock, compareSequenceNumbers, type StreamRecord, systemClock } from '@sluice/core';
import { criteriaProblems, type FilterCriteria } from './lambda-simulator-criteria.js';
import type { LambdaFaults } from './lambda-simulator-faults.js';
import type { LambdaFunction } from './lambda-simulator-function.js';
import { retentionMs } from './lambda-simulator-mapping.js';
import type { SandboxEnvironment } from './lambda-simulator-sandbox.js';

/** The mapping's settings have the names, limits and defaults that AWS gives them. */
export interface LambdaSimulatorOptions {
  /** The records of one shard, in its order. */
  readonly records: readonly StreamRecord[];
  /** The handler; where several execution environments play a part give `newSandbox` instead. */
  readonly handler?: LambdaFunction;
  /**
   * Makes a handler as a new execution environment would: with nothing that an earlier one remembers. What waits in it waits by means
   * of the environment, so that it stands still when Lambda freezes it, and for ever when it is dead.
   */
  readonly newSandbox?: (environment: SandboxEnvironment) => LambdaFunction | Promise<LambdaFunction>;
  /** 1 to 10 000. Default 100. */
  readonly batchSize?: number;
  /**
   * Batches of a shard that are under way at a time, 1 (default) to 10. All changes of an item are in one lane, and of a lane one
   * batch is under way.
   */
  readonly parallelizationFactor?: number;
  /**
   * How often a batch is delivered again before Lambda discards what is left of it: 0 to 10 000, or -1 for ever, which is
   * the default. A checkpoint within the batch does not start the count anew.
   */
  readonly maximumRetryAttempts?: number;
  /** 60 to 604 800, or -1 (default) for the day that a stream keeps its records. */
  readonly maximumRecordAgeInSeconds?: number;
  /**
   * 0 to 900; 0 (default) for no tumbling windows. A window has the records that were written in its time, a multiple of its length
   * since the epoch; it is closed when its time or its shard ends, of which the last record is its end. Not with lanes.
   */
  readonly tumblingWindowInSeconds?: number;
  /**
   * What comes to the function: records that one of its patterns fits. The others are done once they were read: they are in no
   * batch, are never discarded, and begin no window. Without it, or without filters in it, all records come.
   */
  readonly filterCriteria?: FilterCriteria;
  /** Whether the final invocation of a window has its last records where these are there by its end, or none (default). */
  readonly finalInvokeForWindow?: 'alone' | 'withRecords';
  /** Whether a batch that fails is cut in two. Default false. */
  readonly bisectBatchOnFunctionError?: boolean;
  /** Default `['ReportBatchItemFailures']`. Without it Lambda does not read the response: what does not throw is a success. */
  readonly functionResponseTypes?: readonly 'ReportBatchItemFailures'[];
  /** Kind of the on-failure destination; no documents without one. */
  readonly onFailure?: 'sqs' | 's3';
  /** Whether a retry comes to an execution environment that is there (default) or to a new one. After a crash it is always another. */
  readonly retry?: 'warm' | 'cold';
  /** The pause before something is delivered again. Default 0. */
  readonly retryDelayMs?: number;
  /** The function's time limit. Default 30 000. */
  readonly timeoutMs?: number;
  /**
   * When a record was written, in milliseconds since the epoch: it is there from then on, and gets older. By default all were
   * written when the simulation begins.
   */
  readonly writtenMs?: (record: StreamRecord) => number;
  /** Needs `newSandbox`. None by default. */
  readonly faults?: LambdaFaults;
  /** Decides what is left to chance: which faults strike where. It is a part of the request ids. Default 0. */
  readonly seed?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** After so many invocations the simulation ends as `gave-up`. Default 1000. */
  readonly maxInvocations?: number;
}

/** The options with their defaults. Throws a `TypeError` with everything that is wrong. */
export function checkedOptions(options: LambdaSimulatorOptions) {
  const problems = problemsOf(options);
  if (problems.length > 0) throw new TypeError(`simulateLambda: ${problems.join(' ')}`);
  const { handler, clock = systemClock } = options;
  const startMs = clock.now();
  return {
    records: options.records,
    newSandbox: options.newSandbox ?? (() => handler as LambdaFunction), // one of the two is there, as was checked
    filterCriteria: options.filterCriteria,
    batchSize: options.batchSize ?? 100,
    parallelizationFactor: options.parallelizationFactor ?? 1,
    rules: {
      maximumRetryAttempts: options.maximumRetryAttempts ?? -1,
      maximumRecordAgeInSeconds: options.maximumRecordAgeInSeconds ?? -1,
      bisectBatchOnFunctionError: options.bisectBatchOnFunctionError ?? false,
    },
    readsResponse: options.functionResponseTypes?.includes('ReportBatchItemFailures') ?? true,
    windowMs: (options.tumblingWindowInSeconds || Number.POSITIVE_INFINITY) * 1000,
    closesAlone: options.finalInvokeForWindow !== 'withRecords',
    onFailure: options.onFailure,
    retry: options.retry ?? 'warm',
    retryDelayMs: options.retryDelayMs ?? 0,
    timeoutMs: options.timeoutMs ?? 30_000,
    writtenMs: options.writtenMs ?? (() => startMs),
    faults: options.faults,
    seed: options.seed ?? 0,
    clock,
    maxInvocations: options.maxInvocations ?? 1000,
  };
}

export type CheckedOptions = ReturnType<typeof checkedOptions>;

function problemsOf(options: LambdaSimulatorOptions): string[] {
  const { records, handler, newSandbox, retry, faults, writtenMs } = options;
  const {
    batchSize = 100,
    parallelizationFactor = 1,
    maximumRetryAttempts = -1,
    maximumRecordAgeInSeconds = -1,
  } = options;
  const { retryDelayMs = 0, tumblingWindowInSeconds = 0 } = options;
  const inOrder = records.every((record, index) => isAfter(record, records[index - 1]));
  return [
    ...(handler || newSandbox ? [] : ['Give it a handler or a newSandbox.']),
    ...(retry === 'cold' && !newSandbox ? ['Cold retries need a newSandbox.'] : []),
    ...(faults && !newSandbox ? ['Faults need a newSandbox.'] : []),
    ...(parallelizationFactor > 1 && !newSandbox
      ? ['A parallelizationFactor above 1 needs a newSandbox.']
      : []),
    ...within('batchSize', batchSize, 1, 10_000),
    ...within('parallelizationFactor', parallelizationFactor, 1, 10),
    ...within('tumblingWindowInSeconds', tumblingWindowInSeconds, 0, 900),
    ...(tumblingWindowInSeconds > 0 && parallelizationFactor > 1
      ? ['Tumbling windows need a parallelizationFactor of 1 here.']
      : []),
    ...within('maximumRetryAttempts', maximumRetryAttempts, -1, 10_000),
    ...(maximumRecordAgeInSeconds === -1
      ? []
      : within('maximumRecordAgeInSeconds', maximumRecordAgeInSeconds, 60, 604_800, '-1 or ')),
    ...(retryDelayMs >= 0 && retryDelayMs < Infinity
      ? []
      : [`retryDelayMs is a time from 0, not ${retryDelayMs}.`]),
    ...criteriaProblems(options.filterCriteria),
    ...chanceProblems(faults),
    ...(inOrder ? [] : ['The records are of one stream, with growing sequence numbers.']),
    ...(writtenMs && records.some((record) => !Number.isFinite(writtenMs(record)))
      ? ['writtenMs gives milliseconds since the epoch.']
      : []),
    ...(writtenMs &&
    records.length > 0 &&
    records.every((record) => isTrimmed(writtenMs(record), options.clock))
      ? [
          'All records are older than a day on the clock, so that no stream has them; set the clock, or writtenMs.',
        ]
      : []),
    ...(tumblingWindowInSeconds > 0 && writtenMs && !isAscending(records.map(writtenMs))
      ? ['In tumbling windows writtenMs does not go back.']
      : []),
  ];
}

function chanceProblems(faults: LambdaFaults | undefined): string[] {
  if (typeof faults === 'function' || !faults) return [];
  const { withinMs = 0, withinSteps = 0, ...chances } = faults;
  return [
    ...Object.entries(chances)
      .filter(([, chance]) => !(chance >= 0 && chance <= 1))
      .map(([name, chance]) => `The chance of ${name} is 0 to 1, not ${chance}.`),
    ...(withinMs >= 0 && withinSteps >= 0 ? [] : ['withinMs and withinSteps are from 0.']),
  ];
}

function within(name: string, value: number, low: number, high: number, or = ''): string[] {
  const isWithin = Number.isInteger(value) && value >= low && value <= high;
  return isWithin ? [] : [`${name} is ${or}${low} to ${high}, not ${value}.`];
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number >= (numbers[index - 1] ?? number));
}

function isAfter(record: StreamRecord, before: StreamRecord | undefined): boolean {
  if (!before) return true;
  if (record.eventSourceARN !== before.eventSourceARN) return false;
  return compareSequenceNumbers(before.dynamodb.SequenceNumber, record.dynamodb.SequenceNumber) < 0;
}

function isTrimmed(writtenMs: number, clock: Clock = systemClock): boolean {
  return clock.now() - writtenMs > retentionMs;
}
