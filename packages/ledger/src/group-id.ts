import { createHash } from 'node:crypto';
import { eventIdOf, idempotencyKeyOf, type StreamRecord } from '@sluice/core';

/** Stands in for core's function of this name. */
export function groupIdOf(records: readonly StreamRecord[], handlerId?: string): string {
  const ids = records.map((record) =>
    handlerId === undefined ? eventIdOf(record) : idempotencyKeyOf(record, handlerId),
  );
  const [first = ''] = ids;
  return ids.length === 1 ? first : createHash('sha256').update(JSON.stringify(ids)).digest('base64url');
}
