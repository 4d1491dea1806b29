import { virtualClock } from '@sluice/testing';
import { expect, it } from 'vitest';
import { sideBySide } from './side-by-side.js';

it('does all of it, in order of their beginnings, so many at a time', async () => {
  const clock = virtualClock();
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const working = sideBySide(Array.from({ length: 10 }).keys(), 3, async (n) => {
    begun.push(n);
    most = Math.max(most, ++running);
    await clock.sleep(n % 2 === 0 ? 70 : 20);
    running--;
  });
  await clock.run(working);
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(3);
});

it('begins nothing after a failure, and rejects with the first one when what was begun has ended', async () => {
  const clock = virtualClock();
  const ended: number[] = [];
  const working = sideBySide([0, 1, 2, 3, 4], 3, async (n) => {
    await clock.sleep(100 - n);
    ended.push(n);
    if (n > 0) throw new Error(`no ${n}`);
  });
  await expect(clock.run(working)).rejects.toThrow('no 2');
  expect(ended).toEqual([2, 1, 0]);
});

it('rejects for what cannot be gone through, when what was begun has ended', async () => {
  const clock = virtualClock();
  let hasEnded = false;
  async function* few() {
    yield 1;
    throw new Error('no more');
  }
  const working = sideBySide(few(), 2, async () => {
    await clock.sleep(50);
    hasEnded = true;
  });
  await expect(clock.run(working)).rejects.toThrow('no more');
  expect(hasEnded).toBe(true);
});

it('begins nothing once it is over', async () => {
  const begun: number[] = [];
  await sideBySide(
    [0, 1, 2, 3],
    1,
    async (n) => void begun.push(n),
    () => begun.length === 2,
  );
  expect(begun).toEqual([0, 1]);
});
