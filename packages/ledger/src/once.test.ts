import { type Context, neverAgain, type Row, retryLater, type StreamRecord, skipped } from '@sluice/core';
import { recordsOf } from '@sluice/testing';
import { describe, expect, test } from 'vitest';
import { changes, sequenceOf } from './testing/delivery.js';
import { handler, type Process, shop, type World, world } from './testing/processes.js';
import type { Sandbox } from './testing/sandbox.js';
import { first, type StoreCall } from './testing/scripted-store.js';

const isPut = ({ operation }: StoreCall) => operation === 'put';
const isDelete = ({ operation }: StoreCall) => operation === 'delete';

/** Notes its runs, and takes as long as is said. */
function noting(ran: string[], durationMs = 0) {
  return ({ clock }: Sandbox) =>
    handler(async (record) => {
      ran.push(sequenceOf(record));
      if (durationMs > 0) await clock.sleep(durationMs);
    });
}

const ownerOf = (row: Row | undefined) => (row?.value as { owner?: string } | undefined)?.owner ?? 'nobody';

/** What became of handler calls that are not done, as the log has it. */
const outcomes = ({ lines }: Process) =>
  lines.flatMap(({ message, fields }) =>
    message.startsWith('handler') ? [{ message, err: (fields as { err: Error }).err }] : [],
  );

describe('a handler that runs once', () => {
  test('costs two writes for an event, and no read', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(3);
    await given.clock.run(given.process(noting(ran)).deliver(records));
    expect(ran).toHaveLength(3);
    expect(given.store.calls).toEqual(Array(6).fill('put C'));
  });

  test('is not run again for an event that is done, by whatever process, which costs one put', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(2);
    await given.clock.run(given.process(noting(ran)).deliver(records));
    given.store.calls.length = 0;
    const { firstUnfinished, counts } = await given.clock.run(given.process(noting(ran)).deliver(records));
    expect(ran).toHaveLength(2);
    expect(firstUnfinished).toBeUndefined();
    expect(counts.handled).toBe(2);
    expect(given.store.calls).toEqual(['put C', 'put C']);
  });

  test('that skips an event is done with it', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const skipping = () =>
      handler(async (record) => {
        ran.push(sequenceOf(record));
        return skipped('not ours');
      });
    expect((await given.clock.run(given.process(skipping).deliver(records))).counts.skipped).toBe(1);
    await given.clock.run(given.process(skipping).deliver(records));
    expect(ran).toHaveLength(1);
  });

  test.each([
    ['fails', () => Promise.reject(new Error('scripted'))],
    ['asks for later', async () => retryLater('busy')],
    ['gives up', async () => neverAgain('no such user')],
  ])('that %s lets go of its claim, so that the next delivery runs at once', async (_, outcome) => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const failing = given.process(() => handler(outcome));
    await given.clock.run(failing.deliver(records));
    expect(await given.claim(records[0])).toBeUndefined();
    expect(given.store.calls).toEqual(['put C', 'delete C']);
    expect(outcomes(failing).map(({ err }) => err.message)).not.toContain('');
    const startMs = given.clock.now();
    await given.clock.run(given.process(noting(ran)).deliver(records));
    expect(ran).toHaveLength(1);
    expect(given.clock.now()).toBe(startMs);
  });

  test('keeps for 48 hours that it is done, or as long as is said', async () => {
    const given = world();
    const records = changes(2);
    await given.clock.run(given.process(noting([])).deliver(records.slice(0, 1)));
    await given.clock.run(given.process(noting([]), { keepDoneMs: 5_000 }).deliver(records.slice(1)));
    const nowSeconds = given.clock.now() / 1000;
    expect((await given.claim(records[0]))?.expiresAt).toBe(nowSeconds + 48 * 3600);
    expect((await given.claim(records[1]))?.expiresAt).toBe(nowSeconds + 5);
  });

  test('has a claim that no store drops while it runs', async () => {
    const given = world();
    const records = changes(1);
    let expiresAt: number | undefined;
    const looking = () =>
      handler(async (record) => {
        expiresAt = (await given.claim(record))?.expiresAt;
      });
    await given.clock.run(given.process(looking).deliver(records));
    expect(expiresAt).toBe(given.clock.now() / 1000 + 48 * 3600 + 30);
  });
});

