import type { JsonValue } from '@sluice/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EventFacts, type Facts, factsOf, joinFacts, stateOf } from './event-facts.js';
import {
  type BegunCall,
  calling,
  cut,
  ended,
  isSuspicious,
  noteIn,
  noteKey,
  type ProgressRow,
  partsOf,
  progressIn,
  progressKey,
  progressValue,
  withCrashes,
} from './progress-rows.js';

fc.configureGlobal({ seed: 20_260_101 });

const ids = fc.constantFrom('mail', 'audit', '__proto__', 'ünïcode');
const events = fc.constantFrom('e1', 'e2', 'e3', '__proto__');

/** Facts as they come about: by joins of single ones. */
const facts = fc
  .array(
    fc.oneof(
      fc.record({ event: events, done: fc.array(ids) }),
      fc.record({ event: events, failed: ids, attempts: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ event: events, crashed: ids }),
    ),
    { maxLength: 12 },
  )
  .map((list) => joinFacts(...list.map(single)));

function single(given: {
  event: string;
  done?: readonly string[];
  failed?: string;
  attempts?: number;
  crashed?: string;
}): Facts {
  const { event, done = [], failed, attempts = 1, crashed } = given;
  const counted = failed === undefined ? [] : ([[failed, attempts]] as const);
  return new Map([
    [event, { done, attempts: new Map(counted), crashed: crashed === undefined ? [] : [crashed] }],
  ]);
}

function throughJson(row: ProgressRow): ProgressRow {
  const value = JSON.parse(JSON.stringify(progressValue(row))) as JsonValue;
  return progressIn({ pk: 'p', sk: 's', version: '1', value });
}

const known = (all: Facts) => new Map([...all].filter(([, one]) => !isEmpty(one)));
const isEmpty = ({ done, attempts, crashed }: EventFacts) =>
  done.length + attempts.size + crashed.length === 0;

function row(more: Partial<ProgressRow> = {}): ProgressRow {
  return { last: 'e9', facts: new Map(), isCut: false, calls: [], ...more };
}

describe('what is known of events', () => {
  test('is the same in whatever order, how often and in what groups it is joined', () => {
    fc.assert(
      fc.property(facts, facts, facts, (a, b, c) => {
        expect(joinFacts(a, b)).toEqual(joinFacts(b, a));
        expect(joinFacts(joinFacts(a, b), c)).toEqual(joinFacts(a, joinFacts(b, c)));
        expect(joinFacts(a, a)).toEqual(a);
        expect(joinFacts(a)).toEqual(a);
      }),
    );
  });

  test('only grows: done is the union, of attempts the most count, and none of what is done', () => {
    fc.assert(
      fc.property(facts, facts, (a, b) => {
        for (const [event, one] of joinFacts(a, b)) {
          const [ofA, ofB] = [a.get(event), b.get(event)];
          expect(new Set(one.done)).toEqual(new Set([...(ofA?.done ?? []), ...(ofB?.done ?? [])]));
          const failedIds = new Set([...(ofA?.attempts.keys() ?? []), ...(ofB?.attempts.keys() ?? [])]);
          for (const id of failedIds) {
            const most = Math.max(ofA?.attempts.get(id) ?? 0, ofB?.attempts.get(id) ?? 0);
            expect(one.attempts.get(id)).toBe(one.done.includes(id) ? undefined : most);
          }
          const crashed = new Set([...(ofA?.crashed ?? []), ...(ofB?.crashed ?? [])]);
          expect(one.crashed).toEqual([...crashed].filter((id) => !one.done.includes(id)).sort());
        }
      }),
    );
  });

  test('comes back from a row as it was, also with ids that objects have a meaning for', () => {
    fc.assert(
      fc.property(facts, (all) => {
        expect(throughJson(row({ facts: all })).facts).toEqual(known(all));
      }),
    );
  });

  test('has one value, however it came about', () => {
    fc.assert(
      fc.property(facts, facts, (a, b) => {
        const one = row({ facts: joinFacts(a, b) });
        expect(progressValue(row({ facts: joinFacts(b, a) }))).toEqual(progressValue(one));
        expect(progressValue(throughJson(one))).toEqual(progressValue(one));
      }),
    );
  });

  test('is compact: events with the same handlers done share one list of these', () => {
    const many = new Map(
      Array.from({ length: 1000 }, (_, n) => [
        `e${n}`,
        { done: ['audit', 'mail'], attempts: new Map(), crashed: [] },
      ]),
    );
    const value = progressValue(row({ facts: many })) as { done: unknown[] };
    expect(value.done).toHaveLength(1);
    expect(JSON.stringify(value).length).toBeLessThan(1000 * 10);
  });

  test('is taken from what the core tells of the delivery, and of nothing else', () => {
    const progress = {
      watermark: '9',
      done: { '10': ['mail'], '12': [], '99': ['mail'] },
      attempts: { '10': { audit: 2, mail: 7 }, '11': { mail: 1 } },
    };
    const eventIds = new Map([
      ['10', 'ten'],
      ['11', 'eleven'],
      ['12', 'twelve'],
    ]);
    expect(factsOf(progress, eventIds)).toEqual(
      new Map([
        ['ten', { done: ['mail'], attempts: new Map([['audit', 2]]), crashed: [] }],
        ['eleven', { done: [], attempts: new Map([['mail', 1]]), crashed: [] }],
      ]),
    );
  });

  test('goes to the core as the state of a record', () => {
    const one = { done: ['mail'], attempts: new Map([['audit', 2]]), crashed: ['audit'] };
    expect(stateOf(one)).toMatchObject({ done: ['mail'], failures: { audit: 2 }, suspects: ['audit'] });
    const bare = { done: ['mail'], attempts: new Map(), crashed: [] };
    expect(stateOf(bare)).toMatchObject({ done: ['mail'], failures: undefined, suspects: undefined });
  });
});

