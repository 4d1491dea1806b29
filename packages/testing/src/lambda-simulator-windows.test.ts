import type { StreamRecord } from '@sluice/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LambdaReport, simulateLambda } from './lambda-simulator.js';
import type { LambdaFunction } from './lambda-simulator-function.js';
import type { LambdaSimulatorOptions } from './lambda-simulator-options.js';
import type { WindowState } from './lambda-simulator-windows.js';
import { type LambdaEvent, recordsOf } from './records.js';
import { virtualClock } from './virtual-clock.js';

fc.configureGlobal({ seed: 20_260_101 });

const shop = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
const startMs = Date.UTC(2026, 0, 1);
const nameOf = ({ dynamodb }: StreamRecord) => {
  const name = dynamodb.NewImage?.['name'];
  return name && 'S' in name ? name.S : '';
};
const numberOf = ({ dynamodb }: StreamRecord) => dynamodb.SequenceNumber;
const namesOf = ({ Records }: LambdaEvent) => Records.map(nameOf).join('');

/** `{ a: 5, b: 61 }`: records by name, and how many seconds after the start they are written. */
type Plan = Readonly<Record<string, number>>;

/** Half of a minute of it is over when the clock starts with `fromMs` of 30 000. */
async function simulated(
  plan: Plan,
  handler: LambdaFunction,
  options: Partial<LambdaSimulatorOptions> = {},
  fromMs = 0,
) {
  const clock = virtualClock(startMs + fromMs);
  const records = Object.keys(plan).map((name) => shop.insert({ pk: 'a', name }));
  const writtenMs = (record: StreamRecord) => startMs + 1000 * (plan[nameOf(record)] ?? 0);
  const events: LambdaEvent[] = [];
  const noted: LambdaFunction = (event, context) => {
    events.push(structuredClone(event));
    return handler(event, context);
  };
  const mapping = { records, writtenMs, clock, newSandbox: () => noted, maxInvocations: 50 };
  const simulation = simulateLambda({ ...mapping, tumblingWindowInSeconds: 60, ...options });
  const report = await clock.run(simulation);
  return { report, events, records, story: storyOf(report, events) };
}

/** `0 ab` for the records a and b in the minute 0, `0 ab!` where that is its final invocation, `0 !!` where it ends early. */
function storyOf({ invocations }: LambdaReport, events: readonly LambdaEvent[]): string[] {
  expect(invocations.map(({ window }) => window?.state)).toEqual(events.map(({ state }) => state));
  return events.map((event) => {
    const minute = (Date.parse(event.window?.start ?? '') - startMs) / 60_000;
    return `${minute} ${namesOf(event)}${event.isFinalInvokeForWindow ? '!' : ''}${event.isWindowTerminatedEarly ? '!' : ''}`;
  });
}

/** Keeps the names of its records. */
const folding: LambdaFunction = (event) => ({ state: folded(event) });
const folded = (event: LambdaEvent, records = event.Records): WindowState => ({
  names: `${event.state?.['names'] ?? ''}${records.map(nameOf).join('')}`,
});

const statesOf = (events: readonly LambdaEvent[]) => events.map(({ state }) => state?.['names'] ?? '');
const endsOf = ({ windows }: LambdaReport) => windows.map(({ endedBy }) => endedBy);

