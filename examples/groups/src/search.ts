export interface Document {
  readonly seller: string;
  readonly productId: string;
  readonly title: string;
  readonly price: number;
}

/** Takes documents in bulk: all of a call, or none. */
export interface Search {
  bulk(documents: readonly Document[]): Promise<void>;
}
export const Search = Symbol('Search');

/**
 * A search service that is busy when Bob's first call comes, and takes no titles of more than 20 letters. It tells of each call, and
 * what it has taken is in `taken`.
 */
export function openSearch(tell: (line: string) => void) {
  const taken: Document[] = [];
  let isBusy = true;

  const refusalOf = (documents: readonly Document[]) => {
    if (documents.some(({ title }) => title.length > 20)) return 'a title is too long';
    if (!isBusy || documents.every(({ seller }) => seller !== 'Bob')) return undefined;
    isBusy = false;
    return 'busy';
  };
  const search: Search = {
    async bulk(documents) {
      const refusal = refusalOf(documents);
      const sellers = [...new Set(documents.map(({ seller }) => seller))];
      const products = documents.map(({ productId }) => productId).join(' ');
      tell(`${sellers}: ${products}${refusal ? ` refused, ${refusal}` : ''}`);
      if (refusal) throw new Error(refusal);
      taken.push(...documents);
    },
  };
  return { search, taken };
}
