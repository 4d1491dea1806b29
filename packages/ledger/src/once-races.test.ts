import { setImmediate } from 'node:timers/promises';
import type { Store, StreamRecord } from '@sluice/core';
import { memoryStore } from '@sluice/store';
import { seededRandom, storeThrough } from '@sluice/testing';
import { describe, expect, test } from 'vitest';
import { changes } from './testing/delivery.js';
import { groupHandler, handler, type Process, type World, world } from './testing/processes.js';
import type { Fault } from './testing/scripted-store.js';

/** Picks one of so many possibilities. */
type Choose = (count: number) => number;

/** Runs it once for every sequence of choices that it can make. */
async function forAllChoices(run: (choose: Choose) => Promise<void>): Promise<number> {
  const path: { at: number; readonly count: number }[] = [];
  for (let runs = 1; ; runs++) {
    let depth = 0;
    await run((count) => {
      const choice = path[depth] ?? { at: 0, count };
      path[depth++] = choice;
      return choice.at;
    });
    while (path.length > 0 && (path.at(-1)?.at ?? 0) + 1 === path.at(-1)?.count) path.pop();
    const last = path.at(-1);
    if (!last) return runs;
    last.at++;
  }
}

interface Gate {
  readonly store: Store;
  /** Lets one waiting call through, chosen by its place; false when none waits. */
  letOne(choose: Choose): boolean;
}

/** A store whose calls wait to be let through, and may lose a reply then, so many altogether. */
function gated(store: Store, lostReplies: number): Gate {
  let waiting: ((isLost: boolean) => void)[] = [];
  let left = lostReplies;
  const through = async <T>(call: () => Promise<T>): Promise<T> => {
    const isLost = await new Promise<boolean>((resolve) => waiting.push(resolve));
    const reply = await call();
    if (isLost) throw new Error('The reply was lost.');
    return reply;
  };
  return {
    store: storeThrough(store, through),
    letOne(choose) {
      if (waiting.length === 0) return false;
      const chosen = waiting[waiting.length > 1 ? choose(waiting.length) : 0];
      const isLost = left > 0 && choose(2) === 1;
      if (isLost) left--;
      waiting = waiting.filter((one) => one !== chosen);
      chosen?.(isLost);
      return true;
    },
  };
}

describe('two processes with one event, in every order of their calls', () => {
  async function race(
    choose: Choose,
    given: { readonly fails?: boolean; readonly deadOwner?: boolean; readonly lostReplies: number },
  ): Promise<{ readonly effects: number; readonly peak: number; readonly state: unknown }> {
    const kept = memoryStore();
    const gate = gated(kept, given.lostReplies);
    const { clock, overwrite, claim, process } = world(kept, gate.store);
    const records = changes(1);
    if (given.deadOwner)
      await overwrite(records[0], { state: 'CLAIMED', owner: 'dead', untilMs: clock.now() });
    let [running, peak, effects, left] = [0, 0, 0, 2];
    const work = async () => {
      peak = Math.max(peak, ++running);
      await setImmediate();
      running--;
      if (given.fails && effects === 0 && left === 2) throw new Error('scripted');
      effects++;
    };
    for (let n = 0; n < 2; n++) {
      void process(() => handler(work), { inProgress: 'later' })
        .deliver(records)
        .then(() => left--);
    }
    for (let steps = 0; left > 0; steps++) {
      if (steps > 200) throw new Error('It never ends.');
      for (let turn = 0; turn < 6; turn++) await setImmediate();
      if (!gate.letOne(choose)) await clock.advance(100);
    }
    return {
      effects,
      peak,
      state: ((await claim(records[0]))?.value as { state?: string } | undefined)?.state,
    };
  }

  test.each([
    ['', { lostReplies: 0 }],
    [', with a lost reply anywhere', { lostReplies: 1 }],
    [', of which both try to take over from a third one', { lostReplies: 0, deadOwner: true }],
    [', which take over, with a lost reply anywhere', { lostReplies: 1, deadOwner: true }],
  ])('have one effect%s', async (_, given) => {
    const runs = await forAllChoices(async (choose) => {
      expect(await race(choose, given)).toEqual({ effects: 1, peak: 1, state: 'DONE' });
    });
    expect(runs).toBeGreaterThan(2);
  });

  test('of which the first one fails never run at the same time, and have one effect at most', async () => {
    const seen = new Set<unknown>();
    await forAllChoices(async (choose) => {
      const { effects, peak, state } = await race(choose, { lostReplies: 1, fails: true });
      expect(peak).toBeLessThanOrEqual(1);
      expect(effects).toBeLessThanOrEqual(1);
      expect(state).toBe(effects === 1 ? 'DONE' : undefined);
      seen.add(effects);
    });
    expect(seen).toEqual(new Set([0, 1]));
  });
});

interface Run {
  readonly process: number;
  readonly event: StreamRecord;
  readonly signal: AbortSignal;
  isOver: boolean;
}

interface Weather {
  /** Processes are frozen for a while, or for good. */
  readonly freezes: boolean;
  /** Deliveries end at a deadline, with what runs left running. */
  readonly deadlines: boolean;
  readonly groups: boolean;
}

interface Story {
  /** By sequence number: how often the work of the handler came to its end. */
  readonly effects: ReadonlyMap<string, number>;
  /** Handler calls that began while another one of the event was running and had not been told to stop. */
  readonly overlaps: readonly string[];
  readonly claims: readonly unknown[];
  readonly runsAfterwards: number;
}

