import { isDeepStrictEqual } from 'node:util';
import type { AttributeMap, AttributeValue, StreamRecord } from '@sluice/core';
import type { ParkedChange } from './parked-changes.js';

/**
 * Tells parked changes that the item has moved on from: it is not any more what the change made of it. For `redrive`, which asks of
 * the last change of a queue, as those before it are followed by it. Items are compared on the wire form: attributes and
 * members of sets in any order. Rejects for a record without the image that the comparison needs.
 */
export function staleByItem(
  currentItem: (record: StreamRecord) => Promise<AttributeMap | undefined>,
): (parked: ParkedChange) => Promise<boolean> {
  return async ({ record }) => {
    const { NewImage, StreamViewType } = record.dynamodb;
    const isRemoved = record.eventName === 'REMOVE';
    if (!isRemoved && !NewImage) {
      throw new TypeError(
        `Whether a parked change is stale shows in its NewImage, and this ${record.eventName} record has none ` +
          `(its StreamViewType is ${StreamViewType ?? 'not stated'}). Give the stream a view type with it, or leave isStale out.`,
      );
    }
    const current = await currentItem(record);
    return isRemoved ? current !== undefined : !isDeepStrictEqual(inOrder(current), inOrder(NewImage));
  };
}

/** With sets in an order of their own. */
function inOrder(item: AttributeMap | undefined): unknown {
  return item && Object.fromEntries(Object.entries(item).map(([name, value]) => [name, valueInOrder(value)]));
}

function valueInOrder(value: AttributeValue): unknown {
  if ('M' in value) return { M: inOrder(value.M) };
  if ('L' in value) return { L: value.L.map(valueInOrder) };
  if ('SS' in value) return { SS: value.SS.toSorted() };
  if ('NS' in value) return { NS: value.NS.toSorted() };
  if ('BS' in value) return { BS: value.BS.toSorted() };
  return value;
}
