import { createRouter, route, type StandardSchemaV1, table } from '@sluice/core';
import { expect, test } from 'vitest';
import type { PollOptions } from './options.js';
import { scenario } from './testing/scenario.js';

test('options that cannot be right are refused all at once, before anything is called or kept', async () => {
  const given = scenario();
  const wrong = {
    streams: 'shop',
    startingPosition: 'latest',
    onGap: 'ignore',
    maxAhead: Number.NaN,
    shutdownGraceMs: -1,
  } as unknown as PollOptions; // as a caller without types may
  const { end } = given.begin(wrong);
  await expect(end).rejects.toMatchObject({
    code: 'CONFIGURATION',
    problems: [
      expect.stringMatching(/^streams is "shop"/),
      expect.stringMatching(/^startingPosition is "latest"/),
      expect.stringMatching(/^onGap is "ignore"/),
      expect.stringMatching(/^maxAhead is NaN/),
      expect.stringMatching(/^shutdownGraceMs is -1/),
    ],
  });
  expect(given.streams.calls).toEqual([]);
  expect(given.store.puts).toEqual([]);
});

test.each([[[]], [['']]])('streams %j name nothing and are refused', async (streams) => {
  await expect(scenario().begin({ streams }).end).rejects.toThrow('at least one table name or stream ARN');
});

test('without a store nothing is kept, which is said at the start', async () => {
  const given = scenario();
  const said = () => given.logs.filter(({ message }) => message.startsWith('no store is given')).length;
  await given.begin().stop();
  expect(said()).toBe(0);
  await given.begin({ store: undefined }).stop();
  expect(said()).toBe(1);
});

test('a router with window routes is refused, since no page of the poller ends a window', async () => {
  const given = scenario();
  const state: StandardSchemaV1<object> = {
    '~standard': { version: 1, vendor: 'own', validate: () => ({ value: {} }) },
  };
  const ofWindows = route.window(
    table('shop', { keys: { partition: 'pk' } }),
    { id: 'revenue', state },
    { add: (state) => state, close: () => undefined },
  );
  given.router = createRouter({ routes: [ofWindows], logger: given.router.logger, clock: given.clock });
  await expect(given.begin().end).rejects.toMatchObject({
    code: 'CONFIGURATION',
    problems: [expect.stringMatching(/^revenue is a window route.*TumblingWindowInSeconds/)],
  });
  expect(given.streams.calls).toEqual([]);
});
