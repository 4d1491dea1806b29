import type { Filter, FilterKind } from './filter.js';
import type { EventName, StreamViewType } from './record.js';

export type Image = 'NewImage' | 'OldImage';

/** The images that a filter reads when it judges an event of this name. */
export function imagesRead(filter: Filter, eventName: EventName): ReadonlySet<Image> {
  return new Set(
    (readers[filter.kind] as (filter: Filter, eventName: EventName) => Iterable<Image>)(filter, eventName),
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

const bothThatExist = (_filter: Filter, eventName: EventName) => existing[eventName];
const none = () => [];
const ofEach = ({ filters }: { readonly filters: readonly Filter[] }, eventName: EventName) =>
  filters.flatMap((filter) => [...imagesRead(filter, eventName)]);

const readers: {
  readonly [K in FilterKind]: (filter: Extract<Filter, { kind: K }>, eventName: EventName) => Iterable<Image>;
} = {
  all: ofEach,
  any: ofEach,
  not: ({ filter }, eventName) => imagesRead(filter, eventName),
  table: none,
  eventName: none,
  removedBy: none,
  key: none,
  is: (_filter, eventName) => [eventName === 'REMOVE' ? 'OldImage' : 'NewImage'],
  changed: bothThatExist,
  appeared: bothThatExist,
  disappeared: bothThatExist,
};
