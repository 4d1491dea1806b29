import type { AttributeType } from './attribute-value.js';
import type { PathSegments } from './path.js';
import type { AttributeValue, EventName, StreamRecord } from './record.js';

/**
 * A filter is frozen data, and says in its type which items it is about: `{ table: 'shop' }`, and of an entity's attributes
 * `{ table: 'shop', entity: 'Order' }` too. It fits wherever all of that is so: a table's filter fits its entities, another
 * entity's does not, and one that is about no table in particular fits everywhere.
 */
export interface Filter<Scope = unknown> {
  readonly kind: FilterKind;
  /** It exists in types only. */
  readonly '~scope'?: ((scope: Scope) => void) | undefined;
}

/** A filter whatever it is about, as its readers take it. */
export type AnyFilter = Filter<never>;

/** The data of a filter: every one is a node, and its type for users leaves out which. */
export function nodeOf(filter: AnyFilter): FilterNode {
  return filter as FilterNode;
}

/**
 * The data of a filter. Readers (the matcher, the list of images it needs, the printer) are tables over
 * `FilterNode['kind']`, so that a kind without a reader does not compile.
 */
export type FilterNode =
  | { readonly kind: 'all'; readonly filters: readonly FilterNode[] }
  | { readonly kind: 'any'; readonly filters: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly filter: FilterNode }
  /** The stream is of this table; the name is as it was given to `table(…)`. */
  | { readonly kind: 'table'; readonly name: string }
  | { readonly kind: 'eventName'; readonly names: readonly EventName[] }
  /**
   * Who deleted the item: TTL, or anyone else. False unless the event is a REMOVE. `ttl` names the attribute that items
   * expire by where an expired item counts as deleted by TTL although the record does not say so.
   */
  | { readonly kind: 'removedBy'; readonly by: RemovedBy; readonly ttl?: string | undefined }
  /** Every named key attribute has the form of its template, and a name that several capture has one value. */
  | { readonly kind: 'key'; readonly templates: { readonly [attribute: string]: string } }
  /** The attribute of the subject image (the new one, or the old one of a REMOVE) passes the test. */
  | { readonly kind: 'value'; readonly path: PathSegments; readonly test: ValueTest }
  /** The attribute differs between the images; its old value passes `before`, and its new one `after`, where those are given. */
  | {
      readonly kind: 'changed';
      readonly path: PathSegments;
      readonly before: ValueTest | undefined;
      readonly after: ValueTest | undefined;
    }
  /** The attribute is in both images, with different types. */
  | { readonly kind: 'typeChanged'; readonly path: PathSegments }
  /** A number in both images, that became larger or smaller: by this much or more, where that is given. */
  | {
      readonly kind: 'delta';
      readonly path: PathSegments;
      readonly direction: 'increased' | 'decreased';
      readonly by: string | undefined;
    }
  /** A number in both images; `up` is from below the limit to it or beyond, `down` is from the limit or beyond to below it. */
  | {
      readonly kind: 'crossed';
      readonly path: PathSegments;
      readonly limit: string;
      readonly direction: CrossingDirection;
    }
  /**
   * A set or list has more, or fewer, of one of these members than it had; of any member where none is given. What is neither
   * set nor list has no members.
   */
  | {
      readonly kind: 'membersChanged';
      readonly path: PathSegments;
      readonly change: 'added' | 'removed';
      readonly members: readonly AttributeValue[] | undefined;
    }
  /** Whatever the function says. It is no data: printed and stored, a filter keeps its description alone. */
  | {
      readonly kind: 'where';
      readonly description: string;
      readonly reads: readonly Image[];
      readonly test: (record: StreamRecord) => unknown;
    };

export type FilterKind = FilterNode['kind'];

export type RemovedBy = 'ttl' | 'user';

export type CrossingDirection = 'up' | 'down' | 'either';

export type Image = 'NewImage' | 'OldImage';

/** What one value is asked. A value of a type that a test is not about does not pass it, and nor does one that is not there. */
export type ValueTest =
  /** It is one of these, or not there where that is one of them. */
  | { readonly kind: 'oneOf'; readonly operands: readonly Operand[] }
  | { readonly kind: 'startsWith'; readonly text: string }
  | { readonly kind: 'endsWith'; readonly text: string }
  /** A regular expression finds itself in the text. */
  | { readonly kind: 'matches'; readonly source: string; readonly flags: string }
  /** A number compares so with this one, exactly. */
  | { readonly kind: 'compare'; readonly operator: CompareOperator; readonly than: string }
  /** A set or list has one of these members. */
  | { readonly kind: 'has'; readonly members: readonly AttributeValue[] }
  /** The number of members, elements or entries, of bytes, or of a text's UTF-16 units passes the test. */
  | { readonly kind: 'size'; readonly test: ValueTest }
  | { readonly kind: 'exists' }
  | { readonly kind: 'ofType'; readonly types: readonly AttributeType[] }
  | { readonly kind: 'anyOf'; readonly tests: readonly ValueTest[] };

export type ValueTestKind = ValueTest['kind'];

export type CompareOperator = '<' | '<=' | '>' | '>=';

/** What a value is compared with: a value in wire form, that there is none, or the Region of the record's stream. */
export type Operand = AttributeValue | 'absent' | 'streamRegion';

/** Every one of the filters matches; none given matches everything. */
export function all<Scope = unknown>(...filters: readonly Filter<Scope>[]): Filter<Scope> {
  return node({ kind: 'all', filters: filters.map(nodeOf) });
}

/** At least one of the filters matches; none given matches nothing. */
export function any<Scope = unknown>(...filters: readonly Filter<Scope>[]): Filter<Scope> {
  return node({ kind: 'any', filters: filters.map(nodeOf) });
}

export function not<Scope = unknown>(filter: Filter<Scope>): Filter<Scope> {
  return node({ kind: 'not', filter: nodeOf(filter) });
}

/** The event is one of these. Routes are for events by themselves; this is for a part of a filter, as in `any(…)`. */
export function eventName(...names: readonly EventName[]): Filter {
  return node({ kind: 'eventName', names });
}

/** The filters that one is made of. */
export function partsOf(filter: FilterNode): readonly FilterNode[] {
  if ('filters' in filter) return filter.filters;
  return filter.kind === 'not' ? [filter.filter] : [];
}

/**
 * What no other filter says, as a function of the record: `where('total doubled', ({ dynamodb }) => …, { reads: ['NewImage'] })`.
 * It is called with the images named in `reads` alone, both by default, and only with a record that has those of them that its
 * event has. It must be pure, and give `true` or `false` at once: anything else is a `TypeError`, and the record fails.
 */
export function where<const Read extends Image = Image>(
  description: string,
  test: (record: RecordWith<Read>) => boolean,
  options: { readonly reads?: readonly Read[] } = {},
): Filter {
  const reads = [...new Set<Image>(options.reads ?? ['NewImage', 'OldImage'])];
  return node({ kind: 'where', description, reads, test: test as (record: StreamRecord) => boolean });
}

/** A record without the images that are not read. */
export type RecordWith<Read extends Image> = Omit<StreamRecord, 'dynamodb'> & {
  readonly dynamodb: Omit<StreamRecord['dynamodb'], Exclude<Image, Read>>;
};

/** A filter of this data; its type for users says nothing of what it is about. */
export const node: (data: FilterNode) => Filter & FilterNode = frozen;

/** Data that is frozen all the way down; functions are left as they are. */
export function frozen<T>(data: T): T {
  if (typeof data === 'object' && data !== null && !Object.isFrozen(data)) {
    Object.values(Object.freeze(data)).forEach(frozen);
  }
  return data;
}
