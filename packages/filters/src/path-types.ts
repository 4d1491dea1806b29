import type { Decimal } from './literal.js';

/**
 * The attribute paths of an item type, for completion: `'status' | 'address' | 'address.city' | `lines[${number}].sku``.
 * Four levels deep are listed, and deeper any text is taken; of a union those of all its members. An item without a schema
 * takes any text. What is inside of `N`, the type of numbers where a function makes them, is no path.
 */
export type Path<T, N = never> = T extends unknown
  ? string extends keyof T
    ? string
    : PathAt<T, N, [1, 1, 1, 1]>
  : never;

type PathAt<T, N, Depth extends readonly unknown[]> = Depth extends readonly [unknown, ...infer Deeper]
  ? { [K in NameOf<T>]: K | `${K}${Inside<Exclude<T[K], undefined | null>, N, Deeper>}` }[NameOf<T>]
  : string;

/** Names with a dot or bracket in them cannot be told from a path. */
type NameOf<T> = Exclude<keyof T & string, `${string}.${string}` | `${string}[${string}`>;

type Inside<V, N, Depth extends readonly unknown[]> = unknown extends V
  ? `.${string}` | `[${number}]${string}`
  : V extends Leaf | N
    ? never
    : V extends readonly (infer Element)[]
      ? `[${number}]` | `[${number}]${Inside<Exclude<Element, undefined | null>, N, Depth>}`
      : V extends object
        ? `.${PathAt<V, N, Depth>}`
        : never;

type Leaf =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | Date
  | ReadonlySet<unknown>
  | ReadonlyMap<unknown, unknown>;

/**
 * The type of the attribute at a path; `unknown` where the item has no schema. Of a union, what its members have there
 * together.
 */
export type ValueAt<T, P extends string> = unknown extends T
  ? unknown
  : T extends unknown
    ? P extends `${infer Head}.${infer Rest}`
      ? ValueAt<Exclude<PartAt<T, Head>, undefined | null>, Rest>
      : PartAt<T, P>
    : never;

/** What stands behind one name with its indexes: `lines`, `cells[0][1]`. */
type PartAt<T, Part extends string> = Part extends `${infer Name}[${infer Indexes}`
  ? ElementAt<Member<T, Name>, Indexes>
  : Member<T, Part>;

type ElementAt<V, Indexes extends string> = unknown extends V
  ? unknown
  : V extends readonly (infer Element)[]
    ? Indexes extends `${string}[${infer Deeper}`
      ? ElementAt<Element, Deeper>
      : Element
    : never;

/** Where names are not listed, as in a record, any of them has the type that all have. */
type Member<T, Name> = Name extends keyof T ? (Scalar extends T[Name] ? unknown : T[Name]) : never;

/** What can be all of these is of no type that says anything. */
type Scalar = string | boolean | null | Uint8Array;

/** What can stand inside a value, name by name: for `attrAt`, where names are taken as they are. */
export type SegmentOf<V, N = never> = unknown extends V
  ? string | number
  : [InsideOf<V, N>] extends [never]
    ? 'nothing: this attribute has nothing inside it'
    : InsideOf<V, N>;

type InsideOf<V, N> = V extends Leaf | N | null | undefined
  ? never
  : V extends readonly unknown[]
    ? number
    : keyof V & string;

/** The type of what stands at a list of names and indexes; it ends at the first one that is not given. */
export type At<V, Path extends readonly unknown[]> = Path extends readonly [infer First, ...infer Rest]
  ? [First] extends [never]
    ? V
    : At<unknown extends V ? unknown : MemberAt<V, First>, Rest>
  : V;

type MemberAt<V, Segment> = V extends readonly (infer Element)[]
  ? Segment extends number
    ? Element
    : never
  : Member<V, Segment>;

/** A type with `Decimal` in the place of `N`, a table's own type of numbers. */
export type WithDecimals<V, N> = [N] extends [never]
  ? V
  : unknown extends V
    ? V
    : V extends N
      ? Decimal
      : V extends Exclude<Leaf, ReadonlySet<unknown>>
        ? V
        : V extends ReadonlySet<infer Member>
          ? ReadonlySet<WithDecimals<Member, N>>
          : V extends object
            ? { [Name in keyof V]: WithDecimals<V[Name], N> }
            : V;