describe('what is claimed is one event for one handler', () => {
  const twoRan = async (
    given: World,
    ran: string[],
    records: readonly StreamRecord[],
  ): Promise<readonly string[]> => {
    const both = () => [
      handler(() => void ran.push('mail'), 'mail'),
      handler(() => void ran.push('audit'), 'audit'),
    ];
    await given.clock.run(given.process(both).deliver(records));
    return ran;
  };

  test('two handlers of one record both run, once each', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    await twoRan(given, ran, records);
    expect(await twoRan(given, ran, records)).toEqual(['mail', 'audit']);
  });

  test('two handlers at the same time do not write to each other’s claims', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const slow = (id: string, durationMs: number, isBad = false) =>
      given.process(({ clock }) =>
        handler(async () => {
          await clock.sleep(durationMs);
          if (isBad) throw new Error('scripted');
          ran.push(id);
        }, id),
      );
    await given.clock.run(
      Promise.all([slow('mail', 20).deliver(records), slow('audit', 10, true).deliver(records)]),
    );
    expect((await given.claim(records[0], 'mail'))?.value).toMatchObject({ state: 'DONE' });
    expect(await given.claim(records[0], 'audit')).toBeUndefined();
  });

  test('two routers with a handler of the same id both run it', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    await given.clock.run(given.process(noting(ran), { name: 'one' }).deliver(records));
    await given.clock.run(given.process(noting(ran), { name: 'other' }).deliver(records));
    expect(ran).toHaveLength(2);
  });

  test('one ledger for two routers keeps them apart at the same time', async () => {
    const given = world();
    const records = changes(2);
    const [one, other] = records;
    const ran: string[] = [];
    await given.clock.run(
      Promise.all([
        given.process(noting(ran, 50), { name: 'shop-mail' }).deliver([one as StreamRecord]),
        given.process(noting(ran, 10), { name: 'prefixed' }).deliver([other as StreamRecord]),
      ]),
    );
    expect((await given.claim(one))?.value).toMatchObject({ state: 'DONE' });
    expect(await given.claim(other)).toBeUndefined();
  });

  test('two tables with equal eventIDs, keys and sequence numbers are two events', async () => {
    const given = world();
    const ran: string[] = [];
    const one = changes(1);
    const twin = one.map((record) => ({
      ...record,
      eventSourceARN: record.eventSourceARN.replace('2026-03-03', '2026-04-04'),
    }));
    expect(twin[0]?.eventID).toBe(one[0]?.eventID);
    await given.clock.run(given.process(noting(ran)).deliver(one));
    await given.clock.run(given.process(noting(ran)).deliver(twin));
    expect(ran).toHaveLength(2);
  });

  test('changes of one item that differ in a set alone, in a binary or in a number beyond doubles are several events', async () => {
    const given = world();
    const ran: string[] = [];
    const records = recordsOf(shop);
    const item = (tag: string, byte: number, n: string) => ({
      pk: { S: 'a' },
      tags: { SS: [tag] },
      bytes: { B: Buffer.from([byte]).toString('base64') },
      set: { BS: [Buffer.from([byte]).toString('base64')] },
      n: { N: n },
    });
    const events = [
      records.insert(item('x', 1, '123456789012345678901234567890'), { wire: true }),
      records.modify(
        item('x', 1, '123456789012345678901234567890'),
        item('y', 1, '123456789012345678901234567890'),
        { wire: true },
      ),
      records.modify(
        item('y', 1, '123456789012345678901234567890'),
        item('y', 2, '123456789012345678901234567891'),
        { wire: true },
      ),
    ];
    await given.clock.run(given.process(noting(ran)).deliver(events));
    await given.clock.run(given.process(noting(ran)).deliver(events));
    expect(ran).toEqual(events.map(sequenceOf));
  });

  test.each([
    ['number', { N: '1' }, { N: '1.0' }],
    ['binary', { B: 'AQI=' }, { B: 'AQI=' }],
  ])('an item whose key is a %s is the same in each delivery', async (_, key, again) => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const keyed = (pk: typeof key | typeof again) =>
      records.map((record) => ({
        ...record,
        dynamodb: { ...record.dynamodb, Keys: { pk } },
      })) as readonly StreamRecord[];
    await given.clock.run(given.process(noting(ran)).deliver(keyed(key)));
    await given.clock.run(given.process(noting(ran)).deliver(keyed(again)));
    expect(ran).toHaveLength(1);
  });
});

