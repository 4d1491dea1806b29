/**
 * The attribute paths of an item type, for completion: `'status' | 'address' | 'address.city' | `lines[${number}].sku``.
 * Four levels deep are listed; an item without a schema takes any text.
 */
export type Path<T> = string extends keyof T ? string : PathAt<T, [1, 1, 1, 1]>;

type PathAt<T, Depth extends readonly unknown[]> = Depth extends readonly [unknown, ...infer Deeper]
  ? { [K in NameOf<T>]: K | `${K}${Inside<Exclude<T[K], undefined | null>, Deeper>}` }[NameOf<T>]
  : never;

/** Names with a dot or bracket in them cannot be told from a path. */
type NameOf<T> = Exclude<keyof T & string, `${string}.${string}` | `${string}[${string}`>;

type Inside<V, Depth extends readonly unknown[]> = V extends Leaf
  ? never
  : V extends readonly (infer Element)[]
    ? `[${number}]` | `[${number}]${Inside<Exclude<Element, undefined | null>, Depth>}`
    : V extends object
      ? `.${PathAt<V, Depth>}`
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

/** The type of the attribute at a path; `unknown` where the item has no schema. */
export type ValueAt<T, P extends string> = string extends keyof T
  ? unknown
  : P extends keyof T
    ? T[P]
    : P extends `${infer Head}.${infer Rest}`
      ? Head extends `${infer Name}[${string}]`
        ? ValueAt<ElementAt<Member<T, Name>>, Rest>
        : ValueAt<Member<T, Head>, Rest>
      : P extends `${infer Name}[${string}]`
        ? ElementAt<Member<T, Name>>
        : unknown;

type Member<T, Name> = Name extends keyof T ? Exclude<T[Name], undefined | null> : never;
type ElementAt<V> = V extends readonly (infer Element)[] ? Element : never;
