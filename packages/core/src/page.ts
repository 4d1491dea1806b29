import type { StreamRecord } from '@sluice/filters';
import type { BatchCall } from './calls.js';
import { chain } from './chain.js';
import type { Drain } from './drain.js';
import type { Fold } from './fold.js';
import { tell } from './logger.js';
import { failed, handled, notStarted, type Outcome } from './outcome.js';
import { type Counts, noCounts, type Page, type Task } from './progress.js';
import type { Router } from './router.js';

/** One page on its way through the middleware around batches into a drain. */
export interface PageRun {
  readonly counts: Readonly<Counts>;
  /**
   * Resolves once the records are in the drain; or, with what the outermost layer gave back, when it ended without: then
   * nothing of them was run. Rejects with what the drain threw when it refused them.
   */
  readonly offered: Promise<Outcome | undefined>;
  /** Resolves when the outermost layer has ended; it never rejects. What it gives back marks nothing as done. */
  readonly ended: Promise<void>;
  /** Puts the records into the drain if no layer did. Throws when the drain refuses them. */
  offer(): void;
  /**
   * Lets `next()` resolve to what the page has come to by now, also where calls are still going on: so that layers which measure end
   * with the delivery, and not with a handler that never does.
   */
  leave(): void;
}

/**
 * Offers a page to a drain through the middleware around batches. `next()` resolves when all its records are done, or nothing
 * more can happen; called again, it tries once more what is not done. `offerTo` stands in for the drain's own `offer`. A `fold`
 * runs when all records are done.
 */
export function runPage(
  router: Router,
  drain: Drain,
  records: readonly StreamRecord[],
  offerTo = drain.offer,
  counts = noCounts(),
  fold?: Fold,
): PageRun {
  const offering = Promise.withResolvers<Outcome | undefined>();
  const left = Promise.withResolvers<void>();
  const streamArn = fold?.streamArn ?? records[0]?.eventSourceARN ?? '';
  let page: Page | undefined;
  let inner: Outcome | undefined;
  let isOver = false;
  const run = chain<BatchCall>(router.batchMiddleware, async ({ context }) => {
    // Too late: what was not offered by the end is offered anew.
    if (isOver && !page) return notStarted;
    try {
      if (page) drain.again(page, context);
      const opened = offer(context);
      await Promise.race([drain.untilDone(opened), left.promise]);
      if (opened.unfinished > 0) inner = failureOf(opened, drain.remaining());
      else if (!fold) inner = handled;
      else inner = (await Promise.race([fold.run(context), left.promise])) ?? notStarted;
    } catch (error) {
      offering.reject(error);
      inner = failed(error);
    }
    return inner;
  });
  const ended = run({ records, streamArn, counts, context: drain.context }).then((outcome) => {
    if (outcome !== inner) note(outcome);
    isOver = true;
    offering.resolve(outcome);
  });
  offering.promise.catch(() => undefined); // who does not wait for it is told by offer()
  return { counts, offered: offering.promise, ended, offer, leave: left.resolve };

  function offer(context = drain.context): Page {
    if (!page) {
      page = offerTo(records, { context, counts });
      counts.unmatched -= fold?.countAlone() ?? 0;
      offering.resolve(undefined);
    }
    return page;
  }

  function note(outcome: Outcome): void {
    if (page && outcome.kind !== 'failed') return;
    tell(
      router.logger,
      outcome.kind === 'retryLater' ? 'info' : 'error',
      { streamArn, ...('error' in outcome && { err: outcome.error }) },
      `a batch middleware ${page ? 'failed' : 'ended without next(): nothing is run'}`,
    );
  }
}

/** Of the lowest record that failed, or else of the lowest one that is not done. */
function failureOf(page: Page, remaining: readonly Task[]): Outcome {
  const failures = remaining.flatMap((task) =>
    task.page === page && !task.finished ? (task.failure ?? []) : [],
  );
  return failures.find(({ kind }) => kind === 'failed') ?? failures[0] ?? notStarted;
}
