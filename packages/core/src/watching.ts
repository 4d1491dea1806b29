import { type StreamRecord, tableOf } from '@sluice/filters';
import type { AnyCall } from './calls.js';
import type { AnyMiddleware } from './chain.js';
import { tell } from './logger.js';
import type { Outcome } from './outcome.js';

/** A layer that only looks on: it is told what came of each call, and what it throws decides nothing. */
export function watching(see: (call: AnyCall, outcome: Outcome, durationMs: number) => void): AnyMiddleware {
  return async (call, next) => {
    const { clock, logger } = call.context;
    const startMs = clock.now();
    const outcome = await next();
    try {
      see(call, outcome, Math.max(0, clock.now() - startMs));
    } catch (err) {
      tell(logger, 'warn', { err }, 'what looks on at calls has failed; the call itself is not affected');
    }
    return outcome;
  };
}

/** What a call is about, without anything of its item or keys. */
export interface Subject {
  readonly level: 'batch' | 'record' | 'handler';
  readonly streamArn: string;
  readonly table: string;
  /** Of a group of changes those of its first; a batch has none. */
  readonly eventName?: string;
  readonly sequenceNumber?: string;
  /** How many there are of a batch, or of a group. */
  readonly records?: number;
  readonly handlerId?: string;
  readonly attempt?: number;
}

export function subjectOf(call: AnyCall): Subject {
  if ('records' in call) {
    const { streamArn, records } = call;
    return { level: 'batch', streamArn, table: tableOf(streamArn) ?? streamArn, records: records.length };
  }
  if ('record' in call) return { level: 'record', ...subjectOfRecord(call.record) };
  const { handlerId, attempt } = call.context;
  const records = call.changes && { records: call.changes.length };
  return { level: 'handler', ...subjectOfRecord(call.change.record), handlerId, attempt, ...records };
}

function subjectOfRecord({ eventSourceARN: streamArn, eventName, dynamodb }: StreamRecord) {
  return {
    streamArn,
    table: tableOf(streamArn) ?? streamArn,
    eventName,
    sequenceNumber: dynamodb.SequenceNumber,
  };
}

/** The kind of an outcome's error in a word that does not vary with the data: its code if it has one, else its name. */
export function errorTypeOf(outcome: Outcome): string | undefined {
  if (!('error' in outcome)) return undefined;
  const { code } = outcome.error as { readonly code?: unknown };
  return typeof code === 'string' ? code : outcome.error.name;
}
