import { getEventListeners } from 'node:events';
import type { CallContext } from '@sluice/core';
import { memoryStore } from '@sluice/store';
import { virtualClock } from '@sluice/testing';
import { expect, test } from 'vitest';
import { claim } from './claim.js';
import { type Renewal, renewing } from './renewal.js';
import { contextOn } from './testing/delivery.js';

const times = { claimMs: 30_000, keepDoneMs: 60_000 };

async function begun(context: CallContext): Promise<Renewal> {
  const store = memoryStore();
  const held = await claim(store, 'key', 'me', times, context);
  if (held.kind !== 'held') throw new Error('It is not ours.');
  return renewing([held], { store, ...times }, context);
}

test('a handler whose delivery is over already has a signal that says so, with the reason', async () => {
  const reason = new Error('stop');
  const { signal, end } = await begun(contextOn(virtualClock(), { signal: AbortSignal.abort(reason) }));
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toBe(reason);
  end();
});

test('a handler hears when its delivery is over; afterwards nothing is left of it, neither listeners nor timers', async () => {
  const clock = virtualClock();
  const work = new AbortController();
  const one = await begun(contextOn(clock, { signal: work.signal }));
  const other = await begun(contextOn(clock, { signal: work.signal }));
  other.end();
  expect(getEventListeners(work.signal, 'abort')).toHaveLength(1);
  const reason = new Error('stop');
  work.abort(reason);
  expect(one.signal.reason).toBe(reason);
  expect(one.lost).toBeUndefined();
  expect(other.signal.aborted).toBe(false);
  one.end();
  await clock.advance(0);
  expect(clock.wakeTimes()).toEqual([]);
});
