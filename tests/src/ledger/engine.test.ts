import { createRouter, type FailureAction, route, type Store, type StreamRecord, table } from '@sluice/core';
import { type LambdaResponse, lambda } from '@sluice/lambda';
import { createLedger, LedgerUnavailableError, parkedChanges, redrive } from '@sluice/ledger';
import {
  type Effect,
  guarantees,
  type LambdaFaults,
  type LambdaReport,
  lambdaEvent,
  simulateLambda,
  storeIn,
} from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hastyClock, type Shop, type StoreTable, silent, startEngineWorld, watched } from './engine-world.js';

const world = await startEngineWorld();
afterAll(() => world?.stop());

/** In the engine: the two changes of an item A, and around its second one those of an item B. */
let batch: readonly StreamRecord[];
let shop: Shop;
let rows: StoreTable;
/** Each story has a router of its own name, and so its own part of the store's table. */
let stories = 0;

beforeAll(async () => {
  if (!world) return;
  shop = await world.newShop();
  rows = await world.newStoreTable();
  for (const item of ['A1', 'B1', 'B2', 'A2']) await shop.put({ pk: item[0], change: item });
  batch = await shop.records();
});

interface StoryOptions {
  readonly handlers?: readonly string[];
  readonly once?: boolean;
  /** All four by default. */
  readonly changes?: readonly string[];
  readonly onFailure?: FailureAction;
  /** How often a handler fails on a change before it is done, by the change. */
  readonly failures?: Readonly<Record<string, number>>;
  /** 9 seconds by default. */
  readonly claimMs?: number;
  readonly onEffect?: (change: string) => void;
  /** Is told of each call of a store before it is made. */
  readonly onCall?: (n: number) => void;
}

/** A router that is deployed once, in any number of processes, and what came of it. */
function newStory(options: StoryOptions = {}) {
  const {
    handlers = ['mail'],
    once = false,
    onFailure = 'block',
    claimMs = 9_000,
    onCall = () => {},
  } = options;
  const name = `story-${++stories}`;
  const records = options.changes
    ? batch.filter((record) => options.changes?.includes(changeIn(record)))
    : batch;
  const clock = hastyClock();
  const failures = new Map(Object.entries(options.failures ?? {}));
  /** `<handler> <change>`, in the order in which they happened. */
  const effects: string[] = [];
  const named: Effect[] = [];
  /** Effects after which the handler had its end. */
  const ended: string[] = [];
  let calls = 0;

  function newRouter(store = rows.open(), place: { readonly clock: typeof clock } = { clock }) {
    const told = watched(store, () => onCall(++calls));
    return createRouter({
      name,
      routes: handlers.map((id) =>
        route.on(
          table(shop.name, { keys: { partition: 'pk' } }),
          { id, once, onFailure: { action: onFailure, attempts: 1 } },
          async ({ record }) => {
            const change = changeIn(record);
            const left = failures.get(change) ?? 0;
            failures.set(change, left - 1);
            if (left > 0) throw new Error('scripted');
            effects.push(`${id} ${change}`);
            named.push({ handlerId: id, sequenceNumber: record.dynamodb.SequenceNumber });
            options.onEffect?.(change);
            await place.clock.sleep(0);
            ended.push(`${id} ${change}`);
          },
        ),
      ),
      ledger: createLedger(told, { claimMs }),
      clock: place.clock,
      logger: silent,
    });
  }

  return {
    name,
    clock,
    effects,
    ended,
    failures,
    newRouter,
    get calls() {
      return calls;
    },
    newProcess(store?: Store) {
      const handler = lambda(newRouter(store));
      return (records: readonly StreamRecord[]): Promise<LambdaResponse> =>
        handler(lambdaEvent(records), { getRemainingTimeInMillis: () => 60_000 });
    },
    deliver(retry: 'warm' | 'cold', faults?: LambdaFaults): Promise<LambdaReport> {
      return simulateLambda({
        records,
        retry,
        clock,
        timeoutMs: 60_000,
        maxInvocations: 20,
        ...(faults && { faults }),
        newSandbox: (environment) =>
          lambda(newRouter(storeIn(environment, rows.open()), { clock: environment.clock })),
      });
    },
    judged: (setAside: readonly string[] = []) =>
      guarantees(records, named, {
        handlers,
        setAside: setAside.map((change) => ({ sequenceNumber: sequenceOf(change) })),
      }),
  };
}

