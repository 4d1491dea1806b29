import { describe, expect, it } from 'vitest';
import { playAll, type StoryName, stories } from './lambda-stories.js';
import { play } from './lambda-world.js';

describe('behind a simulated Lambda, with a ledger', () => {
  it.each(Object.keys(stories) as StoryName[])('%s', { timeout: 60_000 }, (name) => playAll(name, 1, 40));

  it('is played hard enough: without a ledger the same stories repeat, and go back in time', async () => {
    const judged = await Promise.all(
      Array.from({ length: 12 }, (_, seed) => play({ seed, hasNoLedger: true })),
    );
    expect(judged.flatMap(({ judged: { repeated } }) => repeated)).not.toEqual([]);
    expect(judged.flatMap(({ judged: { backInTime } }) => backInTime)).not.toEqual([]);
  });
});
