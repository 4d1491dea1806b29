import { createRouter } from '@sluice/core';
import { createLedger } from '@sluice/ledger';
import { memoryStore } from '@sluice/store';
import { openWorld } from './outside.js';
import { shopRoutes } from './shop.js';

/** For `npx sluice`: the demo's routes, over a world in which nothing happens. */
const { bank, carrier } = openWorld();
const ledger = createLedger(memoryStore());
export const router = createRouter({ name: 'shop', routes: shopRoutes(bank, carrier), ledger });
