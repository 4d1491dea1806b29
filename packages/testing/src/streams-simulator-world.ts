/**
 * What there is in a simulated account: tables with their items, streams with their shards, and how they change.
 * Plain data and functions over it; time is passed in. Every function here is one step of a script.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AttributeMap, StreamDescription, StreamRecord, StreamViewType } from '@sluice/core';
import { keysOf, streamArnOf, streamRecord, type TableKeys } from './records.js';

export interface World {
  readonly region: string;
  readonly account: string;
  readonly tables: Map<string, Table>;
  /** By ARN, oldest first. */
  readonly streams: Map<string, Stream>;
  /** By shard id. A shard is here as long as it can be read. */
  readonly shards: Map<string, ShardState>;
  /** The highest sequence number given out so far. */
  lastSequence: bigint;
  /** The newest time used in a shard id or a stream label, so that no two are equal. */
  lastStampMs: number;
}

export interface Table {
  readonly name: string;
  readonly keys: TableKeys;
  /** By key, in wire form. */
  readonly items: Map<string, AttributeMap>;
  /** The stream that takes the table's writes now. */
  stream: Stream | undefined;
  /** The last stream that it was given, enabled or not. */
  newestStream: Stream | undefined;
}

export interface Stream {
  readonly streamArn: string;
  readonly region: string;
  readonly label: string;
  readonly tableName: string;
  readonly keys: TableKeys;
  readonly view: StreamViewType;
  status: StreamDescription['StreamStatus'];
  /** Everything ever written to it, trimmed or not. */
  readonly written: StreamRecord[];
}

export interface ShardState {
  readonly shardId: string;
  readonly stream: Stream;
  readonly parentShardId: string | undefined;
  /** The part of the hashed partition keys that the shard owns: from (included) to (excluded), within 0 and 1. */
  readonly owns: { readonly from: number; readonly to: number };
  readonly startSequence: bigint;
  /** Sorted by sequence number. */
  records: Stored[];
  /** The highest sequence number that was trimmed; 0 when nothing was. */
  trimmedThrough: bigint;
  /** Set when the shard is closed. */
  end: { readonly sequence: bigint; readonly atMs: number } | undefined;
  /** Whether DescribeStream shows the shard, and that it has ended. Reading does not depend on it. */
  listed: { shard: boolean; end: boolean };
  /** How many of the next pages come back empty although there is more. */
  emptyPages: number;
  /** Grows when the iterators given out so far are made to expire. */
  iteratorGeneration: number;
}

export interface Stored {
  readonly sequence: bigint;
  readonly writtenMs: number;
  readonly record: StreamRecord;
}

/** Numbers are not consecutive on the real service either; nobody shall count on a next one. */
const sequenceStep = 11n;

function nextSequence(world: World): bigint {
  world.lastSequence += sequenceStep;
  return world.lastSequence;
}

export function createTable(world: World, name: string, keys: TableKeys): Table {
  if (world.tables.has(name)) throw new Error(`There is a table "${name}" already.`);
  const table: Table = { name, keys, items: new Map(), stream: undefined, newestStream: undefined };
  world.tables.set(name, table);
  return table;
}

/** Gives the table a new stream with open shards. The stream that it had before stays readable. */
export function enableStream(
  world: World,
  table: Table,
  view: StreamViewType,
  shards: number,
  nowMs: number,
): Stream {
  if (table.stream) throw new Error(`The table "${table.name}" has an enabled stream. Disable it first.`);
  const label = new Date(nextStampMs(world, nowMs)).toISOString().replace('Z', '');
  const { region, account } = world;
  const streamArn = streamArnOf({ region, account, table: table.name, label });
  const { name: tableName, keys } = table;
  const stream: Stream = { streamArn, region, label, tableName, keys, view, status: 'ENABLED', written: [] };
  world.streams.set(streamArn, stream);
  table.stream = stream;
  table.newestStream = stream;
  for (const owns of equalParts({ from: 0, to: 1 }, shards)) openShard(world, stream, undefined, owns, nowMs);
  return stream;
}

/** Closes all open shards. What is in the stream stays readable; later writes leave no record. */
export function disableStream(world: World, table: Table, nowMs: number): void {
  const stream = table.stream;
  if (!stream) throw new Error(`The table "${table.name}" has no enabled stream.`);
  for (const shard of openShards(world, stream)) closeShard(world, shard, nowMs);
  stream.status = 'DISABLED';
  table.stream = undefined;
}

/** Removes a disabled stream with all that is in it. */
export function dropStream(world: World, stream: Stream): void {
  if (stream.status !== 'DISABLED')
    throw new Error(`${stream.streamArn} is ${stream.status}. Disable it first.`);
  for (const { shardId } of shardsOf(world, stream)) world.shards.delete(shardId);
  world.streams.delete(stream.streamArn);
}

/** The shards that can be read, oldest first. */
export function shardsOf(world: World, stream: Stream): ShardState[] {
  return [...world.shards.values()].filter((shard) => shard.stream === stream);
}

export function openShards(world: World, stream: Stream): ShardState[] {
  return shardsOf(world, stream).filter(({ end }) => !end);
}

export function existingShard(world: World, shardId: string): ShardState {
  const shard = world.shards.get(shardId);
  if (shard) return shard;
  throw new Error(`There is no shard ${shardId}, or it was trimmed.`);
}

export function existingStream(world: World, streamArn: string): Stream {
  const stream = world.streams.get(streamArn);
  if (stream) return stream;
  throw new Error(`There is no stream ${streamArn}, or it was dropped.`);
}

