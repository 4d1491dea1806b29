import type { JsonValue } from '@sluice/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BegunCall,
  begun,
  calling,
  type EventFacts,
  ended,
  type Facts,
  factsOf,
  isCutShort,
  joinFacts,
  type ProgressRow,
  partsOf,
  progressIn,
  progressKey,
  progressValue,
  stateOf,
  withCrashes,
} from './progress-rows.js';

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
  return { last: 'e9', facts: new Map(), guard: undefined, ...more };
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
  [{ last: 'e', done: [], attempts: {}, guard: {} }],
])('a row with %j is none of progress, and said to be none', (value) => {
  expect(() => progressIn({ pk: 'p', sk: 'P#1', version: '1', value })).toThrow(
    expect.objectContaining({ code: 'LEDGER_UNREADABLE', message: expect.stringContaining('P#1 of p') }),
  );
});

test('keys of rows have the order of the sequence numbers, whose length may differ', () => {
  const numbers = fc.bigInt({ min: 1n, max: 10n ** 40n - 1n });
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const [one, other] = [progressKey(String(a)), progressKey(String(b))];
      expect(one < other).toBe(a < b);
      expect(one < 'Q#' && one > 'A#').toBe(true);
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

describe('the note of a guard', () => {
  const extent = { first: 'e1', last: 'e9' };
  const call: BegunCall = { by: 'me', event: 'e5', handlerId: 'mail', attempts: 3 };
  const attemptsOf = (facts: Facts) => facts.get('e5')?.attempts.get('mail');

  test('counts the deliveries that began, until one has an orderly end', () => {
    const twice = begun(begun(undefined, extent), extent);
    expect(twice.guard).toEqual({ first: 'e1', began: 2, calls: [] });
    expect(ended(twice, new Map(), 'e9', 'me').guard).toBeUndefined();
    expect(begun(ended(twice, new Map(), 'e9', 'me'), extent).guard?.began).toBe(1);
  });

  test('has the call that is going on, and not the one before it; with the end of the process it is a failed attempt', () => {
    const before = calling(begun(undefined, extent), { ...call, event: 'e4' }, extent);
    const cut = throughJson(calling(before, call, extent));
    expect(cut.guard?.calls).toEqual([call]);
    expect(withCrashes(cut).get('e4')).toBeUndefined();
    expect(withCrashes(cut).get('e5')).toEqual({
      done: [],
      attempts: new Map([['mail', 3]]),
      crashed: ['mail'],
    });
  });

  test('counts a crash once, however often it is met, and keeps it when the next delivery begins', () => {
    const cut = calling(begun(undefined, extent), call, extent);
    const next = begun(cut, extent);
    expect(attemptsOf(next.facts)).toBe(3);
    expect(next.facts.get('e5')?.crashed).toEqual(['mail']);
    expect(next.guard?.calls).toEqual([]);
    expect(attemptsOf(joinFacts(withCrashes(cut), withCrashes(begun(next, extent))))).toBe(3);
  });

  test('does not count a call whose delivery had an orderly end', () => {
    const all = ended(calling(begun(undefined, extent), call, extent), new Map(), 'e9', 'me');
    expect(withCrashes(all)).toEqual(new Map());
    expect(all.guard).toBeUndefined();
  });

  test('keeps the calls of another delivery that has the same records at the same time', () => {
    const both = calling(calling(begun(undefined, extent), call, extent), { ...call, by: 'other' }, extent);
    expect(both.guard?.calls.map(({ by }) => by)).toEqual(['me', 'other']);
    const left = ended(both, new Map(), 'e9', 'me');
    expect(left.guard).toEqual({ first: 'e1', began: 0, calls: [{ ...call, by: 'other' }] });
    expect(isCutShort(left, () => true)).toBe(false);
    expect(attemptsOf(withCrashes(left))).toBe(3);
  });

  test('is begun by a call where another delivery has deleted the row', () => {
    const again = calling(undefined, call, extent);
    expect(again).toEqual({ last: 'e9', facts: new Map(), guard: { first: 'e1', began: 1, calls: [call] } });
    expect(isCutShort(again, (event) => event === 'e1')).toBe(true);
  });

  test('concerns a delivery that has its first or its last event, and no other', () => {
    const open = begun(undefined, extent);
    expect(isCutShort(open, (event) => event === 'e1')).toBe(true);
    expect(isCutShort(open, (event) => event === 'e9')).toBe(true);
    expect(isCutShort(open, (event) => event === 'e5')).toBe(false);
    expect(isCutShort(row({ last: 'e9' }), () => true)).toBe(false);
  });

  test('an end joins what is known with what stands there', () => {
    const standing = row({ facts: single({ event: 'e1', done: ['mail'] }) });
    const all = ended(standing, single({ event: 'e2', failed: 'mail', attempts: 2 }), 'e9', undefined);
    expect([...all.facts.keys()]).toEqual(['e1', 'e2']);
  });
});
