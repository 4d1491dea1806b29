import type { StreamRecord } from '@sluice/filters';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import {
  type BatchResult,
  type Clock,
  createProcessMemory,
  createRouter,
  neverAgain,
  type Outcome,
  retry,
  retryLater,
  route,
  runBatch,
  skipped,
  type WindowState,
  where,
} from './index.js';
import { aWindow, changesOf, collecting, everythingElse, fakeLedger, shop } from './testing/windows.js';

fc.configureGlobal({ seed: 20_260_101 });

/** What may come of a call in place of its work, or besides. */
const troubles = ['fails', 'asks for later', 'takes all of the time', 'ends too late'] as const;

const scenario = fc.record({
  /** A and B are for the windows, B and C for a handler; S is skipped by the windows, and N given up. */
  items: fc.stringMatching(/^[ABCSN]{0,10}$/),
  cuts: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }),
  picks: fc.infiniteStream(fc.nat(11)),
  mostTroubles: fc.nat(10),
  hasLedger: fc.boolean(),
  retries: fc.record({ handler: fc.boolean(), batch: fc.boolean() }),
  order: fc.constantFrom<'strict' | 'lanes'>('strict', 'lanes'),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never;

const Log = z.object({ log: z.array(z.string()).default([]) });
const budgetMs = 1000;

it('however the records of a window are cut into events, and whatever goes wrong in them, its end has each change once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const { items, cuts, hasLedger } = given;
      const world = await closed(given, eventsOf(items, cuts));
      const whole = await closed({ ...given, mostTroubles: 0 }, [changesOf(items)]);

      const log = namesOf(items, 'AB');
      for (const id of ['one', 'two']) {
        const ends = world.ends.filter((end) => end.id === id);
        expect(ends.length).toBeGreaterThan(0);
        // A close that fails, or whose event does, is done again: as the same.
        expect(new Set(ends.map(({ key }) => key))).toEqual(
          new Set(whole.ends.flatMap((end) => (end.id === id ? end.key : []))),
        );
        for (const end of ends) expect(end.log).toEqual(log);
      }
      // What ends with a process while its event fails may be done again, but nothing else is.
      const handled = hasLedger ? [...new Set(world.handled)] : world.handled;
      expect(handled.sort()).toEqual(namesOf(items, 'BC').sort());
    }),
    { numRuns: 500 },
  );
}, 30_000);

/** Delivers the events of a window until each is done. */
async function closed(given: Scenario, events: readonly (readonly StreamRecord[])[]) {
  const world = worldOf(given);
  let state: WindowState = {};
  for (const [index, records] of events.entries()) {
    const isLast = index === events.length - 1;
    for (let isDone = false; !isDone; ) {
      const before = JSON.stringify(state);
      const result = await world.deliver(records, state, isLast);
      isDone = result.isDone;
      if (isDone) state = result.state ?? {};
      else {
        expect(JSON.stringify(result.state)).toBe(before);
        expect(result.firstUnfinished).toBe(records[0]?.dynamodb.SequenceNumber);
      }
    }
    if (!isLast) expect(world.ends).toEqual([]);
  }
  expect(state).toEqual({});
  await everythingElse();
  return world;
}

function worldOf({ picks, mostTroubles, hasLedger, retries, order }: Scenario) {
  const handled: string[] = [];
  const ends: { readonly id: string; readonly log: readonly string[]; readonly key: string }[] = [];
  let left = mostTroubles;
  let nowMs = 0;
  const deadlines = new Set<() => void>();
  const clock: Clock = {
    now: () => nowMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        if (delayMs === 0) return resolve();
        deadlines.add(resolve);
        signal?.addEventListener('abort', () => resolve());
      }),
  };
  const routes = [
    ...['one', 'two'].map((id) =>
      route.window(
        shop,
        { id, state: Log, when: where('no C', (record) => !isOneOf('C', record)) },
        {
          add: ({ log }, { record }) =>
            troubled<z.infer<typeof Log> | Outcome>(true, () => {
              if (isOneOf('S', record)) return skipped('S');
              return isOneOf('N', record) ? neverAgain('N') : { log: [...log, nameOf(record)] };
            }),
          close: ({ log }, _window, { idempotencyKey: key }) =>
            troubled(true, () => void ends.push({ id, log, key })),
        },
      ),
    ),
    route.insert(
      shop,
      { id: 'other', when: where('B or C', (record) => isOneOf('BC', record)) },
      ({ record }) => troubled(false, () => void handled.push(nameOf(record))),
    ),
  ];
  const retrying = (isOn: boolean) => (isOn ? [retry({ attempts: 2, backoff: { delayMs: () => 0 } })] : []);
  const router = createRouter({
    routes,
    order,
    clock,
    logger: collecting().logger,
    name: 'windows',
    onFailure: 'block',
    middleware: { handler: retrying(retries.handler), batch: retrying(retries.batch) },
    ...(hasLedger && { ledger: fakeLedger().ledger }),
  });
  let memory = createProcessMemory();
  return { handled, ends, deliver };

  function deliver(
    records: readonly StreamRecord[],
    state: WindowState,
    isFinalInvokeForWindow: boolean,
  ): Promise<BatchResult> {
    if (hasLedger && picks.next().value % 2 === 0) memory = createProcessMemory();
    const window = { ...aWindow, state, isFinalInvokeForWindow };
    return runBatch(router, records, { memory, budgetMs, window });
  }

  /** Does the work, unless something goes wrong. What ends too late has done it all the same, or else has failed. */
  async function troubled<T>(doesLateWork: boolean, work: () => T): Promise<T | Outcome> {
    const trouble = left > 0 ? troubles[picks.next().value] : undefined;
    if (trouble) left--;
    if (trouble === 'fails') throw new Error('it fails');
    if (trouble === 'asks for later') return retryLater('later');
    if (trouble === 'takes all of the time') nowMs += budgetMs;
    if (trouble === 'ends too late') {
      nowMs += budgetMs;
      for (const end of deadlines) end();
      deadlines.clear();
      await everythingElse();
      await everythingElse();
      if (!doesLateWork) throw new Error('its signal has aborted');
    }
    return work();
  }
}

function eventsOf(items: string, cuts: readonly number[]): readonly (readonly StreamRecord[])[] {
  const records = changesOf(items);
  const events = cuts.map((count) => records.splice(0, count));
  return [...events, records];
}

function isOneOf(items: string, { dynamodb }: StreamRecord): boolean {
  const { pk } = dynamodb.Keys;
  return pk !== undefined && 'S' in pk && items.includes(pk.S);
}

function nameOf({ dynamodb: { SequenceNumber } }: StreamRecord): string {
  return SequenceNumber;
}

function namesOf(items: string, kept: string): string[] {
  return [...items].flatMap((item, index) => (kept.includes(item) ? String(index + 1) : []));
}