function changeIn({ dynamodb }: StreamRecord): string {
  const { change } = dynamodb.NewImage ?? {};
  return change && 'S' in change ? change.S : '';
}

function sequenceOf(change: string): string {
  return batch.find((record) => changeIn(record) === change)?.dynamodb.SequenceNumber ?? '';
}

function toldOf(change: string): LambdaResponse {
  return { batchItemFailures: [{ itemIdentifier: sequenceOf(change) }] };
}

const allDone: LambdaResponse = { batchItemFailures: [] };
const asPromised = { lost: [], repeated: [], outOfOrder: [], backInTime: [], unexpected: [] };

/** What goes wrong with a call, and those after it. Absences are in the time of the story. */
const faults = {
  'is throttled, twice': (_clock: ReturnType<typeof hastyClock>) => world?.proxy.throttle(2),
  'loses its reply': () => world?.proxy.loseReply(1),
  'finds its connection reset, twice': () => world?.proxy.refuse(2),
  'finds the store away for 3 seconds': (clock: ReturnType<typeof hastyClock>) => awayFor(3_000, clock),
  'finds the store away for 15 seconds': (clock: ReturnType<typeof hastyClock>) => awayFor(15_000, clock),
} as const;

type Fault = (clock: ReturnType<typeof hastyClock>) => void;

function awayFor(durationMs: number, clock: ReturnType<typeof hastyClock>): void {
  world?.proxy.away();
  void clock.sleep(durationMs).then(() => world?.proxy.back());
}

/** Plays a story again and again; each time another one of its calls of the store is struck. */
async function strikeEachCall(
  fault: Fault,
  options: StoryOptions,
  play: (story: ReturnType<typeof newStory>, struck: string) => Promise<void>,
): Promise<void> {
  for (let struck = 1, calls = 1; struck <= calls; struck++) {
    const clock: { current?: ReturnType<typeof hastyClock> } = {};
    const story = newStory({
      ...options,
      onCall: (n) => n === struck && clock.current && fault(clock.current),
    });
    clock.current = story.clock;
    await play(story, `call ${struck} is struck`);
    calls = story.calls;
  }
}

async function callsDuring(work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = world?.proxy.calls.length;
  await work();
  return world?.proxy.calls.slice(before) ?? [];
}

async function parkedIn(store: Store, name: string): Promise<readonly string[]> {
  const parked: string[] = [];
  for await (const { record } of parkedChanges(store, name).list()) parked.push(changeIn(record));
  return parked;
}