test.each([
  [{ some: 'thing else' }],
  [null],
  ['text'],
  [{ last: 'e', done: [{}], attempts: {} }],
  [{ last: 'e', done: [null], attempts: {} }],
  [{ last: 'e', done: [{ handlers: [], events: 'e' }], attempts: {} }],
  [{ last: 'e', done: {}, attempts: {} }],
  [{ last: 1, done: [], attempts: {} }],
  [{ last: 'e', done: [], attempts: null }],
  [{ last: 'e', done: [] }],
  [{ last: 'e', done: [], attempts: {}, calls: {} }],
])('a row with %j is none of progress and no note, and said to be none', (value) => {
  const unreadable = { code: 'LEDGER_UNREADABLE', message: expect.stringContaining('P#1 of p') };
  for (const read of [progressIn, noteIn]) {
    expect(() => read({ pk: 'p', sk: 'P#1', version: '1', value })).toThrow(
      expect.objectContaining(unreadable),
    );
  }
});

test('keys of rows have the order of the sequence numbers, whose length may differ', () => {
  const numbers = fc.bigInt({ min: 1n, max: 10n ** 40n - 1n });
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const [one, other] = [progressKey(String(a)), progressKey(String(b))];
      expect(one < other).toBe(a < b);
      expect(one < 'Q#' && one > 'A#').toBe(true);
      expect(noteKey(String(a)) < progressKey('0')).toBe(true);
    }),
  );
  expect(progressKey('000001')).toBe(progressKey('1'));
});