/** Three processes deliver the same events until these are done, over a store that fails in all ways. */
async function story(seed: number, { freezes, deadlines, groups }: Weather): Promise<Story> {
  const random = seededRandom(seed);
  const given: World = world();
  const { clock } = given;
  const records = changes(groups ? 3 : 2, groups ? { item: 'a' } : {});
  const effects = new Map<string, number>();
  const overlaps: string[] = [];
  const runs: Run[] = [];
  const processes: Process[] = [];
  const thawedAtMs: number[] = [];
  given.store.script = () => faultOf(random());

  const begin = (process: number, events: readonly StreamRecord[], signal: AbortSignal): readonly Run[] => {
    for (const event of events) {
      for (const other of runs) {
        const { isFrozen } = processes[other.process] ?? { isFrozen: true };
        // One that has just thawed has not heard yet: that is the window.
        const isWaking = clock.now() - (thawedAtMs[other.process] ?? -Infinity) <= 1_000;
        if (other.event === event && !other.isOver && !other.signal.aborted && !isFrozen && !isWaking) {
          overlaps.push(`process ${process} began ${event.dynamodb.SequenceNumber} beside ${other.process}`);
        }
      }
    }
    const begun = events.map((event) => ({ process, event, signal, isOver: false }));
    runs.push(...begun);
    return begun;
  };

  for (let process = 0; process < 3; process++) {
    const work = async (
      events: readonly StreamRecord[],
      signal: AbortSignal,
      sleep: Process['clock']['sleep'],
    ) => {
      const begun = begin(process, events, signal);
      const fails = random() < 0.2;
      await sleep(random() < 0.5 ? random() * 100 : random() * 80_000, signal);
      for (const run of begun) run.isOver = true;
      signal.throwIfAborted();
      if (fails) throw new Error('scripted');
      for (const { dynamodb } of events) {
        effects.set(dynamodb.SequenceNumber, (effects.get(dynamodb.SequenceNumber) ?? 0) + 1);
      }
    };
    const made = given.process(({ clock: { sleep } }) =>
      groups
        ? groupHandler((events, { signal }) => work(events, signal, sleep))
        : handler((event, { signal }) => work([event], signal, sleep)),
    );
    processes.push(made);
  }
  const ends = processes.map(async (process, index) => {
    await clock.sleep(random() * 20_000);
    for (let deliveries = 0; deliveries < 100; deliveries++) {
      const from = groups ? Math.floor(random() * 2) : 0;
      const budgetMs = deadlines ? 5_000 + random() * 60_000 : undefined;
      const { firstUnfinished } = await process.deliver(records.slice(from), budgetMs);
      if (firstUnfinished === undefined && from === 0) return;
      await process.clock.sleep(random() * 5_000);
    }
    throw new Error(`Process ${index} of seed ${seed} does not come to an end.`);
  });
  if (freezes) {
    void processes.slice(1).map(async (process, index) => {
      for (let n = 0; n < 4; n++) {
        await clock.sleep(random() * 60_000);
        process.freeze();
        if (random() < 0.2) return;
        await clock.sleep(random() * 70_000);
        thawedAtMs[index + 1] = clock.now();
        process.thaw();
      }
    });
  }
  await clock.run(ends[0] as Promise<void>);
  await clock.advance(300_000);
  if (!freezes) await clock.run(Promise.all(ends));

  given.store.script = () => undefined;
  const before = runs.length;
  const last = given.process(({ clock: { sleep } }) =>
    handler(async (event, { signal }) => {
      begin(9, [event], signal);
      await sleep(0);
    }),
  );
  await clock.run(last.deliver(records));
  const claims = await Promise.all(records.map((record) => given.claim(record)));
  return {
    effects,
    overlaps,
    claims: claims.map((row) => (row?.value as { state?: string } | undefined)?.state),
    runsAfterwards: runs.length - before,
  };
}

function faultOf(dice: number): Fault | undefined {
  if (dice < 0.04) return 'away';
  if (dice < 0.08) return 'reply lost';
  if (dice < 0.09) return 'hangs';
  if (dice < 0.1) return 12_000;
  return dice * 50;
}

const seeds = Array.from({ length: 25 }, (_, n) => n + 1);

describe('three processes over a store that fails, each event of which one has', () => {
  test.each([
    ['one at a time', false],
    ['in groups', true],
  ])('while all live: one effect, and never two at the same time (%s)', async (_, groups) => {
    for (const seed of seeds) {
      const { effects, overlaps, claims, runsAfterwards } = await story(seed, {
        freezes: false,
        deadlines: false,
        groups,
      });
      expect({ seed, overlaps, runsAfterwards }).toEqual({ seed, overlaps: [], runsAfterwards: 0 });
      expect({ seed, effects: [...effects.values()] }).toEqual({ seed, effects: claims.map(() => 1) });
      expect(new Set(claims)).toEqual(new Set(['DONE']));
    }
  });

  test.each([
    ['one at a time', false],
    ['in groups', true],
  ])(
    'while they freeze and die and run into deadlines: none is lost, and none begins beside a live one (%s)',
    async (_, groups) => {
      for (const seed of seeds) {
        const { effects, overlaps, claims, runsAfterwards } = await story(seed, {
          freezes: true,
          deadlines: true,
          groups,
        });
        expect({ seed, overlaps, runsAfterwards }).toEqual({ seed, overlaps: [], runsAfterwards: 0 });
        expect(effects.size).toBe(claims.length);
        expect(new Set(claims)).toEqual(new Set(['DONE']));
      }
    },
  );
});
