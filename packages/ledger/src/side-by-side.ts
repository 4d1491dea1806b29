/**
 * Does `work` for each of `items`, `concurrency` of them at a time, begun in their order. Nothing further is begun once one of them
 * has failed, or `isOver` says so; rejects with the first error, once all that was begun has ended.
 */
export async function sideBySide<T>(
  items: Iterable<T> | AsyncIterable<T>,
  concurrency: number,
  work: (item: T) => Promise<void>,
  isOver: () => boolean = () => false,
): Promise<void> {
  const iterator = inTurn(items);
  const errors: unknown[] = [];
  const isEnding = () => errors.length > 0 || isOver();
  await Promise.all(Array.from({ length: concurrency }, oneAfterAnother));
  if (errors.length > 0) throw errors[0];

  async function oneAfterAnother(): Promise<void> {
    try {
      while (!isEnding()) {
        const next = await iterator.next();
        if (next.done || isEnding()) return;
        await work(next.value);
      }
    } catch (error) {
      errors.push(error);
    }
  }
}

/** Of an async generator the next one may be asked for before the last one has come. */
async function* inTurn<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}
