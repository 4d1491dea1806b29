import type { StreamDescription } from '@sluice/core';
import { simulateStreams, virtualClock } from '@sluice/testing';
import { expect, test } from 'vitest';
import { type Following, followStream } from './follow-stream.js';

function scenario(view: 'NEW_AND_OLD_IMAGES' | 'KEYS_ONLY' = 'NEW_AND_OLD_IMAGES') {
  const clock = virtualClock();
  const streams = simulateStreams({ clock });
  const shop = streams.createTable({ name: 'shop', keys: { partition: 'pk', sort: 'sk' }, view, shards: 3 });
  const seen: string[] = [];
  const interrupt = new AbortController();
  const given: Following = {
    streamsApi: streams.api,
    startingPosition: 'TRIM_HORIZON',
    events: ['INSERT', 'MODIFY', 'REMOVE'],
    changed: undefined,
    wants: () => true,
    began: () => {},
    show: ({ eventName, keys }) => seen.push(`${eventName} ${keys['pk']}`),
    limit: Number.POSITIVE_INFINITY,
    signal: interrupt.signal,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    clock,
  };
  const follow = async (options: Partial<Following> = {}) => {
    const stream: StreamDescription = await streams.api.describeStream({ StreamArn: shop.streamArn });
    const end = followStream(stream, { ...given, ...options });
    end.catch(() => {});
    return end;
  };
  return { clock, shop, seen, interrupt, follow };
}

test('changes are shown until it is interrupted', async () => {
  const { clock, shop, seen, interrupt, follow } = scenario();
  shop.put({ pk: 'A', sk: 1 });
  const end = follow();
  await clock.advance(2_000);
  shop.remove({ pk: 'A', sk: 1 });
  await clock.advance(5_000);
  expect(seen).toEqual(['INSERT A', 'REMOVE A']);
  interrupt.abort();
  expect(await clock.run(end)).toBe(2);
});

test('from LATEST on, what was written before is not shown', async () => {
  const { clock, shop, seen, interrupt, follow } = scenario();
  shop.put({ pk: 'A', sk: 1 });
  const end = follow({ startingPosition: 'LATEST' });
  await clock.advance(2_000);
  shop.put({ pk: 'B', sk: 1 });
  await clock.advance(5_000);
  interrupt.abort();
  await clock.run(end);
  expect(seen).toEqual(['INSERT B']);
});

test('from LATEST on, what is written once it has begun is shown', async () => {
  const { clock, shop, seen, follow } = scenario();
  shop.put({ pk: 'A', sk: 1 });
  const began = () => {
    shop.put({ pk: 'B', sk: 1 });
  };
  expect(await clock.run(follow({ startingPosition: 'LATEST', began, limit: 1 }))).toBe(1);
  expect(seen).toEqual(['INSERT B']);
});

test('an attribute that comes with an INSERT or goes with a REMOVE has changed', async () => {
  const { clock, shop, seen, follow } = scenario();
  shop.put({ pk: 'A', sk: 1, status: 'NEW' });
  shop.put({ pk: 'A', sk: 1, status: 'NEW', note: 'x' });
  shop.remove({ pk: 'A', sk: 1 });
  shop.put({ pk: 'A', sk: 2 });
  shop.remove({ pk: 'A', sk: 2 });
  shop.put({ pk: 'A', sk: 3, status: 'NEW' });
  expect(await clock.run(follow({ changed: 'status', limit: 3 }))).toBe(3);
  expect(seen).toEqual(['INSERT A', 'REMOVE A', 'INSERT A']);
});

test('it ends at its limit, also in the middle of a page', async () => {
  const { clock, shop, seen, follow } = scenario();
  for (let n = 0; n < 20; n++) shop.put({ pk: 'A', sk: n });
  expect(await clock.run(follow({ limit: 3 }))).toBe(3);
  expect(seen).toHaveLength(3);
});

test('it ends with the stream', async () => {
  const { clock, shop, seen, follow } = scenario();
  shop.put({ pk: 'A', sk: 1 });
  shop.disableStream();
  expect(await clock.run(follow())).toBe(1);
  expect(seen).toEqual(['INSERT A']);
});

test('events, a changed attribute and what is wanted narrow it down together', async () => {
  const { clock, shop, seen, follow } = scenario();
  for (const pk of ['A', 'B']) {
    shop.put({ pk, sk: 1, status: 'x', n: 1 });
    shop.put({ pk, sk: 1, status: 'x', n: 2 });
    shop.put({ pk, sk: 1, status: 'y', n: 2 });
    shop.remove({ pk, sk: 1 });
  }
  shop.disableStream();
  const wants: Following['wants'] = ({ dynamodb }) => JSON.stringify(dynamodb.Keys['pk']).includes('B');
  expect(await clock.run(follow({ events: ['MODIFY'], changed: 'status', wants }))).toBe(1);
  expect(seen).toEqual(['MODIFY B']);
});

test('a change that the view of the stream does not show cannot be asked for', async () => {
  const { clock, follow } = scenario('KEYS_ONLY');
  await expect(clock.run(follow({ changed: 'status' }))).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringMatching(/KEYS_ONLY/),
  });
});
