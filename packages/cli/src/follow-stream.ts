import {
  type AnyChange,
  type Clock,
  createRouter,
  type EventName,
  type Logger,
  makeRoute,
  type StreamDescription,
  type StreamRecord,
  systemClock,
  table,
} from '@sluice/core';
import { type PollOptions, poll } from '@sluice/poller';
import { numeral } from './print-value.js';

/** What is to be seen of a stream, and where it is read. */
export interface Following
  extends Pick<PollOptions, 'region' | 'endpoint' | 'streamsApi' | 'startingPosition'> {
  readonly events: readonly EventName[];
  /** Only changes of the attribute at this path. */
  readonly changed: string | undefined;
  /** Of those the records that are wanted. */
  readonly wants: (record: StreamRecord) => boolean;
  /** Is called once reading has begun: under LATEST, what is written from now on is shown. */
  readonly began: () => void;
  readonly show: (change: AnyChange) => void;
  /** Ends after so many. */
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * Shows the changes of a stream one after another, in the order of each shard, until the signal aborts, the limit is reached or the
 * stream has ended. Nothing is kept of it. Resolves to how many were shown. Rejects as `poll` does, and with `ConfigurationError` for
 * a path whose changes the stream's view does not show.
 */
export async function followStream(stream: StreamDescription, following: Following): Promise<number> {
  const { events, changed, wants, began, show, limit, signal, clock = systemClock, ...source } = following;
  // The one thing that is told at this level: the poller has taken its place in every shard.
  const logger = { ...following.logger, info: began };
  const enough = new AbortController();
  let shown = 0;
  const model = table(stream.TableName, {
    keys: keysOf(stream),
    view: stream.StreamViewType,
    numbers: numeral,
  });
  const when = changed === undefined ? {} : { when: model.attr(changed).changed() };
  const showing = makeRoute(model, { events }, { id: 'tail', ...when }, (change: AnyChange) => {
    if (shown >= limit || signal.aborted || !wants(change.record)) return;
    show(change);
    shown++;
    if (shown >= limit) enough.abort();
  });
  await poll(createRouter({ routes: showing, order: 'strict', clock, logger }), {
    ...source,
    logger,
    streams: [stream.StreamArn],
    onGap: 'report',
    signal: AbortSignal.any([signal, enough.signal]),
  });
  return shown;
}

/** The embedded engine does not tell them; nothing here depends on them then. */
function keysOf({ KeySchema = [] }: StreamDescription) {
  const nameOf = (type: 'HASH' | 'RANGE') => KeySchema.find(({ KeyType }) => KeyType === type)?.AttributeName;
  const [partition = 'unknown', sort] = [nameOf('HASH'), nameOf('RANGE')];
  return sort === undefined ? { partition } : { partition, sort };
}
