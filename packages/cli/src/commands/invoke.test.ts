import { createRouter, type Model, type Router, type RouterOptions, route, table } from '@sluice/core';
import { recordsOf } from '@sluice/testing';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { ran } from '../testing/world.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const Order = shop.entity('Order', { key: { pk: 'ORDER#:id' } });

/** A router that notes what its handlers were given, and everything that can be printed of it. */
function shopOf(fail: (pk: unknown) => boolean = () => false, options: Partial<RouterOptions> = {}) {
  const calls: string[] = [];
  const noted =
    (id: string) =>
    ({ keys }: { readonly keys: { readonly pk: unknown } }) => {
      calls.push(`${id} ${keys.pk}`);
      if (fail(keys.pk)) throw new Error('the mail server is away');
    };
  const router = createRouter({
    name: 'shop-mail',
    routes: [
      route.modify(Order, { id: 'receipt', when: Order.attr('status').to('PAID') }, noted('receipt')),
      route.on(shop, { id: 'audit', order: -1 }, noted('audit')),
      route.remove(shop, { id: 'gone' }, noted('gone')),
    ],
    logger: silent,
    ...options,
  });
  return { router, calls };
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const records = recordsOf(shop);
const paid = records.modify({ pk: 'ORDER#1', status: 'PENDING' }, { pk: 'ORDER#1', status: 'PAID' });
const added = records.insert({ pk: 'USER#1' });
const removed = records.remove({ pk: 'ORDER#2' });

async function invoke(router: Router, given: unknown, flags = '', colours = false) {
  return ran(`invoke - --router world.ts ${flags}`, {
    stdin: typeof given === 'string' ? given : JSON.stringify(given),
    loadModule: async () => ({ router }),
    colours,
  });
}

test('a dry run tells which handlers would run, in their order, and why others would not', async () => {
  const { router, calls } = shopOf();
  const { code, stdout, stderr } = await invoke(router, { Records: [paid, added] });
  expect(stdout).toBe(
    `MODIFY  pk: "ORDER#1"  shop ${paid.dynamodb.SequenceNumber}
  1.  audit    runs      everything
  2.  receipt  runs      status changed to "PAID"
  -   gone     no match  it is for REMOVE, not for MODIFY

INSERT  pk: "USER#1"  shop ${added.dynamodb.SequenceNumber}
  1.  audit    runs      everything
  -   receipt  no match  it is for MODIFY, not for INSERT
  -   gone     no match  it is for REMOVE, not for INSERT

Nothing was run. 2 records would come to 3 handler calls; --run makes them, for real.
`,
  );
  expect({ code, stderr, calls }).toEqual({ code: 0, stderr: '', calls: [] });
});

test('a dry run runs nothing: no handler, no middleware, no ledger', async () => {
  const touched = () => {
    throw new Error('it was run');
  };
  const { router, calls } = shopOf(undefined, {
    middleware: { batch: [touched], record: [touched], handler: [touched] },
    ledger: new Proxy({} as NonNullable<RouterOptions['ledger']>, { get: () => touched }),
  });
  expect(await invoke(router, [paid, removed])).toMatchObject({ code: 0, stderr: '' });
  expect(calls).toEqual([]);
});

test('a dry run is data with --json', async () => {
  const { stdout } = await invoke(shopOf().router, paid, '--json');
  expect(JSON.parse(stdout)).toEqual({
    records: [
      {
        eventName: 'MODIFY',
        table: 'shop',
        sequenceNumber: paid.dynamodb.SequenceNumber,
        keys: { pk: { S: 'ORDER#1' } },
        runs: [
          { routeId: 'audit', how: 'alone', because: 'everything' },
          { routeId: 'receipt', how: 'alone', because: 'status changed to "PAID"' },
        ],
        others: [{ routeId: 'gone', verdict: 'no match', because: 'it is for REMOVE, not for MODIFY' }],
      },
    ],
  });
});

test('a dry run shows a terminal nothing to act on, and to programs all of it', async () => {
  const given = records.insert({ pk: 'ORDER#\u001b[2J\u009b2J' });
  for (const flags of ['', '--json']) {
    const { stdout } = await invoke(shopOf().router, given, flags);
    expect(stdout).toMatch(/^(\P{Cc}|\n)*$/u);
    if (flags) expect(JSON.parse(stdout).records[0].keys).toEqual(given.dynamodb.Keys);
  }
});

test('groups and windows are told, windows last as they are folded', async () => {
  const router = createRouter({
    routes: [
      route.window(
        shop,
        { id: 'sum', state: z.object({ n: z.number().default(0) }) },
        { add: (state) => state, close: () => {} },
      ),
      route.batch(shop, { id: 'bulk' }, () => {}),
    ],
  });
  const window = { start: '2026-03-03T00:00:00Z', end: '2026-03-03T00:01:00Z' };
  const event = {
    Records: [added],
    window,
    state: {},
    shardId: 's',
    eventSourceARN: records.streamArn,
    isFinalInvokeForWindow: false,
    isWindowTerminatedEarly: false,
  };
  const { code, stdout } = await invoke(router, event);
  expect(stdout).toMatch(
    /1\. {2}bulk {2}runs, with its like beside it .*\n.*2\. {2}sum {3}is folded into its window/,
  );
  expect(code).toBe(0);

  const alone = await invoke(router, [added]);
  expect(alone).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/refused: sum is a window route.*Tumbling/),
  });
  const run = await invoke(router, event, '--run --json');
  expect(JSON.parse(run.stdout)).toMatchObject({
    response: { batchItemFailures: [], state: { sum: { n: 0 } } },
  });
});

