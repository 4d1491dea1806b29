// #region handler
import type { Inserted, Modified } from '@sluice/core';
import { Handlers, OnBatch } from '@sluice/decorators';
import { inject } from 'inversify';
import { Product } from './catalog.js';
import { Search } from './search.js';

type Written = Inserted<typeof Product> | Modified<typeof Product>;

@Handlers('search-index', Product)
export class SearchIndex {
  constructor(@inject(Search) private readonly search: Search) {}

  @OnBatch({
    events: ['INSERT', 'MODIFY'],
    maxSize: 8,
    onFailure: { action: 'park-item', attempts: 3 },
  })
  async put(changes: readonly Written[]) {
    await this.search.bulk(changes.map(({ params, new: product }) => ({ ...params, ...product })));
  }
}
// #endregion
