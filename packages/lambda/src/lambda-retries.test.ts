import { createRouter, type Logger, route, table } from '@sluice/core';
import { recordsOf, simulateLambda } from '@sluice/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lambda } from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const shop = table('shop', { keys: { partition: 'pk' } });
const handlerIds = ['one', 'two', 'three'];

/** Items of the records, and how often each handler fails on each record before it succeeds. */
const plan = fc.array(
  fc.record({
    item: fc.constantFrom('A', 'B', 'C'),
    failures: fc.tuple(fc.constantFrom(0, 0, 1, 3), fc.constantFrom(0, 0, 0, 1), fc.constantFrom(0, 0, 0, 2)),
  }),
  { minLength: 1, maxLength: 12 },
);
const scenario = fc.record({
  plan,
  batchSize: fc.integer({ min: 1, max: 12 }),
  retry: fc.constantFrom('warm', 'cold'),
  order: fc.constantFrom('strict', 'lanes', undefined),
});

it('whatever fails, warm or cold: nothing is lost, each item keeps its order, and only siblings of a failed record repeat', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ plan, batchSize, retry, order }) => {
      const builder = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
      const records = plan.map(({ item }, index) => builder.insert({ pk: item, index }));
      /** `<index> <handler>`, in the order of success. */
      const successes: string[] = [];
      const left = plan.map(({ failures }) => [...failures]);
      const failed = new Set<number>();

      const routes = handlerIds.map((id, which) =>
        route.insert(shop, { id }, async ({ new: { index } }) => {
          await null;
          const ofRecord = left[Number(index)] as number[];
          const failures = ofRecord[which] as number;
          ofRecord[which] = failures - 1;
          if (failures > 0) {
            failed.add(Number(index));
            throw new Error('not yet');
          }
          successes.push(`${index} ${id}`);
        }),
      );
      const newSandbox = () => lambda(createRouter({ routes, logger: silent, ...(order && { order }) }));
      const report = await simulateLambda({ records, newSandbox, retry, batchSize });

      expect(report).toMatchObject({ status: 'done', discarded: [], unfinished: [] });
      expect(
        report.invocations.filter(({ error, fault }) => error !== undefined || fault !== undefined),
      ).toEqual([]);
      for (const { response, retryFrom } of report.invocations) {
        const expected = retryFrom === undefined ? [] : [{ itemIdentifier: retryFrom }];
        expect(response).toEqual({ batchItemFailures: expected });
      }

      const first = [...new Set(successes)];
      const all = plan.flatMap((_, index) => handlerIds.map((id) => `${index} ${id}`));
      expect(first.toSorted()).toEqual(all.toSorted());
      for (const [index, { item }] of plan.entries()) {
        const earlier = plan
          .slice(0, index)
          .flatMap((other, before) => (other.item === item ? [before] : []));
        const begins = Math.min(...handlerIds.map((id) => first.indexOf(`${index} ${id}`)));
        const ends = Math.max(
          ...earlier.flatMap((before) => handlerIds.map((id) => first.indexOf(`${before} ${id}`))),
        );
        expect(ends).toBeLessThan(begins);
      }

      const repeated = successes.filter((success, at) => successes.indexOf(success) < at);
      if (retry === 'warm') expect(repeated).toEqual([]);
      if (order !== 'lanes') {
        expect(repeated.filter((success) => !failed.has(Number(success.split(' ')[0])))).toEqual([]);
      }
    }),
    { numRuns: 150 },
  );
});
