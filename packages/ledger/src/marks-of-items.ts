import { callStore, type Row, type Store, type StoreCalling } from '@sluice/core';
import { markPrefix } from './parked-rows.js';
import { sideBySide } from './side-by-side.js';

const itemsAtOnce = 20;
/** An item has few handlers; so many marks cost one read unit. */
const pageSize = 15;

/** The marks of these items behind which later changes queue, with a short list for each item. Items are digests. */
export async function marksOfItems(
  store: Store,
  pk: string,
  items: ReadonlySet<string>,
  calling: StoreCalling,
): Promise<readonly Row[]> {
  const marks: Row[] = [];
  await sideBySide(items, itemsAtOnce, async (item) => {
    const prefix = markPrefix('Q', item);
    for (let from = prefix; ; ) {
      const page = await callStore(() => store.list(pk, from, pageSize), calling);
      const found = page.filter(({ sk }) => sk.startsWith(prefix));
      marks.push(...found);
      if (found.length < pageSize) return;
      from = `${page.at(-1)?.sk}\0`;
    }
  });
  return marks;
}
