import { SluiceError } from '@sluice/filters';
import type { AnyMiddleware } from './chain.js';
import { contextWith } from './context.js';
import { type Failed, failed } from './outcome.js';

export interface TimeoutOptions {
  /** From the start of the call. */
  readonly afterMs: number;
  /**
   * What to do with a call that goes on although its signal has aborted. `'wait'` (default) waits until it settles, and a late
   * success counts. `'abandon'` fails it at once: it may then still be running, and have effects, while it is tried again
   * and while later changes of its item are handled.
   */
  readonly ifIgnored?: 'wait' | 'abandon';
}

/** A call took longer than its `timeout` allows. `cause` is what the call failed with then, if it did. */
export class TimeoutError extends SluiceError {
  override readonly name: string = 'TimeoutError';
  constructor(afterMs: number, options?: ErrorOptions) {
    super(
      'TIMEOUT',
      `The call had not settled ${afterMs} ms after its start. Pass context.signal on to what it waits for, or raise timeout({ afterMs }).`,
      options,
    );
  }
}

/**
 * Aborts `context.signal` of a call, with a `TimeoutError` as its reason, when it has not settled after `afterMs`. A call
 * that fails from then on has failed with a `TimeoutError`. Inside of `retry` each try has its own time, around it all have one.
 */
export function timeout({ afterMs, ifIgnored = 'wait' }: TimeoutOptions): AnyMiddleware {
  if (!(afterMs > 0)) throw new RangeError(`Expected timeout's afterMs above 0, got ${afterMs}.`);

  return async (call, next) => {
    const { context } = call;
    const work = new AbortController();
    const settled = new AbortController();
    const stop = () => work.abort(context.signal.reason);
    context.signal.addEventListener('abort', stop, { once: true });
    if (context.signal.aborted) stop();

    let isLate = false;
    const late = new Promise<Failed>((resolve) => {
      void context.clock.sleep(afterMs, settled.signal).then(() => {
        if (settled.signal.aborted) return;
        isLate = true;
        const error = new TimeoutError(afterMs);
        work.abort(error);
        if (ifIgnored === 'abandon') resolve(failed(error));
      });
    });
    const running = next({ ...call, context: contextWith(context, { signal: work.signal }) });
    const outcome = await Promise.race([running, late]);
    settled.abort('settled'); // without a reason it would make an error, with its stack
    context.signal.removeEventListener('abort', stop);
    if (!isLate || outcome.kind !== 'failed' || outcome.error === work.signal.reason) return outcome;
    return failed(new TimeoutError(afterMs, { cause: outcome.error }));
  };
}
