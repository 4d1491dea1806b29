import type { Clock, Shard, StreamDescription, StreamRecord, StreamsApi, StreamViewType } from '@sluice/core';
import { firstSequence, type TableKeys } from './records.js';
import { listedShards } from './streams-simulator-api.js';
import {
  type Fault,
  type FaultOptions,
  newFault,
  type StreamsOperation,
} from './streams-simulator-faults.js';
import { type StreamsCall, simulatedApi } from './streams-simulator-port.js';
import { type SimulatedTable, simulatedTable } from './streams-simulator-table.js';
import * as world from './streams-simulator-world.js';

/**
 * An account with tables and their streams in memory, behind the port to the Streams API, and a script that makes
 * them do what the real service does and no engine does on demand: shards that close, roll and split, children that
 * show up late, listings that are stale, streams that are disabled, trimming, expired iterators, faults.
 *
 * Nothing happens by itself and nothing waits, except for `latencyMs`: records are there when `put` returns, and
 * time only matters to the age of iterators and records. The same script gives the same answers.
 *
 * ```ts
 * const streams = simulateStreams({ clock });
 * const shop = streams.createTable({ name: 'shop', keys: { partition: 'pk' } });
 * shop.put({ pk: 'a', n: 1 });
 * streams.roll(shop.ownerOf({ pk: 'a' }));
 * ```
 */
export function simulateStreams(options: StreamsSimulatorOptions): SimulatedStreams {
  const { clock } = options;
  const account: world.World = {
    region: options.region ?? 'us-east-1',
    account: options.account ?? '123456789012',
    tables: new Map(),
    streams: new Map(),
    shards: new Map(),
    lastSequence: firstSequence(options.startSequence ?? '100000000000000000001'),
    lastStampMs: 0,
  };
  const frozen = new Map<string, readonly Shard[]>();
  const calls: StreamsCall[] = [];
  const faults: Fault[] = [];

  const shardOf = (shardId: string) => world.existingShard(account, shardId);
  const streamOf = (streamArn: string) => world.existingStream(account, streamArn);

  function createTable(table: SimulatedTableOptions): SimulatedTable {
    const created = world.createTable(account, table.name, table.keys);
    const { view = 'NEW_AND_OLD_IMAGES', shards = 1 } = table;
    if (view !== 'none') world.enableStream(account, created, view, shards, clock.now());
    return simulatedTable(account, created, clock);
  }

  function close(shardId: string): void {
    world.closeShard(account, shardOf(shardId), clock.now());
  }

  function openChildren(shardId: string, count: number, listing: ChildListing = {}): string[] {
    const parent = shardOf(shardId);
    const children = world.openChildren(account, parent, count, clock.now());
    for (const child of children) child.listed.shard = !listing.lateChild;
    parent.listed.end = !listing.lateEnd;
    return children.map((child) => child.shardId);
  }

  function split(shardId: string, count: number, listing?: ChildListing): string[] {
    close(shardId);
    return openChildren(shardId, count, listing);
  }

  return {
    api: simulatedApi({ account, options, frozen, calls, faults }),
    calls,
    createTable,
    shards: (streamArn) => world.shardsOf(account, streamOf(streamArn)).map(asSeen),
    written: (streamArn) => streamOf(streamArn).written,
    close,
    openChildren,
    roll: (shardId, listing) => split(shardId, 1, listing).join(), // the id of its one child
    split,
    reveal() {
      for (const shard of account.shards.values()) shard.listed = { shard: true, end: true };
    },
    freezeListing: (streamArn) => void frozen.set(streamArn, listedShards(account, streamOf(streamArn))),
    thawListing: (streamArn) => void frozen.delete(streamArn),
    trimRecords: (shardId, through) => world.trimRecords(shardOf(shardId), BigInt(through)),
    trimShard: (shardId) => world.trimShard(account, shardOf(shardId)),
    trimOlderThan: (ageMs = retentionMs) => world.trimOlderThan(account, clock.now() - ageMs),
    dropStream: (streamArn) => world.dropStream(account, streamOf(streamArn)),
    setStreamStatus(streamArn, status) {
      streamOf(streamArn).status = status;
    },
    expireIterators(shardId) {
      const expired = shardId === undefined ? account.shards.values() : [shardOf(shardId)];
      for (const shard of expired) shard.iteratorGeneration += 1;
    },
    emptyPages(shardId, count) {
      shardOf(shardId).emptyPages = count;
    },
    fail: (operation, errorName, fault) => void faults.push(newFault(operation, errorName, fault)),
    hang: (operation, fault) => void faults.push(newFault(operation, 'hang', fault)),
    heal() {
      faults.length = 0;
    },
  };
}

const retentionMs = 24 * 3_600_000;

function asSeen({ shardId, parentShardId, end, records }: world.ShardState): SimulatedShard {
  return { shardId, parentShardId, open: !end, records: records.map(({ record }) => record) };
}

