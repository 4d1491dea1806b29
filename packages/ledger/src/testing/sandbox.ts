import type { Clock, Store } from '@sluice/core';
import { storeThrough } from '@sluice/testing';

/** A process that can be stopped, for a while or for good: its time stands still, and it hears no replies. */
export interface Sandbox {
  readonly clock: Clock;
  readonly isFrozen: boolean;
  freeze(): void;
  thaw(): void;
  /** The store as it is reached from there: a call that was sent before it froze is made. */
  around(store: Store): Store;
}

export function sandboxOn(clock: Clock): Sandbox {
  let frozen: PromiseWithResolvers<void> | undefined;
  const awake = async () => {
    while (frozen) await frozen.promise;
  };
  async function through<T>(call: () => Promise<T>): Promise<T> {
    await awake();
    try {
      return await call();
    } finally {
      await awake();
    }
  }
  return {
    clock: {
      now: clock.now,
      async sleep(delayMs, signal) {
        await clock.sleep(delayMs, signal);
        await awake();
      },
    },
    get isFrozen() {
      return frozen !== undefined;
    },
    freeze() {
      frozen ??= Promise.withResolvers();
    },
    thaw() {
      frozen?.resolve();
      frozen = undefined;
    },
    around: (store) => storeThrough(store, through),
  };
}
