import type { StreamRecord } from '@sluice/core';
import { describe, expect, it } from 'vitest';
import {
  type Effect,
  guarantees,
  type LambdaFunction,
  type LambdaSimulatorOptions,
  recordsOf,
  type SandboxEnvironment,
  simulateLambda,
  virtualClock,
} from './index.js';

/** What a handler does with one record, and what is waited for until it is done. */
type Act = (record: StreamRecord) => Promise<void>;

/** As most are written: an error ends it. */
const byHand =
  (act: Act): LambdaFunction =>
  async (event) => {
    for (const record of event.Records) await act(record);
  };

/** As batch processors do it: all records at once, the failed ones reported, an error when all failed. */
// #region processor
const batchProcessor =
  (act: Act): LambdaFunction =>
  async (event) => {
    const results = await Promise.allSettled(event.Records.map(act));
    const failed = event.Records.filter((_, index) => results[index]?.status === 'rejected');
    if (failed.length === event.Records.length) throw new Error('All records failed.');
    return { batchItemFailures: failed.map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber })) };
  };
// #endregion

/** The same one after another, up to the first that fails: the rest is left to the next delivery. */
const upToFirstFailure =
  (act: Act): LambdaFunction =>
  async (event) => {
    for (const record of event.Records) {
      try {
        await act(record);
      } catch {
        return { batchItemFailures: [{ itemIdentifier: record.dynamodb.SequenceNumber }] };
      }
    }
    return { batchItemFailures: [] };
  };

const shop = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
const names = ['A1', 'B1', 'B2', 'A2'];
const records = names.map((name) => shop.insert({ pk: name.charAt(0), name }));
const numberOf = (record: StreamRecord) => record.dynamodb.SequenceNumber;
const nameOf = ({ sequenceNumber }: { readonly sequenceNumber: string }) =>
  names[records.findIndex((record) => numberOf(record) === sequenceNumber)];

/** Each act takes 10 ms and then has its effect; those of the given records fail as often as it says. */
async function judged(
  handlerOf: (act: Act) => LambdaFunction,
  failures: Readonly<Record<string, number>>,
  options: Partial<LambdaSimulatorOptions> = {},
) {
  const left = new Map(Object.entries(failures));
  const effects: Effect[] = [];
  const clock = virtualClock();
  const newSandbox = (sandbox: SandboxEnvironment) =>
    handlerOf(async (record) => {
      await sandbox.clock.sleep(10);
      const sequenceNumber = numberOf(record);
      const name = nameOf({ sequenceNumber }) ?? '';
      const fails = left.get(name) ?? 0;
      left.set(name, fails - 1);
      if (fails > 0) throw new Error('not yet');
      effects.push({ handlerId: 'mail', sequenceNumber });
    });
  const report = await clock.run(simulateLambda({ records, newSandbox, clock, ...options }));
  expect(report.status).toBe('done');
  const found = guarantees(records, effects, { handlers: ['mail'], setAside: report.discarded.map(aside) });
  return {
    discarded: report.discarded.map(aside).map(nameOf),
    lost: found.lost.map(nameOf),
    repeated: found.repeated.map(nameOf),
    outOfOrder: found.outOfOrder.map(nameOf),
    backInTime: found.backInTime.map(nameOf),
  };
}

const aside = (sequenceNumber: string) => ({ sequenceNumber });
const kept = { discarded: [], lost: [], repeated: [], outOfOrder: [], backInTime: [] };

describe('judged by the same rules', () => {
  it('every handler keeps its promises when nothing goes wrong', async () => {
    for (const handlerOf of [byHand, batchProcessor, upToFirstFailure])
      expect(await judged(handlerOf, {})).toEqual(kept);
  });

  it('a handler that throws repeats what it has done, and items go back in time', async () => {
    expect(await judged(byHand, { A2: 1 })).toEqual({
      ...kept,
      repeated: ['A1', 'B1', 'B2'],
      backInTime: ['B1'],
    });
  });

  it('a batch processor overtakes the failed record, and repeats all that succeeded after it', async () => {
    expect(await judged(batchProcessor, { A1: 1 })).toEqual({
      ...kept,
      outOfOrder: ['A1'],
      repeated: ['B1', 'B2', 'A2'],
      backInTime: ['B1'],
    });
  });

  it('a handler that stops at the first failure repeats nothing, warm or cold', async () => {
    for (const retry of ['warm', 'cold'] as const)
      expect(await judged(upToFirstFailure, { A1: 1, B2: 2 }, { retry })).toEqual(kept);
  });

  it('and repeats what its process had done when that dies', async () => {
    const faults: LambdaSimulatorOptions['faults'] = ({ number }) =>
      number === 1 ? { crash: { ms: 35 } } : undefined;
    expect(await judged(upToFirstFailure, {}, { faults })).toEqual({
      ...kept,
      repeated: ['A1', 'B1', 'B2'],
      backInTime: ['B1'],
    });
  });

  it('a late duplicate makes items go back in time for all of them', async () => {
    const faults: LambdaSimulatorOptions['faults'] = ({ number }) =>
      number === 1 ? { duplicate: { afterMs: 1000, heeded: 'first' } } : undefined;
    for (const handlerOf of [byHand, upToFirstFailure])
      expect(await judged(handlerOf, {}, { faults })).toMatchObject({ lost: [], backInTime: ['A1', 'B1'] });
  });

  it('a handler that swallows errors loses records', async () => {
    const swallowing = (act: Act): LambdaFunction => {
      const handler = batchProcessor(act);
      return async (event, context) => void (await handler(event, context));
    };
    expect(await judged(swallowing, { B1: 1 })).toEqual({ ...kept, lost: ['B1'] });
  });

  it('a record that always fails is discarded alone with bisecting, and otherwise with all of its batch', async () => {
    const poisoned = (options: Partial<LambdaSimulatorOptions>) =>
      judged(byHand, { B1: 99 }, { maximumRetryAttempts: 2, ...options });
    expect(await poisoned({})).toEqual({ ...kept, discarded: names, repeated: ['A1'] });
    expect(await poisoned({ bisectBatchOnFunctionError: true })).toEqual({
      ...kept,
      discarded: ['B1'],
      repeated: ['A1'],
    });
  });
});

it('a batch processor under faults from seeds loses nothing, and repeats', async () => {
  const mails: string[] = [];
  const mail = async (record: StreamRecord) => void mails.push(`about ${numberOf(record)}`);
  // #region simulate
  const judge = async (seed: number) => {
    const clock = virtualClock();
    const effects: Effect[] = [];
    const newSandbox = (sandbox: SandboxEnvironment) =>
      batchProcessor(async (record) => {
        await sandbox.clock.sleep(10);
        await mail(record);
        effects.push({ handlerId: 'mail', sequenceNumber: record.dynamodb.SequenceNumber });
      });
    const faults = { crash: 0.3, timeout: 0.1, duplicate: 0.2, cold: 0.2, withinMs: 20 };
    const { status } = await clock.run(
      simulateLambda({ records, newSandbox, clock, batchSize: 2, parallelizationFactor: 2, faults, seed }),
    );
    expect(status).toBe('done');
    return guarantees(records, effects, { handlers: ['mail'] });
  };

  const reports = await Promise.all(Array.from({ length: 20 }, (_, seed) => judge(seed)));
  expect(reports.flatMap(({ lost }) => lost)).toEqual([]);
  expect(reports.flatMap(({ repeated }) => repeated)).not.toEqual([]);
  // #endregion
  expect(mails.length).toBeGreaterThan(20 * records.length);
});
