import type { AnyFilter, FilterKind, FilterNode, Image } from './filter.js';
import type { EventName, StreamViewType } from './record.js';

/** The images that a filter reads when it judges an event of this name. */
export function imagesRead(filter: AnyFilter, eventName: EventName): ReadonlySet<Image> {
  return new Set(
    (readers[filter.kind] as (filter: AnyFilter, eventName: EventName) => Iterable<Image>)(filter, eventName),
  );
}

/** The images that events of this name have under a view type. */
export function imagesCarried(view: StreamViewType, eventName: EventName): ReadonlySet<Image> {
  return new Set(existing[eventName].filter((image) => carried[view].includes(image)));
}

const existing: Record<EventName, readonly Image[]> = {
  INSERT: ['NewImage'],
  MODIFY: ['NewImage', 'OldImage'],
  REMOVE: ['OldImage'],
};

const carried: Record<StreamViewType, readonly Image[]> = {
  KEYS_ONLY: [],
  NEW_IMAGE: ['NewImage'],
  OLD_IMAGE: ['OldImage'],
  NEW_AND_OLD_IMAGES: ['NewImage', 'OldImage'],
};

const bothThatExist = (_filter: FilterNode, eventName: EventName) => existing[eventName];
const none = () => [];
const ofEach = ({ filters }: { readonly filters: readonly FilterNode[] }, eventName: EventName) =>
  filters.flatMap((filter) => [...imagesRead(filter, eventName)]);

const readers: {
  readonly [K in FilterKind]: (
    filter: Extract<FilterNode, { kind: K }>,
    eventName: EventName,
  ) => Iterable<Image>;
} = {
  all: ofEach,
  any: ofEach,
  not: ({ filter }, eventName) => imagesRead(filter, eventName),
  table: none,
  eventName: none,
  removedBy: ({ ttl }, eventName) => (ttl !== undefined && eventName === 'REMOVE' ? ['OldImage'] : []),
  key: none,
  value: (_filter, eventName) => [eventName === 'REMOVE' ? 'OldImage' : 'NewImage'],
  changed: bothThatExist,
  typeChanged: bothThatExist,
  delta: bothThatExist,
  crossed: bothThatExist,
  membersChanged: bothThatExist,
  where: ({ reads }, eventName) => existing[eventName].filter((image) => reads.includes(image)),
};
