/**
 * The attribute paths of an item type, for completion: `'status' | 'address' | 'address.city' | `lines[${number}].sku``.
 * Four levels deep are listed, of a union those of all its members; an item without a schema takes any text.
 */
export type Path<T> = T extends unknown ? (string extends keyof T ? string : PathAt<T, [1, 1, 1, 1]>) : never;

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

/**
 * The type of the attribute at a path; `unknown` where the item has no schema. Of a union, what its members have there
 * together.
 */
export type ValueAt<T, P extends string> = T extends unknown
  ? string extends keyof T
    ? unknown
    : P extends keyof T
      ? T[P]
      : P extends `${infer Head}.${infer Rest}`
        ? ValueAt<NonNullable<PartAt<T, Head>>, Rest>
        : PartAt<T, P>
  : never;

/** What stands behind one name with its indexes: `lines`, `cells[0][1]`. */
type PartAt<T, Part extends string> = Part extends `${infer Name}[${infer Indexes}`
  ? ElementAt<Member<T, Name>, Indexes>
  : Member<T, Part>;

type ElementAt<V, Indexes extends string> =
  NonNullable<V> extends readonly (infer Element)[]
    ? Indexes extends `${string}[${infer Deeper}`
      ? ElementAt<Element, Deeper>
      : Element
    : never;

type Member<T, Name> = Name extends keyof T ? T[Name] : never;
