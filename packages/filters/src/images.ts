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
  return new Set(imagesOf[eventName].filter((image) => view.includes(image === 'NewImage' ? 'NEW' : 'OLD')));
}

/** The images that events have, the one of their subject first. */
export const imagesOf: Readonly<Record<EventName, readonly [Image, ...Image[]]>> = {
  INSERT: ['NewImage'],
  MODIFY: ['NewImage', 'OldImage'],
  REMOVE: ['OldImage'],
};

const bothThatExist = (_filter: FilterNode, eventName: EventName) => imagesOf[eventName];
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
  value: (_filter, eventName) => [imagesOf[eventName][0]],
  changed: bothThatExist,
  typeChanged: bothThatExist,
  delta: bothThatExist,
  crossed: bothThatExist,
  membersChanged: bothThatExist,
  where: ({ reads }, eventName) => imagesOf[eventName].filter((image) => reads.includes(image)),
};