describe('a tumbling window', () => {
  it('has an event like that of Lambda', async () => {
    const { events, records, report } = await simulated({ a: 5 }, folding);
    const common = {
      window: { start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:01:00Z' },
      shardId: expect.stringMatching(/^shardId-\d{20}-\w{8}$/),
      eventSourceARN: shop.streamArn,
      isWindowTerminatedEarly: false,
    };
    expect(events).toEqual([
      { Records: records, state: {}, isFinalInvokeForWindow: false, ...common },
      { Records: [], state: { names: 'a' }, isFinalInvokeForWindow: true, ...common },
    ]);
    const [, final] = report.invocations;
    expect(final?.window).toEqual({ state: { names: 'a' }, isFinalInvokeForWindow: true, ...common });
    expect(report.windows).toEqual([{ ...common.window, endedBy: 'shardEnd', requestId: final?.requestId }]);
  });

  it('has the records that were written in its time, and no batch has those of two', async () => {
    const { story, events, report } = await simulated(
      { a: 0, b: 59.999, c: 60, d: 60, e: 119 },
      folding,
      { batchSize: 2 },
      200_000,
    );
    expect(story).toEqual(['0 ab', '0 !', '1 cd', '1 e', '1 !']);
    expect(statesOf(events)).toEqual(['', 'ab', '', 'cd', 'cde']);
    expect(endsOf(report)).toEqual(['time', 'shardEnd']);
  });

  it('is none where nothing was written', async () => {
    const { story } = await simulated({ a: 5, b: 305 }, folding);
    expect(story).toEqual(['0 a', '0 !', '5 b', '5 !']);
    expect((await simulated({}, folding)).report).toMatchObject({ status: 'done', windows: [] });
  });

  it('is closed at its end, however late the next record comes, and at the end of the shard at once', async () => {
    const { report } = await simulated({ a: 5, b: 305 }, folding);
    expect(report.invocations.map(({ startedMs }) => startedMs - startMs)).toEqual([
      5000, 60_000, 305_000, 305_000,
    ]);
    expect(endsOf(report)).toEqual(['time', 'shardEnd']);
  });

  it('hands the state of each answer to its next invocation, and the next window begins without', async () => {
    const { events } = await simulated({ a: 1, b: 2, c: 3, d: 61 }, folding);
    expect(statesOf(events)).toEqual(['', 'a', 'ab', 'abc', '', 'd']);
    const keeps: LambdaFunction = () => ({ state: { names: 'kept' } });
    expect(statesOf((await simulated({ a: 1, b: 61 }, keeps)).events)).toEqual(['', 'kept', '', 'kept']);
  });

  it('is not there without the setting', async () => {
    const { events, report } = await simulated({ a: 1 }, () => null, { tumblingWindowInSeconds: 0 });
    expect(Object.keys(events[0] ?? {})).toEqual(['Records']);
    expect(report).toMatchObject({ status: 'done', windows: [] });
  });
});

describe('a response in a window', () => {
  it.each([
    null,
    undefined,
    {},
    { batchItemFailures: [] },
    { state: null },
    { state: undefined },
    { state: 7 },
    { state: 'text' },
    { state: [] },
    'state',
  ])('without a state is a failed invocation: %j', async (response) => {
    for (const functionResponseTypes of [['ReportBatchItemFailures'], []] as const) {
      const answers = [response];
      const handler: LambdaFunction = (event, context) =>
        answers.length > 0 ? answers.pop() : folding(event, context);
      const { story, events, report } = await simulated({ a: 1 }, handler, { functionResponseTypes });
      expect(story).toEqual(['0 a', '0 a', '0 !']);
      expect(statesOf(events)).toEqual(['', '', 'a']);
      expect(report.invocations[0]).toMatchObject({ fault: expect.stringContaining('state'), retries: 0 });
    }
  });

  it('with a state and a record that is not of the batch fails all of it, and its state is not taken', async () => {
    const answers = [{ state: { names: 'wrong' }, batchItemFailures: [{ itemIdentifier: '7' }] }];
    const handler: LambdaFunction = (event, context) => answers.pop() ?? folding(event, context);
    const { story, events } = await simulated({ a: 1, b: 1 }, handler, {}, 30_000);
    expect(story).toEqual(['0 ab', '0 ab', '0 !']);
    expect(statesOf(events)).toEqual(['', '', 'ab']);
  });

  it('that names a record brings it again, with the state that was answered', async () => {
    let answers = 1;
    const handler: LambdaFunction = (event, context) => {
      if (answers-- <= 0) return folding(event, context);
      const [done, failed] = [event.Records.slice(0, 1), event.Records[1] as StreamRecord];
      return { state: folded(event, done), batchItemFailures: [{ itemIdentifier: numberOf(failed) }] };
    };
    for (const bisectBatchOnFunctionError of [true, false]) {
      answers = 1;
      const options = { bisectBatchOnFunctionError };
      const { story, events } = await simulated({ a: 1, b: 1, c: 1 }, handler, options, 30_000);
      expect(story).toEqual(['0 abc', '0 bc', '0 !']);
      expect(statesOf(events)).toEqual(['', 'a', 'abc']);
    }
  });
});

describe('a failure in a window', () => {
  /** Fails for batches with this record, that many times. */
  const failingOn = (name: string, times = Number.POSITIVE_INFINITY): LambdaFunction => {
    let left = times;
    return (event, context) => {
      if (namesOf(event).includes(name) && left-- > 0) throw new Error('no luck');
      return folding(event, context);
    };
  };

  it('brings the batch again with the state that it had', async () => {
    const { story, events } = await simulated({ a: 1, b: 2 }, failingOn('b', 2));
    expect(story).toEqual(['0 a', '0 b', '0 b', '0 b', '0 !']);
    expect(statesOf(events)).toEqual(['', 'a', 'a', 'a', 'ab']);
  });

  it('halves the batch, and the state goes from one half to the other', async () => {
    const options = { bisectBatchOnFunctionError: true, maximumRetryAttempts: 1 };
    const { story, events, report } = await simulated(
      { a: 1, b: 1, c: 1, d: 1 },
      failingOn('c'),
      options,
      30_000,
    );
    expect(story).toEqual(['0 abcd', '0 ab', '0 cd', '0 c', '0 c', '0 d', '0 !']);
    expect(statesOf(events)).toEqual(['', '', 'ab', 'ab', 'ab', 'ab', 'abd']);
    expect(report.discarded).toHaveLength(1);
  });

  it('discards the batch after its last retry, and the window goes on and is closed without it', async () => {
    const options = { maximumRetryAttempts: 1, onFailure: 's3' } as const;
    const { story, report } = await simulated({ a: 1, b: 2, c: 3 }, failingOn('b'), options);
    expect(story).toEqual(['0 a', '0 b', '0 b', '0 c', '0 !']);
    expect(report).toMatchObject({ status: 'done', windows: [{ endedBy: 'shardEnd' }] });
    expect(report.documents).toMatchObject([
      { requestContext: { condition: 'RetryAttemptsExhausted' }, DDBStreamBatchInfo: { batchSize: 1 } },
    ]);
    expect(JSON.parse(report.documents[0]?.payload ?? '')).toMatchObject({
      Records: [{ dynamodb: { NewImage: { name: { S: 'b' } } } }],
      state: { names: 'a' },
      isFinalInvokeForWindow: false,
    });
  });

  it('discards records at their age, and a window is closed when none is left, unless nothing of it was delivered', async () => {
    const options = { maximumRecordAgeInSeconds: 60, retryDelayMs: 31_000, onFailure: 'sqs' } as const;
    const { story, report } = await simulated({ a: 1, b: 61 }, failingOn('a'), options);
    expect(story).toEqual(['0 a', '0 a', '0 !', '1 b', '1 !']);
    expect(report.documents).toMatchObject([{ requestContext: { condition: 'RecordAgeExceeded' } }]);
    expect((await simulated({ a: 1, b: 61 }, folding, options, 100_000)).story).toEqual(['1 b', '1 !']);
  });

  it.each([
    { crash: { step: 0 } },
    { timeout: { step: 0 } },
    { timeout: { step: 0 }, afterTimeout: 'freeze' },
  ] as const)('brings it to another sandbox, with the same state: %j', async (fault) => {
    const { story, events, report } = await simulated({ a: 1, b: 2, c: 3 }, folding, {
      faults: ({ number }) => (number === 2 ? fault : number === 3 ? { sandbox: 'new' } : undefined),
    });
    expect(story).toEqual(['0 a', '0 b', '0 b', '0 c', '0 !']);
    expect(statesOf(events)).toEqual(['', 'a', 'a', 'ab', 'abc']);
    expect(report.invocations.map(({ sandbox }) => sandbox)).toEqual([1, 1, 2, 2, 2]);
  });

  it('goes by the answer of the duplicate that is heeded', async () => {
    for (const heeded of ['first', 'second'] as const) {
      let calls = 0;
      const counting: LambdaFunction = (event) => {
        calls += 1;
        return event.isFinalInvokeForWindow ? { state: {} } : { state: { names: calls } };
      };
      const { events } = await simulated({ a: 1 }, counting, {
        faults: ({ number }) => (number === 1 ? { duplicate: { afterMs: 0, heeded } } : undefined),
      });
      expect(statesOf(events)).toEqual(['', '', heeded === 'first' ? 1 : 2]);
    }
  });
});

describe('the final invocation', () => {
  /** Fails so many final invocations. */
  const failingFinals = (times: number, failure: () => unknown): LambdaFunction => {
    let left = times;
    return (event, context) =>
      event.isFinalInvokeForWindow && left-- > 0 ? failure() : folding(event, context);
  };
  const throwing = () => {
    throw new Error('no luck');
  };
  const reporting = () => ({ state: {}, batchItemFailures: [{ itemIdentifier: '' }] });

  it.each([
    ['throws', throwing],
    ['answers without a state', () => ({ batchItemFailures: [] })],
    ['reports what it was not given', reporting],
  ])('that %s comes again, however often, and blocks the shard meanwhile', async (_how, failure) => {
    const options = { maximumRetryAttempts: 1, retryDelayMs: 10_000 };
    const { story, events, report } = await simulated({ a: 1, b: 61 }, failingFinals(3, failure), options);
    expect(story).toEqual(['0 a', '0 !', '0 !', '0 !', '0 !', '1 b', '1 !']);
    expect(statesOf(events)).toEqual(['', 'a', 'a', 'a', 'a', '', 'b']);
    expect(report.invocations.map(({ retries }) => retries)).toEqual([0, 0, 1, 2, 3, 0, 0]);
    expect(report.invocations.map(({ startedMs }) => (startedMs - startMs) / 1000)).toEqual([
      1, 60, 70, 80, 90, 90, 90,
    ]);
    expect(report).toMatchObject({ status: 'done', discarded: [], unfinished: [] });
  });

  it('that never succeeds ends the simulation, and what is behind it is unfinished', async () => {
    const handler = failingFinals(Number.POSITIVE_INFINITY, throwing);
    const { report, records } = await simulated({ a: 1, b: 61 }, handler, { maxInvocations: 5 });
    expect(report).toMatchObject({ status: 'gave-up', unfinished: records.slice(1).map(numberOf) });
    expect(report.windows).toEqual([
      { start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:01:00Z', endedBy: 'gave-up' },
    ]);
    expect((await simulated({ a: 1 }, handler, { maxInvocations: 5 })).report.status).toBe('gave-up');
  });

  describe('where it may have records', () => {
    const withRecords = { finalInvokeForWindow: 'withRecords' } as const;

    it('has the last ones of its window where these are delivered after its end, and otherwise none', async () => {
      const late = await simulated({ a: 1, b: 2, c: 61 }, folding, { ...withRecords, batchSize: 1 }, 100_000);
      expect(late.story).toEqual(['0 a', '0 b!', '1 c!']);
      expect(statesOf(late.events)).toEqual(['', 'a', '']);
      expect(endsOf(late.report)).toEqual(['time', 'shardEnd']);
      const early = await simulated({ a: 1, b: 2, c: 61 }, folding, withRecords);
      expect(early.story).toEqual(['0 a', '0 b', '0 !', '1 c!']);
    });

    it('comes again with what was reported, and is halved: then the second half is the final one', async () => {
      let answers = 1;
      const handler: LambdaFunction = (event, context) => {
        if (answers-- <= 0) return folding(event, context);
        const last = event.Records.at(-1) as StreamRecord;
        const state = folded(event, event.Records.slice(0, -1));
        return { state, batchItemFailures: [{ itemIdentifier: numberOf(last) }] };
      };
      const reported = await simulated({ a: 1, b: 1 }, handler, withRecords, 100_000);
      expect(reported.story).toEqual(['0 ab!', '0 b!']);
      expect(statesOf(reported.events)).toEqual(['', 'a']);

      const options = { ...withRecords, bisectBatchOnFunctionError: true };
      const halved = await simulated({ a: 1, b: 1 }, failingFinals(1, throwing), options, 100_000);
      expect(halved.story).toEqual(['0 ab!', '0 a', '0 b!']);
      expect(statesOf(halved.events)).toEqual(['', '', 'a']);
    });

    it('comes without them when they were discarded', async () => {
      const options = { ...withRecords, maximumRetryAttempts: 1 };
      const { story, report } = await simulated({ a: 1 }, failingFinals(2, throwing), options, 100_000);
      expect(story).toEqual(['0 a!', '0 a!', '0 !']);
      expect(report.discarded).toHaveLength(1);
    });
  });
});

describe('a state above 1 MB', () => {
  const letters = (count: number) => ({ state: { names: 'x'.repeat(count) } });
  const limit = 1_048_576 - '{"names":""}'.length;

  it('ends the window early, and what is left of it begins anew', async () => {
    const handler: LambdaFunction = (event, context) =>
      namesOf(event) === 'b' ? letters(limit + 1) : folding(event, context);
    const { story, events, report } = await simulated({ a: 1, b: 2, c: 3, d: 61 }, handler);
    expect(story).toEqual(['0 a', '0 b', '0 !!', '0 c', '0 !', '1 d', '1 !']);
    expect(statesOf(events).map((names) => String(names).slice(0, 2))).toEqual([
      ...['', 'a', 'xx', '', 'c'],
      ...['', 'd'],
    ]);
    expect(endsOf(report)).toEqual(['stateSize', 'time', 'shardEnd']);
    expect(new Set(report.windows.slice(0, 2).map(({ start, end }) => start + end)).size).toBe(1);
  });

  it('is one of which the JSON has more bytes than that', async () => {
    for (const [count, end] of [
      [limit, '0 !'],
      [limit + 1, '0 !!'],
    ] as const) {
      const { story, report } = await simulated({ a: 1 }, () => letters(count));
      expect(story).toEqual(['0 a', end]);
      expect(report.windows).toHaveLength(1);
    }
    const { story } = await simulated({ a: 1 }, () => ({ state: { names: 'ä'.repeat(limit / 2 + 1) } }));
    expect(story).toEqual(['0 a', '0 !!']);
  });

  it('ends the window between what was done of a batch and the rest of it', async () => {
    let answers = 1;
    const handler: LambdaFunction = (event, context) => {
      if (answers-- <= 0) return folding(event, context);
      const failed = event.Records[1] as StreamRecord;
      return { ...letters(limit + 1), batchItemFailures: [{ itemIdentifier: numberOf(failed) }] };
    };
    const { story, events } = await simulated({ a: 1, b: 1 }, handler, {}, 30_000);
    expect(story).toEqual(['0 ab', '0 !!', '0 b', '0 !']);
    expect(statesOf(events).at(-1)).toBe('b');
  });

  it('of a final invocation is dropped like any other', async () => {
    const handler: LambdaFunction = (event, context) =>
      event.isFinalInvokeForWindow ? letters(limit + 1) : folding(event, context);
    expect((await simulated({ a: 1, b: 61 }, handler)).story).toEqual(['0 a', '0 !', '1 b', '1 !']);
  });
});

it('settings of windows that no mapping has are refused', async () => {
  const records = ['a', 'b'].map((name) => shop.insert({ pk: 'a', name }));
  const wrong = simulateLambda({
    records,
    newSandbox: () => folding,
    tumblingWindowInSeconds: 901,
    parallelizationFactor: 2,
    writtenMs: (record) => (nameOf(record) === 'a' ? 2 : 1),
  });
  await expect(wrong).rejects.toThrow(
    /tumblingWindowInSeconds is 0 to 900, not 901.*parallelizationFactor of 1.*writtenMs does not go back/,
  );
});

it('whatever fails, a fold has each acknowledged record once, in the window of its time', async () => {
  const scenario = fc.record({
    gapsSeconds: fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 12 }),
    failures: fc.array(fc.constantFrom('none', 'throw', 'report'), { maxLength: 20 }),
    batchSize: fc.integer({ min: 1, max: 6 }),
    bisectBatchOnFunctionError: fc.boolean(),
    finalInvokeForWindow: fc.constantFrom('alone', 'withRecords'),
    retry: fc.constantFrom('warm', 'cold'),
    fromMs: fc.constantFrom(0, 300_000),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ gapsSeconds, failures, fromMs, ...options }) => {
      const plan: Record<string, number> = {};
      let atSeconds = 0;
      for (const [index, gap] of gapsSeconds.entries()) {
        atSeconds += gap;
        plan[String.fromCodePoint(97 + index)] = atSeconds;
      }
      const closed: string[] = [];
      const left = [...failures];
      const handler: LambdaFunction = (event, context) => {
        const failure = left.shift();
        if (failure === 'throw') throw new Error('scripted');
        const failed = event.Records.at(-1);
        if (failure === 'report' && failed) {
          const state = folded(event, event.Records.slice(0, -1));
          return { state, batchItemFailures: [{ itemIdentifier: numberOf(failed) }] };
        }
        if (event.isFinalInvokeForWindow) {
          const minute = (Date.parse(event.window?.start ?? '') - startMs) / 60_000;
          closed.push(`${minute} ${folded(event)['names']}`);
        }
        return folding(event, context);
      };
      const { report } = await simulated(plan, handler, options, fromMs);
      expect(report).toMatchObject({ status: 'done', discarded: [] });
      const minutes = Map.groupBy(Object.keys(plan), (name) => Math.floor((plan[name] ?? 0) / 60));
      expect(closed).toEqual([...minutes].map(([minute, names]) => `${minute} ${names.join('')}`));
      expect(report.windows).toHaveLength(minutes.size);
    }),
    { numRuns: 100 },
  );
});
