import { type AnyFilter, type FilterKind, type FilterNode, type Image, partsOf } from './filter.js';
import type { EventName, StreamViewType } from './record.js';

/** The images that a filter reads when it judges an event of this name. */
export function imagesRead(filter: AnyFilter, eventName: EventName): ReadonlySet<Image> {
  return new Set(read(filter, imagesOf[eventName]));
}

function read(filter: AnyFilter, there: Images): readonly Image[] {
  return (readers[filter.kind] as Reader<AnyFilter>)(filter, there);
}

/** The images that events of this name have under a view type. */
export function imagesCarried(view: StreamViewType, eventName: EventName): ReadonlySet<Image> {
  return new Set(imagesOf[eventName].filter((image) => view.includes(image === 'NewImage' ? 'NEW' : 'OLD')));
}

/** The images that events have, the one of their subject first. */
export const imagesOf: Readonly<Record<EventName, Images>> = {
  INSERT: ['NewImage'],
  MODIFY: ['NewImage', 'OldImage'],
  REMOVE: ['OldImage'],
};

type Images = readonly [subject: Image, ...others: Image[]];

/** What a filter reads of the images that the event has. */
type Reader<F> = (filter: F, there: Images) => readonly Image[];

const all = (_filter: FilterNode, there: Images) => there;
const none = () => [];
const ofParts = (filter: FilterNode, there: Images) => partsOf(filter).flatMap((part) => read(part, there));

const readers: { readonly [K in FilterKind]: Reader<Extract<FilterNode, { kind: K }>> } = {
  all: ofParts,
  any: ofParts,
  not: ofParts,
  table: none,
  eventName: none,
  removedBy: ({ ttl }, there) => (ttl === undefined || there.includes('NewImage') ? [] : there),
  key: none,
  value: (_filter, [subject]) => [subject],
  changed: all,
  typeChanged: all,
  delta: all,
  crossed: all,
  membersChanged: all,
  where: ({ reads }, there) => there.filter((image) => reads.includes(image)),
};
