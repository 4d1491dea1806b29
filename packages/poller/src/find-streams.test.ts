import { createRouter, type Router, type StreamViewType } from '@sluice/core';
import { describe, expect, test } from 'vitest';
import { poll } from './poll.js';
import { type Scenario, scenario } from './testing/scenario.js';

/** The problems that a start with these streams ends with. */
async function problemsOf(given: Scenario, ...streams: string[]): Promise<readonly string[]> {
  const { end } = given.begin({ streams });
  const error = await given.clock.run(
    end.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  expect(error).toMatchObject({ code: 'CONFIGURATION' });
  expect(given.handled).toEqual([]);
  return (error as { problems: readonly string[] }).problems;
}

/** The router of the scenario with a real table for the name of its routes. */
function routerOf({ router, clock }: Scenario, tables: { readonly shop: string }): Router {
  return createRouter({ routes: router.routes, tables, clock, logger: router.logger, name: 'test' });
}

describe('at the start', () => {
  test('a table that still has an older stream is told, for what is unread there is not read by the name of the table', async () => {
    const given = scenario();
    const older = given.shop.streamArn;
    given.shop.disableStream();
    given.shop.enableStream('NEW_AND_OLD_IMAGES');
    const polling = given.begin();
    await given.clock.advance(1_000);
    await polling.stop();
    expect(given.logs).toContainEqual({
      level: 'warn',
      fields: { streamArn: given.shop.streamArn, older: [older] },
      message: expect.stringContaining('older'),
    });
  });

  test('a table that is unknown or has no stream is told, with the way to enable one', async () => {
    const given = scenario();
    given.streams.createTable({ name: 'silent', keys: { partition: 'pk' }, view: 'none' });
    const told = expect.stringMatching(
      /has no stream.*not enabled.*UpdateTable.*StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES'/,
    );
    expect(await problemsOf(given, 'unknown', 'silent')).toEqual([told, told]);
  });

  test('a stream that was disabled is told, and can be read by its ARN', async () => {
    const given = scenario();
    given.shop.put({ pk: 'a' });
    given.shop.disableStream();
    expect(await problemsOf(given, 'shop')).toEqual([
      expect.stringMatching(new RegExp(`is DISABLED.*give its ARN, ${given.shop.streamArn}`)),
    ]);
    await given.clock.run(given.begin({ streams: [given.shop.streamArn] }).end);
    expect(given.handled).toEqual(given.written());
  });

  test('the name that routes use leads to the real table', async () => {
    const given = scenario({ table: { name: 'Stack-Shop-1A2B' } });
    given.shop.put({ pk: 'a' });
    given.router = routerOf(given, { shop: 'Stack-Shop-1A2B' });
    const polling = given.begin({ streams: ['shop'] });
    await given.clock.advance(1_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
  });

  test('a name that stands for many tables is told', async () => {
    const given = scenario();
    given.router = routerOf(given, { shop: 'shop-*' });
    expect(await problemsOf(given, 'shop')).toEqual([
      expect.stringMatching(/^"shop" stands for every table.*give the names/),
    ]);
  });

  test('an ARN without a stream is told', async () => {
    const given = scenario();
    const arn = given.shop.streamArn.replace('shop', 'shoe');
    expect(await problemsOf(given, arn)).toEqual([`there is no stream ${arn}`]);
  });

  test.each([
    ['KEYS_ONLY', /carries KEYS_ONLY, without NewImage and OldImage.*NEW_AND_OLD_IMAGES/],
    ['NEW_IMAGE', /carries NEW_IMAGE, without OldImage/],
    ['OLD_IMAGE', /carries OLD_IMAGE, without NewImage/],
  ] satisfies [StreamViewType, RegExp][])(
    'a stream of %s that lacks what the routes are written for is told',
    async (view, message) => {
      const given = scenario({ table: { view } });
      expect(await problemsOf(given, 'shop')).toEqual([expect.stringMatching(message)]);
    },
  );

  test('a table with other keys than the routes are written for is told', async () => {
    const given = scenario({ table: { keys: { partition: 'id', sort: 'at' } } });
    expect(await problemsOf(given, 'shop')).toEqual([
      expect.stringMatching(/^the keys of table "shop" are .*'id'.*'at', but .*'pk'.*table\(…, \{ keys \}\)/),
    ]);
  });

  test('a table that no route names is told, unless the router skips such records', async () => {
    const given = scenario();
    const other = given.streams.createTable({ name: 'other', keys: { partition: 'pk' } });
    other.put({ pk: 'a' });
    expect(await problemsOf(given, 'shop', 'other')).toEqual([
      expect.stringMatching(/no route names table "other".*shop/),
    ]);

    given.router = { ...given.router, unknownTable: 'skip', match: () => [] };
    const polling = given.begin({ streams: ['other'] });
    await given.clock.advance(1_000);
    await polling.stop();
    expect(given.handled).toEqual([]);
  });

  test('everything that is wrong is told at once, each thing once', async () => {
    const given = scenario({ table: { view: 'KEYS_ONLY' } });
    given.streams.createTable({ name: 'other', keys: { partition: 'pk' } });
    expect(await problemsOf(given, 'shop', 'other', 'unknown', 'unknown', given.shop.streamArn)).toHaveLength(
      3,
    );
  });

  test('a refused call is told with its name', async () => {
    const given = scenario();
    given.streams.fail('listStreams', 'AccessDeniedException');
    expect(await problemsOf(given, 'shop')).toEqual([
      expect.stringMatching(/"shop".*AccessDeniedException.*dynamodb:ListStreams/s),
    ]);
  });

  test('a service that does not answer is tried for a while, not for ever', async () => {
    const given = scenario();
    given.streams.fail('describeStream', 'TimeoutError', { times: Infinity });
    expect(await problemsOf(given, 'shop')).toEqual([expect.stringMatching(/TimeoutError/)]);
    expect(given.streams.calls.length).toBeLessThan(20);
  });

  test('a service that throttles is waited for: a fleet that starts at once does not fail for it', async () => {
    const given = scenario();
    given.streams.fail('describeStream', 'ThrottlingException', { times: 40 });
    const polling = given.begin();
    given.shop.put({ pk: 'A' });
    await given.clock.advance(600_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
  });

  test('of several streams of a table the one that is enabled is read', async () => {
    const given = scenario();
    given.shop.put({ pk: 'old' });
    given.shop.disableStream();
    await given.clock.advance(1_000);
    given.shop.enableStream();
    given.shop.put({ pk: 'new' });
    const polling = given.begin();
    await given.clock.advance(1_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
  });

  test('a stream that is just being enabled is read', async () => {
    const given = scenario();
    given.streams.setStreamStatus(given.shop.streamArn, 'ENABLING');
    given.shop.put({ pk: 'a' });
    const polling = given.begin();
    await given.clock.advance(1_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
  });
});

test('without a region the start says so, before any call', async () => {
  const { router } = scenario();
  const before = { ...process.env };
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) delete process.env[name];
  process.env['AWS_CONFIG_FILE'] = process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/dev/null';
  try {
    await expect(poll(router, { streams: ['shop'] })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(/no AWS region.*AWS_REGION/),
    });
  } finally {
    process.env = before;
  }
});
