import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LambdaReport, simulateLambda } from './lambda-simulator.js';
import type { LambdaFault } from './lambda-simulator-faults.js';
import type { LambdaFunction } from './lambda-simulator-function.js';
import type { LambdaSimulatorOptions } from './lambda-simulator-options.js';
import type { SandboxEnvironment } from './lambda-simulator-sandbox.js';
import { recordsOf } from './records.js';
import { virtualClock } from './virtual-clock.js';

const shop = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
const records = ['A', 'B', 'B', 'A', 'C', 'C'].map((pk, n) => shop.insert({ pk, n }));
const numbers = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
const indexOf = (sequenceNumber: string | undefined) => numbers.indexOf(sequenceNumber ?? '');

const done: LambdaFunction = () => null;
const failing: LambdaFunction = () => {
  throw new Error('no luck');
};

/** Runs on a virtual clock. Faults are given by the number of the invocation. */
function simulated(
  options: Partial<LambdaSimulatorOptions>,
  byNumber: Readonly<Record<number, LambdaFault>> = {},
): Promise<LambdaReport> {
  const clock = options.clock ?? virtualClock();
  const { run } = clock as ReturnType<typeof virtualClock>;
  const faults = ({ number }: { readonly number: number }) => byNumber[number];
  const newSandbox = options.newSandbox ?? (() => options.handler ?? done);
  return run(simulateLambda({ records, clock, faults, maxInvocations: 50, ...options, newSandbox }));
}

const shape = ({ invocations }: LambdaReport) =>
  invocations.map(({ sandbox, delivered }) => [sandbox, delivered.map(indexOf).join('')]);

/** Takes each record 10 ms, and notes what it begins and ends, and in which sandbox. */
function noting(log: string[]) {
  return ({ sandbox, clock }: SandboxEnvironment): LambdaFunction =>
    async (event) => {
      for (const { dynamodb } of event.Records) {
        log.push(`${sandbox} begins ${indexOf(dynamodb.SequenceNumber)}`);
        await clock.sleep(10);
        log.push(`${sandbox} ends ${indexOf(dynamodb.SequenceNumber)}`);
      }
    };
}

describe('a batch that fails', () => {
  it('is halved until one record is left, which alone is retried and discarded', async () => {
    const handler: LambdaFunction = ({ Records }) => {
      if (Records.some(({ dynamodb }) => dynamodb.SequenceNumber === numbers[4])) throw new Error('poison');
    };
    const report = await simulated({ handler, bisectBatchOnFunctionError: true, maximumRetryAttempts: 1 });
    expect(shape(report).map(([, delivered]) => delivered)).toEqual([
      '012345',
      '012',
      '345',
      '34',
      '3',
      '4',
      '4',
      '5',
    ]);
    expect(report).toMatchObject({ status: 'done', discarded: [numbers[4]] });
    expect(report.invocations.map(({ retries }) => retries)).toEqual([0, 0, 0, 0, 0, 0, 1, 0]);
  });

  it('comes again after the pause, and is discarded at its age, which a destination is told', async () => {
    const clock = virtualClock();
    const startMs = clock.now();
    const report = await simulated({
      clock,
      handler: failing,
      batchSize: 4,
      retryDelayMs: 25_000,
      maximumRecordAgeInSeconds: 60,
      onFailure: 'sqs',
      writtenMs: (record) => startMs + (records.indexOf(record) < 3 ? 0 : 20_000),
    });
    expect(shape(report).map(([, delivered]) => delivered)).toEqual(['012', '012', '012', '345']);
    expect(report.discarded).toEqual(numbers);
    expect(report.documents).toHaveLength(2);
    expect(report.documents[0]).toEqual({
      requestContext: {
        requestId: report.invocations[2]?.requestId,
        functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:simulated',
        condition: 'RecordAgeExceeded',
        approximateInvokeCount: 3,
      },
      version: '1.0',
      timestamp: '2026-01-01T00:01:15.000Z',
      DDBStreamBatchInfo: {
        shardId: expect.stringMatching(/^shardId-/),
        startSequenceNumber: numbers[0],
        endSequenceNumber: numbers[2],
        approximateArrivalOfFirstRecord: '2026-01-01T00:00:00Z',
        approximateArrivalOfLastRecord: '2026-01-01T00:00:00Z',
        batchSize: 3,
        streamArn: shop.streamArn,
      },
    });
  });

  it('is discarded after its last retry, which a destination is told, on S3 with the records', async () => {
    const report = await simulated({
      handler: failing,
      batchSize: 3,
      maximumRetryAttempts: 2,
      onFailure: 's3',
    });
    expect(report.documents).toMatchObject([
      {
        requestContext: {
          requestId: report.invocations[2]?.requestId,
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: 3,
        },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        DDBStreamBatchInfo: { startSequenceNumber: numbers[0], batchSize: 3 },
      },
      { DDBStreamBatchInfo: { startSequenceNumber: numbers[3], batchSize: 3 } },
    ]);
    expect(report.documents.map(({ payload }) => JSON.parse(payload ?? ''))).toEqual([
      { Records: records.slice(0, 3) },
      { Records: records.slice(3) },
    ]);
  });

  it('has no function error in the document where failures were reported', async () => {
    const handler: LambdaFunction = () => ({ batchItemFailures: [{ itemIdentifier: numbers[5] }] });
    const report = await simulated({ handler, maximumRetryAttempts: 0, onFailure: 'sqs' });
    expect(report.documents).toMatchObject([
      { responseContext: { functionError: null }, DDBStreamBatchInfo: { batchSize: 1 } },
    ]);
    expect(report.documents[0]).not.toHaveProperty('payload');
  });

  it('is dropped by the stream after a day, and nobody is told', async () => {
    const hourMs = 3_600_000;
    const report = await simulated({ handler: failing, retryDelayMs: hourMs, onFailure: 'sqs' });
    expect(report).toMatchObject({ status: 'done', discarded: numbers, documents: [] });
    expect(report.invocations).toHaveLength(25);
  });
});

