import { type Route, retryLater, route, skipped, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import type { LambdaFunction, SandboxEnvironment } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  answering,
  mapped,
  nameOf,
  noting,
  numberOf,
  reporting,
  routed,
  routerOf,
  shop,
  writes,
} from './setup.js';

// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html

const records = writes('A1 B1 C1 A2 B2');
const [A1, B1, C1, A2] = records;
const failing = () => {
  throw new Error('no luck');
};

describe('a partial batch response', () => {
  it('has the lowest sequence number that it reports for a checkpoint, by value and whatever their order', async () => {
    const { report, batches } = await mapped(records, answering(reporting(A2, C1)));
    expect(report.invocations[0]?.retryFrom).toBe(numberOf(C1));
    expect(batches).toEqual(['A1 B1 C1 A2 B2', 'C1 A2 B2']);
    expect([numberOf(C1), numberOf(B1)].sort()).toEqual([numberOf(C1), numberOf(B1)]); // as text it is lower
  });

  it('has everything from there on delivered again, also what succeeded, before anything behind it', async () => {
    const { batches } = await mapped(records, answering(reporting(B1)), { batchSize: 3 });
    expect(batches).toEqual(['A1 B1 C1', 'B1 C1', 'A2 B2']);
  });

  it('of lambda(router) names one record, the lowest that is not done, though several failed', async () => {
    for (const order of ['strict', 'lanes'] as const) {
      const { ran, noted } = noting({ B1: 1, C1: 1 });
      const { report, batches } = await routed(records, [noted], {}, { order });
      expect(report.invocations[0]?.response).toEqual(reporting(B1));
      expect(batches[1]).toBe('B1 C1 A2 B2');
      expect(ran.toSorted()).toEqual(['A1', 'A2', 'B1', 'B2', 'C1']);
    }
  });
});

