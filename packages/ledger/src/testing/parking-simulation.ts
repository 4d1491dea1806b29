import assert from 'node:assert/strict';
import {
  type Clock,
  createProcessMemory,
  createRouter,
  type Ledger,
  type LedgerScope,
  type Logger,
  neverAgain,
  type Progress,
  type Random,
  type Router,
  type Row,
  recallFrom,
  retryLater,
  route,
  runBatch,
  type Store,
  type StreamRecord,
  table,
} from '@sluice/core';
import { memoryStore } from '@sluice/store';
import { recordsOf, seededRandom, type VirtualClock, virtualClock } from '@sluice/testing';
import { marksOfItems } from '../marks-of-items.js';
import { parkedChanges } from '../parked-changes.js';
import type { ParkedSelection } from '../parked-queues.js';
import { changeKey, idOf, itemOf, markKey, queueOf, streamPk } from '../parked-rows.js';
import { openParking } from '../parking.js';
import { redrive } from '../redrive.js';

/** What may happen in a story. */
export interface Circumstances {
  readonly action: 'park-item' | 'park-record';
  /** Processes die: at any call of the store, before or after it is applied, and while or after handlers run. The store is away for a while. */
  readonly deaths: boolean;
  /**
   * The source gives up on a process that goes on all the same, and starts another one on the same records; and processes stand
   * still for longer than a claim holds.
   */
  readonly zombies: boolean;
  readonly discards: boolean;
}

interface Planned {
  readonly record: StreamRecord;
  readonly item: string;
  /** How many runs of it do not succeed. */
  failures: number;
}

/** One process: its clock and its store answer no more when it is dead. */
interface Process {
  readonly clock: Clock;
  readonly store: Store;
  readonly random: Random;
  readonly died: Promise<void>;
  readonly isDead: () => boolean;
  readonly die: () => void;
  /** Whether its handlers may take longer than a claim holds. */
  readonly isSlow: boolean;
}

const shop = table('shop', { keys: { partition: 'pk' } });
const silent = () => undefined;
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent };
const handlerId = 'mail.send';
const name = 'sim';
const never = new Promise<never>(() => undefined);

/**
 * A source delivers the changes of a few items while redrives and discards go on beside it, on one virtual clock and one store
 * that throttles and loses replies. Throws with the seed when a guarantee is broken.
 */
export async function playParking(seed: number, circumstances: Circumstances): Promise<void> {
  const random = seededRandom(seed);
  const clock = virtualClock();
  const world = worldOf(random, clock, circumstances);
  try {
    await clock.run(world.play(), { maxWakes: 200_000 });
  } catch (error) {
    throw new Error(`Seed ${seed}, ${JSON.stringify(circumstances)}\n${world.story.join('\n')}`, {
      cause: error,
    });
  }
}