describe('a delivery with too much for one row', () => {
  const eventIds = new Map(Array.from({ length: 60 }, (_, n) => [String(100 + n), `event-${n}`]));
  const ofSome = fc.uniqueArray(fc.nat({ max: 59 }), { minLength: 1 }).chain((chosen) =>
    fc
      .array(
        fc.record({
          done: fc.subarray(['audit', 'mail', 'ünïcode', 'x'.repeat(80)]),
          attempts: fc
            .subarray(['late', 'later'])
            .map((names) => new Map(names.map((name): [string, number] => [name, 3]))),
          crashed: fc.subarray(['late']),
        }),
        { minLength: chosen.length, maxLength: chosen.length },
      )
      .map(
        (list) =>
          new Map(chosen.map((n, at): [string, EventFacts] => [`event-${n}`, list[at] as EventFacts])),
      ),
  );

  test('is cut into parts that hold all of it once, in order, each below the limit, the last one at its end', () => {
    fc.assert(
      fc.property(ofSome, fc.integer({ min: 2_000, max: 6_000 }), (all, maxBytes) => {
        const parts = partsOf(eventIds, all, maxBytes);
        expect(joinFacts(...parts.map((part) => part.facts))).toEqual(joinFacts(all));
        expect(parts.reduce((sum, part) => sum + part.facts.size, 0)).toBe(all.size);
        expect(parts.at(-1)).toMatchObject({ sequenceNumber: '159', last: 'event-59' });
        let before = 99;
        for (const { sequenceNumber, last, facts } of parts) {
          const numbers = [...facts.keys()].map((event) => 100 + Number(event.slice('event-'.length)));
          expect(eventIds.get(sequenceNumber)).toBe(last);
          expect(Math.min(...numbers, Number(sequenceNumber))).toBeGreaterThan(before);
          expect(Math.max(...numbers)).toBeLessThanOrEqual(Number(sequenceNumber));
          expect(Buffer.byteLength(JSON.stringify(progressValue(row({ last, facts }))))).toBeLessThan(
            maxBytes,
          );
          before = Number(sequenceNumber);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('needs as few rows as it has room: 5000 done events of one handler fit into one of 300 000 bytes', () => {
    const numbers = Array.from({ length: 5000 }, (_, n) => String(n));
    const many = new Map(numbers.map((n) => [n, n.padStart(43, '0')]));
    const all = new Map(
      [...many.values()].map((id) => [id, { done: ['mail'], attempts: new Map(), crashed: [] }]),
    );
    expect(partsOf(many, all)).toHaveLength(1);
    expect(partsOf(many, all, 100_000)).toHaveLength(3);
  });

  test('has one part when nothing is known, and none without events', () => {
    expect(partsOf(eventIds, new Map())).toEqual([
      { sequenceNumber: '159', last: 'event-59', facts: new Map() },
    ]);
    expect(partsOf(new Map(), new Map())).toEqual([]);
  });
});

describe('calls that were told before they began', () => {
  const call: BegunCall = { by: 'me', event: 'e5', handlerId: 'mail', attempts: 3 };
  const counted = new Map([['e5', { done: [], attempts: new Map([['mail', 3]]), crashed: ['mail'] }]]);

  test('have the one that is going on, and not the one before it; with the end of the process it is a failed attempt', () => {
    const standing = throughJson(calling(calling(undefined, { ...call, event: 'e4' }, 'e9'), call, 'e9'));
    expect(standing).toEqual(row({ calls: [call] }));
    expect(withCrashes(standing)).toEqual(row({ facts: counted }));
  });

  test('are counted once, however often they are met', () => {
    const found = withCrashes(calling(undefined, call, 'e9'));
    const again = withCrashes(calling(throughJson(found), call, 'e9'));
    expect(again.facts).toEqual(counted);
  });

  test('are not counted when their delivery has an orderly end', () => {
    const all = ended(calling(undefined, call, 'e9'), new Map(), 'e9', 'me');
    expect(withCrashes(all)).toEqual(row());
  });

  test('stay when another delivery of the same records has its end', () => {
    const both = calling(calling(undefined, call, 'e9'), { ...call, by: 'other' }, 'e9');
    expect(both.calls.map(({ by }) => by)).toEqual(['me', 'other']);
    expect(ended(both, new Map(), 'e9', 'me').calls).toEqual([{ ...call, by: 'other' }]);
  });
});

describe('a delivery is suspicious', () => {
  const has = (event: string) => event === 'e5' || event === 'e9';

  test('with an event whose handler did not survive, until that is done', () => {
    const crashed = single({ event: 'e5', crashed: 'mail' });
    expect(isSuspicious([], crashed, has)).toBe(true);
    expect(isSuspicious([], single({ event: 'e4', crashed: 'mail' }), has)).toBe(false);
    expect(isSuspicious([], joinFacts(crashed, single({ event: 'e5', done: ['mail'] })), has)).toBe(false);
    expect(isSuspicious([], single({ event: 'e5', failed: 'mail' }), has)).toBe(false);
  });

  test('with the last event of one that was cut, until that has an orderly end', () => {
    const known = row({ facts: single({ event: 'e1', done: ['mail'] }) });
    const standing = throughJson(cut(known, 'e9'));
    expect(standing).toEqual({ ...known, isCut: true });
    expect(isSuspicious([standing], new Map(), has)).toBe(true);
    expect(isSuspicious([cut(undefined, 'e7')], new Map(), has)).toBe(false);
    expect(isSuspicious([ended(standing, new Map(), 'e9', 'me')], new Map(), has)).toBe(false);
  });
});

test('an end joins what is known with what stands there', () => {
  const standing = row({ facts: single({ event: 'e1', done: ['mail'] }) });
  const all = ended(standing, single({ event: 'e2', failed: 'mail', attempts: 2 }), 'e9', undefined);
  expect([...all.facts.keys()]).toEqual(['e1', 'e2']);
});
