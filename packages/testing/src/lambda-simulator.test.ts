import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exampleRecords } from './fixtures.js';
import { readResponse } from './lambda-response.js';
import { simulateLambda } from './lambda-simulator.js';
import type { LambdaFunction } from './lambda-simulator-function.js';
import { recordsOf } from './records.js';
import { virtualClock } from './virtual-clock.js';

fc.configureGlobal({ seed: 20_260_101 });

const shop = recordsOf({ table: 'shop', keys: { partition: 'pk' }, startSequence: `${'9'.repeat(20)}5` });
const records = Array.from({ length: 7 }, (_, n) => shop.insert({ pk: 'a', n }));
const sequences = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
const [s0, s1, s2, s3] = sequences as [string, string, string, string];

const reporting = (...failed: readonly unknown[]) => ({
  batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })),
});

/** Answers with one value after another, and then with success. A value that is an Error is thrown. */
function answering(...answers: readonly unknown[]): LambdaFunction {
  const left = [...answers];
  return async () => {
    const answer = left.shift() ?? null;
    if (answer instanceof Error) throw answer;
    return answer;
  };
}

describe('a simulated event source mapping', () => {
  it('delivers all records in order, in batches of the size', async () => {
    const events: unknown[] = [];
    const handler: LambdaFunction = async (event) => {
      events.push(event);
    };
    const report = await simulateLambda({ records, handler, batchSize: 3, retry: 'warm' });
    expect(report).toMatchObject({ status: 'done', discarded: [], documents: [], unfinished: [] });
    expect(report.invocations.map(({ delivered }) => delivered)).toEqual([
      sequences.slice(0, 3),
      sequences.slice(3, 6),
      sequences.slice(6),
    ]);
    expect(events[0]).toEqual({ Records: records.slice(0, 3) });
  });

  it('has no batch for no records', async () => {
    const report = await simulateLambda({ records: [], handler: answering(), retry: 'warm' });
    const empty = {
      invocations: [],
      windows: [],
      discarded: [],
      filteredOut: [],
      documents: [],
      unfinished: [],
    };
    expect(report).toEqual({ status: 'done', ...empty });
  });

  it('delivers everything again from the lowest number that is reported, by value and not as text', async () => {
    // The numbers cross a power of ten here: as text the later ones would be lower.
    const report = await simulateLambda({
      records,
      handler: answering(reporting(sequences[6], s2, s3)),
      retry: 'warm',
    });
    expect(report.invocations.map(({ delivered }) => delivered)).toEqual([sequences, sequences.slice(2)]);
    expect(report.invocations.map(({ retryFrom }) => retryFrom)).toEqual([s2, undefined]);
    expect([s2, sequences[6]].sort()[0]).toBe(sequences[6]);
  });

  it('delivers the whole batch again after an error, before it goes on', async () => {
    const failure = new Error('no luck');
    const report = await simulateLambda({
      records,
      handler: answering(failure),
      batchSize: 4,
      retry: 'warm',
    });
    expect(report.invocations.map(({ delivered }) => delivered)).toEqual([
      sequences.slice(0, 4),
      sequences.slice(0, 4),
      sequences.slice(4),
    ]);
    expect(report.invocations[0]).toMatchObject({ error: failure, retryFrom: s0 });
  });

  it('delivers only the rest of the batch again, not what comes after it', async () => {
    const handler = answering(reporting(s1), reporting(s2));
    const report = await simulateLambda({ records, handler, batchSize: 3, retry: 'warm' });
    expect(report.invocations.slice(0, 4).map(({ delivered }) => delivered)).toEqual([
      sequences.slice(0, 3),
      sequences.slice(1, 3),
      sequences.slice(2, 3),
      sequences.slice(3, 6),
    ]);
  });

  it('retries for ever, and says so when the simulation gives up', async () => {
    const handler: LambdaFunction = async ({ Records }) => reporting(Records.at(-1)?.dynamodb.SequenceNumber);
    const report = await simulateLambda({
      records,
      handler,
      batchSize: 3,
      retry: 'warm',
      maxInvocations: 20,
    });
    expect(report.status).toBe('gave-up');
    expect(report.invocations).toHaveLength(20);
    expect(report.unfinished).toEqual(sequences.slice(2));
  });

  it('discards what is left of a batch after the last retry and goes on with the next', async () => {
    const handler: LambdaFunction = async ({ Records }) =>
      Records.some(({ dynamodb }) => dynamodb.SequenceNumber === s1) ? reporting(s1) : null;
    const report = await simulateLambda({
      records,
      handler,
      batchSize: 3,
      maximumRetryAttempts: 2,
      retry: 'warm',
    });
    expect(report.status).toBe('done');
    expect(report.discarded).toEqual([s1, s2]);
    expect(report.invocations.map(({ delivered }) => delivered.length)).toEqual([3, 2, 2, 3, 1]);
  });

  it('discards at once with no retries allowed', async () => {
    const handler = answering(new Error('no'));
    const report = await simulateLambda({ records, handler, maximumRetryAttempts: 0, retry: 'warm' });
    expect(report.discarded).toEqual(sequences);
    expect(report.invocations).toHaveLength(1);
  });

  it('hands over a fresh copy each time, and reads the response as JSON', async () => {
    const seen: unknown[] = [];
    const handler: LambdaFunction = async (event) => {
      seen.push(structuredClone(event));
      Object.assign(event.Records[0]?.dynamodb ?? {}, { Keys: {} });
      return seen.length === 1
        ? { batchItemFailures: [{ itemIdentifier: { toJSON: () => s0 } }] }
        : { batchItemFailures: undefined };
    };
    const report = await simulateLambda({ records: records.slice(0, 1), handler, retry: 'warm' });
    expect(seen).toEqual([{ Records: records.slice(0, 1) }, { Records: records.slice(0, 1) }]);
    expect(report.invocations.map(({ response }) => response)).toEqual([reporting(s0), {}]);
  });

  it('keeps the handler over warm retries and makes a new one for each cold retry, and only then', async () => {
    const sandboxesOf = async (retry: 'warm' | 'cold') => {
      let sandboxes = 0;
      const answers = answering(null, reporting(sequences[2]), new Error('no'));
      const newSandbox = async (): Promise<LambdaFunction> => {
        sandboxes += 1;
        return answers;
      };
      const report = await simulateLambda({ records, newSandbox, batchSize: 2, retry });
      expect(Math.max(...report.invocations.map(({ sandbox }) => sandbox))).toBe(sandboxes);
      return report.invocations.map(({ sandbox }) => sandbox);
    };
    expect(await sandboxesOf('warm')).toEqual([1, 1, 1, 1, 1, 1]);
    expect(await sandboxesOf('cold')).toEqual([1, 1, 2, 3, 3, 3]);
  });

  it('retries a batch whose sandbox cannot be made', async () => {
    let tries = 0;
    const newSandbox = (): LambdaFunction => {
      tries += 1;
      if (tries === 1) throw new Error('a module is missing');
      return answering();
    };
    const report = await simulateLambda({ records, newSandbox, retry: 'warm' });
    expect(report.status).toBe('done');
    expect(report.invocations.map(({ sandbox, error }) => [sandbox, String(error ?? '')])).toEqual([
      [1, 'Error: a module is missing'],
      [2, ''],
    ]);
  });

  it('tells the handler how much time it has left, on the clock', async () => {
    const clock = virtualClock();
    const left: number[] = [];
    const handler: LambdaFunction = async (_event, context) => {
      left.push(context.getRemainingTimeInMillis());
      await clock.sleep(400);
      left.push(context.getRemainingTimeInMillis());
    };
    const report = await clock.run(
      simulateLambda({ records, handler, retry: 'warm', clock, timeoutMs: 1000 }),
    );
    expect(report.status).toBe('done');
    expect(left).toEqual([1000, 600]);
    expect(clock.wakeTimes()).toEqual([]);
  });

  it('ends a handler at its time limit: the batch comes again, to a new sandbox', async () => {
    const clock = virtualClock();
    let sandboxes = 0;
    const newSandbox = (): LambdaFunction => {
      sandboxes += 1;
      return sandboxes === 1 ? () => new Promise(() => {}) : answering();
    };
    const report = await clock.run(
      simulateLambda({ records, newSandbox, retry: 'warm', clock, timeoutMs: 3000 }),
    );
    expect(String(report.invocations[0]?.error)).toContain('Task timed out after 3.00 seconds');
    expect(report.invocations.map(({ sandbox }) => sandbox)).toEqual([1, 2]);
    expect(report.status).toBe('done');
  });

  it('refuses what no mapping could be, all of it at once', async () => {
    const mixed = [exampleRecords.removeUser, exampleRecords.expireSession];
    const wrong = simulateLambda({
      records: mixed,
      retry: 'cold',
      batchSize: 0,
      maximumRetryAttempts: 10_001,
    });
    await expect(wrong).rejects.toThrow(
      /handler or a newSandbox.*Cold retries.*batchSize.*maximumRetryAttempts.*of one stream/,
    );
    const backwards = simulateLambda({
      records: [...records].reverse(),
      handler: answering(),
      retry: 'warm',
    });
    await expect(backwards).rejects.toThrow('growing sequence numbers');
  });

  it('refuses records of which the stream has none any more, instead of ending at once', async () => {
    const clock = virtualClock();
    const writtenMs = () => clock.now() - 86_400_001;
    const stale = simulateLambda({ records, handler: () => null, clock, writtenMs });
    await expect(stale).rejects.toThrow('older than a day');
  });

  it('acknowledges every record once, whatever is reported in between', async () => {
    const plan = fc.array(fc.option(fc.array(fc.nat(9), { maxLength: 3 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(plan, fc.integer({ min: 1, max: 8 }), async (steps, batchSize) => {
        const left = [...steps];
        const handler: LambdaFunction = async ({ Records }) => {
          const step = left.shift();
          if (step === null) throw new Error('scripted');
          const failed = (step ?? []).map((index) => Records[index]?.dynamodb.SequenceNumber ?? 'unknown');
          return reporting(...failed);
        };
        const { invocations, status } = await simulateLambda({ records, handler, batchSize, retry: 'warm' });
        const acknowledged = invocations.flatMap(({ delivered, retryFrom }) =>
          retryFrom === undefined ? delivered : delivered.slice(0, delivered.indexOf(retryFrom)),
        );
        expect(status).toBe('done');
        expect(acknowledged).toEqual(sequences);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a response', () => {
  it.each([
    null,
    undefined,
    {},
    [],
    { batchItemFailures: null },
    { batchItemFailures: undefined },
    { batchItemFailures: [] },
    { other: 'field' },
  ])('is a complete success: %j', (response) => {
    expect(readResponse(response, sequences)).toEqual({ retryFrom: undefined });
  });

  it.each([
    reporting(''),
    reporting(null),
    reporting(undefined),
    reporting('1'),
    reporting(s1, 'unknown'),
    reporting(7),
    { batchItemFailures: [{}] },
    { batchItemFailures: [{ itemIdentifer: s1 }] },
    { batchItemFailures: [null] },
    { batchItemFailures: [s1] },
    { batchItemFailures: {} },
    { batchItemFailures: s1 },
    'done',
    7,
    false,
    [{ itemIdentifier: s1 }],
  ])('fails the whole batch: %j', (response) => {
    expect(readResponse(response, sequences)).toEqual({ retryFrom: s0, fault: expect.any(String) });
  });

  it('moves the checkpoint to the lowest number that it names', () => {
    expect(readResponse(reporting(s3, s1, s3), sequences)).toEqual({ retryFrom: s1 });
  });
});
