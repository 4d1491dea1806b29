import { setImmediate } from 'node:timers/promises';
import { type StreamRecord, table } from '@sluice/filters';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Clock,
  compareSequenceNumbers,
  createDrain,
  createProcessMemory,
  createRouter,
  exponentialBackoff,
  type Handling,
  handled,
  type LaneKey,
  neverAgain,
  type Order,
  type Outcome,
  type ProcessMemory,
  type Progress,
  type Router,
  recallFrom,
  retryLater,
  route,
  runBatch,
  skipped,
} from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

/**
 * One record to come: its item (nobody wants those of X), and what its handlers do in place of succeeding, one a call. They
 * end as `ending` says.
 */
interface Planned {
  readonly item: string;
  readonly troubles: { readonly [handlerId: string]: readonly Trouble[] };
  readonly ending: () => Outcome | undefined;
}

type Trouble = 'fails' | 'asks for later';

const troublesOf = (most: number) =>
  fc.oneof(
    { arbitrary: fc.constant<readonly Trouble[]>([]), weight: 3 },
    {
      arbitrary: fc.array(fc.constantFrom<Trouble>('fails', 'asks for later'), { maxLength: most }),
      weight: 2,
    },
  );
const planned: fc.Arbitrary<Planned> = fc.record({
  item: fc.constantFrom('A', 'A', 'B', 'B', 'C', 'D', 'X'),
  troubles: fc
    .tuple(troublesOf(2), troublesOf(1), troublesOf(1))
    .map(([one, two, group]) => ({ one, two, three: two, group })),
  ending: fc.constantFrom(
    () => undefined,
    () => undefined,
    () => handled,
    () => skipped('no'),
    () => neverAgain('no'),
  ),
});
const plan = fc.array(planned, { minLength: 1, maxLength: 10 });
const picks = fc.infiniteStream(fc.nat());

/** How the router is set: its order, which changes share a lane, and when and how large its batch handler takes groups. */
const settings = fc.record({
  order: fc.constantFrom<Order>('strict', 'lanes'),
  lane: fc.constantFrom<LaneKey>('item', 'partitionKey', 'unordered', (record) =>
    itemOf(record) === 'A' ? 'one' : 'another',
  ),
  concurrency: fc.integer({ min: 1, max: 4 }),
  groupOrder: fc.constantFrom(-1, 1),
  maxSize: fc.integer({ min: 1, max: 4 }),
});
type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never;

const shop = table('shop', { keys: { partition: 'pk' } });
const backoff = exponentialBackoff({ initialMs: 1, maxMs: 1 });
/** `group` is a batch handler; `two` and `three` exclude each other, and A and B match both. */
const handlersOf = {
  A: ['one', 'two', 'group'],
  B: ['one', 'two', 'group'],
  C: ['one', 'three'],
  D: ['group'],
  X: [],
};

describe('a drain that retries in place, stopped at any moment and taken up from its progress', () => {
  it('loses nothing, repeats nothing, keeps the order of each item, and its progress passes nothing that is not done', async () => {
    const scenario = fc.record({
      plan,
      picks,
      settings,
      stops: fc.array(fc.nat(12), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ plan, picks, settings, stops }) => {
        const turns = turnsIn(picks);
        const world = worldOf(plan, settings, true);
        const router = routerOf(world, turns, settings);
        const tooEarly: number[] = [];
        let progress: Progress = { watermark: undefined, done: {}, attempts: {} };
        for (const stopAfter of [...stops, Number.POSITIVE_INFINITY]) {
          progress = await live(progress, stopAfter);
        }
        expect([world.broken, world.undone()]).toEqual([[], []]);
        expect([world.repeated(), tooEarly]).toEqual([[], []]);
        expect(progress).toEqual({
          watermark: world.records.at(-1)?.dynamodb.SequenceNumber,
          done: {},
          attempts: {},
        });

        /** From the progress that was kept, to the stop or to the end. */
        async function live(kept: Progress, stopAfter: number): Promise<Progress> {
          const toCome = world.records.filter(({ dynamodb }) =>
            isAbove(dynamodb.SequenceNumber, kept.watermark),
          );
          const drain = createDrain(router, {
            order: settings.order,
            afterFailure: { kind: 'retry', backoff },
            recall: recallFrom(kept),
          });
          world.mayStart = () => !stopped;
          let stopped = false;
          let settled = false;
          for (let step = 0; !settled; step++) {
            if (step === stopAfter || toCome.length === 0) {
              drain.offer(toCome.splice(0));
              stopped = step >= stopAfter;
              if (stopped) drain.stop();
              void drain.until(0).then(() => {
                settled = true;
              });
            } else if (picks.next().value % 2 === 0) {
              const limit = picks.next().value % 4;
              drain.offer(toCome.splice(0, 1 + (picks.next().value % 3)));
              void drain
                .until(limit)
                .then(() => tooEarly.push(...(stopped || drain.unfinished <= limit ? [] : [limit])));
            }
            await turns.step();
            world.checkProgress(
              drain.progress(),
              world.records.filter((record) => !toCome.includes(record)),
            );
          }
          expect(drain.unfinished === 0 || stopped).toBe(true);
          const now: Progress = JSON.parse(JSON.stringify(drain.progress()));
          return now.watermark === undefined && kept.watermark !== undefined
            ? { ...now, watermark: kept.watermark }
            : now;
        }
      }),
      { numRuns: 250 },
    );
  });
});