describe.skipIf(!world)('a ledger in a real table, behind Lambda', () => {
  describe('what it costs', () => {
    test('a batch in lanes of which nothing fails is one Query, and nothing is written', async () => {
      const story = newStory({ handlers: ['mail', 'audit'] });
      const deliver = story.newProcess();
      expect(await callsDuring(() => deliver(batch))).toEqual(['Query']);
      expect(await callsDuring(() => deliver(batch))).toEqual(['Query']);
    });

    test('a handler with once is two writes for each record, and no read', async () => {
      const story = newStory({ handlers: ['mail', 'audit'], once: true });
      const calls = await callsDuring(async () => {
        expect(await story.newProcess()(batch)).toEqual(allDone);
      });
      expect(calls).toEqual(['Query', ...Array(2 * 2 * batch.length).fill('PutItem')]);
    });

    test('a lost reply is one call more, of a claim and of a completion too', async () => {
      for (const lost of [1, 2, 3]) {
        const story = newStory({ once: true, onCall: (n) => n === lost && world?.proxy.loseReply(1) });
        const calls = await callsDuring(() => story.newProcess()(batch.slice(0, 1)));
        expect(calls).toEqual(
          ['Query', 'PutItem', 'PutItem'].flatMap((call, n) => (n + 1 === lost ? [call, call] : call)),
        );
      }
    });

    test('an event that is done by a handler with once is one write that is refused, in any process', async () => {
      const story = newStory({ once: true });
      await story.newProcess()(batch);
      const calls = await callsDuring(() => story.newProcess()(batch));
      expect(calls).toEqual(['Query', ...Array(batch.length).fill('PutItem')]);
      expect(story.judged()).toEqual(asPromised);
    });

    test('a delivery that fails writes one row, and the one that ends it deletes that', async () => {
      const story = newStory({ failures: { A1: 1 } });
      const store = rows.open();
      const ofStream = async () => store.list(`${story.name}|${batch[0]?.eventSourceARN}`, '', 10);
      expect(await callsDuring(() => story.newProcess()(batch))).toEqual(['Query', 'PutItem']);
      expect(await ofStream()).toHaveLength(1);
      expect(await callsDuring(() => story.newProcess()(batch))).toEqual(['Query', 'DeleteItem']);
      expect(await ofStream()).toEqual([]);
    });
  });

  describe('the batch A1 B1 B2 A2, with A1 failing once', () => {
    test.each(['warm', 'cold'] as const)('gives B1 B2 and then A1 A2, in a %s process', async (kind) => {
      const story = newStory({ failures: { A1: 1 } });
      const first = story.newProcess();
      expect(await first(batch)).toEqual(toldOf('A1'));
      expect(story.effects).toEqual(['mail B1', 'mail B2']);
      const second = kind === 'warm' ? first : story.newProcess();
      expect(await second(batch)).toEqual(allDone);
      expect(story.effects).toEqual(['mail B1', 'mail B2', 'mail A1', 'mail A2']);
    });
  });

  describe.each(Object.entries<Fault>(faults))('a store of which any call %s', (name, fault) => {
    // After a long absence another process cannot know what was not kept: that window is documented.
    const retry = name.includes('15 seconds') ? 'warm' : 'cold';

    test('loses, doubles and reorders nothing when a change fails', async () => {
      await strikeEachCall(fault, { failures: { A1: 1 } }, async (story, struck) => {
        const { status } = await story.deliver(retry);
        expect({ status, ...story.judged() }, struck).toEqual({ status: 'done', ...asPromised });
      });
    });

    test('loses, doubles and reorders nothing of handlers with once', async () => {
      await strikeEachCall(
        fault,
        { once: true, changes: ['A1', 'B1'], failures: { B1: 1 } },
        async (story, struck) => {
          const { status } = await story.deliver(retry);
          expect({ status, ...story.judged() }, struck).toEqual({ status: 'done', ...asPromised });
        },
      );
    });

    test('parks a change and what follows it of its item, each once, and lets the others go on', async () => {
      const poison = { A1: Number.POSITIVE_INFINITY };
      await strikeEachCall(fault, { onFailure: 'park-item', failures: poison }, async (story, struck) => {
        const { status } = await story.deliver('warm');
        expect({ status, ...story.judged(['A1', 'A2']) }, struck).toEqual({ status: 'done', ...asPromised });
        expect(story.effects, struck).toEqual(['mail B1', 'mail B2']);
        expect(await parkedIn(rows.open(), story.name), struck).toEqual(['A1', 'A2']);
      });
    });
  });

  describe.each([
    ['loses its reply', faults['loses its reply']],
    ['is throttled, twice', faults['is throttled, twice']],
  ])('a store of which any call of a redrive %s', (_name, fault: Fault) => {
    test('runs the parked changes of an item once, in order, and leaves no mark', async () => {
      const kept = rows.open();
      for (let struck = 1, calls = 1; struck <= calls; struck++) {
        const story = newStory({ onFailure: 'park-item', failures: { A1: 1 } });
        expect(await story.newProcess(kept)(batch)).toEqual(allDone);
        let n = 0;
        const store = watched(kept, (call) => {
          n = call;
          if (call === struck) fault(story.clock);
        });
        const { done, failed } = await redrive(story.newRouter(kept), store, 'all');
        expect([done.length, failed], `call ${struck} is struck`).toEqual([2, []]);
        expect(story.effects, `call ${struck} is struck`).toEqual([
          'mail B1',
          'mail B2',
          'mail A1',
          'mail A2',
        ]);
        expect(await kept.list(`${story.name}|${batch[0]?.eventSourceARN}`, '', 10)).toEqual([]);
        calls = n;
      }
    });
  });

  test('the first parked change of an item that fails again stops a redrive of its item, and of no other', async () => {
    const poison = { A1: Number.POSITIVE_INFINITY, B1: 1 };
    const story = newStory({ onFailure: 'park-item', failures: poison });
    expect(await story.newProcess()(batch)).toEqual(allDone);
    expect(story.effects).toEqual([]);
    const store = rows.open();
    const { done, failed, behind } = await redrive(story.newRouter(store), store, 'all');
    expect([done.length, failed.length, behind.length]).toEqual([2, 1, 1]);
    expect(story.effects).toEqual(['mail B1', 'mail B2']);
    expect(await parkedIn(store, story.name)).toEqual(['A1', 'A2']);
  });

  describe('two processes that have the same batch at a time', () => {
    test('run each change with once in one of them, and in order', async () => {
      const story = newStory({ once: true, failures: { A1: 1 }, claimMs: 3_600_000 });
      const [one, other] = [story.newProcess(), story.newProcess()];
      expect(await Promise.all([one(batch), other(batch)])).toContainEqual(toldOf('A1'));
      expect(await story.newProcess()(batch)).toEqual(allDone);
      expect(story.judged()).toEqual(asPromised);
    });

    test('park each change once', async () => {
      const poison = { A1: Number.POSITIVE_INFINITY };
      const story = newStory({ once: true, onFailure: 'park-item', failures: poison, claimMs: 3_600_000 });
      const answers = await Promise.all([story.newProcess()(batch), story.newProcess()(batch)]);
      expect(answers).toEqual([allDone, allDone]);
      expect(story.judged(['A1', 'A2'])).toEqual(asPromised);
      expect(await parkedIn(rows.open(), story.name)).toEqual(['A1', 'A2']);
    });
  });

  test('a store that is away for a whole delivery fails the invocation, and nothing is run', async () => {
    const story = newStory({ once: true });
    const deliver = story.newProcess();
    world?.proxy.away();
    await expect(deliver(batch)).rejects.toThrow(LedgerUnavailableError);
    expect(story.effects).toEqual([]);
    world?.proxy.back();
    expect(await deliver(batch)).toEqual(allDone);
    expect(story.judged()).toEqual(asPromised);
  });

  test('an effect that could not be completed before the deadline is remembered by its process, and not repeated', async () => {
    const story = newStory({ once: true, onEffect: (change) => change === 'A1' && world?.proxy.away() });
    const deliver = story.newProcess();
    expect(await deliver(batch)).toEqual(toldOf('A1'));
    world?.proxy.back();
    expect(await deliver(batch)).toEqual(allDone);
    expect(await story.newProcess()(batch)).toEqual(allDone);
    expect(story.judged()).toEqual(asPromised);
  });

  test('a store that is away at the end of a delivery keeps nothing, and the answer is given all the same', async () => {
    const story = newStory({
      failures: { A1: 1 },
      onEffect: (change) => change === 'B2' && world?.proxy.away(),
    });
    const deliver = story.newProcess();
    expect(await deliver(batch)).toEqual(toldOf('A1'));
    world?.proxy.back();
    expect(await deliver(batch)).toEqual(allDone);
    expect(story.judged()).toEqual(asPromised);
  });

  test('a process that dies at any point loses nothing, and repeats with once only what it had in hand', async () => {
    let repeats = 0;
    for (let step = 0, hasDied = true; hasDied; step++) {
      const story = newStory({ once: true, changes: ['A1', 'B1'] });
      const { status, invocations } = await story.deliver('warm', ({ number }) =>
        number === 1 ? { crash: { step } } : undefined,
      );
      hasDied = invocations[0]?.error !== undefined;
      const { repeated, ...judged } = story.judged();
      expect({ status, ...judged, repeated: [] }, `step ${step}`).toEqual({ status: 'done', ...asPromised });
      const hasEndedTwice = story.ended.filter((effect, n) => story.ended.indexOf(effect) < n);
      expect(hasEndedTwice, `step ${step}`).toEqual([]);
      repeats += repeated.length;
    }
    expect(repeats).toBeGreaterThan(0); // the steps went through the window
  });
});