test('the end of a window is told with each close that it comes to, also without records', async () => {
  const calls: string[] = [];
  const sums = (model: Model, id: string) =>
    route.window(
      model,
      { id, state: z.object({ n: z.number().default(0) }) },
      { add: (state) => state, close: () => void calls.push(id) },
    );
  const others = table('carts', { keys: { partition: 'pk' } });
  const router = createRouter({
    routes: [sums(shop, 'sum'), sums(Order, 'orders'), sums(others, 'carts')],
    logger: silent,
  });
  const event = {
    Records: [] as object[],
    window: { start: '2026-03-03T00:00:00Z', end: '2026-03-03T00:01:00Z' },
    state: {},
    shardId: 's',
    eventSourceARN: records.streamArn,
    isFinalInvokeForWindow: true,
    isWindowTerminatedEarly: false,
  };
  const { code, stdout } = await invoke(router, event);
  expect(stdout).toBe(`End of the window
  1.  sum     close
  2.  orders  close

Nothing was run. 0 records would come to 0 handler calls, and the window's end to 2 calls of close; --run makes them, for real.
`);
  expect({ code, calls }).toEqual({ code: 0, calls: [] });
  expect(JSON.parse((await invoke(router, event, '--json')).stdout)).toEqual({
    records: [],
    closes: ['sum', 'orders'],
  });
  expect((await invoke(router, { ...event, Records: [added] })).stdout).toMatch(
    /1\. {2}sum {5}is folded[\s\S]*End of the window[\s\S]*1 record would come to 1 handler call, and the/,
  );

  await invoke(router, event, '--run');
  expect(calls).toEqual(['sum', 'orders']);
  const stranger = { ...event, eventSourceARN: records.streamArn.replace('shop', 'x') };
  expect(await invoke(router, stranger)).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/no route names the table x; the routes name shop, carts/),
  });
  const going = { ...event, isFinalInvokeForWindow: false };
  expect((await invoke(router, going)).stdout).not.toMatch(/close/);
});

test('routes of other tables are counted in a dry run, and named in its data', async () => {
  const others = ['carts', 'users'].map((name) =>
    route.on(table(name, { keys: { partition: 'pk' } }), { id: name }, () => {}),
  );
  const router = createRouter({ routes: [...others, route.on(shop, { id: 'audit' }, () => {})] });
  const { stdout } = await invoke(router, added);
  expect(stdout).toContain('  1.  audit  runs  everything\n  2 routes are of other tables\n');
  expect(stdout).not.toMatch(/carts|users/);
  const [record] = JSON.parse((await invoke(router, added, '--json')).stdout).records;
  expect(record.others).toMatchObject([{ routeId: 'carts' }, { routeId: 'users' }]);
});