describe('deliveries that are repeated from the lowest unfinished record', () => {
  it('in a warm process lose nothing, repeat nothing and keep the order, also across deadlines', async () => {
    const scenario = fc.record({ plan, picks, settings, deadlines: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ plan, picks, settings, deadlines }) => {
        const turns = turnsIn(picks);
        // What an earlier delivery left running at its deadline counts in none of the later ones.
        const limit = deadlines ? { concurrency: Number.POSITIVE_INFINITY } : {};
        const world = worldOf(plan, { ...settings, ...limit });
        const router = routerOf(world, turns, settings);
        const memory = createProcessMemory();
        await untilDone(world, router, turns, memory, deadlines ? { budgetMs: 1000 } : {});
        expect([world.broken, world.undone()]).toEqual([[], []]);
        expect(world.repeated()).toEqual([]);
      }),
      { numRuns: 250 },
    );
  });

  it('in cold processes lose nothing and keep the order of first successes; strict repeats only within the record that failed', async () => {
    const scenario = fc.record({ plan, picks, settings });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ plan, picks, settings }) => {
        const turns = turnsIn(picks);
        const world = worldOf(plan, settings);
        const router = routerOf(world, turns, settings);
        await untilDone(world, router, turns, undefined);
        expect([world.broken, world.undone()]).toEqual([[], []]);
        if (settings.order === 'strict')
          for (const { record } of world.repeated()) expect(world.hadTrouble(record)).toBe(true);
      }),
      { numRuns: 250 },
    );
  });

  async function untilDone(
    world: World,
    router: Router,
    turns: Turns,
    memory: ProcessMemory | undefined,
    options: { readonly budgetMs?: number } = {},
  ): Promise<void> {
    let from: string | undefined = '0';
    for (let deliveries = 0; from !== undefined; deliveries++) {
      if (deliveries > 200) throw new Error('no end');
      const first: string = from;
      const records = world.records.filter(({ dynamodb }) => !isAbove(first, dynamodb.SequenceNumber));
      world.failed = [];
      world.mayStart = (_record, signal) => !signal.aborted;
      const delivered = runBatch(router, records, { memory: memory ?? createProcessMemory(), ...options });
      const { firstUnfinished, timedOut } = await turns.until(delivered);
      const lowest = world.undone()[0]?.dynamodb.SequenceNumber;
      // A cold process does not know what another one did, so it may report less as done, never more.
      if (lowest !== undefined && !timedOut) expect(isAbove(firstUnfinished ?? '9999', lowest)).toBe(false);
      if (memory && !timedOut) expect(firstUnfinished).toBe(lowest);
      from = firstUnfinished;
    }
  }
});

/** What is planned, what happened, and what must hold each time that a handler starts. */
interface World {
  readonly records: readonly StreamRecord[];
  /** Records that have failed in this delivery. */
  failed: StreamRecord[];
  /** Whether a handler may start. */
  mayStart: (record: StreamRecord, signal: AbortSignal) => boolean;
  /** The rules that did not hold. */
  readonly broken: readonly string[];
  /** Around all handlers of a record. */
  deliver(record: StreamRecord, next: () => Promise<Outcome>): Promise<Outcome>;
  /** Around one of them, for one record or a group. */
  handle(
    id: string,
    group: readonly StreamRecord[],
    signal: AbortSignal,
    work: () => Promise<void>,
  ): Promise<Outcome | undefined>;
  /** Records with a handler that never succeeded, in stream order. */
  undone(): readonly StreamRecord[];
  /** Handlers that succeeded more than once. */
  repeated(): readonly { readonly record: StreamRecord; readonly id: string }[];
  /** Whether a handler of the record did not succeed once. */
  hadTrouble(record: StreamRecord): boolean;
  checkProgress(progress: Progress, offered: readonly StreamRecord[]): void;
}

