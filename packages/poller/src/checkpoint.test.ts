import type { Store } from '@sluice/core';
import { describe, expect, test } from 'vitest';
import type { ShardCheckpoint } from './checkpoint.js';
import { isSaveDue, progressSinceStart } from './shard-checkpoint.js';
import { type Scenario, scenario } from './testing/scenario.js';

function put({ shop }: Scenario, from: number, to: number): void {
  for (let n = from; n < to; n++) shop.put({ pk: `item-${n}`, n });
}

/** Makes the handler fail for these items. */
function failFor(given: Scenario, ...items: string[]): void {
  given.work = ({ dynamodb }) => {
    if (items.includes((dynamodb.Keys['pk'] as { S: string }).S)) throw new Error('scripted');
  };
}

const opened = ({ streams }: Scenario) =>
  streams.calls.flatMap((call) => (call.operation === 'getShardIterator' ? [call.input] : []));

const kept = (given: Scenario, shard = 0) =>
  given.store.valueOf(given.shardIds()[shard] as string) as unknown as ShardCheckpoint;

describe('a checkpoint', () => {
  test('never passes a record that is not done', async () => {
    const given = scenario();
    put(given, 0, 10);
    failFor(given, 'item-4');
    const polling = given.begin();
    await given.clock.advance(60_000);
    const written = given.written();
    expect(kept(given).progress.watermark).toBe(written[3]);
    expect(Object.keys(kept(given).progress.done)).toEqual(written.slice(5));
    await polling.stop();
    expect(kept(given).progress.watermark).toBe(written[3]);
  });

  test('lets a planned restart repeat nothing: it goes on behind the watermark and skips what is done above it', async () => {
    const given = scenario();
    put(given, 0, 10);
    failFor(given, 'item-4');
    const polling = given.begin();
    await given.clock.advance(3_000);
    await polling.stop();
    given.work = () => {};
    put(given, 10, 15);
    const again = given.begin();
    await given.clock.advance(3_000);
    await again.stop();

    const written = given.written();
    expect(given.handled).toHaveLength(15);
    expect(given.handled.toSorted()).toEqual(written);
    expect(opened(given)[1]).toMatchObject({
      ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
      SequenceNumber: written[3],
    });
  });

  test('remembers attempts and what is done over a restart that reads nothing, and over one that reads only a part', async () => {
    const given = scenario();
    put(given, 0, 40);
    failFor(given, 'item-0', 'item-20');
    const polling = given.begin();
    await given.clock.advance(10_000);
    await polling.stop();
    const before = kept(given);
    expect(before.progress.attempts[given.written()[0] as string]).toEqual({ note: expect.any(Number) });

    given.streams.fail('getRecords', 'ThrottlingException', { times: Infinity });
    const idle = given.begin();
    await given.clock.advance(10_000);
    await idle.stop();
    expect(kept(given)).toEqual(before);

    given.streams.heal();
    const short = given.begin({
      streamsApi: {
        ...given.streams.api,
        getRecords: (input, signal) => given.streams.api.getRecords({ ...input, Limit: 3 }, signal),
      },
      maxAhead: 0,
    });
    await given.clock.advance(1_000);
    await short.stop();
    expect(Object.keys(kept(given).progress.done)).toEqual(Object.keys(before.progress.done));

    given.work = () => {};
    const last = given.begin();
    await given.clock.advance(31_000);
    await last.stop();
    expect(given.handled.toSorted()).toEqual(given.written());
  });

  test('before the first record is done says where the shard began, so that a restart cannot skip it', async () => {
    const given = scenario();
    put(given, 0, 3);
    failFor(given, 'item-0');
    const polling = given.begin();
    await given.clock.advance(6_000);
    await polling.stop();
    expect(kept(given)).toMatchObject({ state: 'READING', firstSequenceNumber: given.written()[0] });

    given.work = () => {};
    const again = given.begin();
    await given.clock.advance(1_000);
    await again.stop();
    expect(opened(given)[1]).toMatchObject({
      ShardIteratorType: 'AT_SEQUENCE_NUMBER',
      SequenceNumber: given.written()[0],
    });
    expect(given.handled.toSorted()).toEqual(given.written());
  });

  test('holds across the growth of sequence numbers by a digit', async () => {
    const given = scenario({ startSequence: '999999999999999999900' });
    put(given, 0, 6);
    failFor(given, 'item-5');
    const polling = given.begin();
    await given.clock.advance(1_000);
    put(given, 6, 30);
    await given.clock.advance(1_000);
    await polling.stop();
    given.work = () => {};
    const again = given.begin({
      streamsApi: {
        ...given.streams.api,
        getRecords: (input, signal) => given.streams.api.getRecords({ ...input, Limit: 4 }, signal),
      },
    });
    await given.clock.advance(5_000);
    await again.stop();
    expect(given.written().map((number) => number.length)).toContain(22);
    expect(given.handled).toHaveLength(30);
    expect(new Set(given.handled)).toEqual(new Set(given.written()));
  });

  test('says DONE before the children are opened, and a finished shard is not opened after a restart', async () => {
    const given = scenario();
    put(given, 0, 5);
    const [parent] = given.shardIds() as [string];
    const child = given.streams.roll(parent);
    put(given, 5, 10);
    const stateWhenOpened: unknown[] = [];
    const polling = given.begin({
      streamsApi: {
        ...given.streams.api,
        getShardIterator: (input, signal) => {
          if (input.ShardId === child) stateWhenOpened.push(kept(given).state);
          return given.streams.api.getShardIterator(input, signal);
        },
      },
    });
    await given.clock.advance(2_000);
    await polling.stop();
    const again = given.begin();
    await given.clock.advance(2_000);
    await again.stop();
    expect(stateWhenOpened).toEqual(['DONE']);
    expect(opened(given).filter(({ ShardId }) => ShardId === parent)).toHaveLength(1);
    expect(given.handled).toEqual(given.written());
  });

  test('is written each 5 seconds while there is news, and never while there is none', async () => {
    const given = scenario();
    const polling = given.begin();
    for (let second = 0; second < 20; second++) {
      given.shop.put({ pk: 'a', second });
      await given.clock.advance(1_000);
    }
    const writes = given.store.puts.length;
    expect(writes).toBeGreaterThanOrEqual(4);
    expect(writes).toBeLessThanOrEqual(6);
    await given.clock.advance(10_000);
    const afterNews = given.store.puts.length;
    await given.clock.advance(3_600_000);
    await polling.stop();
    expect(given.store.puts).toHaveLength(afterNews);
  });

  test('is due after 5 s, after 1 s with more than 100 done ahead, at 1000 done', () => {
    expect(isSaveDue({ doneSince: 1, aheadCount: 0, sinceMs: 4_999 })).toBe(false);
    expect(isSaveDue({ doneSince: 1, aheadCount: 0, sinceMs: 5_000 })).toBe(true);
    expect(isSaveDue({ doneSince: 1, aheadCount: 100, sinceMs: 4_999 })).toBe(false);
    expect(isSaveDue({ doneSince: 1, aheadCount: 101, sinceMs: 999 })).toBe(false);
    expect(isSaveDue({ doneSince: 1, aheadCount: 101, sinceMs: 1_000 })).toBe(true);
    expect(isSaveDue({ doneSince: 1_000, aheadCount: 0, sinceMs: 0 })).toBe(true);
  });

  test('takes what the drain says of the records it saw, and what was kept of those behind them', () => {
    const before = {
      watermark: '90',
      done: { '95': ['a'], '100': ['a'], '101': ['a', 'b'] },
      attempts: { '95': { b: 3 }, '101': { c: 1 } },
    };
    const drained = { watermark: undefined, done: { '100': ['a'] }, attempts: { '99': { b: 1 } } };
    expect(progressSinceStart(before, drained, undefined)).toEqual(before);
    expect(progressSinceStart(before, drained, '100')).toEqual({
      watermark: '90',
      done: { '100': ['a'], '101': ['a', 'b'] },
      attempts: { '99': { b: 1 }, '101': { c: 1 } },
    });
  });
});

