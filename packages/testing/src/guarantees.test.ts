import { eventIdOf } from '@sluice/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Effect, guarantees } from './guarantees.js';
import { recordsOf } from './records.js';

fc.configureGlobal({ seed: 20_260_101 });

const shop = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
const [a1, b1, b2, a2] = ['A', 'B', 'B', 'A'].map((pk, n) => shop.insert({ pk, n })) as Four;
const records = [a1, b1, b2, a2];
type Four = [typeof a0, typeof a0, typeof a0, typeof a0];
const a0 = recordsOf({ table: 'other', keys: { partition: 'pk' } }).insert({ pk: 'A' });

const numberOf = ({ dynamodb }: typeof a1) => dynamodb.SequenceNumber;
const effectsOf = (done: readonly (typeof a1)[], handlerId = 'mail'): Effect[] =>
  done.map((record) => ({ handlerId, sequenceNumber: numberOf(record) }));
const handlers = ['mail'];
const kept = { lost: [], repeated: [], outOfOrder: [], backInTime: [], unexpected: [] };

describe('the guarantees report', () => {
  it('is empty when each handler acted on each record once, items among each other in any order', () => {
    expect(guarantees(records, effectsOf([b1, a1, a2, b2]), { handlers })).toEqual(kept);
    expect(guarantees([], [], { handlers })).toEqual(kept);
  });

  it('names what was lost, by handler', () => {
    const effects = [...effectsOf(records), ...effectsOf([a1, b1, b2], 'index')];
    const { lost } = guarantees(records, effects, { handlers: ['mail', 'index'] });
    expect(lost).toEqual([{ handlerId: 'index', sequenceNumber: numberOf(a2), item: '2 pkS1 A' }]);
  });

  it('excuses what was set aside, for one handler or for all', () => {
    const effects = [...effectsOf([a1, b1, b2]), ...effectsOf([a1, b1], 'index')];
    const both = ['mail', 'index'];
    const aside = { handlerId: 'index', eventId: eventIdOf(b2) };
    const setAside = [aside, { sequenceNumber: numberOf(a2) }];
    expect(guarantees(records, effects, { handlers: both, setAside })).toEqual(kept);
    expect(guarantees(records, effects, { handlers: both, setAside: [aside] }).lost).toHaveLength(2);
    expect(
      guarantees(records, effects, { handlers: both, setAside: [{ sequenceNumber: '1' }] }).lost,
    ).toHaveLength(3);
  });

  it('names what was repeated, and how often', () => {
    const { repeated, backInTime } = guarantees(records, effectsOf([a1, a1, b1, b2, b2, b2, a2]), {
      handlers,
    });
    expect(repeated.map(({ sequenceNumber, times }) => [sequenceNumber, times])).toEqual([
      [numberOf(a1), 2],
      [numberOf(b2), 3],
    ]);
    expect(backInTime).toEqual([]);
  });

  it('tells first effects out of order from repeats that go back in time', () => {
    const effects = effectsOf([b1, b2, a2, a1, b1, b2, a2]);
    expect(guarantees(records, effects, { handlers })).toMatchObject({
      outOfOrder: [{ sequenceNumber: numberOf(a1), after: numberOf(a2), item: '2 pkS1 A' }],
      backInTime: [{ sequenceNumber: numberOf(b1), after: numberOf(b2), item: '2 pkS1 B' }],
    });
  });

  it('keeps the order of each handler apart', () => {
    const effects = [...effectsOf(records), ...effectsOf(records, 'index')];
    expect(guarantees(records, effects, { handlers: ['mail', 'index'] })).toEqual(kept);
  });

  it('names what was not expected of a handler or of any', () => {
    const unexpected = [...effectsOf([b1], 'index'), { handlerId: 'mail', sequenceNumber: '7' }];
    const report = guarantees(records, [...effectsOf(records), ...unexpected], {
      handlers: (record) => (record === a1 ? ['mail'] : ['mail', 'other']),
    });
    expect(report.unexpected).toEqual(unexpected);
    expect(report.lost.map(({ handlerId }) => handlerId)).toEqual(['other', 'other', 'other']);
  });

  it('keeps streams apart whose records have the same keys and sequence numbers', () => {
    const both = [a1, a0];
    expect(numberOf(a0)).toBe(numberOf(a1));
    const effects = [a0, a1].map((record) => ({ handlerId: 'mail', eventId: eventIdOf(record) }));
    expect(guarantees(both, effects, { handlers })).toEqual(kept);
    expect(() => guarantees(both, effectsOf([a0]), { handlers })).toThrow('Give eventId: eventIdOf(record)');
  });

  it('finds any one effect that is left out, doubled or moved before an earlier change', () => {
    const plan = fc.array(fc.constantFrom<string>('A', 'B', 'C'), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(plan, fc.nat(), (items, at) => {
        const builder = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
        const written = items.map((pk, n) => builder.insert({ pk, n }));
        const place = at % written.length;
        const [struck] = effectsOf(written.slice(place, place + 1)) as [Effect];
        const all = effectsOf(written);
        const report = (effects: readonly Effect[]) => guarantees(written, effects, { handlers });
        expect(report(all)).toEqual(kept);
        expect(report(all.toSpliced(place, 1))).toMatchObject({ ...kept, lost: [struck] });
        const doubled = report([...all, struck]);
        expect(doubled.repeated).toMatchObject([{ ...struck, times: 2 }]);
        const hasLater = items.lastIndexOf(items[place] as string) > place;
        expect(doubled.backInTime).toHaveLength(hasLater ? 1 : 0);
        expect(report([...all.toSpliced(place, 1), struck])).toMatchObject({
          ...kept,
          outOfOrder: hasLater ? [struck] : [],
        });
      }),
    );
  });
});
