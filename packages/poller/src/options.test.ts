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
