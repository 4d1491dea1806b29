import type { StreamRecord } from '@sluice/filters';
import { createDrain } from './drain.js';
import { runPage } from './page.js';
import type { ProcessMemory } from './process-memory.js';
import type { Counts } from './progress.js';
import type { Router } from './router.js';

export interface BatchOptions {
  /** What earlier deliveries in this process left. */
  readonly memory: ProcessMemory;
  /** How long the delivery may take; nothing starts after that, and `context.signal` aborts. No limit by default. */
  readonly budgetMs?: number;
}

export interface BatchResult {
  /** The lowest sequence number that is not done; `undefined` when everything is. */
  readonly firstUnfinished: string | undefined;
  readonly counts: Readonly<Counts>;
  /** Whether the time was up before the work was done. */
  readonly timedOut: boolean;
  /** The handlers whose calls had not settled by then. */
  readonly unsettled: readonly string[];
}

/**
 * Runs one delivery that its source repeats from the lowest unfinished record: an event of Lambda, or a test's records.
 * Throws, with nothing run, for records that cannot be one delivery.
 */
export async function runBatch(
  router: Router,
  records: readonly StreamRecord[],
  { memory, budgetMs = Number.POSITIVE_INFINITY }: BatchOptions,
): Promise<BatchResult> {
  const work = new AbortController();
  const deadlineMs = router.clock.now() + budgetMs;
  const drain = createDrain(router, {
    afterFailure: { kind: 'stop' },
    order: router.order ?? 'strict',
    recall: memory.size > 0 ? memory.recall : undefined,
    signal: work.signal,
    deadlineMs,
  });
  const page = runPage(router, drain, records);
  await settledWithin(budgetMs);
  drain.stop();
  page.offer();

  const remaining = drain.remaining();
  memory.keep(records, remaining);
  const timedOut = work.signal.aborted || (remaining.length > 0 && router.clock.now() >= deadlineMs);
  return {
    firstUnfinished: remaining[0]?.record.dynamodb.SequenceNumber,
    counts: { ...page.counts },
    timedOut,
    unsettled: [...new Set(remaining.flatMap(({ state }) => state.running ?? []))].map(
      ({ handlerId }) => handlerId,
    ),
  };

  async function settledWithin(limitMs: number): Promise<void> {
    if (limitMs <= 0) return;
    const settled = page.ended.then(() => drain.until(0));
    if (limitMs === Number.POSITIVE_INFINITY) return settled;
    const over = new AbortController();
    const deadline = router.clock.sleep(limitMs, over.signal).then(() => {
      if (!over.signal.aborted) work.abort(timeIsUp());
    });
    await Promise.race([settled, deadline]);
    over.abort();
  }
}

function timeIsUp(): Error {
  return new DOMException(
    'The time for this delivery is up; what is unfinished will be delivered again.',
    'TimeoutError',
  );
}
