import { describe, it } from 'vitest';
import { type Circumstances, playParking } from './testing/parking-simulation.js';

/** `SLUICE_PARKING_SEEDS=5000` tells that many stories of each kind. */
const seeds = Number(process.env['SLUICE_PARKING_SEEDS'] ?? 15);
const seed = Number(process.env['SLUICE_SEED'] ?? 1);

const calm: Circumstances = { action: 'park-item', deaths: false, zombies: false, discards: false };

describe('parking and redriving at the same time, over a store that throttles and loses replies', () => {
  it.each<[string, Circumstances]>([
    ['runs each change once and in order, and leaves no mark', calm],
    ['gives up what is discarded, and the rest runs once and in order', { ...calm, discards: true }],
    [
      'loses nothing and keeps the order of first runs when processes die at any await',
      { ...calm, deaths: true },
    ],
    ['so it does when changes are discarded meanwhile', { ...calm, deaths: true, discards: true }],
    [
      'so it does when processes that were given up go on',
      { ...calm, deaths: true, zombies: true, discards: true },
    ],
    ['runs each change that is parked alone once', { ...calm, action: 'park-record', discards: true }],
    [
      'loses none of those when processes die',
      { ...calm, action: 'park-record', deaths: true, zombies: true },
    ],
  ])('%s', { timeout: 600_000 }, async (_name, circumstances) => {
    for (let n = 0; n < seeds; n++) await playParking(seed + n, circumstances);
  });
});