export interface StreamsSimulatorOptions {
  readonly clock: Clock;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** Default `123456789012`. */
  readonly account?: string;
  /** Sequence numbers are higher than this one: 21 to 40 digits. Growing past a power of ten shows text comparison. */
  readonly startSequence?: string;
  /** For what is random: `emptyPageChance` and `shortPageChance`. Default 1. */
  readonly seed?: number;
  /** Shards in a page of DescribeStream. Default 100. */
  readonly describePageSize?: number;
  /** Streams in a page of ListStreams. Default 100. */
  readonly listPageSize?: number;
  /** The order of DescribeStream: by shard id, which is by creation (default), or a fixed order that is neither. */
  readonly listing?: 'by-id' | 'shuffled';
  /** Whether the page that ends a closed shard carries its last records (default) or an empty one follows them. */
  readonly lastPage?: 'with-records' | 'empty';
  /** Which call refuses a sequence number that was trimmed. Default `GetShardIterator`. */
  readonly trimmedAt?: 'GetShardIterator' | 'GetRecords';
  /** The chance, 0 to 1, that a page comes back empty although there are records. Default 0. */
  readonly emptyPageChance?: number;
  /** The chance, 0 to 1, that a page is shorter than it could be. Default 0. */
  readonly shortPageChance?: number;
  /** How long a call takes, on the clock; it is answered by what there is at its end. Default 0. */
  readonly latencyMs?: number;
}

export interface SimulatedStreams {
  /** The port. Give this to what is tested. */
  readonly api: StreamsApi;
  /** What was called, in order, also the calls that failed. */
  readonly calls: readonly StreamsCall[];

  createTable(table: SimulatedTableOptions): SimulatedTable;
  /** The shards of a stream that can be read, as they are, whatever the listing shows; oldest first. */
  shards(streamArn: string): readonly SimulatedShard[];
  /** Every record the stream ever had, in write order, also the trimmed ones. */
  written(streamArn: string): readonly StreamRecord[];

  /** Closes a shard without a child. Writes to keys that it owned throw until it has one. */
  close(shardId: string): void;
  /** Gives a closed shard children that share its keys. Returns their ids. */
  openChildren(shardId: string, count: number, listing?: ChildListing): string[];
  /** Closes a shard and opens its one child. Returns the child's id. */
  roll(shardId: string, listing?: ChildListing): string;
  /** Closes a shard and opens `count` children. Returns their ids. */
  split(shardId: string, count: number, listing?: ChildListing): string[];
  /** Lists everything as it is: late children and late ends. */
  reveal(): void;
  /** DescribeStream goes on showing the shards of this moment, until it is thawed. */
  freezeListing(streamArn: string): void;
  thawListing(streamArn: string): void;

  /** Trims a shard's records up to and with this number. */
  trimRecords(shardId: string, throughSequenceNumber: string): void;
  /** Trims a closed shard away. */
  trimShard(shardId: string): void;
  /** Trims records written, and shards closed, longer ago than this. Default 24 h, the real retention. */
  trimOlderThan(ageMs?: number): void;
  /** Removes a stream that was disabled, as happens 24 h later. */
  dropStream(streamArn: string): void;
  /** For the states in between, `ENABLING` and `DISABLING`. */
  setStreamStatus(streamArn: string, status: StreamDescription['StreamStatus']): void;

  /** Makes the iterators given out so far expire; they also do by themselves after 15 minutes on the clock. */
  expireIterators(shardId?: string): void;
  /** The next `count` pages of the shard are empty, each with a next iterator if there are records. */
  emptyPages(shardId: string, count: number): void;
  /**
   * Makes calls fail with an error of this name: `ThrottlingException`, `LimitExceededException`,
   * `InternalServerError`, `TimeoutError` for a reset socket, or any other.
   */
  fail(operation: StreamsOperation, errorName: string, options?: FaultOptions): void;
  /** Makes calls that end only by their abort. */
  hang(operation: StreamsOperation, options?: FaultOptions): void;
  /** Forgets the faults that did not strike yet. */
  heal(): void;
}

export interface SimulatedTableOptions {
  readonly name: string;
  readonly keys: TableKeys;
  /** Default `NEW_AND_OLD_IMAGES`; `none` for a table without a stream. */
  readonly view?: StreamViewType | 'none';
  /** How many shards the stream begins with. Default 1. */
  readonly shards?: number;
}

export interface SimulatedShard {
  readonly shardId: string;
  readonly parentShardId: string | undefined;
  readonly open: boolean;
  /** Those that are not trimmed. */
  readonly records: readonly StreamRecord[];
}

/** How DescribeStream falls behind what happened, until `reveal()`. */
export interface ChildListing {
  /** The children are not listed yet. */
  readonly lateChild?: boolean;
  /** The parent is still listed as open. */
  readonly lateEnd?: boolean;
}
