import { createRouter, type Model, type Router, route, type StreamsApi, table } from '@sluice/core';
import { expect, test } from 'vitest';
import { checkStreams } from './check-streams.js';
import { type Scenario, scenario } from './testing/scenario.js';

const keys = { partition: 'pk' };

async function checked(given: Scenario, router: Router, streams?: readonly string[]) {
  return given.clock.run(checkStreams(router, { streamsApi: given.streams.api, streams }));
}

function routerOf({ clock, router }: Scenario, ...tables: Model[]): Router {
  const routes = tables.map((model, at) => route.on(model, { id: `route-${at}` }, () => {}));
  return createRouter({ routes, clock, logger: router.logger });
}

test('a stream that its routes can read is found, and nothing of it is read', async () => {
  const given = scenario();
  given.shop.put({ pk: 'A' });
  const { streams, problems } = await checked(given, given.router);
  expect(problems).toEqual([]);
  expect(streams).toEqual([expect.objectContaining({ StreamArn: given.shop.streamArn, TableName: 'shop' })]);
  expect(given.handled).toEqual([]);
  expect(given.streams.calls.map(({ operation }) => operation)).toEqual(['listStreams', 'describeStream']);
});

test('all that is wrong with all tables of the routes is told at once', async () => {
  const given = scenario();
  given.streams.createTable({ name: 'silent', keys, view: 'none' });
  given.streams.createTable({ name: 'sorted', keys: { partition: 'pk', sort: 'sk' }, view: 'KEYS_ONLY' });
  given.streams.createTable({ name: 'off', keys }).disableStream();
  const names = ['shop', 'silent', 'sorted', 'off', 'unknown'];
  const router = routerOf(given, ...names.map((name) => table(name, { keys })));
  const { streams, problems } = await checked(given, router);
  expect(problems).toEqual([
    expect.stringMatching(/^table "silent" has no stream/),
    expect.stringMatching(/^the stream of table "sorted" carries KEYS_ONLY, without NewImage and OldImage/),
    "the keys of table \"sorted\" are partition: 'pk', sort: 'sk', but the routes are written for partition: 'pk'; give table(…, { keys }) the real ones",
    expect.stringMatching(/^the stream of table "off" is DISABLED/),
    expect.stringMatching(/^table "unknown" has no stream/),
  ]);
  expect(streams.map(({ TableName }) => TableName)).toEqual(['shop', 'sorted']);
});

test('a key of another name is told', async () => {
  const given = scenario();
  const { problems } = await checked(given, routerOf(given, table('shop', { keys: { partition: 'id' } })));
  expect(problems).toEqual([expect.stringMatching(/are partition: 'pk', but .* for partition: 'id'/)]);
});

test('keys that the endpoint does not tell are no problem, and are told not to have been compared', async () => {
  const given = scenario();
  const untold: StreamsApi = {
    ...given.streams.api,
    describeStream: async (...asked) => {
      const { KeySchema: _, ...stream } = await given.streams.api.describeStream(...asked);
      return stream;
    },
  };
  const router = routerOf(given, table('shop', { keys: { partition: 'id' } }), table('shop*', { keys }));
  const check = checkStreams(router, { streamsApi: untold });
  expect(await given.clock.run(check)).toMatchObject({
    problems: [],
    notes: ['keys of table "shop" were not compared: the endpoint does not tell them'],
  });
  expect((await checked(given, given.router)).notes).toEqual([]);
});

test('a pattern stands for all tables with a stream that are like it', async () => {
  const given = scenario();
  for (const name of ['shop-1', 'shop-2']) given.streams.createTable({ name, keys });
  const { streams, problems } = await checked(given, routerOf(given, table('shop-*', { keys })));
  expect(problems).toEqual([]);
  expect(streams.map(({ TableName }) => TableName)).toEqual(['shop-1', 'shop-2']);
});

test('a pattern that no table with a stream is like is told', async () => {
  const given = scenario();
  const { problems } = await checked(given, routerOf(given, table('orders-*', { keys })));
  expect(problems).toEqual(['no table like "orders-*" has a stream']);
});

test('a table that was given by its ARN is found, and told where the stream is of another account', async () => {
  const given = scenario();
  const [arn = ''] = given.shop.streamArn.split('/stream/');
  expect((await checked(given, routerOf(given, table(arn, { keys })))).problems).toEqual([]);
  const elsewhere = routerOf(given, table(arn.replace(/:\d+:/, ':999999999999:'), { keys }));
  expect((await checked(given, elsewhere)).problems).toEqual([
    expect.stringMatching(/^no route names table "shop" of .*999999999999/),
  ]);
});

test('a table that was given by its ARN and has no stream is to get one with the view of its routes', async () => {
  const given = scenario();
  given.streams.createTable({ name: 'silent', keys, view: 'none' });
  const arn = given.shop.streamArn.replace('shop', 'silent').split('/stream/')[0] as string;
  const { problems } = await checked(given, routerOf(given, table(arn, { keys, view: 'KEYS_ONLY' })));
  expect(problems).toEqual([expect.stringMatching(/has no stream.*StreamViewType: 'KEYS_ONLY'/)]);
});

test('streams that are named are checked alone', async () => {
  const given = scenario();
  const router = routerOf(given, table('shop', { keys }), table('unknown', { keys }));
  expect(await checked(given, router, ['shop'])).toMatchObject({ streams: [{}], problems: [] });
});

test('a refused call is a problem like others', async () => {
  const given = scenario();
  given.streams.fail('listStreams', 'AccessDeniedException');
  expect((await checked(given, given.router)).problems).toEqual([expect.stringMatching(/AccessDenied/)]);
});

test('a refused listing for a pattern is a problem like others', async () => {
  const given = scenario();
  given.streams.fail('listStreams', 'AccessDeniedException');
  const router = routerOf(given, table('shop-*', { keys }));
  expect((await checked(given, router)).problems).toEqual([
    expect.stringMatching(/^could not look for "shop-\*".*AccessDenied/),
  ]);
});

test('a missing region is a problem like others', async () => {
  const before = { ...process.env };
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) delete process.env[name];
  process.env['AWS_CONFIG_FILE'] = process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/dev/null';
  try {
    expect(await checkStreams(scenario().router)).toEqual({
      streams: [],
      problems: [expect.stringMatching(/no AWS region/)],
      notes: [],
    });
  } finally {
    process.env = before;
  }
});

test('an aborted check rejects with the reason', async () => {
  const given = scenario();
  const reason = new Error('enough');
  const check = checkStreams(given.router, {
    streamsApi: given.streams.api,
    signal: AbortSignal.abort(reason),
  });
  await expect(given.clock.run(check)).rejects.toBe(reason);
});
