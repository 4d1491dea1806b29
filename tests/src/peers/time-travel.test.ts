import { type Context, type Order, route } from '@sluice/core';
import { describe, expect, it } from 'vitest';
import { backInTime, mapped, numberOf, shop, shopRecords, writes } from './setup.js';

/**
 * A function that goes on after a failed record and is then delivered everything from that record on puts items back in time:
 * their older versions are applied again after newer ones.
 */

/** A handler that notes what it did, takes as long as it is told to, and fails as often as it is told to. */
function noting(failures: Record<string, number> = {}, tookMs: Record<string, number> = {}) {
  const left = { ...failures };
  const ran: string[] = [];
  const began: string[] = [];
  const notes = route.on(
    shop,
    { id: 'notes', events: ['INSERT', 'MODIFY'] },
    async (change, { clock }: Context) => {
      const name = String(change.new['name']);
      began.push(name);
      await clock.sleep(tookMs[name] ?? 1);
      left[name] = (left[name] ?? 0) - 1;
      if (left[name] >= 0) throw new Error(`${name} fails`);
      ran.push(name);
    },
  );
  return { ran, began, routes: [notes] };
}

const ways: [Order, 'warm' | 'cold'][] = [
  ['strict', 'warm'],
  ['strict', 'cold'],
  ['lanes', 'warm'],
  ['lanes', 'cold'],
];

describe('an item that was written three times', () => {
  it.each(ways)('keeps its order when its first version fails: %s, %s', async (order, retry) => {
    const { ran, began, routes } = noting({ A1: 2 });
    const records = writes('A1 A2 A3');
    const { status, invocations } = await mapped(routes, records, retry, { order });
    expect({ status, ran, began }).toEqual({
      status: 'done',
      ran: ['A1', 'A2', 'A3'],
      began: ['A1', 'A1', 'A1', 'A2', 'A3'],
    });
    const all = records.map(numberOf);
    expect(invocations.map(({ delivered, response }) => ({ delivered, response }))).toEqual([
      { delivered: all, response: { batchItemFailures: [{ itemIdentifier: all[0] }] } },
      { delivered: all, response: { batchItemFailures: [{ itemIdentifier: all[0] }] } },
      { delivered: all, response: { batchItemFailures: [] } },
    ]);
  });

  it.each(ways)('repeats nothing when its second version fails: %s, %s', async (order, retry) => {
    const { ran, began, routes } = noting({ A2: 1 });
    const records = writes('A1 A2 A3');
    const { invocations } = await mapped(routes, records, retry, { order });
    expect({ ran, began }).toEqual({ ran: ['A1', 'A2', 'A3'], began: ['A1', 'A2', 'A2', 'A3'] });
    const all = records.map(numberOf);
    expect(invocations.map(({ delivered }) => delivered)).toEqual([all, all.slice(1)]);
  });

  it.each(['strict', 'lanes'] as const)(
    'ends in its last version, though the first takes longest: %s',
    async (order) => {
      const { ran, routes } = noting({}, { A1: 300, A2: 200, A3: 100, B1: 50 });
      await mapped(routes, writes('A1 A2 A3 B1'), 'warm', { order });
      expect(ran.filter((name) => name !== 'B1')).toEqual(['A1', 'A2', 'A3']);
      expect(ran.indexOf('B1')).toBe(order === 'lanes' ? 0 : 3);
    },
  );
});

describe('two items whose writes are interleaved', () => {
  const names = ['A1', 'B1', 'B2', 'A2'];
  const batch = writes(names.join(' '));

  it.each<[Order, 'warm' | 'cold']>([
    ['strict', 'warm'],
    ['strict', 'cold'],
    ['lanes', 'warm'],
  ])('both keep their order, and nothing is done twice: %s, %s', async (order, retry) => {
    for (const [index, name] of names.entries()) {
      const { ran, routes } = noting({ [name]: 1 });
      const { status, invocations } = await mapped(routes, batch, retry, { order });
      expect({ status, ran: ran.toSorted() }).toEqual({ status: 'done', ran: ['A1', 'A2', 'B1', 'B2'] });
      expect(backInTime(ran)).toEqual([]);
      expect(invocations.map(({ retryFrom }) => retryFrom)).toEqual([numberOf(batch[index]), undefined]);
    }
  });

  it('are safe by default from what another item did before the failure, when the retry meets a fresh process', async () => {
    const { ran, began, routes } = noting({ A1: 1 }, { A1: 1000 });
    await mapped(routes, batch, 'cold');
    expect(ran).toEqual(['A1', 'B1', 'B2', 'A2']);
    expect(began).toEqual(['A1', 'A1', 'B1', 'B2', 'A2']);
  });

  it('remember in lanes what was done beside a slow failure, and go on behind it', async () => {
    const { ran, began, routes } = noting({ A1: 1 }, { A1: 1000 });
    await mapped(routes, batch, 'warm', { order: 'lanes' });
    expect(ran).toEqual(['B1', 'B2', 'A1', 'A2']);
    expect(began).toEqual(['A1', 'B1', 'B2', 'A1', 'A2']);
  });

  it('start nothing new in lanes once a lower record has failed', async () => {
    const { began, routes } = noting({ A1: 1 }, { A1: 10, B1: 20 });
    const { invocations } = await mapped(routes, batch, 'warm', { order: 'lanes' });
    expect(began).toEqual(['A1', 'B1', 'A1', 'B2', 'A2']);
    expect(invocations).toHaveLength(2);
  });
});

describe('events of several kinds', () => {
  it('are handled in the order of the stream and not by kind', async () => {
    const records = shopRecords();
    const [a, a2, b] = [{ pk: 'A' }, { pk: 'A', v: 2 }, { pk: 'B' }];
    const batch = [
      records.insert(a),
      records.modify(a, a2),
      records.remove(a2),
      records.insert(b),
      records.insert(a),
      records.remove(b),
    ];
    const ran: string[] = [];
    const note = ({
      eventName,
      keys,
    }: {
      readonly eventName: string;
      readonly keys: { readonly pk: unknown };
    }) => void ran.push(`${eventName} ${keys.pk}`);
    const routes = [
      route.modify(shop, { id: 'modified' }, note),
      route.remove(shop, { id: 'removed' }, note),
      route.insert(shop, { id: 'inserted' }, note),
    ];
    await mapped(routes, batch, 'warm');
    expect(ran).toEqual(['INSERT A', 'MODIFY A', 'REMOVE A', 'INSERT B', 'INSERT A', 'REMOVE B']);
  });
});
