import type { PathSegments } from './path.js';
import type { AttributeValue, EventName } from './record.js';

/**
 * A filter is frozen data. Readers (the matcher, the list of images it needs, the printer) are tables over
 * `Filter['kind']`, so that a kind without a reader does not compile.
 */
export type Filter =
  | { readonly kind: 'all'; readonly filters: readonly Filter[] }
  | { readonly kind: 'any'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'table'; readonly name: string }
  | { readonly kind: 'eventName'; readonly names: readonly EventName[] }
  /** Who deleted the item: the TTL sweep of this Region, or anyone else. False unless the event is a REMOVE. */
  | { readonly kind: 'removedBy'; readonly by: RemovedBy }
  /** Every named key attribute has the form of its template, and a name that several capture has one value. */
  | { readonly kind: 'key'; readonly templates: { readonly [attribute: string]: string } }
  /** The attribute of the subject image (the new one, or the old one of a REMOVE) is one of `values`. */
  | { readonly kind: 'is'; readonly path: PathSegments; readonly values: readonly Operand[] }
  /** The attribute differs between the images, and was one of `before` and is one of `after`, where those are given. */
  | {
      readonly kind: 'changed';
      readonly path: PathSegments;
      readonly before: readonly Operand[] | undefined;
      readonly after: readonly Operand[] | undefined;
    }
  | { readonly kind: 'appeared'; readonly path: PathSegments }
  | { readonly kind: 'disappeared'; readonly path: PathSegments };

export type FilterKind = Filter['kind'];

export type RemovedBy = 'ttl' | 'user';

/** What a value is compared with: a value in wire form, or that there is none. */
export type Operand = AttributeValue | 'absent';

/** Every one of the filters matches; none given matches everything. */
export function all(...filters: readonly Filter[]): Filter {
  return Object.freeze({ kind: 'all', filters: Object.freeze(filters) });
}

/** At least one of the filters matches; none given matches nothing. */
export function any(...filters: readonly Filter[]): Filter {
  return Object.freeze({ kind: 'any', filters: Object.freeze(filters) });
}

export function not(filter: Filter): Filter {
  return Object.freeze({ kind: 'not', filter });
}
