import { ConfigurationError } from '@sluice/core';
import type { PollOptions } from './poll.js';

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