describe('an event that another process has in hand', () => {
  test('is waited for, and is not run when that one is done with it', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const one = given.process(noting(ran, 5_000)).deliver(records);
    const other = given.process(noting(ran)).deliver(records);
    const startMs = given.clock.now();
    const results = await given.clock.run(Promise.all([one, other]));
    expect(results.map(({ firstUnfinished }) => firstUnfinished)).toEqual([undefined, undefined]);
    expect(ran).toHaveLength(1);
    expect(given.clock.now() - startMs).toBeLessThan(8_000);
  });

  test('is run soon after that one has failed with it', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const failing = given.process(({ clock }) =>
      handler(async () => {
        await clock.sleep(1_000);
        throw new Error('scripted');
      }),
    );
    const startMs = given.clock.now();
    const one = failing.deliver(records);
    const other = given.process(noting(ran)).deliver(records);
    await given.clock.run(Promise.all([one, other]));
    expect(ran).toHaveLength(1);
    expect(given.clock.now() - startMs).toBeLessThan(3_100);
  });

  test('is left for the next delivery at the deadline', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    void given.process(noting(ran, 50_000)).deliver(records);
    const waiting = given.process(noting(ran));
    const { firstUnfinished, timedOut } = await given.clock.run(waiting.deliver(records, 10_000));
    expect(firstUnfinished).toBe(sequenceOf(records[0]));
    expect(timedOut).toBe(false); // a wait beyond it is not begun
    expect(ran).toHaveLength(1);
  });

  test('is left for later at once where that is asked for, and says how long the claim still holds', async () => {
    const given = world();
    const records = changes(1);
    void given.process(noting([], 50_000)).deliver(records);
    await given.clock.advance(4_000);
    given.store.calls.length = 0;
    const ran: string[] = [];
    const passing = given.process(noting(ran), { inProgress: 'later' });
    const startMs = given.clock.now();
    await given.clock.run(passing.deliver(records));
    expect(given.clock.now()).toBe(startMs);
    expect(ran).toEqual([]);
    expect(given.store.calls).toEqual(['put C']);
    expect(outcomes(passing)).toEqual([
      {
        message: 'handler asks for later',
        err: expect.objectContaining({ code: 'RETRY_LATER', afterMs: 26_000 }),
      },
    ]);
  });

  test('is waited for with pauses of 200 ms to 2 s', async () => {
    const given = world();
    const records = changes(1);
    void given.process(noting([], 20_000)).deliver(records);
    await given.clock.advance(1);
    const times: number[] = [];
    given.store.script = ({ operation }) => {
      if (operation === 'put') times.push(given.clock.now());
      return undefined;
    };
    void given.process(noting([])).deliver(records);
    await given.clock.advance(9_000);
    const pauses = times.slice(1).map((atMs, n) => atMs - (times[n] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(200);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(2_000);
    expect(pauses.length).toBeGreaterThan(4);
  });

  test('is left for later at once when the work is to stop, also where there is no deadline', async () => {
    const given = world();
    const records = changes(1);
    const work = new AbortController();
    void given.process(noting([], 100_000)).deliver(records);
    const waiting = given.process(noting([]), { signal: work.signal });
    const delivery = waiting.deliver(records);
    await given.clock.advance(5_000);
    given.store.calls.length = 0;
    work.abort();
    await given.clock.advance(0);
    expect((await delivery).counts.retryLater).toBe(1);
    expect(given.store.calls).toEqual([]);
  });
});

