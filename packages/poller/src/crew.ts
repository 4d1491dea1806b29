/**
 * Tasks that stop together: when one fails, or somebody stops them, `stopping` aborts and each ends in its own order.
 * Tasks may start further tasks.
 */
export interface Crew {
  readonly stopping: AbortSignal;
  start(task: () => Promise<void>): void;
  /** Stops all tasks; the first failure is what `finished` rejects with. Failures after it go to `onFailure` alone. */
  fail(error: unknown): void;
  /** Settles when the last task has ended. */
  finished(): Promise<void>;
}

export function createCrew(stop: AbortSignal | undefined, onFailure: (error: unknown) => void): Crew {
  const failing = new AbortController();
  const stopping = stop ? AbortSignal.any([stop, failing.signal]) : failing.signal;
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;

  function fail(error: unknown): void {
    failure ??= { error };
    onFailure(error);
    failing.abort();
  }

  function start(task: () => Promise<void>): void {
    const end = task().catch((error: unknown) => {
      if (error !== stopping.reason || !stopping.aborted) fail(error);
    });
    running.add(end);
    end.then(() => running.delete(end));
  }

  async function finished(): Promise<void> {
    while (running.size > 0) await Promise.all(running);
    if (failure) throw failure.error;
  }

  return { stopping, start, fail, finished };
}