describe('a store that fails', () => {
  test('and loses the replies of writes is not taken for another process', async () => {
    const given = scenario();
    given.store.failPuts('reply lost', 3);
    put(given, 0, 3);
    const polling = given.begin();
    await given.clock.advance(20_000);
    put(given, 3, 6);
    given.store.failPuts('reply lost', 2);
    await given.clock.advance(20_000);
    await polling.stop();
    expect(kept(given).progress.watermark).toBe(given.written().at(-1));
  });

  test('for a while stops reading only when 1000 records are done and not kept', async () => {
    const given = scenario();
    put(given, 0, 10);
    const polling = given.begin();
    await given.clock.advance(10_000);
    given.store.failPuts('unwritten', Infinity);
    for (let n = 0; n < 3_000; n++) given.shop.put({ pk: `more-${n}` });
    await given.clock.advance(120_000);
    expect(given.handled.length).toBeGreaterThan(1_000);
    expect(given.handled.length).toBeLessThan(2_500);
    given.store.heal();
    await given.clock.advance(10_000);
    await polling.stop();
    expect(given.handled).toEqual(given.written());
    expect(kept(given).progress.watermark).toBe(given.written().at(-1));
  });

  test.each([
    ['after a few records', 3],
    ['while reading waits for it', 3_000],
  ])('at the end, %s, makes the poll reject after a few attempts, and does not hang it', async (_, count) => {
    const given = scenario();
    const polling = given.begin();
    await given.clock.advance(1_000);
    put(given, 0, count);
    await given.clock.advance(count > 1000 ? 0 : 1_000);
    given.store.failPuts('unwritten', Infinity);
    await given.clock.advance(10_000);
    await expect(polling.stop()).rejects.toMatchObject({ code: 'CHECKPOINT_STORE' });
    expect(given.clock.wakeTimes()).toEqual([]);
  });

  test('to answer is asked again, and a write that comes through late harms nothing', async () => {
    const given = scenario();
    const late: (() => unknown)[] = [];
    let hangs = true;
    const store: Store = {
      ...given.store,
      put: (row, ifVersion) => {
        if (!hangs || row.sk === 'M') return given.store.put(row, ifVersion);
        late.push(() => given.store.put(row, ifVersion));
        return new Promise(() => {});
      },
    };
    put(given, 0, 3);
    const polling = given.begin({ store });
    await given.clock.advance(20_000);
    expect(given.logs.some(({ message }) => message.includes('could not write a checkpoint row'))).toBe(true);
    hangs = false;
    await given.clock.advance(20_000);
    for (const write of late) write();
    put(given, 3, 6);
    await given.clock.advance(10_000);
    await polling.stop();
    expect(kept(given).progress.watermark).toBe(given.written().at(-1));
    expect(given.clock.wakeTimes()).toEqual([]);
  });

  test('to answer at the end makes the poll reject, and does not hang it', async () => {
    const given = scenario();
    const polling = given.begin({ store: { ...given.store, put: () => new Promise(() => {}) } });
    put(given, 0, 3);
    await given.clock.advance(1_000);
    await expect(polling.stop()).rejects.toMatchObject({ code: 'CHECKPOINT_STORE' });
    expect(given.clock.wakeTimes()).toEqual([]);
  });

  test('at the start makes the poll reject, with nothing run', async () => {
    const given = scenario();
    put(given, 0, 3);
    given.store.failPuts('unwritten', Infinity);
    await expect(given.clock.run(given.begin().end)).rejects.toMatchObject({ code: 'CHECKPOINT_STORE' });
    expect(given.handled).toEqual([]);
  });
});