export function closeShard(world: World, shard: ShardState, nowMs: number): void {
  if (shard.end) throw new Error(`${shard.shardId} is closed already.`);
  shard.end = { sequence: nextSequence(world), atMs: nowMs };
}

/** Opens shards that share out what a closed shard owned. */
export function openChildren(world: World, parent: ShardState, count: number, nowMs: number): ShardState[] {
  if (!parent.end) throw new Error(`${parent.shardId} is open. Only a closed shard has children.`);
  const siblings = shardsOf(world, parent.stream).filter(
    ({ parentShardId }) => parentShardId === parent.shardId,
  );
  if (siblings.length > 0) throw new Error(`${parent.shardId} has children already.`);
  return equalParts(parent.owns, count).map((owns) => openShard(world, parent.stream, parent, owns, nowMs));
}

function openShard(
  world: World,
  stream: Stream,
  parent: ShardState | undefined,
  owns: ShardState['owns'],
  nowMs: number,
): ShardState {
  const startSequence = nextSequence(world);
  const shard: ShardState = {
    shardId: shardIdOf(nextStampMs(world, nowMs), startSequence),
    stream,
    parentShardId: parent?.shardId,
    owns,
    startSequence,
    records: [],
    trimmedThrough: 0n,
    end: undefined,
    listed: { shard: true, end: true },
    emptyPages: 0,
    iteratorGeneration: 0,
  };
  world.shards.set(shard.shardId, shard);
  return shard;
}

/** `shardId-<20 digits of the creation time in ms>-<8 hex digits>`: ids sort by creation, as on the real service. */
function shardIdOf(createdMs: number, startSequence: bigint): string {
  const tail = createHash('sha256').update(String(startSequence)).digest('hex').slice(0, 8);
  return `shardId-${String(createdMs).padStart(20, '0')}-${tail}`;
}

function nextStampMs(world: World, nowMs: number): number {
  world.lastStampMs = Math.max(Math.floor(nowMs), world.lastStampMs + 1);
  return world.lastStampMs;
}

function equalParts({ from, to }: ShardState['owns'], count: number): ShardState['owns'][] {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`Expected 1 or more shards, got ${count}.`);
  const edge = (index: number) => (index === count ? to : from + ((to - from) * index) / count);
  return Array.from({ length: count }, (_, index) => ({ from: edge(index), to: edge(index + 1) }));
}

/** The open shard that takes the writes of an item. */
export function ownerOf(world: World, stream: Stream, key: AttributeMap): ShardState {
  const hash = createHash('sha256').update(JSON.stringify(key[stream.keys.partition])).digest();
  const place = hash.readUInt32BE() / 2 ** 32;
  const owner = openShards(world, stream).find(({ owns }) => owns.from <= place && place < owns.to);
  if (owner) return owner;
  throw new Error(
    'No open shard owns this key: the one that did was closed without a child. Give it one with openChildren.',
  );
}

/** The item that has the same key as `item` (a key alone will do), if there is one. */
export function itemAt(table: Table, item: AttributeMap): AttributeMap | undefined {
  return table.items.get(JSON.stringify(keysOf(table, item)));
}

/**
 * Puts an item or, without `newItem`, deletes it, and writes the stream record of it. There is none when nothing
 * changed or the table has no enabled stream.
 */
export function write(world: World, table: Table, change: Write, nowMs: number): StreamRecord | undefined {
  const key = keysOf(table, change.key);
  const oldItem = itemAt(table, key);
  if (isDeepStrictEqual(oldItem, change.newItem)) return undefined;
  const stream = table.stream;
  const owner = stream && ownerOf(world, stream, key);
  const place = JSON.stringify(key);
  if (change.newItem) table.items.set(place, change.newItem);
  else table.items.delete(place);
  if (!stream || !owner) return undefined;
  const sequence = nextSequence(world);
  const record = streamRecord(stream, {
    eventName: !oldItem ? 'INSERT' : change.newItem ? 'MODIFY' : 'REMOVE',
    sequenceNumber: String(sequence),
    createdSeconds: nowMs / 1000,
    ...(change.newItem && { newImage: change.newItem }),
    ...(oldItem && { oldImage: oldItem }),
    ...(change.expired && { expired: true }),
  });
  owner.records.push({ sequence, writtenMs: nowMs, record });
  stream.written.push(record);
  return record;
}

export interface Write {
  /** The item's key; other attributes are ignored. */
  readonly key: AttributeMap;
  readonly newItem?: AttributeMap | undefined;
  readonly expired?: boolean;
}

/** Removes the shard's records up to and with this number. */
export function trimRecords(shard: ShardState, through: bigint): void {
  shard.records = shard.records.filter(({ sequence }) => sequence > through);
  if (through > shard.trimmedThrough) shard.trimmedThrough = through;
}

/** Removes a closed shard. Its children go on naming it as their parent. */
export function trimShard(world: World, shard: ShardState): void {
  if (!shard.end) throw new Error(`${shard.shardId} is open. Only closed shards are ever trimmed.`);
  world.shards.delete(shard.shardId);
}

/** What retention does: removes records written before `beforeMs`, and shards closed before it. */
export function trimOlderThan(world: World, beforeMs: number): void {
  for (const shard of [...world.shards.values()]) {
    if (shard.end && shard.end.atMs < beforeMs) trimShard(world, shard);
    const last = shard.records.findLast(({ writtenMs }) => writtenMs < beforeMs);
    if (last) trimRecords(shard, last.sequence);
  }
}
