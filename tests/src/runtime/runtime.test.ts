import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StreamRecord } from '@sluice/core';
import { lambdaEvent, recordsOf } from '@sluice/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Deployment, deploy } from './deploy.js';
import type { Environment, EnvironmentOptions, Invoked } from './environment.js';

let deployed: Deployment;
beforeAll(async () => {
  deployed = await deploy({
    orders: { entry: 'examples/orders/src/lambda.ts' },
    'orders in CommonJS': { entry: 'examples/orders/src/lambda.ts', format: 'cjs' },
    trouble: { entry: 'tests/src/runtime/functions/trouble.ts' },
    misconfigured: { entry: 'tests/src/runtime/functions/misconfigured.ts' },
  });
});
afterEach(() => deployed.stopAll());
afterAll(() => deployed.remove());

const allDone = { batchItemFailures: [] };
const orders = recordsOf({ table: 'orders', keys: { partition: 'pk', sort: 'sk' } });
const items = recordsOf({ table: 'items', keys: { partition: 'pk' } });

/** An order that is placed and paid. The bad line to `flaky-post` fails twice in every process. */
function paidOrder(id: string, carrier = 'swift-parcel'): StreamRecord[] {
  const pending = { pk: `CUSTOMER#${id}`, sk: `ORDER#${id}`, status: 'PENDING', totalCents: 100, carrier };
  return [orders.insert(pending), orders.modify(pending, { ...pending, status: 'PAID' })];
}

function sequenceOf(record: StreamRecord | undefined): string {
  return record?.dynamodb.SequenceNumber ?? '';
}

const from = (record: StreamRecord | undefined) => ({
  batchItemFailures: [{ itemIdentifier: sequenceOf(record) }],
});

const paidOnce = ['order-mail.confirmation', 'order-mail.receipt', 'warehouse.pack'];

describe.each(['orders', 'orders in CommonJS'])('the bundle of %s', (name) => {
  test('handles what comes to it, and what failed comes to the same process once more', async () => {
    const journal = join(deployed.folder, `${name}.jsonl`);
    const environment = await deployed.start(name, { environment: { ORDERS_JOURNAL: journal } });
    const smooth = paidOrder('1');
    const flaky = paidOrder('2', 'flaky-post');

    expect(await environment.invoke(lambdaEvent(smooth))).toMatchObject({ response: allDone, process: 1 });
    expect(await environment.invoke(lambdaEvent(flaky))).toMatchObject({ response: from(flaky[1]) });
    expect(await environment.invoke(lambdaEvent(flaky.slice(1)))).toMatchObject({ response: from(flaky[1]) });
    expect(await environment.invoke(lambdaEvent(flaky.slice(1)))).toMatchObject({
      response: allDone,
      process: 1,
    });
    expect(effectsIn(journal)).toEqual([...paidOnce, ...paidOnce]);
  });
});

test('lines of the log are as Lambda writes them, and name the invocation', async () => {
  const journal = join(deployed.folder, 'logged.jsonl');
  const environment = await deployed.start('orders', { environment: { ORDERS_JOURNAL: journal } });
  const flaky = paidOrder('1', 'flaky-post');
  const { requestId, traceId } = await environment.invoke(lambdaEvent(flaky));
  const lines = await environment.untilLines((all) => all.some((line) => line.includes('batch not done')));
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: expect.stringMatching(/^(WARN|ERROR)$/),
      requestId,
      xrayTraceId: traceId,
      message: expect.any(String),
    });
  }
});

test('several environments know nothing of each other', async () => {
  const flaky = paidOrder('1', 'flaky-post');
  const runs = await Promise.all(
    ['one', 'other'].map(async (name) => {
      const journal = join(deployed.folder, `${name}.jsonl`);
      const environment = await deployed.start('orders', { environment: { ORDERS_JOURNAL: journal } });
      const responses: unknown[] = [];
      for (const left of [flaky, flaky.slice(1), flaky.slice(1)]) {
        responses.push(await environment.invoke(lambdaEvent(left)));
      }
      return { responses, effects: effectsIn(journal) };
    }),
  );
  for (const { responses, effects } of runs) {
    expect(responses).toMatchObject([
      { response: from(flaky[1]) },
      { response: from(flaky[1]) },
      { response: allDone },
    ]);
    expect(effects).toEqual(paidOnce);
  }
});