it('a response is not read by a mapping without ReportBatchItemFailures: what was reported is lost', async () => {
  const handler: LambdaFunction = () => ({ batchItemFailures: [{ itemIdentifier: numbers[0] }] });
  const report = await simulated({ handler, functionResponseTypes: [] });
  expect(report).toMatchObject({ status: 'done', discarded: [] });
  expect(report.invocations).toHaveLength(1);
});

describe('records that are written later', () => {
  it('are delivered when they are there, with what else is there by then', async () => {
    const clock = virtualClock();
    const startMs = clock.now();
    const report = await simulated({
      clock,
      newSandbox: (environment) => async () => environment.clock.sleep(25),
      writtenMs: (record) => startMs + 10 * records.indexOf(record),
    });
    expect(shape(report).map(([, delivered]) => delivered)).toEqual(['0', '12', '345']);
  });
});

describe('lanes', () => {
  const newSandbox = (log: string[]) => noting(log);

  it('run at the same time in sandboxes of their own, and each item in its order', async () => {
    const log: string[] = [];
    const clock = virtualClock();
    const startMs = clock.now();
    const report = await simulated({ clock, newSandbox: newSandbox(log), parallelizationFactor: 4 });
    expect(clock.now() - startMs).toBeLessThan(60);
    const lanes = Map.groupBy(report.invocations, ({ lane }) => lane);
    expect(lanes.size).toBeGreaterThan(1);
    expect(new Set(report.invocations.map(({ sandbox }) => sandbox)).size).toBe(lanes.size);
    for (const [first, second] of [
      [0, 3],
      [1, 2],
      [4, 5],
    ]) {
      const [ended, began] = [`ends ${first}`, `begins ${second}`].map((text) =>
        log.findIndex((line) => line.endsWith(text)),
      ) as [number, number];
      expect(ended).toBeGreaterThan(-1);
      expect(began).toBeGreaterThan(ended);
    }
  });

  it('are all unfinished, in the order of the stream, when the simulation gives up', async () => {
    const report = await simulated({ handler: failing, parallelizationFactor: 4, maxInvocations: 9 });
    expect(report).toMatchObject({ status: 'gave-up', unfinished: numbers });
    expect(report.invocations).toHaveLength(9);
  });
});

describe('a crash', () => {
  it('ends a sandbox where it is: nothing goes on in it, and the batch comes to another', async () => {
    const log: string[] = [];
    const report = await simulated({ newSandbox: noting(log), batchSize: 3 }, { 1: { crash: { ms: 15 } } });
    expect(shape(report)).toEqual([
      [1, '012'],
      [2, '012'],
      [2, '345'],
    ]);
    expect(String(report.invocations[0]?.error)).toBe(
      'Runtime.ExitError: Runtime exited with error: signal: killed',
    );
    expect(report.invocations[0]?.struck).toEqual({ crash: { ms: 15 } });
    expect(log.filter((line) => line.startsWith('1'))).toEqual(['1 begins 0', '1 ends 0', '1 begins 1']);
  });

  it('strikes at a step, up to the one in which the answer leaves', async () => {
    for (const [step, begun] of [
      [0, 1],
      [2, 3],
      [3, 3],
      [4, 3],
    ] as const) {
      const log: string[] = [];
      const report = await simulated({ newSandbox: noting(log), batchSize: 3 }, { 1: { crash: { step } } });
      expect(log.filter((line) => line.startsWith('1 begins'))).toHaveLength(step === 4 ? 6 : begun);
      expect(report.invocations).toHaveLength(step === 4 ? 2 : 3);
    }
  });

  it('counts the steps of its own invocation', async () => {
    const report = await simulated({ newSandbox: noting([]), batchSize: 3 }, { 2: { crash: { step: 1 } } });
    expect(shape(report)).toEqual([
      [1, '012'],
      [1, '345'],
      [2, '345'],
    ]);
  });

  it('can be made by what runs in the sandbox', async () => {
    let crashes = 1;
    const newSandbox = ({ clock, crash }: SandboxEnvironment): LambdaFunction => {
      return async () => {
        if (crashes-- > 0) crash();
        await clock.sleep(1);
      };
    };
    expect(shape(await simulated({ newSandbox }))).toEqual([
      [1, '012345'],
      [2, '012345'],
    ]);
  });
});