test.each([
  [
    'of a table that no route names',
    [recordsOf({ table: 'x', keys: { partition: 'pk' } }).insert({ pk: 1 })],
    /no route names the table x; the routes name shop/,
  ],
  ['out of order', [added, paid], /record 2 is not behind record 1/],
  [
    'of two streams',
    [paid, { ...added, eventSourceARN: added.eventSourceARN.replace('us-east-1', 'eu-west-1') }],
    /records 1 and 2 are of different streams/,
  ],
])('records %s are told to be refused as an event', async (_name, given, expected) => {
  const { code, stdout } = await invoke(shopOf().router, given);
  expect(stdout).toMatch(expected);
  expect(stdout).toMatch(/\nNothing was run, and with --run nothing would be either\.\n$/);
  expect(stdout).not.toMatch(/handler call/);
  expect(code).toBe(1);
  const run = await invoke(shopOf().router, given, '--run');
  expect(run).toMatchObject({ code: 1, stdout: '' });
  expect(run.stderr).toMatch(/error:/);
});

test('a filter that cannot judge a record is told as a failure', async () => {
  const { NewImage: _, ...dynamodb } = paid.dynamodb;
  const { code, stdout } = await invoke(shopOf().router, { ...paid, dynamodb });
  expect(stdout).toMatch(/receipt {2}fails .*NewImage/);
  expect(code).toBe(1);
});

test('with --run the handlers run, loudly, and the response of the Lambda function is told', async () => {
  const { router, calls } = shopOf();
  const { code, stdout, stderr } = await invoke(router, { Records: [paid, added] }, '--run', true);
  expect(calls).toEqual(['audit ORDER#1', 'receipt ORDER#1', 'audit USER#1']);
  expect(stderr).toMatch(/^<bold,red>RUNNING 2 records through shop-mail: what its handlers do is real/);
  expect(stdout).toBe(
    'response: {"batchItemFailures":[]}\ncounts: records 2, handled 3\n<green>All is done.</green>\n',
  );
  expect(code).toBe(0);
});

test('with --run what fails is told, with what Lambda would deliver again', async () => {
  const { router } = shopOf((pk) => pk === 'USER#1');
  const { code, stdout } = await invoke(router, [paid, added, removed], '--run');
  const { SequenceNumber } = added.dynamodb;
  expect(stdout).toBe(
    `response: {"batchItemFailures":[{"itemIdentifier":"${SequenceNumber}"}]}
counts: records 3, handled 2, failed 1
2 records would be delivered again:
  INSERT  pk: "USER#1"  shop ${SequenceNumber}
  REMOVE  pk: "ORDER#2"  shop ${removed.dynamodb.SequenceNumber}
`,
  );
  expect(code).toBe(1);
  const json = await invoke(router, [paid, added, removed], '--run --json');
  expect(JSON.parse(json.stdout)).toEqual({
    response: { batchItemFailures: [{ itemIdentifier: SequenceNumber }] },
    counts: expect.objectContaining({ records: 3, handled: 2, failed: 1 }),
    redelivered: [SequenceNumber, removed.dynamodb.SequenceNumber],
  });
});

test('with --run what is given up is no success, though nothing of it would be delivered again', async () => {
  const router = createRouter({
    routes: route.on(shop, { id: 'audit', onFailure: { action: 'drop', attempts: 1 } }, () => {
      throw new Error('no');
    }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const { code, stdout } = await invoke(router, [added, removed], '--run');
  expect(stdout).toBe(
    'response: {"batchItemFailures":[]}\ncounts: records 2, failed 2, dropped 2\nNot done, and not delivered again, as set aside or given up: 2 changes.\n',
  );
  expect(code).toBe(1);
});

test('what get-records printed is taken with the ARN of its stream', async () => {
  const { eventSourceARN, ...record } = paid;
  const page = { Records: [record], NextShardIterator: 'x' };
  expect(await invoke(shopOf().router, page)).toMatchObject({ code: 2, stdout: '' });
  expect(await invoke(shopOf().router, page, `--stream-arn ${eventSourceARN}`)).toMatchObject({ code: 0 });
  expect(await invoke(shopOf().router, page, '--stream-arn shop')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/arn:aws:dynamodb:REGION/),
  });
});

test('a file that is none of what is expected is wrong usage, and the router is not loaded for it', async () => {
  const result = await ran('invoke - --router world.ts', {
    stdin: '{ "a": 1 }',
    loadModule: () => Promise.reject(new Error('it was loaded')),
  });
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toMatch(/standard input has a; expected a stream record/);
});
