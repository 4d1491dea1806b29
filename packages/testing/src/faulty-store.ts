import type { Store } from '@sluice/core';
import { storeThrough } from './store-through.js';

/** What goes wrong with the next calls of a store; what is asked for first strikes first. */
export interface StoreFaults {
  /** So many calls reach the store and reject all the same, as when the reply is lost. */
  loseReply(times: number): void;
  /** So many calls reject without having reached the store. */
  throttle(times: number): void;
}

/** A store whose calls go wrong on demand. */
export function faultyStore(store: Store): { readonly store: Store; readonly faults: StoreFaults } {
  const ahead: ('loseReply' | 'throttle')[] = [];

  async function through<T>(call: () => Promise<T>): Promise<T> {
    const fault = ahead.shift();
    if (fault === 'throttle') throw new Error('The call was throttled.');
    const reply = await call();
    if (fault === 'loseReply') throw new Error('The reply was lost.');
    return reply;
  }

  return {
    store: storeThrough(store, through),
    faults: {
      loseReply: (times) => void ahead.push(...Array<'loseReply'>(times).fill('loseReply')),
      throttle: (times) => void ahead.push(...Array<'throttle'>(times).fill('throttle')),
    },
  };
}