describe('a process that ends in the middle', () => {
  test('holds its event up until its claim has run out, and not a moment longer', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const dying = given.process(noting(ran, 1));
    void dying.deliver(records);
    await given.clock.advance(0);
    dying.freeze();
    const startMs = given.clock.now();
    await given.clock.run(given.process(noting(ran)).deliver(records));
    expect(ran).toHaveLength(2);
    expect(given.clock.now() - startMs).toBe(30_000);
    expect((await given.claim(records[0]))?.value).toMatchObject({ state: 'DONE' });
  });

  test('holds it up for the time that is said', async () => {
    const given = world();
    const records = changes(1);
    const dying = given.process(noting([], 1), { claimMs: 3_000 });
    void dying.deliver(records);
    await given.clock.advance(0);
    dying.freeze();
    const startMs = given.clock.now();
    await given.clock.run(given.process(noting([])).deliver(records));
    expect(given.clock.now() - startMs).toBe(3_000);
  });
});

describe('a handler that takes long', () => {
  test('keeps its claim by renewing it each third of its time, and nobody else runs it', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const signals: AbortSignal[] = [];
    const slow = given.process(({ clock }) =>
      handler(async (record, { signal }) => {
        ran.push(sequenceOf(record));
        signals.push(signal);
        await clock.sleep(100_000);
      }),
    );
    const one = slow.deliver(records);
    await given.clock.advance(1);
    const before = given.store.calls.length;
    const renewals = () => given.store.calls.length - before;
    await given.clock.advance(99_000);
    expect(renewals()).toBe(9);
    const other = given.process(noting(ran)).deliver(records);
    await given.clock.run(Promise.all([one, other]));
    expect(ran).toHaveLength(1);
    expect(signals[0]?.aborted).toBe(false);
    given.store.calls.length = 0;
    await given.clock.advance(60_000);
    expect(given.store.calls).toEqual([]);
  });

  test('is completed with one write, whatever it was renewed before', async () => {
    const given = world();
    const records = changes(1);
    await given.clock.run(given.process(noting([], 35_000)).deliver(records));
    expect(given.store.calls).toEqual(Array(1 + 3 + 1).fill('put C'));
  });

  test('renews it also while the store fails now and then, and hears nothing of that', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const one = given.process(noting(ran, 100_000)).deliver(records);
    await given.clock.advance(1);
    let n = 0;
    given.store.script = () => (['away', 'reply lost', undefined] as const)[n++ % 3];
    const other = given.process(noting(ran)).deliver(records);
    await given.clock.run(Promise.all([one, other]));
    expect(ran).toHaveLength(1);
  });

  test('hears at its deadline that it should stop, and is given the reason', async () => {
    const given = world();
    const records = changes(1);
    let signal: AbortSignal | undefined;
    const slow = given.process(({ clock }) =>
      handler(async (_, context) => {
        signal = context.signal;
        await clock.sleep(20_000);
      }),
    );
    await given.clock.run(slow.deliver(records, 5_000));
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toMatchObject({ name: 'TimeoutError' });
  });

  test('keeps its claim beyond the deadline of its delivery, for as long as it runs, and completes it', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const slow = given.process(noting(ran, 60_000));
    await given.clock.run(slow.deliver(records, 5_000));
    const other = given.process(noting(ran)).deliver(records);
    await given.clock.run(other);
    expect(ran).toHaveLength(1);
    expect((await given.claim(records[0]))?.value).toMatchObject({ state: 'DONE' });
  });

  test('that goes on for ever after its deadline loses its claim in the end, and another one runs', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const hung = given.process(() => handler(() => new Promise(() => undefined)));
    await given.clock.run(hung.deliver(records, 5_000));
    const early = given.process(noting(ran)).deliver(records, 200_000);
    await given.clock.run(early);
    expect(ran).toEqual([]);
    await given.clock.advance(200_000);
    await given.clock.run(given.process(noting(ran)).deliver(records));
    expect(ran).toHaveLength(1);
  });
});

