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
  type Order,
  type Outcome,
  type Progress,
  type Router,
  recallFrom,
  route,
  runBatch,
} from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

/** One record to come: its item (nobody wants those of X), and how often each of its handlers fails first. */
interface Planned {
  readonly item: string;
  readonly failures: { readonly [handlerId: string]: number };
}

const planned = fc.record({
  item: fc.constantFrom('A', 'B', 'C', 'X'),
  failures: fc
    .tuple(fc.constantFrom(0, 0, 0, 1, 2), fc.constantFrom(0, 0, 1))
    .map(([one, two]) => ({ one, two })),
});
const plan = fc.array(planned, { minLength: 1, maxLength: 10 });
const picks = fc.infiniteStream(fc.nat());
const order = fc.constantFrom<Order>('strict', 'lanes');
const concurrency = fc.integer({ min: 1, max: 4 });

const shop = table('shop', { keys: { partition: 'pk' } });
const backoff = exponentialBackoff({ initialMs: 1, maxMs: 1 });
const handlersOf = { A: ['one', 'two'], B: ['one', 'two'], C: ['one'], X: [] };

describe('a drain that retries in place, stopped at any moment and taken up from its progress', () => {
  it('loses nothing, repeats nothing, keeps the order of each item, and its progress passes nothing that is not done', async () => {
    const scenario = fc.record({
      plan,
      picks,
      order,
      concurrency,
      stops: fc.array(fc.nat(12), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ plan, picks, order, concurrency, stops }) => {
        const turns = turnsIn(picks);
        const world = worldOf(plan, order, concurrency, true);
        const router = routerOf(world, turns, concurrency);
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
            order,
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
    const scenario = fc.record({ plan, picks, order, concurrency, deadlines: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ plan, picks, order, concurrency, deadlines }) => {
        const turns = turnsIn(picks);
        // What an earlier delivery left running at its deadline counts in none of the later ones.
        const world = worldOf(plan, order, deadlines ? Number.POSITIVE_INFINITY : concurrency);
        const router = routerOf(world, turns, concurrency, order);
        const memory = createProcessMemory();
        await untilDone(world, router, turns, () => memory, deadlines ? { budgetMs: 1000 } : {});
        expect([world.broken, world.undone()]).toEqual([[], []]);
        expect(world.repeated()).toEqual([]);
      }),
      { numRuns: 250 },
    );
  });

  it('in cold processes lose nothing and keep the order of first successes; strict repeats only within the record that failed', async () => {
    const scenario = fc.record({ plan, picks, order, concurrency });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ plan, picks, order, concurrency }) => {
        const turns = turnsIn(picks);
        const world = worldOf(plan, order, concurrency);
        const router = routerOf(world, turns, concurrency, order);
        await untilDone(world, router, turns, () => createProcessMemory());
        expect([world.broken, world.undone()]).toEqual([[], []]);
        if (order === 'strict')
          for (const { record } of world.repeated()) expect(world.hasFailed(record)).toBe(true);
      }),
      { numRuns: 250 },
    );
  });

  async function untilDone(
    world: World,
    router: Router,
    turns: Turns,
    memoryOf: () => ReturnType<typeof createProcessMemory>,
    options: { readonly budgetMs?: number } = {},
  ): Promise<void> {
    let from: string | undefined = '0';
    for (let deliveries = 0; from !== undefined; deliveries++) {
      if (deliveries > 200) throw new Error('no end');
      const first: string = from;
      const records = world.records.filter(({ dynamodb }) => !isAbove(first, dynamodb.SequenceNumber));
      world.failed = [];
      world.mayStart = (_record, signal) => !signal.aborted;
      const delivered = runBatch(router, records, { memory: memoryOf(), ...options });
      const { firstUnfinished, timedOut } = await turns.until(delivered);
      if (!timedOut) expect(firstUnfinished).toBe(world.undone()[0]?.dynamodb.SequenceNumber);
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
  /** Around one of them. */
  handle(id: string, record: StreamRecord, signal: AbortSignal, work: () => Promise<void>): Promise<void>;
  /** Records with a handler that never succeeded, in stream order. */
  undone(): readonly StreamRecord[];
  /** Handlers that succeeded more than once. */
  repeated(): readonly { readonly record: StreamRecord; readonly id: string }[];
  hasFailed(record: StreamRecord): boolean;
  checkProgress(progress: Progress, offered: readonly StreamRecord[]): void;
}

function worldOf(plan: readonly Planned[], order: Order, concurrency: number, retries = false): World {
  const records = plan.map(({ item }, index) => recordOf(item, String(7 + 3 * index)));
  const runs = new Map<string, { failed: number; succeeded: number }>();
  const running: StreamRecord[] = [];
  const broken: string[] = [];
  // What is thrown in a handler is a failure like any other, so it is noted here and told at the end.
  const must = (holds: boolean, rule: string) => void (holds || broken.push(rule));
  const runsOf = (record: StreamRecord, id: string) => {
    const key = `${sequenceOf(record)} ${id}`;
    const known = runs.get(key) ?? { failed: 0, succeeded: 0 };
    runs.set(key, known);
    return known;
  };
  const isDone = (record: StreamRecord) =>
    handlersOf[itemOf(record)].every((id) => runsOf(record, id).succeeded > 0);

  const world: World = {
    records,
    failed: [],
    mayStart: () => true,
    broken,
    async deliver(record, next) {
      const { failed } = world; // an outcome that comes late is of the delivery that it was begun in
      const isLowest = !failed.some((other) => isAbove(sequenceOf(record), sequenceOf(other)));
      must(retries || isLowest, `${sequenceOf(record)} starts above a failed record`);
      const outcome = await next();
      if (outcome.kind === 'failed') failed.push(record);
      return outcome;
    },
    async handle(id, record, signal, work) {
      const before = records.slice(
        0,
        records.findIndex((other) => sequenceOf(other) === sequenceOf(record)),
      );
      const inItsWay = before.filter((other) => order === 'strict' || itemOf(other) === itemOf(record));
      must(inItsWay.every(isDone), `${id} of ${sequenceOf(record)} overtakes what it must not`);
      must(
        !running.some((other) => itemOf(other) === itemOf(record)),
        `two handlers of ${itemOf(record)} at once`,
      );
      must(running.length < (order === 'strict' ? 1 : concurrency), 'too many at once');
      must(world.mayStart(record, signal), `${id} of ${sequenceOf(record)} starts after the stop`);
      running.push(record);
      await work();
      running.splice(running.indexOf(record), 1);
      const mine = runsOf(record, id);
      const { failures } = plan[
        records.findIndex((other) => sequenceOf(other) === sequenceOf(record))
      ] as Planned;
      if (mine.failed < (failures[id] ?? 0)) {
        mine.failed++;
        throw new Error('not yet');
      }
      mine.succeeded++;
    },
    undone: () => records.filter((record) => !isDone(record)),
    repeated: () =>
      records.flatMap((record) =>
        handlersOf[itemOf(record)]
          .filter((id) => runsOf(record, id).succeeded > 1)
          .map((id) => ({ record, id })),
      ),
    hasFailed: (record) => handlersOf[itemOf(record)].some((id) => runsOf(record, id).failed > 0),
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

function routerOf(world: World, turns: Turns, concurrency: number, order?: Order): Router {
  const handle =
    (id: string) => (change: { readonly record: StreamRecord }, context: { readonly signal: AbortSignal }) =>
      world.handle(id, change.record, context.signal, () => turns.turn());
  const wanted = shop.attr('item').is('A', 'B', 'C');
  const quiet = () => undefined;
  return createRouter({
    routes: [
      route.insert(shop, { id: 'one', when: wanted }, handle('one')),
      route.insert(shop, { id: 'two', when: shop.attr('item').is('A', 'B') }, handle('two')),
    ],
    ...(order && { order }),
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
