import { ConfigurationError, type Router } from '@sluice/core';
import { sourceOf } from './aws-streams.js';
import { createCrew } from './crew.js';
import { findStreams } from './find-streams.js';
import { checkOptions, type PollOptions } from './options.js';
import { readStream } from './read-stream.js';

/**
 * Feeds the router from DynamoDB Streams: every shard of the streams, parents before children, each record at least
 * once and those of an item in order. A record that fails is retried with backoff (200 ms to 30 s) until it succeeds,
 * and what follows it in its lane waits; so do its shard, once `maxAhead` others have passed, and the shard's children.
 * Checkpoints are kept of what is done, never of what is not.
 *
 * Resolves when `signal` aborted and what was done is kept, or when all streams have ended: disabled and read to their
 * ends, or gone. Rejects, after the same orderly stop, with `ConfigurationError` (everything that is wrong at the
 * start), `StreamGapError`, `StreamsCallError` (permissions), `MalformedRecordError`, `CheckpointConflictError` (another
 * process uses the same name) or `CheckpointStoreError`. Time and randomness are the router's.
 */
export async function poll(router: Router, options: PollOptions): Promise<void> {
  checkOptions(options);
  refuseWindows(router);
  const { clock, random } = router;
  const { shutdownGraceMs = 25_000, logger = router.logger } = options;
  const { api, place, destroy } = sourceOf(options);
  const working = new AbortController();
  const over = new AbortController();
  const crew = createCrew(options.signal ?? undefined, (err) => logger.error({ err }, 'the poller stops'));
  const { stopping, start, fail } = crew;

  stopping.addEventListener('abort', giveUpLater, { once: true });
  try {
    const caller = { router, api, clock, random, logger, stopping };
    const run = { ...caller, ...settings(options, router), working: working.signal, start, fail };
    if (!options.store) {
      logger.warn(
        {},
        'no store is given: checkpoints are not kept, and the next start begins all over again',
      );
    }
    const streamArns = await findStreams(options.streams, { ...caller, place: await place() });
    for (const streamArn of streamArns) start(() => readStream(streamArn, run));
    await crew.finished();
  } catch (error) {
    if (!stopping.aborted || error !== stopping.reason) throw error;
  } finally {
    stopping.removeEventListener('abort', giveUpLater);
    over.abort();
    destroy();
  }

  async function giveUpLater(): Promise<void> {
    await clock.sleep(shutdownGraceMs, over.signal);
    working.abort(new DOMException('The poller is shutting down.', 'AbortError'));
  }
}

/** It would read their records and never be done with them. */
function refuseWindows({ windows }: Router): void {
  if (windows.length === 0) return;
  throw new ConfigurationError(
    windows.map(
      ({ route }) =>
        `${route.id} is a window route, but the poller has no windows; run it behind Lambda, with TumblingWindowInSeconds`,
    ),
  );
}

function settings(options: PollOptions, router: Router) {
  const { store, name, startingPosition = 'TRIM_HORIZON', onGap = 'halt', maxAhead = 1000 } = options;
  return { store, name: name ?? router.name ?? 'default', startingPosition, onGap, maxAhead };
}
