import type { DynamoDBStreamsClientConfig } from '@aws-sdk/client-dynamodb-streams';
import { ConfigurationError, type Logger, type Store, type StreamsApi } from '@sluice/core';
import type { StartingPosition } from './checkpoint.js';

/** Where the Streams API is. */
export interface SourceOptions {
  /** As for any AWS client; by default from the environment and the shared configuration files. */
  readonly region?: DynamoDBStreamsClientConfig['region'] | undefined;
  readonly endpoint?: DynamoDBStreamsClientConfig['endpoint'] | undefined;
  readonly credentials?: DynamoDBStreamsClientConfig['credentials'] | undefined;
  /**
   * The Streams API; by default AWS's, with the settings above. `awsStreams({ … })` takes all settings of the AWS client
   * (`profile`, `useFipsEndpoint`, `requestHandler`, …); closing it is yours: `destroy()`.
   */
  readonly streamsApi?: StreamsApi | undefined;
}

export interface PollOptions extends SourceOptions {
  /** Table names or stream ARNs. Of a table, the stream that is enabled is read. */
  readonly streams: readonly string[];
  /** Where checkpoints are kept. Without one nothing is written, and the next start begins at `startingPosition`. */
  readonly store?: Store | undefined;
  /** Whose checkpoints these are; by default the router's name, else `default`. */
  readonly name?: string | undefined;
  /**
   * Where a stream is begun that this name has no checkpoints of: at its oldest record (`TRIM_HORIZON`, the default), or
   * with what is written from now on (`LATEST`). A stream that has been begun goes on where it was.
   */
  readonly startingPosition?: StartingPosition | undefined;
  /**
   * Records that were trimmed (24 hours after their writing) before they were read: `'halt'` (default) rejects with
   * `StreamGapError`, `'report'` logs the bounds as an error and goes on behind the gap.
   */
  readonly onGap?: 'halt' | 'report' | undefined;
  /** When it aborts, nothing new is started and `poll` resolves as soon as running handlers have ended. */
  readonly signal?: AbortSignal | undefined;
  /** How long running handlers may take after that, before their `context.signal` aborts; 25 000 by default. */
  readonly shutdownGraceMs?: number | undefined;
  /**
   * A shard's next page is fetched when at most this many of its matched records stand from the first unfinished one on,
   * done or not; 1000 by default. So a record that keeps failing lets about this many others pass and then holds up its
   * shard. What is done among them is in memory and in the checkpoint, which grows with it.
   */
  readonly maxAhead?: number | undefined;
  /** The router's by default. */
  readonly logger?: Logger | undefined;
}

/** What the types forbid too, for callers without them: a wrong position would be kept for all later starts. */
export function checkOptions(options: PollOptions): void {
  const { streams, startingPosition, onGap, maxAhead, shutdownGraceMs } = options;
  const problems: string[] = [];
  const expect = (isRight: boolean, name: string, given: unknown, expected: string) => {
    const text = typeof given === 'number' ? given : JSON.stringify(given);
    if (!isRight) problems.push(`${name} is ${text}; give ${expected}`);
  };
  expect(
    Array.isArray(streams) && streams.length > 0 && streams.every(isName),
    'streams',
    streams,
    'a list of at least one table name or stream ARN',
  );
  expect(
    startingPosition === undefined || ['TRIM_HORIZON', 'LATEST'].includes(startingPosition),
    'startingPosition',
    startingPosition,
    "'TRIM_HORIZON' or 'LATEST'",
  );
  expect(onGap === undefined || ['halt', 'report'].includes(onGap), 'onGap', onGap, "'halt' or 'report'");
  expect(maxAhead === undefined || isCount(maxAhead), 'maxAhead', maxAhead, 'a whole number from 0 up');
  expect(
    shutdownGraceMs === undefined || isCount(shutdownGraceMs),
    'shutdownGraceMs',
    shutdownGraceMs,
    'a whole number of milliseconds from 0 up',
  );
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function isName(stream: unknown): boolean {
  return typeof stream === 'string' && stream !== '';
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}
