import type { AttributeMap, Clock, StreamRecord, StreamViewType } from '@sluice/core';
import { keysOf } from './records.js';
import { toWire } from './records-wire.js';
import * as world from './streams-simulator-world.js';

/**
 * A table of the simulated account. Items are plain values, or wire form where `{ wire: true }` is given. A write
 * returns the record that it left in the stream: none when it changed nothing or no stream is enabled.
 */
export interface SimulatedTable {
  readonly name: string;
  /** Of the newest stream, enabled or not. Throws where the table never had one. */
  readonly streamArn: string;
  put(item: object, form?: ItemForm): StreamRecord | undefined;
  /** Sets these attributes of the item with this key, which need not be there yet. */
  update(item: object, form?: ItemForm): StreamRecord | undefined;
  remove(key: object, form?: ItemForm): StreamRecord | undefined;
  /** Deletes an item as the table's time to live does. */
  expire(key: object, form?: ItemForm): StreamRecord | undefined;
  /** The shards of the enabled stream that take writes, oldest first. */
  openShards(): string[];
  /** The open shard that takes the writes of this item. */
  ownerOf(key: object, form?: ItemForm): string;
  /** Closes all shards. The stream stays readable, and later writes leave no record. */
  disableStream(): void;
  /** Gives the table a new stream, with an ARN of its own. Returns the ARN. */
  enableStream(view?: StreamViewType, shards?: number): string;
  /** Disables the stream and makes the table's name free. */
  delete(): void;
}

export interface ItemForm {
  /** The item is already in wire form, `{ pk: { S: 'USER#1' } }`. */
  readonly wire?: boolean;
}

export function simulatedTable(account: world.World, table: world.Table, clock: Clock): SimulatedTable {
  const inForm = (item: object, form?: ItemForm) => (form?.wire ? (item as AttributeMap) : toWire(item));
  const write = (change: world.Write) => world.write(account, table, change, clock.now());

  return {
    name: table.name,
    get streamArn() {
      if (table.newestStream) return table.newestStream.streamArn;
      throw new Error(`The table "${table.name}" has no stream. Create it with a view type, or enable one.`);
    },
    put(item, form) {
      const newItem = inForm(item, form);
      return write({ key: newItem, newItem });
    },
    update(item, form) {
      const attributes = inForm(item, form);
      return write({ key: attributes, newItem: { ...world.itemAt(table, attributes), ...attributes } });
    },
    remove: (key, form) => write({ key: inForm(key, form) }),
    expire: (key, form) => write({ key: inForm(key, form), expired: true }),
    openShards: () =>
      table.stream ? world.openShards(account, table.stream).map(({ shardId }) => shardId) : [],
    ownerOf(key, form) {
      if (!table.stream) throw new Error(`The table "${table.name}" has no enabled stream.`);
      return world.ownerOf(account, table.stream, keysOf(table, inForm(key, form))).shardId;
    },
    disableStream: () => world.disableStream(account, table, clock.now()),
    enableStream: (view = 'NEW_AND_OLD_IMAGES', shards = 1) =>
      world.enableStream(account, table, view, shards, clock.now()).streamArn,
    delete() {
      if (table.stream) world.disableStream(account, table, clock.now());
      account.tables.delete(table.name);
    },
  };
}
