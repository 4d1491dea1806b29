import type { StreamRecord } from '@sluice/filters';
import { itemKeyOf } from './event-identity.js';
import { type RecordState, recordState, type Task } from './progress.js';

/**
 * What this process remembers of records that a delivery left unfinished, and of done ones above them: a redelivery
 * that meets the same process repeats nothing, and waits for a handler that is still running instead of starting it
 * a second time.
 */
export interface ProcessMemory {
  /** How many records are remembered. */
  readonly size: number;
  /** What is known of a record; deliveries that have it at the same time share it. */
  recall(record: StreamRecord): RecordState | undefined;
  /** Keeps what a delivery leaves, its records from the first unfinished one on, and forgets the others that it had. */
  keep(delivered: readonly StreamRecord[], remaining: readonly Task[]): void;
}

/**
 * Remembers at most `limit` records; beyond that the oldest are forgotten, which can only lead to repeats, but none
 * whose handler is running.
 */
export function createProcessMemory(limit = 10_000): ProcessMemory {
  const states = new Map<string, RecordState>();
  return {
    get size() {
      return states.size;
    },
    recall: (record) => states.get(keyOf(record)),
    keep(delivered, remaining) {
      if (states.size > 0) for (const record of delivered) states.delete(keyOf(record));
      for (const { record, state, routes, finished } of remaining) {
        states.set(keyOf(record), finished ? recordState(routes.map(({ route }) => route.id)) : state);
      }
      for (const [oldest, { running }] of states) {
        if (states.size <= limit) break;
        if (!running) states.delete(oldest);
      }
    },
  };
}

function keyOf(record: StreamRecord): string {
  return `${record.eventSourceARN} ${record.dynamodb.SequenceNumber} ${itemKeyOf(record)}`;
}
