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
  /** Hands the state of a record over to the delivery that now has it. */
  recall(record: StreamRecord): RecordState | undefined;
  /** Keeps what a delivery leaves: its records from the first unfinished one on. */
  keep(remaining: readonly Task[]): void;
}

/** Remembers at most `limit` records; beyond that the oldest are forgotten, which can only lead to repeats. */
export function createProcessMemory(limit = 10_000): ProcessMemory {
  const states = new Map<string, RecordState>();
  return {
    get size() {
      return states.size;
    },
    recall(record) {
      const key = keyOf(record);
      const state = states.get(key);
      states.delete(key);
      return state;
    },
    keep(remaining) {
      for (const { record, state, routes, finished } of remaining) {
        states.set(keyOf(record), finished ? recordState(routes.map(({ route }) => route.id)) : state);
      }
      for (const oldest of states.keys()) {
        if (states.size <= limit) break;
        states.delete(oldest);
      }
    },
  };
}

function keyOf(record: StreamRecord): string {
  return `${record.eventSourceARN} ${record.dynamodb.SequenceNumber} ${itemKeyOf(record)}`;
}
