import { type RowKey, SluiceError } from '@sluice/core';

/** Records of a shard, or a whole shard, went away before they were read. */
export interface Gap {
  readonly condition: 'TrimmedDataAccess' | 'ShardLost' | 'StreamGone';
  readonly streamArn: string;
  readonly shardId: string;
  /** The last record before the gap; absent when none of the shard is known to be done. */
  readonly afterSequenceNumber?: string;
  /** The first record after the gap; absent when the shard has none. */
  readonly resumedAt?: string;
}

/** There is a gap and `onGap` is `'halt'`. Nothing behind the gap has been read. */
export class StreamGapError extends SluiceError {
  override readonly name: string = 'StreamGapError';
  constructor(readonly gap: Gap) {
    super(
      'STREAM_GAP',
      `Records of ${gap.shardId} of ${gap.streamArn} ${gap.afterSequenceNumber ? `after ${gap.afterSequenceNumber} ` : ''}` +
        `went away before they were read, or may have (${gap.condition}): a stream keeps records for 24 hours, and is gone with its table. ` +
        "Bring the lost changes in from the table itself, then start with onGap: 'report' to go on behind the gap.",
    );
  }
}

/** A call that no repetition will help: a missing permission, or a request that the service does not accept. */
export class StreamsCallError extends SluiceError {
  override readonly name: string = 'StreamsCallError';
  constructor(call: string, cause: unknown) {
    const { name, message } = cause instanceof Error ? cause : { name: 'Error', message: String(cause) };
    super(
      'STREAMS_CALL',
      `${call} was refused with ${name}: ${message}. The poller needs dynamodb:ListStreams, dynamodb:DescribeStream, ` +
        'dynamodb:GetShardIterator and dynamodb:GetRecords on the stream; check permissions, credentials, region and endpoint.',
      { cause },
    );
  }
}

/** Another process writes the same checkpoints. This one has stopped reading. */
export class CheckpointConflictError extends SluiceError {
  override readonly name: string = 'CheckpointConflictError';
  constructor({ pk, sk }: RowKey) {
    super(
      'CHECKPOINT_CONFLICT',
      `The checkpoint row ${sk} of ${pk} was changed by somebody else. One process at a time reads a stream under one ` +
        'name: stop the other one, or give this one a name of its own (poll(router, { name })).',
    );
  }
}

/** A checkpoint could not be written or read; after a restart more records may come again than need to. */
export class CheckpointStoreError extends SluiceError {
  override readonly name: string = 'CheckpointStoreError';
  constructor({ pk, sk }: RowKey, doing: 'write' | 'read', cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      'CHECKPOINT_STORE',
      `Could not ${doing} the checkpoint row ${sk} of ${pk}. Check the store: ${reason}`,
      { cause },
    );
  }
}

/** A row is not a checkpoint that this version can read. It has not been touched. */
export class CheckpointUnreadableError extends SluiceError {
  override readonly name: string = 'CheckpointUnreadableError';
  constructor({ pk, sk }: RowKey) {
    super(
      'CHECKPOINT_UNREADABLE',
      `The row ${sk} of ${pk} is not a checkpoint of this version. Keep checkpoints in a place of their own, or delete ` +
        'the row to read the shard again from its beginning.',
    );
  }
}
