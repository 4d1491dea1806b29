import {
  type Clock,
  createRouter,
  type FailureAction,
  type Logger,
  type Random,
  route,
  type Store,
  type StreamRecord,
  table,
} from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { createLedger, parkedChanges, redrive } from '@sluice/ledger';
import { memoryStore } from '@sluice/store';
import {
  type Effect,
  faultyStore,
  type GuaranteesReport,
  guarantees,
  type LambdaFaultChances,
  type LambdaReport,
  recordsOf,
  seededRandom,
  simulateLambda,
  storeIn,
  virtualClock,
} from '@sluice/testing';

/** What strikes in a story, besides handlers that fail, sandboxes that are cold, and a store that loses replies and throttles. */
export interface Story {
  readonly seed: number;
  readonly faults?: LambdaFaultChances;
  readonly once?: boolean;
  /** How probable it is that a handler never gets a record done. */
  readonly poison?: number;
  readonly onFailure?: FailureAction;
  readonly isStoreFaulty?: boolean;
  /** How probable it is that a handler ends its process whenever it runs on a record; the ledger has a guard then. */
  readonly killers?: number;
  /** Redrives run beside the deliveries, and now and then what never got done can be. */
  readonly isRedrivenMeanwhile?: boolean;
  /** For comparison. */
  readonly hasNoLedger?: boolean;
}

/** An effect, and the invocation in which it happened. */
type Seen = Effect & {
  readonly sequenceNumber: string;
  readonly sandbox: number;
  readonly begunMs: number;
};

export interface Played {
  readonly records: readonly StreamRecord[];
  readonly effects: readonly Seen[];
  readonly report: LambdaReport;
  readonly judged: GuaranteesReport;
  /** What was parked when all deliveries were done, as `<handler> <sequence number>`. */
  readonly parked: readonly string[];
  /** Of what ended its process: what was not given up after exactly as many calls that were told before as its policy says. */
  readonly miscounted: readonly string[];
  /** Repeats of effects whose first sandbox was not struck while it had them in hand. */
  readonly unexcused: readonly string[];
  /** Rows that are left when all is redriven, but for what expires. */
  readonly left: readonly string[];
}

/** Where a router runs. */
interface Place {
  readonly clock: Clock;
  readonly store: Store;
  readonly sandbox: number;
  /** Whether what it wrote last is that a call is about to begin. */
  isTold(): boolean;
  crash(): void;
}

