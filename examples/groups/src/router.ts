import { createRouter } from '@sluice/core';
import { fromClasses } from '@sluice/decorators';
import { createLedger } from '@sluice/ledger';
import { memoryStore } from '@sluice/store';
import { Container } from 'inversify';
import { openSearch, Search } from './search.js';
import { SearchIndex } from './search-index.js';

/** For `npx sluice`: the demo's router, over a search service that nobody calls. */
const container = new Container();
container.bind(Search).toConstantValue(openSearch(() => undefined).search);
export const router = createRouter({
  name: 'catalog',
  routes: fromClasses([SearchIndex], container),
  lane: 'partitionKey',
  ledger: createLedger(memoryStore()),
});