describe('a response', () => {
  it.each<[string, unknown]>([
    ['an empty list of failures', { batchItemFailures: [] }],
    ['failures that are null', { batchItemFailures: null }],
    ['no failures', {}],
    ['something else without failures', { done: true }],
    ['null', null],
    ['nothing', undefined],
    ['an empty list', []],
  ])('is a complete success with %s', async (_what, response) => {
    const { report, batches } = await mapped(records, () => response, { batchSize: 3 });
    expect(report).toMatchObject({ status: 'done', discarded: [] });
    expect(batches).toEqual(['A1 B1 C1', 'A2 B2']);
  });

  it.each<[string, unknown]>([
    ['is an exception', new Error('no luck')],
    ['has an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['has an identifier that is null', { batchItemFailures: [{ itemIdentifier: null }] }],
    ['has no identifier', { batchItemFailures: [{}] }],
    ['has an identifier with a bad key name', { batchItemFailures: [{ itemIdentifer: numberOf(B1) }] }],
    ['has an identifier that is not in the batch', reporting(A2)],
    ['has an identifier of the batch and one that is not', reporting(B1, A2)],
  ])('fails the whole batch where it %s', async (_what, response) => {
    const { report, batches } = await mapped(records, answering(response), { batchSize: 3 });
    expect(report.status).toBe('done');
    expect(batches).toEqual(['A1 B1 C1', 'A1 B1 C1', 'A2 B2']);
  });

  it('is not read without ReportBatchItemFailures: what was reported is lost, and only an exception is a failure', async () => {
    const options = { functionResponseTypes: [], batchSize: 3 };
    const handler = answering(reporting(A1), new Error('no luck'));
    expect((await mapped(records, handler, options)).batches).toEqual(['A1 B1 C1', 'A2 B2', 'A2 B2']);
  });
});

describe('the response of lambda(router)', () => {
  const Item = shop.entity('Item', { key: { pk: ':letter' }, schema: z.object({ total: z.number() }) });
  const cart = table('cart', { keys: { partition: 'pk' } });

  it.each<[string, readonly Route[]]>([
    ['is handled', [noting().noted]],
    ['is skipped', [route.insert(shop, { id: 'skip' }, () => skipped('not ours'))]],
    ['is wanted by no route', [route.remove(shop, { id: 'removed' }, failing)]],
  ])('is a complete success when every record %s', async (_what, routes) => {
    const { report } = await routed(records, routes);
    expect(report.invocations.map(({ response }) => response)).toEqual([{ batchItemFailures: [] }]);
  });

  it.each<[string, Route]>([
    ['throws', route.insert(shop, { id: 'h' }, failing)],
    ['rejects without a reason', route.insert(shop, { id: 'h' }, () => Promise.reject())],
    ['asks for a retry', route.insert(shop, { id: 'h' }, () => retryLater('not yet'))],
    ['has an item that does not fit its schema', route.insert(Item, { id: 'h' }, () => undefined)],
    ['does not end in time', route.insert(shop, { id: 'h' }, () => new Promise(() => {}))],
  ])('names the first record, and never tells of success, when a handler %s', async (_what, failingRoute) => {
    const options = { maxInvocations: 3, timeoutMs: 1001 };
    const { report } = await routed(records, [failingRoute], options);
    expect(report.status).toBe('gave-up');
    expect(report.unfinished).toEqual(records.map(numberOf));
    expect(report.invocations.map(({ response }) => response)).toEqual(Array(3).fill(reporting(A1)));
  });

  it('is an error for what cannot be its event, and so the whole batch comes again', async () => {
    const routes = [route.insert(cart, { id: 'h' }, () => undefined)];
    const { report, batches } = await routed(records, routes, { maxInvocations: 2 });
    expect(batches).toEqual(['A1 B1 C1 A2 B2', 'A1 B1 C1 A2 B2']);
    expect(report.invocations[0]?.error).toMatchObject({ code: 'UNKNOWN_TABLE' });
  });
});

describe('with BisectBatchOnFunctionError', () => {
  const bisecting = { bisectBatchOnFunctionError: true, maximumRetryAttempts: 1 } as const;
  const failingOn =
    (name: string): LambdaFunction =>
    ({ Records }) => {
      if (Records.map(nameOf).includes(name)) failing();
    };

  it('a partial response cuts the batch at the reported number, and only the rest is retried, without using up a retry', async () => {
    const { report, batches } = await mapped(
      records,
      answering(reporting(B1), reporting(C1), reporting(A2)),
      bisecting,
    );
    expect(batches).toEqual(['A1 B1 C1 A2 B2', 'B1 C1 A2 B2', 'C1 A2 B2', 'A2 B2']);
    expect(report.invocations.map(({ retries }) => retries)).toEqual([0, 0, 0, 0]);
    expect(report.discarded).toEqual([]);
  });

  it.each([
    ['with', ['ReportBatchItemFailures']],
    ['without', []],
  ] as const)(
    'an exception halves the batch, %s ReportBatchItemFailures, and the halves have used up no retry',
    async (_with, functionResponseTypes) => {
      const { report, batches } = await mapped(records, failingOn('A2'), {
        ...bisecting,
        functionResponseTypes,
      });
      expect(batches).toEqual(['A1 B1 C1 A2 B2', 'A1 B1 C1', 'A2 B2', 'A2', 'A2', 'B2']);
      expect(report.invocations.map(({ retries }) => retries)).toEqual([0, 0, 0, 0, 1, 0]);
      expect(report.discarded).toEqual([numberOf(A2)]);
    },
  );

  it('a response that cannot be read halves the batch', async () => {
    const { batches } = await mapped(records, answering({ batchItemFailures: [{}] }), bisecting);
    expect(batches).toEqual(['A1 B1 C1 A2 B2', 'A1 B1 C1', 'A2 B2']);
  });

  it('lambda(router) has its batches cut and never halved', async () => {
    const { ran, noted } = noting({ B1: 1, A2: 1 });
    const { report, batches } = await routed(records, [noted], bisecting);
    expect(batches).toEqual(['A1 B1 C1 A2 B2', 'B1 C1 A2 B2', 'A2 B2']);
    expect(ran).toEqual(['A1', 'B1', 'C1', 'A2', 'B2']);
    expect(report.discarded).toEqual([]);
  });

  it('lambda(router) has the one record that ends its process found, and no other is discarded', async () => {
    const ran: string[] = [];
    const newSandbox = ({ clock, crash }: SandboxEnvironment) =>
      lambda(
        routerOf(
          [
            route.insert(shop, { id: 'note' }, async ({ record }) => {
              if (nameOf(record) === 'C1') crash();
              await clock.sleep(1);
              ran.push(nameOf(record));
            }),
          ],
          { clock },
        ),
      );
    const { report } = await mapped(records, failing, { ...bisecting, newSandbox });
    expect(report).toMatchObject({ status: 'done', discarded: [numberOf(C1)] });
    expect(new Set(ran)).toEqual(new Set(['A1', 'B1', 'A2', 'B2']));
  });

  it('a record that fails first of its batch takes all behind it along after the last retry, unless the router gives up on it before', async () => {
    const poisoned = () => noting({ A1: Number.POSITIVE_INFINITY });
    const blocked = poisoned();
    const givenUp = poisoned();
    const options = { ...bisecting, maximumRetryAttempts: 3 };
    const atLambda = await routed(records, [blocked.noted], options);
    expect(atLambda.report.discarded).toEqual(records.map(numberOf));
    const policy = { onFailure: { action: 'drop', attempts: 2 } } as const;
    const atRouter = await routed(records, [givenUp.noted], options, policy);
    expect(atRouter.report.discarded).toEqual([]);
    expect(givenUp.ran).toEqual(['B1', 'C1', 'A2', 'B2']);
  });
});
