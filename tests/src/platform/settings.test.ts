import { route } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { type SandboxEnvironment, virtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { mapped, nameOf, noting, numberOf, routed, routerOf, shop, writes } from './setup.js';

// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html

const records = writes('A1 B1 C1 A2 B2');
const [A1, B1, C1] = records;
const done = () => null;
const failing = () => {
  throw new Error('no luck');
};
const always = { A1: Number.POSITIVE_INFINITY };
const hourMs = 3_600_000;

describe('BatchSize', () => {
  it('is the most that one event has, 100 without the setting and 10 000 at most', async () => {
    const many = writes(Array.from({ length: 250 }, (_, n) => `A${n}`).join(' '));
    const sizes = async (batchSize?: number) => {
      const { report } = await mapped(many, done, batchSize === undefined ? {} : { batchSize });
      return report.invocations.map(({ delivered }) => delivered.length);
    };
    expect(await sizes()).toEqual([100, 100, 50]);
    expect(await sizes(10_000)).toEqual([250]);
    await expect(sizes(10_001)).rejects.toThrow('batchSize');
  });
});

describe('ParallelizationFactor', () => {
  it('has batches of a shard run at the same time, and lambda(router) keeps the order of each item', async () => {
    const clock = virtualClock();
    const startMs = clock.now();
    const log: string[] = [];
    const newSandbox = ({ clock: inSandbox }: SandboxEnvironment) => {
      const noted = route.insert(shop, { id: 'note' }, async ({ record }) => {
        await inSandbox.sleep(100);
        log.push(nameOf(record));
      });
      return lambda(routerOf([noted], { clock: inSandbox }));
    };
    await mapped(records, done, { newSandbox, parallelizationFactor: 10 }, clock);
    expect(clock.now() - startMs).toBeLessThan(500);
    expect(log.toSorted()).toEqual(['A1', 'A2', 'B1', 'B2', 'C1']);
    expect(log.filter((name) => name.startsWith('A'))).toEqual(['A1', 'A2']);
    expect(log.filter((name) => name.startsWith('B'))).toEqual(['B1', 'B2']);
  });
});

describe('MaximumRetryAttempts', () => {
  it('is how often the rest of a batch comes again, after reported failures as after errors, and then it is discarded', async () => {
    const thrown = await mapped(records, failing, { maximumRetryAttempts: 2 });
    expect(thrown.batches).toHaveLength(3);
    expect(thrown.report.discarded).toEqual(records.map(numberOf));
    const { noted, ran } = noting({ B1: Number.POSITIVE_INFINITY });
    const reported = await routed(records, [noted], { maximumRetryAttempts: 2, batchSize: 3 });
    expect(reported.batches).toEqual(['A1 B1 C1', 'B1 C1', 'B1 C1', 'A2 B2']);
    expect(reported.report.discarded).toEqual([B1, C1].map(numberOf));
    expect(ran).toEqual(['A1', 'A2', 'B2']);
  });

  it('counts a time limit and a process that ended as errors', async () => {
    for (const fault of [{ timeout: { step: 0 } }, { crash: { step: 0 } }]) {
      const { report } = await mapped(records, done, { maximumRetryAttempts: 1, faults: () => fault });
      expect(report).toMatchObject({ status: 'done', discarded: records.map(numberOf) });
      expect(report.invocations).toHaveLength(2);
    }
  });

  it('has no limit without the setting: a record blocks its shard for the day that the stream keeps it, and is lost', async () => {
    const { ran, noted } = noting(always);
    const options = { retryDelayMs: hourMs, onFailure: 'sqs' } as const;
    const { report } = await routed(records, [noted], options);
    expect(report).toMatchObject({ discarded: records.map(numberOf), documents: [] });
    expect(ran).toEqual([]);
  });
});

describe('MaximumRecordAgeInSeconds', () => {
  it('has what is older discarded, and what is younger delivered', async () => {
    const clock = virtualClock();
    const startMs = clock.now();
    const { noted, ran } = noting(always);
    const handler = lambda(routerOf([noted], { clock }));
    const { report } = await mapped(
      records,
      handler,
      {
        maximumRecordAgeInSeconds: 60,
        retryDelayMs: 61_000,
        writtenMs: (record) => startMs + (record === A1 ? 0 : 30_000),
      },
      clock,
    );
    expect(report).toMatchObject({ status: 'done', discarded: [numberOf(A1)] });
    expect(ran).toEqual(['B1', 'C1', 'A2', 'B2']);
  });
});