describe('a timeout', () => {
  it('comes when the function stands still until its time limit, and kills the sandbox', async () => {
    const clock = virtualClock();
    const startMs = clock.now();
    const log: string[] = [];
    const report = await simulated(
      { clock, newSandbox: noting(log), timeoutMs: 3000 },
      { 1: { timeout: { ms: 15 } } },
    );
    expect(report.invocations[0]).toMatchObject({
      endedMs: startMs + 3000,
      error: { name: 'Sandbox.Timedout' },
    });
    expect(log.slice(0, 4)).toEqual(['1 begins 0', '1 ends 0', '1 begins 1', '2 begins 0']);
    expect(log.filter((line) => line.startsWith('1'))).toHaveLength(3);
  });

  it('can leave the sandbox frozen: it goes on where it was as soon as it is invoked again', async () => {
    const log: string[] = [];
    const report = await simulated(
      { newSandbox: noting(log), batchSize: 2, timeoutMs: 3000, retry: 'cold' },
      { 1: { timeout: { ms: 15 }, afterTimeout: 'freeze' }, 3: { sandbox: 'oldest' } },
    );
    expect(shape(report)).toEqual([
      [1, '01'],
      [2, '01'],
      [1, '23'],
      [1, '45'],
    ]);
    // What was left of the first invocation ends while the third one is running in its sandbox.
    expect(log.slice(3, 9)).toEqual([
      '2 begins 0',
      '2 ends 0',
      '2 begins 1',
      '2 ends 1',
      '1 begins 2',
      '1 ends 1',
    ]);
  });
});

describe('a sandbox that has answered', () => {
  it('is frozen with what it left behind, until its next invocation', async () => {
    const clock = virtualClock();
    const written: [string, number][] = [];
    const startMs = clock.now();
    const newSandbox =
      ({ clock: ofSandbox }: SandboxEnvironment): LambdaFunction =>
      ({ Records }) => {
        const name = String(indexOf(Records[0]?.dynamodb.SequenceNumber));
        void ofSandbox.sleep(10).then(() => written.push([name, clock.now() - startMs]));
        return null;
      };
    await simulated({
      clock,
      newSandbox,
      batchSize: 3,
      writtenMs: (record) => startMs + (records.indexOf(record) < 3 ? 0 : 5000),
    });
    await clock.runUntilIdle();
    expect(written).toEqual([['0', 5000]]);
  });

  it('leaves no timer behind when the simulation is over', async () => {
    const clock = virtualClock();
    const newSandbox =
      ({ clock: ofSandbox }: SandboxEnvironment): LambdaFunction =>
      () => {
        void ofSandbox.sleep(100_000);
        return null;
      };
    await simulated({ clock, newSandbox, faults: { crash: 0.5, timeout: 0.5, duplicate: 0.5 } });
    expect(clock.wakeTimes()).toEqual([]);
  });
});

