import type { StreamRecord } from '@sluice/core';
import type { WrittenMs } from './lambda-simulator-mapping.js';

/** What a function keeps from one invocation of a window to the next. */
export type WindowState = Readonly<Record<string, unknown>>;

/** What the event of a tumbling window has besides its records. */
export interface WindowFields {
  /** ISO 8601, in whole seconds. The end is no longer within it. */
  readonly window: { readonly start: string; readonly end: string };
  /** What the invocation before answered; `{}` when a window begins. */
  readonly state: WindowState;
  readonly shardId: string;
  readonly eventSourceARN: string;
  readonly isFinalInvokeForWindow: boolean;
  /** Only of a final invocation: the state is above 1 MB. What is left of the window begins anew. */
  readonly isWindowTerminatedEarly: boolean;
}

/** A window of which something has been delivered. */
export interface OpenWindow {
  readonly startMs: number;
  readonly endMs: number;
  readonly state: WindowState;
}

/** `stateSize` for a state above 1 MB. */
export type WindowEnd = 'time' | 'shardEnd' | 'stateSize';

/** How a window of the simulation ended. Of one that ended early there may be another with the same times. */
export interface LambdaWindow {
  readonly start: string;
  readonly end: string;
  /** `gave-up` when the simulation did, before the final invocation succeeded. */
  readonly endedBy: WindowEnd | 'gave-up';
  /** Of the final invocation that succeeded. */
  readonly requestId?: string;
}

/** The number of the window that a record is in. All are in the same one where windows have no end. */
export function windowNumber(record: StreamRecord, writtenMs: WrittenMs, windowMs: number): number {
  return Math.floor(writtenMs(record) / windowMs);
}

export function windowOf(record: StreamRecord, writtenMs: WrittenMs, windowMs: number): OpenWindow {
  const startMs = windowNumber(record, writtenMs, windowMs) * windowMs;
  return { startMs, endMs: startMs + windowMs, state: {} };
}

/**
 * Why a window is to be closed before what is next in its shard is delivered, if it is.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
 */
export function endOf(
  window: OpenWindow,
  next: StreamRecord | undefined,
  shard: ShardOfWindows,
): WindowEnd | undefined {
  const isTooLarge = Buffer.byteLength(JSON.stringify(window.state)) > maxStateBytes;
  return isTooLarge ? 'stateSize' : endBefore(next, window, shard);
}

const maxStateBytes = 1_048_576;

/** Why there is nothing more of a window, if what is next is not. */
export function endBefore(
  next: StreamRecord | undefined,
  { endMs }: OpenWindow,
  { records, writtenMs }: ShardOfWindows,
): 'time' | 'shardEnd' | undefined {
  const later = next ?? records.at(-1);
  if (later && writtenMs(later) >= endMs) return 'time';
  return next ? undefined : 'shardEnd';
}

/** All of its records, also those that are filtered out. */
interface ShardOfWindows {
  readonly records: readonly StreamRecord[];
  readonly writtenMs: WrittenMs;
}

export function windowFields(
  { startMs, endMs, state }: OpenWindow,
  final: WindowEnd | undefined,
  eventSourceARN: string,
): WindowFields {
  return {
    window: timesOf({ startMs, endMs }),
    state,
    shardId,
    eventSourceARN,
    isFinalInvokeForWindow: final !== undefined,
    isWindowTerminatedEarly: final === 'stateSize',
  };
}

export function timesOf({ startMs, endMs }: Pick<OpenWindow, 'startMs' | 'endMs'>): WindowFields['window'] {
  return { start: isoSeconds(startMs), end: isoSeconds(endMs) };
}

export const shardId = 'shardId-00000001772539200000-51a9d0f3';

/** `2026-03-03T12:00:00Z`, as Lambda writes the times of DynamoDB's records, which know no fractions. */
export function isoSeconds(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