describe('a process that was frozen', () => {
  /** One runs for 40 s and is frozen after the first of them; the other waits for it. */
  async function frozenAndOther(end: (context: Context) => Promise<unknown>, otherMs: number) {
    const given = world();
    const records = changes(1);
    const signals: AbortSignal[] = [];
    const ran: string[] = [];
    const frozen = given.process(({ clock }) =>
      handler(async (record, context) => {
        signals.push(context.signal);
        ran.push(`frozen ${sequenceOf(record)}`);
        await clock.sleep(40_000);
        return end(context);
      }),
    );
    const one = frozen.deliver(records);
    await given.clock.advance(1_000);
    frozen.freeze();
    const other = given
      .process(({ clock }) =>
        handler(async () => {
          ran.push('other');
          await clock.sleep(otherMs);
        }),
      )
      .deliver(records);
    return { given, records, frozen, one, other, signals, ran };
  }

  test('hears, when it goes on after another one has taken over, that its claim is lost', async () => {
    const { given, frozen, one, other, signals, ran } = await frozenAndOther(async () => 'done', 60_000);
    await given.clock.advance(35_000);
    expect(ran).toEqual([expect.stringContaining('frozen'), 'other']);
    expect(signals[0]?.aborted).toBe(false);
    frozen.thaw();
    await given.clock.advance(1);
    expect(signals[0]?.reason).toMatchObject({ name: 'ClaimLostError', code: 'CLAIM_LOST' });
    const results = await given.clock.run(Promise.all([one, other]));
    expect(results[1].firstUnfinished).toBeUndefined();
  });

  test('and succeeds late cannot complete the claim of the other one: its event is not done, and that is no attempt', async () => {
    const { given, records, frozen, one } = await frozenAndOther(async () => 'done', 60_000);
    await given.clock.advance(45_000);
    const ofOther = await given.claim(records[0]);
    frozen.thaw();
    const { firstUnfinished, counts } = await given.clock.run(one);
    expect(firstUnfinished).toBe(sequenceOf(records[0]));
    expect(counts).toMatchObject({ retryLater: 1, failed: 0, handled: 0 });
    expect(outcomes(frozen)).toEqual([
      {
        message: 'handler asks for later',
        err: expect.objectContaining({ cause: expect.objectContaining({ code: 'CLAIM_LOST' }) }),
      },
    ]);
    expect((await given.claim(records[0]))?.value).toMatchObject({ state: 'CLAIMED' });
    expect(await given.claim(records[0])).toMatchObject({
      pk: ofOther?.pk,
      value: { owner: ownerOf(ofOther) },
    });
  });

  test('and fails late does not take the claim away from the other one, and that is no attempt', async () => {
    const { given, records, frozen, one, other, ran } = await frozenAndOther(
      () => Promise.reject(new Error('late')),
      60_000,
    );
    await given.clock.advance(45_000);
    frozen.thaw();
    const { counts } = await given.clock.run(one);
    expect(counts).toMatchObject({ retryLater: 1, failed: 0 });
    expect((await given.claim(records[0]))?.value).toMatchObject({ state: 'CLAIMED' });
    await given.clock.run(other);
    const third: string[] = [];
    await given.clock.run(given.process(noting(third)).deliver(records));
    expect(third).toEqual([]);
    expect(ran).toHaveLength(2);
  });

  test('and succeeds after the other one has completed finds the event done', async () => {
    const { given, records, frozen, one, other } = await frozenAndOther(async () => 'done', 1_000);
    await given.clock.run(other);
    const done = await given.claim(records[0]);
    frozen.thaw();
    const { firstUnfinished } = await given.clock.run(one);
    expect(firstUnfinished).toBeUndefined();
    expect(await given.claim(records[0])).toEqual(done);
  });

  test('goes on when nobody has taken over', async () => {
    const given = world();
    const records = changes(1);
    const signals: AbortSignal[] = [];
    const frozen = given.process(({ clock }) =>
      handler(async (_, { signal }) => {
        signals.push(signal);
        await clock.sleep(200_000);
      }),
    );
    const one = frozen.deliver(records);
    await given.clock.advance(1_000);
    frozen.freeze();
    await given.clock.advance(100_000);
    frozen.thaw();
    await given.clock.advance(5_000);
    const ran: string[] = [];
    const other = given.process(noting(ran)).deliver(records);
    const [{ firstUnfinished }] = await given.clock.run(Promise.all([one, other]));
    expect(firstUnfinished).toBeUndefined();
    expect(signals[0]?.aborted).toBe(false);
    expect(ran).toEqual([]);
  });
});

