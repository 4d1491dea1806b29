import { callStore, type StoreCalling } from '@sluice/core';

/**
 * Where parked changes go that are too large for a row: `s3Objects` of `@sluice/store/s3`, or anything like it. Keys are text
 * without spaces, unique for each object; bodies are JSON. What a process that dies in between leaves behind is an object
 * that no row names: let objects expire some time after the longest that a change may stay parked.
 */
export interface LargeObjects {
  put(key: string, body: string): Promise<void>;
  /** The body; `undefined` where there is none. */
  get(key: string): Promise<string | undefined>;
  /** Resolves too when there is none. */
  delete(key: string): Promise<void>;
}

/** Deletes an object that nothing needs any more. It is tried once; where that fails, the object is left to its own end. */
export async function letGo(
  largeObjects: LargeObjects | undefined,
  object: string,
  calling: StoreCalling,
): Promise<void> {
  await callStore(async () => largeObjects?.delete(object), { ...calling, maxAttempts: 1 }).catch(
    () => undefined,
  );
}