describe('a function that is in trouble', () => {
  test('answers before its time limit where a handler hangs, and names the first record that is not done', async () => {
    const environment = await trouble({ timeoutMs: 30_000, environment: { RESERVE_MS: '29500' } });
    const records = itemsThat({ a: 'nothing', b: 'hang', c: 'nothing' });
    const { response } = answered(await environment.invoke(lambdaEvent(records)));
    const lines = await environment.untilLines((all) =>
      all.some((line) => records.some((record) => line.includes(sequenceOf(record)))),
    );
    const isDone = (record: StreamRecord) => lines.some((line) => line.includes(`did ${keyOf(record)} `));
    expect(response).toEqual(from(records.find((record) => !isDone(record))));
  });

  test('is ended by the time limit where a handler stops everything, and the next process goes on from there', async () => {
    const environment = await trouble({ environment: { RESERVE_MS: '0' } });
    const [fine, blocks] = itemsThat({ a: 'nothing', b: 'block' });
    expect(await environment.invoke(event(fine, blocks), { timeoutMs: 500 })).toMatchObject({
      error: {
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringMatching(/timed out after 0.50 seconds$/),
      },
      process: 1,
    });
    expect(await environment.invoke(event(fine))).toMatchObject({ response: allDone, process: 2 });
  });

  test.each([
    ['ends in the middle', 'exit', /exit status 7$/],
    ['leaves a rejection to nobody', 'reject', /exit status 1$/],
  ])('has failed where a handler %s, and the next process goes on from there', async (_, does, message) => {
    const environment = await trouble();
    const [fine, bad] = itemsThat({ a: 'nothing', b: does });
    expect(await environment.invoke(event(fine, bad))).toMatchObject({
      error: { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(message) },
    });
    expect(await environment.invoke(event(fine))).toMatchObject({ response: allDone, process: 2 });
  });

  test.each([
    ['of something else', { httpMethod: 'GET' }],
    ['of a queue', { Records: [{ eventSource: 'aws:sqs', body: 'x' }] }],
    ['of a table that no route names', lambdaEvent([orders.insert({ pk: 'a', sk: 'b' })])],
  ])('has failed where the event is one %s', async (_, wrong) => {
    const environment = await trouble();
    const { error } = failed(await environment.invoke(wrong));
    expect(error).toMatchObject({
      errorType: expect.stringMatching(/^(Malformed|Unknown)\w+Error$/),
      errorMessage: expect.stringMatching(/.{30}/),
    });
    expect(await environment.invoke(event(...itemsThat({ a: 'nothing' })))).toMatchObject({
      response: allDone,
      process: 1,
    });
  });

  test('tells all that is wrong with it where it cannot start', async () => {
    const environment = await deployed.start('misconfigured');
    const { error } = failed(await environment.invoke({ Records: [] }));
    expect(error).toMatchObject({
      errorType: 'ConfigurationError',
      errorMessage: expect.stringMatching(/twice(.|\n)*blind/),
    });
  });
});

describe('several invocations at once in one process', () => {
  const atOnce = {
    concurrency: 4,
    environment: { AWS_LAMBDA_NODEJS_WORKER_COUNT: '1', RESERVE_MS: '29500' },
  };

  test('have each its own answer, its own attempts and its own lines in the log', async () => {
    const environment = await trouble(atOnce);
    const events = ['w', 'x', 'y', 'z'].map((name) =>
      itemsThat({ [`${name}1`]: 'meet', [`${name}2`]: 'fail' }, { count: 4 }),
    );
    const invoked = await Promise.all(
      events.map((records) => environment.invoke(lambdaEvent(records), { timeoutMs: 60_000 })),
    );

    expect(invoked).toMatchObject(events.map(([, fails]) => ({ response: from(fails), process: 1 })));
    const about = (line: string, record?: StreamRecord) =>
      line.includes(`did ${keyOf(record)} `) || line.includes(sequenceOf(record));
    const lines = await environment.untilLines((all) =>
      events.flat().every((record) => all.some((line) => about(line, record))),
    );
    for (const [index, [meets, fails]] of events.entries()) {
      const { requestId, traceId: xrayTraceId } = invoked[index] ?? {};
      const parsed = (record?: StreamRecord) =>
        lines.filter((line) => about(line, record)).map((line) => JSON.parse(line));
      expect(parsed(meets)).toEqual([
        expect.objectContaining({ requestId, message: `did ${keyOf(meets)} at attempt 1` }),
      ]);
      for (const line of parsed(fails)) expect(line).toMatchObject({ requestId, xrayTraceId });
    }
  });

  test('have each its own time: one that is used up does not end another', async () => {
    const environment = await trouble(atOnce);
    const [hangs, meets, comesLater] = itemsThat({ a: 'hang', b: 'meet', c: 'meet' }, { count: 2 });
    const patient = environment.invoke(event(meets), { timeoutMs: 90_000 });
    expect(await environment.invoke(event(hangs), { timeoutMs: 30_000 })).toMatchObject({
      response: from(hangs),
    });
    expect(await environment.invoke(event(comesLater), { timeoutMs: 90_000 })).toMatchObject({
      response: allDone,
    });
    expect(await patient).toMatchObject({ response: allDone, process: 1 });
  });
});

function trouble(options?: Omit<EnvironmentOptions, 'folder'>): Promise<Environment> {
  return deployed.start('trouble', options);
}

/** Inserts of items by their keys, and what they do. */
function itemsThat(does: Readonly<Record<string, string>>, more: object = {}): StreamRecord[] {
  return Object.entries(does).map(([pk, what]) => items.insert({ pk, does: what, ...more }));
}

function event(...records: readonly (StreamRecord | undefined)[]) {
  return lambdaEvent(records.filter((record) => record !== undefined));
}

function keyOf(record: StreamRecord | undefined): string {
  const { pk } = record?.dynamodb.Keys ?? {};
  return pk && 'S' in pk ? pk.S : '';
}

function effectsIn(journal: string): string[] {
  const lines = readFileSync(journal, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line).handlerId);
}

function answered(invoked: Invoked) {
  if ('error' in invoked) throw new Error(`The function failed: ${JSON.stringify(invoked.error)}`);
  return invoked;
}

function failed(invoked: Invoked) {
  if ('error' in invoked) return invoked;
  throw new Error(`The function has not failed but answered ${JSON.stringify(invoked.response)}`);
}