describe('a store that fails', () => {
  test('when a claim is asked for is not asked for longer than half of its time, so that it has some left', async () => {
    const given = world();
    const ran: string[] = [];
    given.store.script = () => 'away';
    const startMs = given.clock.now();
    await given.clock.run(given.process(noting(ran), { claimMs: 4_000 }).deliver(changes(1)));
    expect(given.clock.now() - startMs).toBeLessThanOrEqual(2_000);
    expect(ran).toEqual([]);
  });

  test.each(['away', 'hangs'] as const)(
    'when a claim is asked for (%s) leaves the event for later, unrun, after 10 seconds',
    async (fault) => {
      const given = world();
      const ran: string[] = [];
      const records = changes(1);
      given.store.script = () => fault;
      const startMs = given.clock.now();
      const process = given.process(noting(ran));
      const { counts } = await given.clock.run(process.deliver(records));
      expect(ran).toEqual([]);
      expect(counts).toMatchObject({ retryLater: 1, failed: 0 });
      expect(given.clock.now() - startMs).toBeLessThanOrEqual(10_000);
      expect(given.clock.now() - startMs).toBeGreaterThan(7_000);
      expect(outcomes(process)[0]?.err.cause).toBeInstanceOf(Error);
    },
  );

  test.each(['away', 'reply lost'] as const)(
    'for two calls (%s) each time changes nothing',
    async (fault) => {
      const given = world();
      const ran: string[] = [];
      const records = changes(1);
      given.store.script = first(2, fault);
      let fails = true;
      const failing = given.process(() =>
        handler(async () => {
          given.store.script = first(2, fault);
          if (fails) throw new Error('scripted');
        }),
      );
      await given.clock.run(failing.deliver(records));
      expect(await given.claim(records[0])).toBeUndefined();
      fails = false;
      given.store.script = first(2, fault);
      expect((await given.clock.run(failing.deliver(records))).firstUnfinished).toBeUndefined();
      expect((await given.claim(records[0]))?.value).toMatchObject({ state: 'DONE' });
      await given.clock.run(given.process(noting(ran)).deliver(records));
      expect(ran).toEqual([]);
    },
  );

  test('while a handler runs has it hear that the claim is lost before anybody could take over', async () => {
    const given = world();
    const records = changes(1);
    let abortedAtMs = 0;
    const startMs = given.clock.now();
    const slow = given.process(({ clock }) =>
      handler(async (_, { signal }) => {
        signal.addEventListener('abort', () => {
          abortedAtMs = clock.now();
        });
        await clock.sleep(60_000, signal);
        signal.throwIfAborted();
      }),
    );
    const one = slow.deliver(records);
    await given.clock.advance(1);
    given.store.script = () => 'away';
    const { counts } = await given.clock.run(one);
    expect(abortedAtMs - startMs).toBeLessThanOrEqual(27_000);
    expect(abortedAtMs - startMs).toBeGreaterThan(20_000);
    expect(counts).toMatchObject({ retryLater: 1, failed: 0 });
    expect(outcomes(slow)[0]?.err.cause).toMatchObject({ code: 'CLAIM_LOST', cause: expect.any(Error) });
  });

  test('while a handler runs does not undo its success, when it is back and nobody has taken over', async () => {
    const given = world();
    const records = changes(1);
    const one = given.process(noting([], 60_000)).deliver(records);
    await given.clock.advance(1);
    given.store.script = () => 'away';
    await given.clock.advance(50_000);
    given.store.script = () => undefined;
    expect((await given.clock.run(one)).firstUnfinished).toBeUndefined();
    expect((await given.claim(records[0]))?.value).toMatchObject({ state: 'DONE' });
  });

  test('when it is to be completed leaves the event unfinished, and the same process completes it without another run', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const process = given.process(noting(ran, 100));
    const one = process.deliver(records, 20_000);
    await given.clock.advance(1);
    given.store.script = () => 'away';
    const { firstUnfinished } = await given.clock.run(one);
    expect(firstUnfinished).toBe(sequenceOf(records[0]));
    await given.clock.advance(5_000);
    expect(outcomes(process)[0]).toMatchObject({ message: 'handler asks for later' });
    given.store.script = () => undefined;
    const again = await given.clock.run(process.deliver(records));
    expect(again.firstUnfinished).toBeUndefined();
    expect(ran).toHaveLength(1);
    expect((await given.claim(records[0]))?.value).toMatchObject({ state: 'DONE' });
    given.store.calls.length = 0;
    await given.clock.run(process.deliver(records));
    expect(given.store.calls).toEqual(['put C']);
    expect(ran).toHaveLength(1);
  });

  test('when it is to be completed: what the process remembers waits for another one that has taken over, and is done with it', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const process = given.process(noting(ran, 100));
    const one = process.deliver(records, 5_000);
    await given.clock.advance(1);
    given.store.script = () => 'away';
    await given.clock.run(one);
    await given.clock.advance(40_000);
    given.store.script = () => undefined;
    const other = given.process(noting(ran, 10_000)).deliver(records);
    await given.clock.advance(1_000);
    const again = await given.clock.run(process.deliver(records));
    expect(again.firstUnfinished).toBeUndefined();
    await given.clock.run(other);
    expect(ran).toHaveLength(2); // the documented window: done, and not said
  });

  test('at the deadline is told once more that a late handler is done', async () => {
    const given = world();
    const records = changes(1);
    const process = given.process(noting([], 10_000));
    await given.clock.run(process.deliver(records, 5_000));
    given.store.script = first(1, 'hangs');
    await given.clock.advance(6_000);
    given.store.script = () => undefined;
    const ran: string[] = [];
    await given.clock.run(process.deliver(records));
    expect(ran).toEqual([]);
    expect((await given.claim(records[0]))?.value).toMatchObject({ state: 'DONE' });
  });

  test('when a claim is to be let go of changes nothing about the outcome; the claim runs out', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    given.store.script = (call) => (isDelete(call) ? 'hangs' : undefined);
    const failing = given.process(() => handler(() => Promise.reject(new Error('scripted'))));
    const startMs = given.clock.now();
    const { counts } = await given.clock.run(failing.deliver(records));
    expect(counts.failed).toBe(1);
    expect(given.clock.now() - startMs).toBeLessThanOrEqual(2_000);
    await given.clock.run(given.process(noting(ran)).deliver(records));
    expect(ran).toHaveLength(1);
    expect(given.clock.now() - startMs).toBe(30_000);
  });

  test('and carries out a claim long after it was given up on, and let go of, delays the event no longer than a claim', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    given.store.script = first(1, 15_000, isPut);
    const failing = given.process(() => handler(() => Promise.reject(new Error('scripted'))), {
      claimMs: 40_000,
    });
    const startMs = given.clock.now();
    await given.clock.run(failing.deliver(records, 14_000));
    await given.clock.advance(20_000 - (given.clock.now() - startMs));
    await given.clock.run(given.process(noting(ran)).deliver(records));
    expect(ran).toHaveLength(1);
    expect(given.clock.now() - startMs).toBeLessThanOrEqual(40_000);
  });

  test('and carries out a renewal after the completion does not undo it', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const one = given.process(noting(ran, 10_500)).deliver(records);
    await given.clock.advance(1);
    given.store.script = first(1, 5_000, isPut);
    expect((await given.clock.run(one)).firstUnfinished).toBeUndefined();
    await given.clock.advance(20_000);
    expect((await given.claim(records[0]))?.value).toMatchObject({ state: 'DONE' });
  });

  test.each([
    ['completed', async () => undefined, { state: 'DONE' }],
    ['let go of', () => Promise.reject(new Error('scripted')), undefined],
  ])('and answers a renewal late does not keep the claim from being %s', async (_, end, left) => {
    const given = world();
    const records = changes(1);
    const process = given.process(({ clock }) =>
      handler(async () => {
        await clock.sleep(10_500);
        await end();
      }),
    );
    const one = process.deliver(records);
    await given.clock.advance(1);
    // The renewal is carried out at once, and its reply takes its time.
    const { put } = given.store;
    let isFirst = true;
    Object.assign(given.store, {
      put: async (...args: Parameters<typeof put>) => {
        const written = await put(...args);
        if (isFirst) {
          isFirst = false;
          await given.clock.sleep(5_000);
        }
        return written;
      },
    });
    await given.clock.run(one);
    expect((await given.claim(records[0]))?.value).toEqual(left && expect.objectContaining(left));
  });
});

