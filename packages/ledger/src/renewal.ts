import type { CallContext, Store } from '@sluice/core';
import { type ClaimTimes, type Held, renew } from './claim.js';
import { ClaimLostError } from './errors.js';

/** Claims that are renewed while a handler runs. */
export interface Renewal {
  /** Aborts as the call's own does, and with a `ClaimLostError` when one of the claims is lost. */
  readonly signal: AbortSignal;
  /** The claims as they were last written. */
  readonly held: readonly Held[];
  readonly lost: ClaimLostError | undefined;
  /** To be called when the handler has settled. A renewal on its way is not waited for. */
  end(): void;
}

/** On waking up after the claim has run out: how long the store may take to tell whether it is ours all the same. */
const wakingMs = 1_000;
/** How many times `claimMs` a handler may go on after its signal has aborted: one that hangs does not hold its event for ever. */
const longestHang = 10;

/**
 * Renews each claim when a third of its time has passed, and again and again where the store fails. What has not been renewed when
 * a tenth of it is left counts as lost, so that the handler hears of it before anybody else may begin; so does the claim of a handler
 * that has not settled long after its signal has aborted.
 */
export function renewing(
  claims: readonly Held[],
  { store, ...times }: ClaimTimes & { readonly store: Store },
  { clock, random, signal }: CallContext,
): Renewal {
  const { claimMs } = times;
  const held = [...claims];
  const work = new AbortController();
  const over = new AbortController();
  let lost: ClaimLostError | undefined;
  let stoppedAtMs = Number.POSITIVE_INFINITY;
  const stop = () => {
    stoppedAtMs = clock.now();
    work.abort(signal.reason);
  };

  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  for (let index = 0; index < held.length; index++) void keepRenewing(index);

  return {
    signal: work.signal,
    held,
    get lost() {
      return lost;
    },
    end() {
      over.abort('over'); // without a reason it would make an error, with its stack
      signal.removeEventListener('abort', stop);
    },
  };

  async function keepRenewing(index: number): Promise<void> {
    for (let current = held[index]; current; ) {
      await clock.sleep(current.untilMs - (claimMs * 2) / 3 - clock.now(), over.signal);
      if (over.signal.aborted) return;
      if (clock.now() - stoppedAtMs > longestHang * claimMs) return lose();
      const untilMs = Math.max(current.untilMs - claimMs / 10, clock.now() + wakingMs);
      try {
        current = await renew(store, current, times, { clock, random, signal: over.signal, untilMs });
      } catch (cause) {
        return lose({ cause });
      }
      if (!current) return lose();
      held[index] = current;
    }
  }

  function lose(options?: ErrorOptions): void {
    if (over.signal.aborted) return;
    lost ??= new ClaimLostError(options);
    work.abort(lost);
  }
}