describe('another process under the same name', () => {
  test('makes the poll reject with an error that names the row; it does not overwrite what the other one kept', async () => {
    const given = scenario();
    put(given, 0, 3);
    const one = given.begin();
    await given.clock.advance(500);
    given.work = () => new Promise(() => {});
    const other = given.begin();
    await given.clock.advance(500);
    put(given, 3, 6);
    given.work = () => {};
    await given.clock.advance(20_000);
    const ends = await Promise.allSettled([given.clock.run(Promise.race([one.end, other.end]))]);
    expect(ends).toMatchObject([
      {
        status: 'rejected',
        reason: { code: 'CHECKPOINT_CONFLICT', message: expect.stringContaining(`S#${given.shardIds()[0]}`) },
      },
    ]);
    await Promise.allSettled([one.stop(), other.stop()]);
    expect(new Set(given.store.puts.map(({ version }) => version)).size).toBe(given.store.puts.length);
  });

  test('under a name of its own has checkpoints of its own', async () => {
    const given = scenario();
    put(given, 0, 3);
    for (const name of ['one', 'other']) {
      const polling = given.begin({ name });
      await given.clock.advance(1_000);
      await polling.stop();
    }
    expect(given.handled).toHaveLength(6);
  });
});

test('a row that is no checkpoint is refused, not overwritten', async () => {
  const given = scenario();
  const row = {
    pk: `test|${given.shop.streamArn}`,
    sk: `S#${given.shardIds()[0]}`,
    value: { some: 'thing else' },
  };
  await given.store.put(row, undefined);
  await expect(given.clock.run(given.begin().end)).rejects.toMatchObject({ code: 'CHECKPOINT_UNREADABLE' });
  expect(given.store.puts.filter(({ sk }) => sk === row.sk)).toHaveLength(1);
});

test('without a store nothing is kept, and the next start begins again', async () => {
  const given = scenario();
  put(given, 0, 3);
  for (let start = 0; start < 2; start++) {
    const polling = given.begin({ store: undefined });
    await given.clock.advance(1_000);
    await polling.stop();
  }
  expect(given.handled).toHaveLength(6);
  expect(given.store.puts).toEqual([]);
});