const handlerIds = ['one', 'two'];
const shop = table('shop', { keys: { partition: 'pk' } });
const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Plays a story from its seed: Lambda delivers some records to a router with a ledger, and what was parked is redriven in the end. */
export async function play(story: Story): Promise<Played> {
  const { seed, faults = {}, once = false, poison = 0, onFailure = 'block', isStoreFaulty = false } = story;
  const { killers = 0, isRedrivenMeanwhile = false, hasNoLedger = false } = story;
  const clock = virtualClock();
  const random = seededRandom(seed);
  const kept = memoryStore();
  const { store, faults: storeFaults } = faultyStore(kept);
  const builder = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
  const items = 1 + below(random, 4);
  const records = Array.from({ length: 3 + below(random, 18) }, (_, n) =>
    builder.insert({ pk: `item-${below(random, items)}`, n }),
  );
  /** How often each handler still fails on each record. */
  const failures = new Map<string, number>();
  for (const id of handlerIds) {
    for (const { dynamodb } of records) {
      const times = random() < poison ? Number.POSITIVE_INFINITY : random() < 0.75 ? 0 : 1 + below(random, 2);
      failures.set(`${id} ${dynamodb.SequenceNumber}`, times);
    }
  }
  const killing = new Set([...failures.keys()].filter(() => random() < killers));
  /** How often each of them ended a process in a call that had been told. */
  const ends = new Map<string, number>();
  const effects: Seen[] = [];
  const attempts = 1 + below(random, 3);
  const ids = idsFrom(seededRandom(seed ^ 0x5bd1e995));
  const calm = { isOver: false };

  const delivering = simulateLambda({
    records,
    clock,
    seed,
    batchSize: 1 + below(random, 10),
    parallelizationFactor: 1 + below(random, 3),
    bisectBatchOnFunctionError: random() < 0.5,
    retry: random() < 0.5 ? 'cold' : 'warm',
    timeoutMs: 60_000,
    maxInvocations: 400,
    faults: { cold: 0.2, oldest: 0.2, withinMs: 1500, ...faults },
    newSandbox: (environment) => {
      const { clock, sandbox, crash } = environment;
      const place = { clock, sandbox, crash, ...tellingCalls(storeIn(environment, store)) };
      return lambda(routerIn(place), { reserveMs: 5_000 });
    },
  }).finally(() => {
    calm.isOver = true;
  });
  const redriver = routerIn({ clock, sandbox: 0, crash: quiet, ...tellingCalls(kept) });
  const [report] = await clock.run(Promise.all([delivering, isRedrivenMeanwhile && redriveMeanwhile()]));
  const parked = await namesOf(kept);
  const miscounted = await miscountedIn(kept);
  heal();
  killing.clear();
  if (!hasNoLedger) await clock.run(redrive(redriver, kept, 'all'));
  const rows = await Promise.all(
    ['Q#', 'A#'].map((from) => kept.list(`shop-mail|${builder.streamArn}`, from, 100)),
  );
  const left = [
    ...(await namesOf(kept)),
    ...rows.flat().flatMap(({ sk }) => (sk.startsWith('Q#') || sk.startsWith('A#') ? [sk] : [])),
  ];
  const judged = guarantees(records, effects, { handlers: handlerIds });
  const unexcused = unexcusedIn(effects, report);
  return { records, effects, report, judged, parked, miscounted, unexcused, left };

  function heal(): void {
    for (const key of failures.keys()) failures.set(key, 0);
  }

  async function redriveMeanwhile(): Promise<void> {
    while (!calm.isOver) {
      await clock.sleep(500 + below(random, 4_000));
      if (random() < 0.3) heal();
      await redrive(redriver, kept, 'all');
    }
  }

  function routerIn(place: Place) {
    const routes = handlerIds.map((id) =>
      route.insert(shop, { id, once, onFailure: { action: onFailure, attempts } }, async ({ record }) => {
        const { SequenceNumber: sequenceNumber } = record.dynamodb;
        const begunMs = clock.now();
        const key = `${id} ${sequenceNumber}`;
        if (killing.has(key)) {
          if (place.isTold()) ends.set(key, (ends.get(key) ?? 0) + 1);
          place.crash();
        }
        if (isStoreFaulty && !calm.isOver) strikeStore();
        await place.clock.sleep(below(random, 400));
        const left = failures.get(key) ?? 0;
        failures.set(key, left - 1);
        if (left > 0) throw new Error('scripted');
        effects.push({ handlerId: id, sequenceNumber, sandbox: place.sandbox, begunMs });
        if (random() < 0.3) await place.clock.sleep(below(random, 100));
      }),
    );
    return createRouter({
      name: 'shop-mail',
      routes,
      clock: place.clock,
      random,
      logger: silent,
      ...(hasNoLedger
        ? { order: 'lanes' as const }
        : { ledger: createLedger(place.store, { claimMs: 10_000, newId: ids, guard: killers > 0 }) }),
    });
  }

  function strikeStore(): void {
    const dice = random();
    if (dice < 0.1) storeFaults.loseReply(1 + below(random, 2));
    else if (dice < 0.2) storeFaults.throttle(1 + below(random, 3));
  }

  async function miscountedIn(from: Store): Promise<readonly string[]> {
    const wrong: string[] = [];
    const open = new Set(killing);
    for await (const change of parkedChanges(from, 'shop-mail').list()) {
      const key = `${change.handlerId} ${change.record.dynamodb.SequenceNumber}`;
      const expected = change.reason === 'behind' ? 0 : attempts;
      const ended = ends.get(key) ?? 0;
      const isRight = ended === expected && change.attempts === expected;
      if (open.delete(key) && !isRight) wrong.push(`${key}: ${ended} ends, ${change.attempts} attempts`);
    }
    return [...wrong, ...[...open].map((key) => `${key}: is not parked`)];
  }

  async function namesOf(from: Store): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const { handlerId, record } of parkedChanges(from, 'shop-mail').list()) {
      names.push(`${handlerId} ${record.dynamodb.SequenceNumber}`);
    }
    return names;
  }
}

/** The store, and whether the last row that was put there is one of progress: only of a slow delivery is it, while handlers run. */
function tellingCalls(store: Store): Pick<Place, 'store' | 'isTold'> {
  let last = '';
  const put: Store['put'] = (row, ifVersion) => {
    last = row.sk;
    return store.put(row, ifVersion);
  };
  return { store: { ...store, put }, isTold: () => last.startsWith('P#') };
}

/**
 * Repeats that no stop excuses: a process that crashed, or was stopped by the time limit, in the middle of one of the two calls had its
 * reason to leave an effect without its completion, or to come with it after its claim was taken over.
 */
function unexcusedIn(effects: readonly Seen[], { invocations }: LambdaReport): readonly string[] {
  const seen = new Map<string, Seen[]>();
  return effects.flatMap((effect) => {
    const key = `${effect.handlerId} ${effect.sequenceNumber}`;
    const before = seen.get(key) ?? [];
    seen.set(key, [...before, effect]);
    return before.length === 0 || [...before, effect].some(isStruck) ? [] : [key];
  });

  function isStruck({ sandbox, begunMs }: Seen): boolean {
    return invocations.some(
      (one) =>
        one.sandbox === sandbox &&
        one.startedMs <= begunMs &&
        begunMs <= one.endedMs &&
        one.error !== undefined,
    );
  }
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function idsFrom(random: Random): () => string {
  return () => `${random()}-${random()}`;
}