function worldOf(plan: readonly Planned[], settings: Settings, retries = false): World {
  const { order, concurrency, groupOrder } = settings;
  const strict = order === 'strict';
  const records = plan.map(({ item }, index) => recordOf(item, String(7 + 3 * index)));
  const planOf = (record: StreamRecord) => plan[(Number(sequenceOf(record)) - 7) / 3] as Planned;
  const runs = new Map<string, { tries: number; troubles: number; failed: number; succeeded: number }>();
  const running: (readonly StreamRecord[])[] = [];
  const broken: string[] = [];
  // What is thrown in a handler is a failure like any other, so it is noted here and told at the end.
  const must = (holds: boolean, rule: string) => void (holds || broken.push(rule));
  const runsOf = (record: StreamRecord, id: string) => {
    const key = `${sequenceOf(record)} ${id}`;
    const known = runs.get(key) ?? { tries: 0, troubles: 0, failed: 0, succeeded: 0 };
    runs.set(key, known);
    return known;
  };
  const isDoneBy = (record: StreamRecord) => (id: string) => runsOf(record, id).succeeded > 0;
  const isDone = (record: StreamRecord) => handlersOf[itemOf(record)].every(isDoneBy(record));
  const laneOf = (record: StreamRecord) => {
    if (strict) return 'all';
    if (settings.lane === 'unordered') return sequenceOf(record);
    return typeof settings.lane === 'function' ? settings.lane(record) : itemOf(record);
  };
  const isBefore = (record: StreamRecord) => (other: StreamRecord) =>
    laneOf(other) === laneOf(record) && isAbove(sequenceOf(record), sequenceOf(other));

  /** What must hold when a handler starts on records of a lane, the first of which it was the turn of. */
  function mayStartOn(id: string, group: readonly StreamRecord[], signal: AbortSignal): void {
    const [head, ...others] = group as [StreamRecord, ...StreamRecord[]];
    const name = `${id} of ${group.map(sequenceOf)}`;
    must(records.filter(isBefore(head)).every(isDone), `${name} overtakes what it must not`);
    must(
      !running.flat().some((other) => laneOf(other) === laneOf(head)),
      `${name} beside another of its lane`,
    );
    must(running.length < (strict ? 1 : concurrency), 'too many at once');
    must(group.length <= (id === 'group' ? settings.maxSize : 1), `${name} is too large`);
    must(world.mayStart(head, signal), `${name} starts after the stop`);
    for (const record of others) {
      must(retries || isLowest(record), `${name} starts above a record that failed`);
      const between = records.filter(isBefore(record)).filter((other) => !group.includes(other));
      must(between.every(isDone), `${name} leaves one out`);
      const first = handlersOf[itemOf(record)].filter((other) => groupOrder > 0 && other !== id);
      must(first.every(isDoneBy(record)), `${name} comes before handlers that are to run first`);
    }
    for (const record of strict ? group.slice(0, -1) : []) {
      const rest = handlersOf[itemOf(record)].filter((other) => other !== id);
      must(rest.every(isDoneBy(record)), `${name} goes on behind a record that is not done`);
    }
  }

  function isLowest(record: StreamRecord): boolean {
    return !world.failed.some((other) => isAbove(sequenceOf(record), sequenceOf(other)));
  }

  const world: World = {
    records,
    failed: [],
    mayStart: () => true,
    broken,
    async deliver(record, next) {
      const { failed } = world; // an outcome that comes late is of the delivery that it was begun in
      must(retries || isLowest(record), `${sequenceOf(record)} starts above a failed record`);
      const outcome = await next();
      if (outcome.kind === 'failed' || outcome.kind === 'retryLater') failed.push(record);
      return outcome;
    },
    async handle(id, group, signal, work) {
      mayStartOn(id, group, signal);
      running.push(group);
      await work();
      running.splice(running.indexOf(group), 1);
      const mine = group.map((record) => runsOf(record, id));
      for (const [index, record] of group.entries()) {
        const next = planOf(record).troubles[id]?.[mine[index]?.tries ?? 0];
        if (!next) continue;
        (mine[index] ?? { tries: 0 }).tries++;
        for (const one of mine) one.troubles++;
        if (next === 'asks for later') return retryLater('not now');
        for (const one of mine) one.failed++;
        throw new Error('not yet');
      }
      for (const one of mine) one.succeeded++;
      return planOf(group[0] as StreamRecord).ending();
    },
    undone: () => records.filter((record) => !isDone(record)),
    repeated: () =>
      records.flatMap((record) =>
        handlersOf[itemOf(record)]
          .filter((id) => runsOf(record, id).succeeded > 1)
          .map((id) => ({ record, id })),
      ),
    hadTrouble: (record) => handlersOf[itemOf(record)].some((id) => runsOf(record, id).troubles > 0),
    checkProgress({ watermark, done, attempts }, offered) {
      for (const record of records) {
        const sequence = sequenceOf(record);
        if (watermark !== undefined && !isAbove(sequence, watermark)) {
          expect(isDone(record)).toBe(true);
          expect([done[sequence], attempts[sequence]]).toEqual([undefined, undefined]);
        }
        for (const id of done[sequence] ?? []) expect(runsOf(record, id).succeeded).toBe(1);
        for (const id of handlersOf[itemOf(record)]) {
          const { failed } = runsOf(record, id);
          const isKnown = isAbove(sequence, watermark) && offered.includes(record) && !isDone(record);
          if (isKnown || attempts[sequence]) expect(attempts[sequence]?.[id] ?? 0).toBe(failed);
        }
      }
    },
  };
  return world;
}