test('a renewal that comes through after its claim was let go of is not taken for a loss: the failure counts', async () => {
  const given = world();
  const failing = given.process(({ clock }) =>
    handler(async () => {
      await clock.sleep(10_500);
      throw new Error('scripted');
    }),
  );
  const one = failing.deliver(changes(1));
  await given.clock.advance(1);
  given.store.script = first(1, 1_000, isPut);
  const { delete: remove } = given.store;
  Object.assign(given.store, {
    delete: async (...args: Parameters<typeof remove>) => {
      const written = await remove(...args);
      await given.clock.sleep(1_000);
      return written;
    },
  });
  expect((await given.clock.run(one)).counts).toMatchObject({ failed: 1, retryLater: 0 });
});

describe('a row of a claim', () => {
  test('that is none is a failure that says so, and is left as it is', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    await given.overwrite(records[0], { some: 'thing else' });
    const process = given.process(noting(ran));
    const { counts } = await given.clock.run(process.deliver(records));
    expect(counts.failed).toBe(1);
    expect(outcomes(process)[0]?.err).toMatchObject({ code: 'LEDGER_UNREADABLE' });
    expect(ran).toEqual([]);
    expect((await given.claim(records[0]))?.value).toEqual({ some: 'thing else' });
  });

  test('that somebody has deleted while the handler ran does not keep it from being done', async () => {
    const given = world();
    const ran: string[] = [];
    const records = changes(1);
    const one = given.process(noting(ran, 1_000)).deliver(records);
    await given.clock.advance(500);
    await given.overwrite(records[0], undefined);
    expect((await given.clock.run(one)).firstUnfinished).toBeUndefined();
    expect((await given.claim(records[0]))?.value).toMatchObject({ state: 'DONE' });
  });

  test('that has run out in other hands is completed over', async () => {
    const given = world();
    const records = changes(1);
    const one = given.process(noting([], 1_000)).deliver(records);
    await given.clock.advance(500);
    await given.overwrite(records[0], { state: 'CLAIMED', owner: 'dead', untilMs: given.clock.now() + 100 });
    expect((await given.clock.run(one)).firstUnfinished).toBeUndefined();
    expect((await given.claim(records[0]))?.value).toMatchObject({ state: 'DONE' });
  });
});
