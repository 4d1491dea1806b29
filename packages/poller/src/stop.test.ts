import { EventEmitter } from 'node:events';
import type { StreamsOperation } from '@sluice/testing';
import { describe, expect, test } from 'vitest';
import { scenario } from './testing/scenario.js';

describe('when its signal aborts, the poller', () => {
  test.each(['listStreams', 'describeStream', 'getShardIterator', 'getRecords'] satisfies StreamsOperation[])(
    'gives up a %s call that is under way, and leaves nothing behind',
    async (operation) => {
      const given = scenario();
      given.streams.hang(operation, { times: Infinity });
      const polling = given.begin();
      await given.clock.advance(1_000);
      await polling.stop();
      expect(given.clock.wakeTimes()).toEqual([]);
    },
  );

  test('at once and at any wait ends at once', async () => {
    for (const afterMs of [0, 1, 250, 400, 1_000, 61_000]) {
      const given = scenario({ table: { shards: 3 } });
      const polling = given.begin();
      await given.clock.advance(afterMs);
      const atMs = given.clock.now();
      await polling.stop();
      expect(given.clock.now()).toBe(atMs);
      expect(given.clock.wakeTimes()).toEqual([]);
    }
  });

  test('before the start does nothing', async () => {
    const given = scenario();
    given.shop.put({ pk: 'a' });
    await given.clock.run(given.begin({ signal: AbortSignal.abort() }).end);
    expect(given.handled).toEqual([]);
    expect(given.clock.wakeTimes()).toEqual([]);
  });

  test('lets running handlers end and keeps what they did, starts no others, and fetches nothing more', async () => {
    const given = scenario();
    let finish = () => {};
    const slow = new Promise<void>((resolve) => (finish = resolve));
    given.work = () => slow;
    given.shop.put({ pk: 'same', n: 1 });
    given.shop.put({ pk: 'same', n: 2 });
    given.shop.put({ pk: 'other' });
    const stop = new AbortController();
    const { end } = given.begin({ signal: stop.signal });
    await given.clock.advance(1_000);
    stop.abort();
    const calls = given.streams.calls.length;
    await given.clock.advance(10_000);
    finish();
    await given.clock.run(end);
    const [first, , other] = given.written() as [string, string, string];
    expect(given.handled).toEqual([first, other]);
    expect(given.streams.calls).toHaveLength(calls);
    expect(given.store.valueOf(given.shardIds()[0] as string)).toMatchObject({
      progress: { watermark: first, done: { [other]: ['note'] } },
    });
    expect(given.clock.wakeTimes()).toEqual([]);
  });

  test('aborts the signal of handlers that take longer than the grace, and counts them as not done', async () => {
    const given = scenario();
    let abortedAtMs = 0;
    given.work = (_, { signal }) => {
      signal.addEventListener('abort', () => (abortedAtMs = given.clock.now()));
      return new Promise(() => {});
    };
    given.shop.put({ pk: 'hangs' });
    const polling = given.begin({ shutdownGraceMs: 7_000 });
    await given.clock.advance(1_000);
    const stoppedAtMs = given.clock.now();
    await polling.stop();
    expect(abortedAtMs - stoppedAtMs).toBe(7_000);
    expect(JSON.stringify(given.store.puts)).not.toContain('watermark');
    expect(given.clock.wakeTimes()).toEqual([]);
  });

  test.each([
    ['while reading waits for them', { maxAhead: 1 }],
    ['at the end of their shard', {}],
  ])('ends after the grace also when handlers hang %s', async (when, options) => {
    const given = scenario();
    given.work = () => new Promise(() => {});
    for (const pk of ['a', 'b', 'c']) given.shop.put({ pk });
    if (when.includes('end')) given.streams.roll(given.shardIds()[0] as string);
    const polling = given.begin({ shutdownGraceMs: 7_000, ...options });
    await given.clock.advance(1_000);
    const stoppedAtMs = given.clock.now();
    await polling.stop();
    expect(given.clock.now() - stoppedAtMs).toBe(7_000);
    expect(given.clock.wakeTimes()).toEqual([]);
  });

  test('does not wait for the retry of a record that fails', async () => {
    const given = scenario();
    given.work = () => {
      throw new Error('always');
    };
    given.shop.put({ pk: 'a' });
    const polling = given.begin();
    await given.clock.advance(60_000);
    const atMs = given.clock.now();
    await polling.stop();
    expect(given.clock.now()).toBe(atMs);
    expect(given.store.valueOf(given.shardIds()[0] as string)).toMatchObject({
      progress: { attempts: { [given.written()[0] as string]: { note: expect.any(Number) } } },
    });
  });

  test('takes its listener off the signal', async () => {
    const given = scenario();
    const stop = new AbortController();
    const { end } = given.begin({ signal: stop.signal });
    await given.clock.advance(1_000);
    given.shop.disableStream();
    await given.clock.run(end);
    expect(EventEmitter.getEventListeners(stop.signal, 'abort')).toEqual([]);
  });
});
