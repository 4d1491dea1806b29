import { type StreamRecord, tableOfModel } from '@sluice/filters';
import { itemKeyOf, partitionKeyOf } from './event-identity.js';
import type { CompiledRoute } from './router.js';

/**
 * Which changes run one after another: those of an item, those with the same partition key, those for which a function gives
 * the same text, or none at all. The function is pure: what it gives for a record never changes.
 */
export type LaneKey = 'item' | 'partitionKey' | 'unordered' | ((record: StreamRecord) => string);

/** What is wrong with a lane key that no type has checked; nothing when it is one. */
export function problemOfLane(lane: unknown): readonly string[] {
  return typeof lane === 'function' || known.includes(lane)
    ? []
    : [`lane is ${lane}; give ${known.join(', ')} or a function`];
}

const known: readonly unknown[] = ['item', 'partitionKey', 'unordered'];

/** The lane of a record that has these routes. Throws where it cannot be told. */
export function laneKeys(lane: LaneKey): (record: StreamRecord, routes: readonly CompiledRoute[]) => string {
  if (lane === 'item') return itemKeyOf;
  if (lane === 'unordered') return ({ dynamodb }) => dynamodb.SequenceNumber;
  if (lane === 'partitionKey') {
    // No record without a route comes here.
    return (record, routes) =>
      partitionKeyOf(record, tableOfModel((routes[0] as CompiledRoute).route.model).keys.partition);
  }
  return (record) => {
    const key = lane(record);
    if (typeof key === 'string') return key;
    throw new TypeError(
      `The lane function gave something of type ${typeof key}; give a string for each record.`,
    );
  };
}
