import type { Clock, Store } from '@sluice/core';
import { storeThrough } from './store-through.js';

/**
 * What a simulated execution environment has of the world. While it is frozen nothing of that arrives in it, and once it is
 * dead nothing ever does: whoever awaits one of these there stands still. What has arrived meanwhile comes when it thaws.
 * Code that awaits anything else cannot be stopped, so give these to whatever waits: the router's `clock`, the store, clients.
 */
export interface SandboxEnvironment {
  /** 1, 2, … */
  readonly sandbox: number;
  readonly clock: Clock;
  /** Settles like `promise`, for calls that leave the sandbox: what they do is done, though their answer may come late or never. */
  during<T>(promise: PromiseLike<T>): Promise<T>;
  /** Ends the sandbox at this point, as when its process is killed. What runs already goes on to its next wait. */
  crash(): void;
}

/** The store as it is seen from within a sandbox: its calls are made, and their answers may come late or never. */
export function storeIn({ during }: SandboxEnvironment, store: Store): Store {
  return storeThrough(store, (call) => during(call()));
}

/**
 *     running ─ freeze ─> frozen      what arrives is held
 *        ^ <──── thaw ─────┘          what was held arrives, in order
 *     any state ─ kill ─> dead        what was held, or arrives, is gone
 */
export interface Sandbox {
  readonly environment: SandboxEnvironment;
  /** Resolves when it is dead. */
  readonly death: Promise<void>;
  isDead(): boolean;
  freeze(): void;
  /** The strikes replace those that were given before. */
  thaw(strikes: readonly StepStrike[]): void;
  kill(): void;
}

/** `strike` is called when `step` things have arrived and the next one is about to. */
export interface StepStrike {
  readonly step: number;
  strike(): void;
}

export function createSandbox(sandbox: number, clock: Clock): Sandbox {
  let state: 'running' | 'frozen' | 'dead' = 'running';
  let held: (() => void)[] = [];
  let arrived = 0;
  let strikes: readonly StepStrike[] = [];
  let die: () => void = () => undefined;
  const death = new Promise<void>((resolve) => {
    die = resolve;
  });
  const sleeping = new Set<AbortController>();

  function arrive(thing: () => void): void {
    if (state === 'running') {
      for (const { step, strike } of strikes) if (step === arrived) strike();
      arrived += 1;
    }
    if (state === 'frozen') held.push(thing);
    if (state === 'running') thing();
  }

  function during<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => arrive(() => resolve(value)),
        (error: unknown) => arrive(() => reject(error)),
      );
    });
  }

  function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    const ended = new AbortController(); // also by death, so that no timer is left behind
    const end = () => ended.abort(cheapReason);
    if (state === 'dead' || signal?.aborted) end();
    else sleeping.add(ended);
    signal?.addEventListener('abort', end, { once: true });
    const slept = clock.sleep(delayMs, ended.signal).then(() => {
      sleeping.delete(ended);
      signal?.removeEventListener('abort', end);
    });
    return during(slept);
  }

  function kill(): void {
    if (state === 'dead') return;
    state = 'dead';
    for (const ended of sleeping) ended.abort(cheapReason);
    die();
  }

  return {
    environment: { sandbox, clock: { now: clock.now, sleep }, during, crash: kill },
    death,
    isDead: () => state === 'dead',
    freeze() {
      if (state === 'running') state = 'frozen';
    },
    thaw(next) {
      if (state === 'frozen') state = 'running';
      arrived = 0;
      strikes = next;
      const due = held;
      held = [];
      for (const thing of due) arrive(thing);
    },
    kill,
  };
}

/** Of an abort that nobody asks about: the default reason is an error with a stack, a tenth of a simulation's time. */
export const cheapReason = 'over';