describe('a duplicate invocation', () => {
  it('runs beside the first one, in another sandbox, and the mapping goes by one of them', async () => {
    for (const heeded of ['first', 'second'] as const) {
      const log: string[] = [];
      const report = await simulated(
        { newSandbox: noting(log), batchSize: 3 },
        { 1: { duplicate: { afterMs: 5, heeded } } },
      );
      expect(log.slice(0, 4)).toEqual(['1 begins 0', '2 begins 0', '1 ends 0', '1 begins 1']);
      expect(report.invocations).toHaveLength(3);
      expect(report.invocations[1]).toMatchObject({ sandbox: 2, duplicateOf: 1 });
      expect(report.invocations.map(({ unheeded = false }) => unheeded)).toEqual(
        heeded === 'first' ? [false, true, false] : [true, false, false],
      );
    }
  });

  it('can come when later batches have been delivered, and is waited for at the end', async () => {
    const log: string[] = [];
    const report = await simulated(
      { newSandbox: noting(log), batchSize: 3 },
      { 1: { duplicate: { afterMs: 1000, heeded: 'first' } } },
    );
    expect(shape(report)).toEqual([
      [1, '012'],
      [1, '345'],
      [1, '012'],
    ]);
    expect(log).toHaveLength(18);
  });

  it('leaves behind a first one that goes on, and is in the report all the same', async () => {
    const report = await simulated(
      { newSandbox: noting([]), timeoutMs: 3000 },
      { 1: { timeout: { ms: 5 }, duplicate: { afterMs: 0, heeded: 'second' } } },
    );
    expect(report.invocations).toMatchObject([
      { number: 1, sandbox: 1, unheeded: true, error: { name: 'Sandbox.Timedout' } },
      { number: 2, sandbox: 2, duplicateOf: 1 },
    ]);
  });

  it('that the mapping goes by decides what comes next', async () => {
    let calls = 0;
    const handler: LambdaFunction = () => {
      calls += 1;
      if (calls === 2) throw new Error('the second one');
    };
    const report = await simulated({ handler }, { 1: { duplicate: { afterMs: 1, heeded: 'second' } } });
    expect(shape(report).map(([, delivered]) => delivered)).toEqual(['012345', '012345', '012345']);
  });
});

describe('which sandbox gets an invocation', () => {
  it('is the one that was used the latest, or a new one, or the one that waits the longest', async () => {
    const report = await simulated(
      { batchSize: 1 },
      { 2: { sandbox: 'new' }, 4: { sandbox: 'new' }, 5: { sandbox: 'oldest' } },
    );
    expect(report.invocations.map(({ sandbox }) => sandbox)).toEqual([1, 2, 2, 3, 1, 1]);
  });
});

it('the same seed gives the same run, and another one another', async () => {
  const story = async (seed: number) => {
    const log: string[] = [];
    const report = await simulated({
      newSandbox: noting(log),
      seed,
      batchSize: 3,
      parallelizationFactor: 2,
      timeoutMs: 100,
      faults: {
        ...{ cold: 0.2, oldest: 0.2, crash: 0.3, timeout: 0.3, freeze: 0.5, duplicate: 0.3 },
        withinMs: 40,
        withinSteps: 5,
      },
    });
    return JSON.stringify([report, log]);
  };
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      expect(await story(seed)).toBe(await story(seed));
    }),
    { numRuns: 30 },
  );
  expect(await story(1)).not.toBe(await story(2));
});

it('whatever strikes, each record is acknowledged, discarded or unfinished', async () => {
  const settings = fc.record({
    seed: fc.integer(),
    batchSize: fc.integer({ min: 1, max: 6 }),
    parallelizationFactor: fc.integer({ min: 1, max: 4 }),
    maximumRetryAttempts: fc.integer({ min: -1, max: 3 }),
    bisectBatchOnFunctionError: fc.boolean(),
    retry: fc.constantFrom('warm', 'cold'),
    maxInvocations: fc.integer({ min: 1, max: 60 }),
  });
  await fc.assert(
    fc.asyncProperty(settings, async (mapping) => {
      const faults = { cold: 0.2, oldest: 0.2, crash: 0.2, timeout: 0.2, freeze: 0.5, duplicate: 0.2 };
      const report = await simulated({
        ...mapping,
        newSandbox: noting([]),
        timeoutMs: 100,
        faults: { ...faults, withinMs: 80, withinSteps: 8 },
      });
      const acknowledged = report.invocations
        .filter(({ unheeded }) => !unheeded)
        .flatMap(({ delivered, retryFrom }) =>
          retryFrom === undefined ? delivered : delivered.slice(0, delivered.indexOf(retryFrom)),
        );
      const all = [...acknowledged, ...report.discarded, ...report.unfinished];
      expect(all.toSorted()).toEqual(numbers);
    }),
    { numRuns: 100 },
  );
});

it('settings that no mapping has are refused, all at once', async () => {
  const wrong = simulateLambda({
    records,
    handler: done,
    faults: { crash: 2, withinMs: -1 },
    parallelizationFactor: 11,
    maximumRecordAgeInSeconds: 59,
    retryDelayMs: Number.NaN,
    writtenMs: () => Number.NaN,
  });
  await expect(wrong).rejects.toThrow(
    /Faults need a newSandbox.*above 1 needs a newSandbox.*parallelizationFactor is 1 to 10.*-1 or 60 to 604800.*retryDelayMs.*chance of crash is 0 to 1.*withinMs.*writtenMs/,
  );
});
