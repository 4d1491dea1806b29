import type { Context, StreamRecord } from '@sluice/core';
import { eventIdOf, groupIdOf, idempotencyKeyOf } from '@sluice/core';
import { describe, expect, test } from 'vitest';
import { changes, sequenceOf } from './testing/delivery.js';
import { groupHandler, type World, world } from './testing/processes.js';
import type { Sandbox } from './testing/sandbox.js';

const isDone = async (given: World, records: readonly StreamRecord[]) =>
  Promise.all(
    records.map(async (record) => {
      const row = await given.claim(record);
      return (row?.value as { state?: string } | undefined)?.state;
    }),
  );

function noting(groups: string[][], durationMs = 0, contexts: Context[] = []) {
  return ({ clock }: Sandbox) =>
    groupHandler(async (records, context) => {
      groups.push(records.map(sequenceOf));
      contexts.push(context);
      if (durationMs > 0) await clock.sleep(durationMs);
    });
}

const failing = () => groupHandler(() => Promise.reject(new Error('scripted')));

/** Of one item, so that they come together. */
const changesOfOne = (count: number) => changes(count, { item: 'a' });

describe('a group', () => {
  test('has a claim for each of its events: two writes each', async () => {
    const given = world();
    const groups: string[][] = [];
    const records = changesOfOne(3);
    await given.clock.run(given.process(noting(groups)).deliver(records));
    expect(groups).toEqual([records.map(sequenceOf)]);
    expect(given.store.calls).toEqual(Array(6).fill('put C'));
    expect(await isDone(given, records)).toEqual(['DONE', 'DONE', 'DONE']);
  });

  test('is not run when all of its events are done', async () => {
    const given = world();
    const groups: string[][] = [];
    const records = changesOfOne(3);
    await given.clock.run(given.process(noting(groups)).deliver(records));
    const { firstUnfinished } = await given.clock.run(given.process(noting(groups)).deliver(records));
    expect(firstUnfinished).toBeUndefined();
    expect(groups).toHaveLength(1);
  });

  test('leaves out what is done, and has an identity of its own for what is left, the same in each process', async () => {
    const groups: string[][] = [];
    const contexts: Context[] = [];
    const records = changesOfOne(4);
    for (let process = 0; process < 2; process++) {
      const given = world();
      await given.clock.run(given.process(noting([], 0, contexts)).deliver(records.slice(0, 2)));
      await given.clock.run(given.process(noting(groups, 0, contexts)).deliver(records));
    }
    expect(groups).toEqual(Array(2).fill(records.slice(2).map(sequenceOf)));
    const [ofDone, ofRest, , again] = contexts;
    expect(ofRest?.idempotencyKey).not.toBe(ofDone?.idempotencyKey);
    expect(ofRest?.idempotencyKey).not.toBe(ofRest?.eventId);
    expect(again?.idempotencyKey).toBe(ofRest?.idempotencyKey);
    expect(again?.eventId).toBe(ofRest?.eventId);
    expect(ofRest?.handlerId).toBe('mail');
    expect(ofRest?.eventId).toBe(groupIdOf(records.slice(2)));
    expect(ofRest?.idempotencyKey).toBe(groupIdOf(records.slice(2), 'mail'));
  });

  test('of what is left has the identity that exactly these events have in any delivery', async () => {
    const contexts: Context[] = [];
    const records = changesOfOne(4);
    const given = world();
    await given.clock.run(given.process(noting([])).deliver(records.slice(0, 2)));
    await given.clock.run(given.process(noting([], 0, contexts)).deliver(records));
    const elsewhere = world();
    await elsewhere.clock.run(elsewhere.process(noting([], 0, contexts)).deliver(records.slice(2)));
    const [narrowed, whole] = contexts;
    expect(narrowed?.idempotencyKey).toBe(whole?.idempotencyKey);
    expect(narrowed?.eventId).toBe(whole?.eventId);
  });

  test('of which one event is left has the identity of that event', async () => {
    const given = world();
    const contexts: Context[] = [];
    const records = changesOfOne(3);
    const last = records[2] as StreamRecord;
    await given.clock.run(given.process(noting([])).deliver(records.slice(0, 2)));
    await given.clock.run(given.process(noting([], 0, contexts)).deliver(records));
    expect(contexts[0]?.idempotencyKey).toBe(idempotencyKeyOf(last, 'mail'));
    expect(contexts[0]?.eventId).toBe(eventIdOf(last));
  });

  test('that is whole keeps the context that it has', async () => {
    const given = world();
    const contexts: Context[] = [];
    const records = changesOfOne(3);
    await given.clock.run(given.process(noting([], 0, contexts)).deliver(records));
    expect(contexts[0]?.idempotencyKey).not.toBe(contexts[0]?.eventId);
    expect(contexts[0]?.attempt).toBe(1);
  });

  test('that fails lets go of all of its claims', async () => {
    const given = world();
    const records = changesOfOne(3);
    await given.clock.run(given.process(failing).deliver(records));
    expect(await isDone(given, records)).toEqual([undefined, undefined, undefined]);
  });

  test('of which another process has one event in hand waits, and holds none of the others meanwhile', async () => {
    const given = world();
    const groups: string[][] = [];
    const records = changesOfOne(3);
    const one = given.process(noting([], 5_000)).deliver(records.slice(1, 2));
    await given.clock.advance(1);
    const all = given.process(noting(groups)).deliver(records);
    await given.clock.advance(50);
    expect(await isDone(given, records)).toEqual([undefined, 'CLAIMED', undefined]);
    const results = await given.clock.run(Promise.all([one, all]));
    expect(results.map(({ firstUnfinished }) => firstUnfinished)).toEqual([undefined, undefined]);
    expect(groups).toEqual([[sequenceOf(records[0]), sequenceOf(records[2])]]);
  });

  test('of which another process has one event in hand is left for later as a whole where that is asked for', async () => {
    const given = world();
    const groups: string[][] = [];
    const records = changesOfOne(3);
    void given.process(noting([], 5_000)).deliver(records.slice(1, 2));
    await given.clock.advance(1);
    const { counts } = await given.clock.run(
      given.process(noting(groups), { inProgress: 'later' }).deliver(records),
    );
    expect(counts.retryLater).toBe(1);
    expect(groups).toEqual([]);
    expect(await isDone(given, records)).toEqual([undefined, 'CLAIMED', undefined]);
  });

  test('and one that overlaps it, at the same time, both get done, and each event once', async () => {
    for (const [from, to] of [
      [0, 3],
      [1, 4],
      [2, 4],
    ] as const) {
      const given = world();
      const groups: string[][] = [];
      const records = changesOfOne(4);
      const results = await given.clock.run(
        Promise.all([
          given.process(noting(groups, 300)).deliver(records.slice(0, 3)),
          given.process(noting(groups, 300)).deliver(records.slice(from, to)),
        ]),
      );
      expect(results.map(({ firstUnfinished }) => firstUnfinished)).toEqual([undefined, undefined]);
      expect(groups.flat().toSorted()).toEqual(records.slice(0, Math.max(3, to)).map(sequenceOf));
    }
  });

  test('for which the store cannot give all claims lets go of those that it got, and is left for later', async () => {
    const given = world();
    const groups: string[][] = [];
    const records = changesOfOne(3);
    const pk = `shop-mail|once|${idempotencyKeyOf(records[1] as StreamRecord, 'mail')}`;
    given.store.script = (call) => (call.pk === pk ? 'away' : undefined);
    const { counts } = await given.clock.run(given.process(noting(groups)).deliver(records));
    expect(counts.retryLater).toBe(1);
    expect(groups).toEqual([]);
    expect(await isDone(given, records)).toEqual([undefined, undefined, undefined]);
  });

  test('that loses one of its claims hears of it, and is done with the others', async () => {
    const given = world();
    const records = changesOfOne(3);
    const contexts: Context[] = [];
    const one = given.process(noting([], 20_000, contexts)).deliver(records);
    await given.clock.advance(1);
    await given.overwrite(records[1], {
      state: 'CLAIMED',
      owner: 'another',
      untilMs: given.clock.now() + 40_000,
    });
    const { counts } = await given.clock.run(one);
    expect(contexts[0]?.signal.reason).toMatchObject({ code: 'CLAIM_LOST' });
    expect(counts.retryLater).toBe(1);
    expect(await isDone(given, records)).toEqual(['DONE', 'CLAIMED', 'DONE']);
  });

  test('that takes long renews all of its claims', async () => {
    const given = world();
    const records = changesOfOne(3);
    const groups: string[][] = [];
    const one = given.process(noting(groups, 100_000)).deliver(records);
    await given.clock.advance(50_000);
    const others = records.map((record) => given.process(noting(groups)).deliver([record]));
    await given.clock.run(Promise.all([one, ...others]));
    expect(groups).toHaveLength(1);
  });
});
