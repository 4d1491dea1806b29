import type { StreamsApi } from '@sluice/core';
import { apiError } from './streams-simulator-api.js';

export type StreamsOperation = keyof StreamsApi;

/** What a call is aimed at, for the choice of the faults that strike it. */
export interface Target {
  readonly operation: StreamsOperation;
  readonly streamArn?: string | undefined;
  readonly shardId?: string | undefined;
}

export interface FaultOptions {
  /** How many calls it strikes. Default 1; `Infinity` until `heal()`. */
  readonly times?: number;
  /** How many calls it lets through first, for a failure in the middle of a listing. Default 0. */
  readonly after?: number;
  /** Only calls about this stream. */
  readonly streamArn?: string;
  /** Only calls about this shard. */
  readonly shardId?: string;
}

export interface Fault {
  readonly operation: StreamsOperation;
  /** AWS's name of the error, or `hang` for a call that is answered only by its abort. */
  readonly error: string;
  readonly streamArn: string | undefined;
  readonly shardId: string | undefined;
  lettingThrough: number;
  left: number;
}

export function newFault(operation: StreamsOperation, error: string, options: FaultOptions = {}): Fault {
  const { times = 1, after = 0, streamArn, shardId } = options;
  return { operation, error, streamArn, shardId, lettingThrough: after, left: times };
}

/** The fault that strikes this call, the oldest first; it is used up by one. */
export function strike(faults: readonly Fault[], target: Target): Fault | undefined {
  for (const fault of faults) {
    if (fault.left === 0 || !isAimedAt(fault, target)) continue;
    if (fault.lettingThrough > 0) {
      fault.lettingThrough -= 1;
      continue;
    }
    fault.left -= 1;
    return fault;
  }
  return undefined;
}

function isAimedAt(fault: Fault, target: Target): boolean {
  if (fault.operation !== target.operation) return false;
  if (fault.streamArn !== undefined && fault.streamArn !== target.streamArn) return false;
  return fault.shardId === undefined || fault.shardId === target.shardId;
}

const messages: Readonly<Record<string, string>> = {
  ThrottlingException: 'Rate exceeded',
  LimitExceededException: 'Your request rate is too high. Reduce the frequency of requests.',
  InternalServerError: 'The server had an internal error.',
  AccessDeniedException: 'The caller is not authorized to perform this operation.',
};

/** A socket that was reset comes out of AWS's client as a `TimeoutError` with the system's code. */
export function faultError(name: string): Error {
  const error = apiError(name, messages[name] ?? `Scripted ${name}.`);
  return name === 'TimeoutError' ? Object.assign(error, { code: 'ECONNRESET' }) : error;
}
