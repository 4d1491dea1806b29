import {
  compareSequenceNumbers,
  type GetShardIteratorInput,
  type ShardIteratorType,
  type StreamRecord,
} from '@sluice/core';
import type { Beginning, ShardCheckpoint } from './checkpoint.js';

/** Where reading stands in a shard: behind a record, before one, or at the oldest record that is kept. */
export type Position =
  | { readonly kind: 'AFTER'; readonly sequenceNumber: string }
  | { readonly kind: 'AT'; readonly sequenceNumber: string }
  | {
      readonly kind: 'HORIZON';
      /** Records that were created earlier, in seconds since the epoch, are passed over. */
      readonly createdFrom?: number;
      /** Records up to this one have been read. */
      readonly after?: string;
    };

/** How far this machine's clock may be ahead of the service's without a record being taken for one before the start. */
const clockSkewSeconds = 60;

/**
 * Where a shard goes on after a start: behind its watermark; else at the first of its records that was read; else at
 * its oldest record. Under LATEST no iterator of that type is asked for again after the first start, as it would skip
 * what was written meanwhile: records from before that start are passed over instead.
 */
export function startOf(checkpoint: ShardCheckpoint | undefined, beginning: Beginning): Position {
  const watermark = checkpoint?.progress.watermark;
  if (watermark !== undefined) return { kind: 'AFTER', sequenceNumber: watermark };
  const first = checkpoint?.firstSequenceNumber;
  if (first !== undefined) return { kind: 'AT', sequenceNumber: first };
  if (beginning.startingPosition === 'TRIM_HORIZON') return { kind: 'HORIZON' };
  return { kind: 'HORIZON', createdFrom: Math.floor(beginning.startedAtMs / 1000) - clockSkewSeconds };
}

/** The part of a GetShardIterator call that says where. */
export function iteratorAt(
  position: Position,
): Pick<GetShardIteratorInput, 'ShardIteratorType' | 'SequenceNumber'> {
  const ShardIteratorType = typeOf[position.kind];
  if (position.kind === 'HORIZON') return { ShardIteratorType };
  return { ShardIteratorType, SequenceNumber: position.sequenceNumber };
}

const typeOf: Record<Position['kind'], ShardIteratorType> = {
  AFTER: 'AFTER_SEQUENCE_NUMBER',
  AT: 'AT_SEQUENCE_NUMBER',
  HORIZON: 'TRIM_HORIZON',
};

/**
 * Whether a record that an iterator at this position gave is to be handed on. Records have not been checked at this
 * point: what is no record is handed on, for the drain to refuse.
 */
export function isWantedAt(position: Position, record: StreamRecord): boolean {
  if (position.kind !== 'HORIZON') return true;
  const { createdFrom, after } = position;
  const { ApproximateCreationDateTime: created, SequenceNumber } =
    (record as Partial<StreamRecord> | null)?.dynamodb ?? {};
  const isTooEarly = createdFrom !== undefined && created !== undefined && created < createdFrom;
  const isKnown =
    after !== undefined && !!SequenceNumber && compareSequenceNumbers(SequenceNumber, after) <= 0;
  return !isTooEarly && !isKnown;
}