function worldOf(random: Random, clock: VirtualClock, circumstances: Circumstances) {
  const { action, deaths, zombies, discards } = circumstances;
  const inner = memoryStore();
  const story: string[] = [];
  const planned = plan();
  const bySequence = new Map(planned.map((one) => [one.record.dynamodb.SequenceNumber, one]));
  /** Sequence numbers, in the order in which they were done. */
  const succeeded: string[] = [];
  const discarded = new Set<string>();
  const problems: string[] = [];
  let checkpoint = 0;
  let kept: Progress = { watermark: undefined, done: {}, attempts: {} };
  let sourceHasEnded = false;
  let ids = 0;
  /** Faults end before the last redrives. */
  let isCalm = false;
  /** Redrives that last for minutes, and go on when the source has ended. */
  const isLong = random() < 0.15;
  const awayFromMs = clock.now() + random() * 3_000;
  const awayUntilMs = deaths && random() < 0.3 ? awayFromMs + random() * 30_000 : 0;

  return { story, play };

  function plan(): readonly Planned[] {
    const shop = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
    return Array.from({ length: between(5, 12) }, (_, n) => {
      const item = pick(['A', 'A', 'A', 'B', 'C']);
      return { record: shop.insert({ pk: item, n }), item, failures: pick([0, 0, 0, 0, 1, 2, 3, 5]) };
    });
  }

  async function play(): Promise<void> {
    await Promise.all([
      source().then(async () => {
        if (isLong) await clock.sleep(300_000);
        sourceHasEnded = true;
      }),
      redriver(),
      redriver(),
      ...(discards ? [discarder()] : []),
    ]);
    await lastRedrives();
    await judge();
  }

  async function source(): Promise<void> {
    while (checkpoint < planned.length) {
      const process = start('source');
      const isCurrent = { yes: true };
      const given = zombies && random() < 0.5 ? clock.sleep(random() * 2_000) : never;
      await Promise.race([deliver(process, isCurrent), process.died, given]);
      isCurrent.yes = false;
      await clock.sleep(random() * 60);
    }
  }

  async function deliver(process: Process, isCurrent: { yes: boolean }): Promise<void> {
    const router = routerOn(process);
    const memory = createProcessMemory();
    for (let at = checkpoint; at < planned.length; ) {
      const batch = planned.slice(at, at + between(1, 6)).map(({ record }) => record);
      const result = await runBatch(router, batch, { memory }).catch((error) => {
        story.push(`delivery refused: ${error}`);
        return { firstUnfinished: batch[0]?.dynamodb.SequenceNumber };
      });
      const first = batch.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === result.firstUnfinished);
      at += first === -1 ? batch.length : first;
      if (isCurrent.yes) checkpoint = at;
      await process.clock.sleep(random() * 100);
    }
  }

  /** Progress is kept elsewhere, in one step with the end of a delivery; a death before it has the records come again. */
  function ledgerOn(process: Process): Ledger {
    return {
      async open(records, scope) {
        const known = kept;
        // As of a stream with few marks, or with many.
        const marks = random() < 0.5 ? undefined : await marksFor(process, records, scope);
        const parking = await openParking(process.store, { newId }, scope, marks);
        return { parking, recall: recallFrom(known), starting: undefined, keep };
      },
      parking: (scope) => openParking(process.store, { newId }, scope),
      once: () => (_call, next) => next(),
    };

    async function keep(progress: Progress): Promise<void> {
      if (process.isDead()) return never;
      kept = {
        watermark: undefined,
        done: { ...kept.done, ...progress.done },
        attempts: { ...kept.attempts, ...progress.attempts },
      };
    }
  }

  function marksFor(
    { store, clock }: Process,
    records: readonly StreamRecord[],
    { streamArn }: LedgerScope,
  ): Promise<readonly Row[]> {
    const items = new Set(records.map(({ dynamodb }) => itemOf(dynamodb.Keys)));
    const untilMs = clock.now() + 10_000;
    return marksOfItems(store, streamPk(name, streamArn), items, { clock, random, untilMs });
  }

  function routerOn(process: Process): Router {
    const send = route.on(shop, { id: handlerId }, ({ record }) => run(process, record));
    const onFailure = { action, attempts: 2 } as const;
    const ledger = ledgerOn(process);
    return createRouter({ name, routes: send, logger, clock: process.clock, random, ledger, onFailure });
  }

  async function run(process: Process, record: StreamRecord) {
    const one = bySequence.get(record.dynamodb.SequenceNumber);
    assert(one);
    story.push(`${clock.now() % 1e8} run ${nameOf(one)}`);
    if (action === 'park-item') {
      const open = earlier(one).filter((other) => !isOver(other));
      if (open.length > 0) problems.push(`${nameOf(one)} was run before ${open.map(nameOf)}`);
    }
    const dies = deaths && !isCalm && random() < 0.03;
    await process.clock.sleep(process.isSlow && random() < 0.3 ? 150_000 : random() * 30);
    if (dies && random() < 0.5) return die();
    if (one.failures-- > 0) {
      const how = random();
      if (how < 0.2) return neverAgain('no');
      if (how < 0.3) return retryLater('not yet');
      throw new Error('no');
    }
    story.push(`${clock.now() % 1e8} done ${nameOf(one)}`);
    succeeded.push(record.dynamodb.SequenceNumber);
    if (dies) return die();

    function die(): Promise<never> {
      process.die();
      return never;
    }
  }

  async function redriver(): Promise<void> {
    while (!sourceHasEnded) {
      await clock.sleep(random() * (isLong && random() < 0.5 ? 50_000 : 400));
      const process = start('redrive');
      const selection = select();
      const redriving = redrive(routerOn(process), process.store, selection, { newId }).then(({ done }) => {
        for (const id of done) if (!isDone(id)) problems.push(`${id} is told as done`);
      });
      await Promise.race([redriving.catch((error) => story.push(`redrive: ${error}`)), process.died]);
    }
  }

  async function discarder(): Promise<void> {
    while (!sourceHasEnded) {
      await clock.sleep(random() * 2_000);
      const process = start('discard');
      const discarding = parkedChanges(process.store, name, process).discard(select());
      await Promise.race([discarding.catch((error) => story.push(`discard: ${error}`)), process.died]);
    }
  }

  function select(): ParkedSelection {
    const { record } = pick(planned);
    const id = idOf(queueOf(name, handlerId, record), record.dynamodb.SequenceNumber);
    return pick<ParkedSelection>(['all', { handlerId }, { keys: record.dynamodb.Keys }, { id }]);
  }

  async function lastRedrives(): Promise<void> {
    isCalm = true;
    const process = start('last');
    // Each round may end at one more failure of an item.
    for (let round = 0; round < 80; round++) {
      await clock.sleep(61_000);
      const { failed, busy } = await redrive(routerOn(process), process.store, 'all', { newId });
      if (failed.length + busy.length === 0) break;
    }
    // What was announced by the dead and never came is forgotten when it cannot come any more.
    if (!deaths && !zombies) return;
    await clock.sleep(49 * 3_600_000);
    await redrive(routerOn(process), process.store, 'all', { newId });
  }

  async function judge(): Promise<void> {
    for (const one of planned) {
      const runs = succeeded.filter((number) => number === one.record.dynamodb.SequenceNumber).length;
      if (!isOver(one)) problems.push(`${nameOf(one)} is lost`);
      if (runs > 1 && !deaths && !zombies) problems.push(`${nameOf(one)} was done ${runs} times`);
      const queue = queueOf(name, handlerId, one.record);
      for (const kind of ['A', 'Q'] as const) {
        const { pk, sk } = markKey(queue, kind);
        if (await inner.get(pk, sk)) problems.push(`the item of ${nameOf(one)} is still marked ${kind}`);
      }
      const { pk, sk } = changeKey(queue, one.record.dynamodb.SequenceNumber);
      const left = JSON.stringify((await inner.get(pk, sk))?.value ?? 'ENDED');
      if (!left.includes('ENDED') && !zombies) problems.push(`${nameOf(one)} is left in its queue`);
    }
    if (action === 'park-item') {
      for (const one of planned) {
        const after = earlier(one).filter((other) => isLater(other, one));
        if (after.length > 0) problems.push(`${nameOf(one)} was done before ${after.map(nameOf)}`);
      }
    }
    assert.deepEqual(problems, []);
  }

  function isLater({ record }: Planned, than: Planned): boolean {
    const [first = -1, second = -1] = [than.record, record].map(({ dynamodb }) =>
      succeeded.indexOf(dynamodb.SequenceNumber),
    );
    return first !== -1 && second > first && !discarded.has(record.dynamodb.SequenceNumber);
  }

  function earlier({ record, item }: Planned): readonly Planned[] {
    const until = planned.findIndex((other) => other.record === record);
    return planned.slice(0, until).filter((other) => other.item === item);
  }

  function isOver({ record }: Planned): boolean {
    const { SequenceNumber } = record.dynamodb;
    return succeeded.includes(SequenceNumber) || discarded.has(SequenceNumber);
  }

  function isDone(id: string): boolean {
    return succeeded.some((number) => id.endsWith(`|${number}`));
  }

  function nameOf(one: Planned): string {
    return `${one.item}${planned.indexOf(one) + 1}`;
  }

  function start(what: string): Process {
    const death = Promise.withResolvers<void>();
    let isDead = false;
    let callsToLive = deaths && !isCalm && random() < 0.6 ? between(1, 30) : Number.POSITIVE_INFINITY;
    story.push(`${clock.now() % 1e8} start ${what}`);
    return {
      random,
      died: death.promise,
      isDead: () => isDead,
      die,
      isSlow: what === 'redrive' && isLong,
      clock: {
        now: clock.now,
        async sleep(delayMs, signal) {
          await clock.sleep(delayMs, signal);
          if (isDead) return never;
        },
      },
      store: {
        get: (pk, sk) => through(() => inner.get(pk, sk), `get ${sk}`),
        list: (pk, from, limit) => through(() => inner.list(pk, from, limit), `list ${from}`),
        put: (row, ifVersion) =>
          through(
            async () => {
              const written = await inner.put(row, ifVersion);
              const isDiscarded = JSON.stringify(row.value).includes('"DISCARDED"');
              if (written.applied && isDiscarded) discarded.add(row.sk.replace(/^0+/, ''));
              return written;
            },
            `put ${row.sk} ${JSON.stringify(row.value).slice(0, 80)}`,
          ),
        delete: (row, ifVersion) => through(() => inner.delete(row, ifVersion), `delete ${row.sk}`),
      },
    };

    function die(): void {
      isDead = true;
      story.push(`${clock.now() % 1e8} ${what} dies`);
      death.resolve();
    }

    /** What was sent by one that is dead by now arrives all the same. */
    async function through<T>(call: () => Promise<T>, text: string): Promise<T> {
      if (isDead) return never;
      callsToLive--;
      const diesBefore = callsToLive === 0 && random() < 0.5;
      await clock.sleep(random() * 10);
      if (diesBefore) die();
      if (diesBefore && random() < 0.5) return never;
      const isAway = clock.now() >= awayFromMs && clock.now() < awayUntilMs;
      if (isAway || (!isCalm && random() < 0.05)) throw new Error('throttled');
      const reply = await call();
      story.push(`${clock.now() % 1e8}   ${what} ${text} ${String(JSON.stringify(reply)).slice(0, 40)}`);
      if (callsToLive === 0 && !isDead) die();
      await clock.sleep(zombies && !isCalm && random() < 0.005 ? 90_000 : random() * 10);
      if (isDead) return never;
      if (!isCalm && random() < 0.05) throw new Error('the reply was lost');
      return reply;
    }
  }

  function newId(): string {
    return `id-${++ids}`;
  }

  function between(low: number, high: number): number {
    return low + Math.floor(random() * (high - low + 1));
  }

  function pick<T>(from: readonly T[]): T {
    return from[Math.floor(random() * from.length)] as T; // none of them is empty
  }
}
