import {
  type CallContext,
  consoleLogger,
  type FailedChange,
  type StreamRecord,
  systemClock,
} from '@sluice/core';
import { recordsOf } from '@sluice/testing';

export const secret = 'the content of an item';

/** Records of a table of orders, from the first instant of March 2026 on, in UTC. */
export function shopRecords() {
  const startSeconds = Date.UTC(2026, 2, 1) / 1000;
  return recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' }, startSeconds });
}

export function order(id: string, note = secret) {
  return { pk: 'USER#1', sk: `ORDER#${id}`, note };
}

export function givenUp(record: StreamRecord, told: Partial<FailedChange> = {}): FailedChange {
  return {
    router: 'shop-mail',
    handlerId: 'order-mail.receipt',
    record,
    reason: 'attempts',
    error: new TypeError('no address'),
    attempts: 10,
    failedAtMs: Date.UTC(2026, 2, 1, 0, 5, 0, 250),
    ...told,
  };
}

export function context(signal: AbortSignal = new AbortController().signal): CallContext {
  return { signal, deadlineMs: Infinity, logger: consoleLogger, clock: systemClock, random: Math.random };
}
