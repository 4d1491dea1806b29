import { describe, it } from 'vitest';
import { playAll, type StoryName, stories } from './lambda-stories.js';

/** Others than those of the short run; `SLUICE_SEED=1000000` begins elsewhere. */
const first = Number(process.env['SLUICE_SEED'] ?? 10_000);

describe('behind a simulated Lambda, with a ledger, over thousands of seeds', () => {
  it.each(Object.keys(stories) as StoryName[])('%s', { timeout: 600_000 }, (name) =>
    playAll(name, first, 1_200),
  );
});
