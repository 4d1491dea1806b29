import type {
  CallContext,
  Clock,
  LedgerScope,
  Logger,
  OpenDelivery,
  Progress,
  Random,
  StreamRecord,
} from '@sluice/core';
import { recordsOf, seededRandom } from '@sluice/testing';

export interface Line {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: object;
}

export function listening(lines: Line[]): Logger {
  const at = (level: keyof Logger) => (fields: object, message: string) =>
    void lines.push({ level, message, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export function contextOn(
  clock: Clock,
  more: Partial<CallContext> & { readonly lines?: Line[]; readonly seed?: number } = {},
): CallContext {
  const { lines = [], seed = 1, ...given } = more;
  const random: Random = seededRandom(seed);
  return {
    signal: new AbortController().signal,
    deadlineMs: Infinity,
    logger: listening(lines),
    clock,
    random,
    ...given,
  };
}

/** Changes of one table, each of an item of its own unless said otherwise. */
export function changes(
  count: number,
  more: { readonly table?: string; readonly item?: string } = {},
): StreamRecord[] {
  const shop = recordsOf({ table: more.table ?? 'shop', keys: { partition: 'pk' } });
  return Array.from({ length: count }, (_, n) => shop.insert({ pk: more.item ?? `item-${n}`, n }));
}

export function scopeOf(
  records: readonly StreamRecord[],
  context: CallContext,
  name = 'shop-mail',
): LedgerScope {
  return { name, streamArn: records[0]?.eventSourceARN ?? '', context };
}

export function sequenceOf(record: StreamRecord | undefined): string {
  if (!record) throw new Error('There is no such record.');
  return record.dynamodb.SequenceNumber;
}

/** Of records by their index: the handlers that are done, or failed attempts. */
export function progressOf(
  records: readonly StreamRecord[],
  done: { readonly [index: number]: readonly string[] },
  attempts: { readonly [index: number]: { readonly [handlerId: string]: number } } = {},
): Progress {
  const bySequence = <T>(given: { readonly [index: number]: T }) =>
    Object.fromEntries(
      Object.entries(given).map(([index, value]) => [sequenceOf(records[Number(index)]), value]),
    );
  return { watermark: undefined, done: bySequence(done), attempts: bySequence(attempts) };
}

/** What is recalled of each record, for an assertion. */
export function recalled({ recall }: OpenDelivery, records: readonly StreamRecord[]): unknown[] {
  return records.map((record) => {
    const state = recall?.(record);
    if (!state) return undefined;
    const { done, failures, suspects } = state;
    return { ...(done.length > 0 && { done }), ...(failures && { failures }), ...(suspects && { suspects }) };
  });
}