function routerOf(world: World, turns: Turns, settings: Settings): Router {
  type One = { readonly record: StreamRecord };
  type Signalled = { readonly signal: AbortSignal };
  const handle =
    (id: string) =>
    (change: One, { signal }: Signalled): Handling =>
      world.handle(id, [change.record], signal, () => turns.turn());
  const group = (changes: readonly One[], { signal }: Signalled): Handling =>
    world.handle(
      'group',
      changes.map(({ record }) => record),
      signal,
      () => turns.turn(),
    );
  const of = (...items: [string, ...string[]]) => shop.attr('item').is(...items);
  const quiet = () => undefined;
  const { order, lane, concurrency, groupOrder, maxSize } = settings;
  return createRouter({
    routes: [
      route.insert(shop, { id: 'one', when: of('A', 'B', 'C') }, handle('one')),
      route.insert(shop, { id: 'two', when: of('A', 'B'), exclusive: 'pair' }, handle('two')),
      route.insert(shop, { id: 'three', when: of('A', 'B', 'C'), exclusive: 'pair' }, handle('three')),
      route.batch(shop, { id: 'group', when: of('A', 'B', 'D'), order: groupOrder, maxSize }, group),
    ],
    order,
    lane,
    concurrency,
    middleware: { record: [({ record }, next) => world.deliver(record, next)] },
    clock: { now: () => 0, sleep: (_delayMs, signal) => turns.turn(signal) } satisfies Clock,
    random: () => 0.5,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
}

/** Everything that waits, moved on one by one in an order that the test picks. */
interface Turns {
  /** Waits for its turn, or until `signal` aborts. */
  turn(signal?: AbortSignal): Promise<void>;
  /** Moves one on, and everything that follows from it. */
  step(): Promise<void>;
  /** Moves on until the promise settles; it must not need more than what waits. */
  until<T>(promise: Promise<T>): Promise<T>;
}

function turnsIn(picks: fc.Stream<number>): Turns {
  let waiting: (() => void)[] = [];
  const turns: Turns = {
    turn: (signal) =>
      new Promise((resolve) => {
        const go = () => {
          waiting = waiting.filter((other) => other !== go);
          resolve();
        };
        waiting.push(go);
        signal?.addEventListener('abort', go, { once: true });
      }),
    async step() {
      await setImmediate();
      waiting[picks.next().value % Math.max(1, waiting.length)]?.();
      await setImmediate();
    },
    async until(promise) {
      let settled = false;
      const settle = () => {
        settled = true;
      };
      promise.then(settle, settle);
      for (let steps = 0; !settled; steps++) {
        if (steps > 1000) throw new Error('it waits for something that never comes');
        await turns.step();
      }
      return promise;
    },
  };
  return turns;
}

function recordOf(item: string, sequence: string): StreamRecord {
  return {
    eventName: 'INSERT',
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: {
      Keys: { pk: { S: item } },
      NewImage: { item: { S: item } },
      SequenceNumber: sequence,
    },
  };
}

function itemOf(record: StreamRecord): keyof typeof handlersOf {
  return (record.dynamodb.Keys['pk'] as { S: keyof typeof handlersOf }).S;
}

function sequenceOf(record: StreamRecord): string {
  return record.dynamodb.SequenceNumber;
}

function isAbove(sequence: string, other: string | undefined): boolean {
  return other === undefined || compareSequenceNumbers(sequence, other) > 0;
}
