import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type Attribute, attributeAt } from './attribute.js';
import { all, type Filter, type FilterNode, node, nodeOf, type RemovedBy } from './filter.js';
import { imagesCarried } from './images.js';
import { type Captures, parseKeyTemplate } from './key-template.js';
import { parsePath, pathOf } from './path.js';
import type { At, Path, SegmentOf, ValueAt, WithDecimals } from './path-types.js';
import type { StreamViewType } from './record.js';

/** What routes are about: a whole table, or one kind of item in it. */
export type Model<T extends ModelTypes = ModelTypes> = TableModel<T> | EntityModel<T>;

/** What the compiler knows of a model; it exists in types only. */
export interface ModelTypes {
  /** An item as it is stored, decoded and not validated. */
  stored: object;
  /** An item as the schema gives it; the same as `stored` without a schema. */
  item: object;
  /** The key attributes, decoded. */
  keys: object;
  /** What the key templates capture. */
  params: object;
  view: StreamViewType;
  validate: Validate;
  /** What a filter has to be about: `Filter<Scope>`. */
  scope: unknown;
  /** What a number is decoded to. */
  number: unknown;
}

/** Which images the schema validates before a handler runs; `'new'` is the subject: of a REMOVE the old image. */
export type Validate = 'new' | 'both' | 'none';

/**
 * What becomes of an `N`. With `'string'` and `'bigint'` it is a number, unless a number cannot hold it exactly, which is
 * so for all whole ones beyond `Number.MAX_SAFE_INTEGER`: those are their decimal text, or a `BigInt` (text where they are not
 * whole). A function makes every `N` of its text, so that all have one type, as `(text) => new Decimal(text)` does.
 */
export type NumberPolicy<N = unknown> = 'string' | 'bigint' | ((decimal: string) => N);

/** What a table is, as data. */
export interface TableModel<T extends ModelTypes = ModelTypes> {
  readonly '~types'?: T;
  readonly kind: 'table';
  /** As it was given: a name, an ARN, a pattern, with placeholders in it. */
  readonly name: string;
  readonly keys: TableKeys;
  readonly view: StreamViewType;
  /** The attribute that DynamoDB expires items by. */
  readonly ttl: string | undefined;
  readonly ttlOnReplicas: 'infer' | undefined;
  readonly numbers: NumberPolicy;
}

/** What filters over attributes are made from. */
export interface Attributes<T extends ModelTypes = ModelTypes> {
  /** Filters over an attribute: `Order.attr('status').from('PENDING').to('PAID')`, `Order.attr('lines[0].sku').changed()`. */
  attr<const P extends Path<T['stored'], OwnNumber<T>>>(
    path: P,
  ): Attribute<WithDecimals<ValueAt<T['stored'], P>, OwnNumber<T>>, T['scope']>;
  /** The same for names that a path cannot have, each taken as it is: `Order.attrAt('a.b', 0, 'c')`. */
  attrAt<
    const A extends string & Segment<T, []>,
    const B extends Segment<T, [A]> = never,
    const C extends Segment<T, [A, B]> = never,
    const D extends Segment<T, [A, B, C]> = never,
    const E extends Segment<T, [A, B, C, D]> = never,
  >(
    name: A,
    b?: B,
    c?: C,
    d?: D,
    e?: E,
  ): Attribute<WithDecimals<At<T['stored'], [A, B, C, D, E]>, OwnNumber<T>>, T['scope']>;
}

type Segment<T extends ModelTypes, Before extends readonly unknown[]> = SegmentOf<
  At<T['stored'], Before>,
  OwnNumber<T>
>;

/** The type of numbers where it is a table's own, such as a decimal class; `never` where it is JavaScript's, or text. */
type OwnNumber<T extends ModelTypes> = unknown extends T['number']
  ? never
  : [Extract<T['number'], string>, number extends T['number'] ? 1 : never] extends [never, never]
    ? T['number']
    : never;

/** A table, and what filters and entities are made from. */
export interface Table<T extends ModelTypes = ModelTypes> extends TableModel<T>, Attributes<T> {
  /** One kind of item, told by its keys. Throws a `TypeError` for a key template that cannot be used. */
  entity<
    const Name extends string,
    const K extends KeyTemplates<T['keys']> = Record<never, never>,
    S extends StandardSchemaV1<unknown, object> | undefined = undefined,
    const V extends Validate = 'new',
  >(
    name: Name,
    options: EntityOptions<K & NoOtherKeys<K, T['keys']>, S, V>,
  ): Entity<EntityTypes<T, Name, K, S, V>>;
}

export interface TableKeys {
  readonly partition: string;
  readonly sort?: string;
}

/** What an entity is, as data. */
export interface EntityModel<T extends ModelTypes = ModelTypes> {
  readonly '~types'?: T;
  readonly kind: 'entity';
  readonly name: string;
  readonly table: TableModel;
  readonly key: { readonly [attribute: string]: string };
  readonly schema: StandardSchemaV1<unknown, object> | undefined;
  readonly validate: Validate;
  readonly onInvalid: 'fail' | 'skip' | 'park';
}

/** An entity, and what filters over its attributes are made from. */
export interface Entity<T extends ModelTypes = ModelTypes> extends EntityModel<T>, Attributes<T> {}

export interface TableOptions<K extends TableKeys, V extends StreamViewType, N = unknown> {
  readonly keys: K;
  /** The stream's view type; `NEW_AND_OLD_IMAGES` by default. It is compared with what the stream really sends. */
  readonly view?: V;
  readonly ttl?: string;
  /**
   * Only the Region where an item expires marks its deletion as TTL's; in the other replicas of a global table it looks like
   * anyone's. With `'infer'` a deletion counts as TTL's, wherever that is asked, if the `ttl` attribute of the old image says
   * that the item had expired by then: also when someone deletes it in the days until the sweep would have.
   */
  readonly ttlOnReplicas?: 'infer';
  /** `'string'` by default. */
  readonly numbers?: NumberPolicy<N>;
}

export interface EntityOptions<K, S, V> {
  /** Templates of key attributes, as in `{ pk: 'USER#:userId' }`; `:name` captures up to the next `#`, `:name*` the rest. */
  readonly key?: K;
  /** Any Standard Schema, zod among them. */
  readonly schema?: S;
  /** `'new'` by default, where there is a schema. */
  readonly validate?: V;
  /**
   * An item that does not fit the schema: `'fail'` (default) is a failed attempt, `'skip'` passes over it and counts it, `'park'` gives it up at
   * once, so that the handler's `onFailure` sets it aside.
   */
  readonly onInvalid?: 'fail' | 'skip' | 'park';
}

export type KeyTemplates<Keys> = { readonly [Name in keyof Keys]?: string };

type NoOtherKeys<K, Keys> = { readonly [Name in Exclude<keyof K, keyof Keys>]: never };

/** Decoded attribute values: `SS` is `Set<string>`, `B` is `Uint8Array`; `N` is what a table's function makes of numbers. */
export type NativeValue<N = number | bigint> =
  | string
  | N
  | boolean
  | null
  | Uint8Array
  | ReadonlySet<string | N | Uint8Array>
  | readonly NativeValue<N>[]
  | { readonly [name: string]: NativeValue<N> };

export type NativeItem<N = number | bigint> = { readonly [name: string]: NativeValue<N> };

/** The key attributes of a table without templates. */
export type KeysOf<K extends TableKeys, N = number | bigint> = {
  readonly [Name in K['partition'] | (K['sort'] extends string ? K['sort'] : never)]: string | N | Uint8Array;
};

export interface TableTypes<
  Name extends string,
  K extends TableKeys,
  V extends StreamViewType,
  N = number | bigint,
> {
  stored: NativeItem<N>;
  item: NativeItem<N>;
  keys: KeysOf<K, N>;
  params: Record<never, never>;
  view: V;
  validate: 'none';
  scope: { readonly table: Name };
  number: N;
}

/** A template that begins with literal text matches text alone; one that begins with a capture a number too. */
export type KeyOf<Template, Key = string | number> = Template extends `:${string}`
  ? Exclude<Key, Uint8Array>
  : string;

export interface EntityTypes<T extends ModelTypes, Name extends string, K, S, V extends Validate> {
  stored: S extends StandardSchemaV1<infer Input extends object, object> ? Input : T['stored'];
  item: S extends StandardSchemaV1<unknown, infer Output extends object> ? Output : T['item'];
  keys: {
    readonly [Key in keyof T['keys']]: Key extends keyof K ? KeyOf<K[Key], T['keys'][Key]> : T['keys'][Key];
  };
  params: { readonly [Capture in Captures<Extract<K[keyof K], string>>]: string };
  view: T['view'];
  validate: S extends undefined ? 'none' : V;
  scope: {
    readonly table: T['scope'] extends { readonly table: infer Table } ? Table : never;
    readonly entity: Name;
  };
  number: T['number'];
}

/**
 * Describes a table by its name, its ARN (that table alone), a pattern with `*` (`'shop-*'`), or any of these with environment
 * variables in it (`'shop-${STAGE}'`), which are looked up when a router is made. Tables and entities are frozen data.
 */
export function table<
  const Name extends string,
  const K extends TableKeys,
  const V extends StreamViewType = 'NEW_AND_OLD_IMAGES',
  N = number | bigint,
>(name: Name, options: TableOptions<K, V, N>): Table<TableTypes<Name, K, V, N>> {
  const view = options.view ?? 'NEW_AND_OLD_IMAGES';
  if (options.ttlOnReplicas && !(options.ttl && imagesCarried(view, 'REMOVE').size > 0)) {
    throw new TypeError(
      `table("${name}") with ttlOnReplicas needs ttl, the attribute's name, and a view with old images.`,
    );
  }
  const self: Table<TableTypes<Name, K, V, N>> = Object.freeze({
    kind: 'table',
    name,
    keys: Object.freeze<TableKeys>({ ...options.keys }),
    view,
    ttl: options.ttl,
    ttlOnReplicas: options.ttlOnReplicas,
    numbers: options.numbers ?? 'string',
    ...attributes<TableTypes<Name, K, V, N>>(),
    entity: (
      entityName: string,
      entityOptions: EntityOptions<object, StandardSchemaV1 | undefined, Validate>,
    ) => entity(self, entityName, entityOptions) as never,
  });
  return self;
}

function entity(
  of: TableModel,
  name: string,
  options: EntityOptions<object, StandardSchemaV1 | undefined, Validate>,
): Entity {
  const key = Object.freeze({ ...options.key }) as EntityModel['key'];
  for (const template of Object.values(key)) parseKeyTemplate(template);
  return Object.freeze({
    kind: 'entity',
    name,
    table: of,
    key,
    schema: options.schema as EntityModel['schema'],
    validate: options.schema ? (options.validate ?? 'new') : 'none',
    onInvalid: options.onInvalid ?? 'fail',
    ...attributes(),
  });
}

function attributes<T extends ModelTypes>(): Attributes<T> {
  return {
    attr: (path: string) => attributeAt(parsePath(path)) as never,
    attrAt: (...path: readonly unknown[]) => attributeAt(pathOf(path)) as never,
  };
}

export function tableOfModel(model: Model): TableModel {
  return model.kind === 'table' ? model : model.table;
}

/** The filter that every route of a model has: its table and its keys. */
export function modelFilter(model: Model): FilterNode {
  const onTable = node({ kind: 'table', name: tableOfModel(model).name });
  const onKeys = keyFilter(model);
  return onKeys ? nodeOf(all(onTable, onKeys)) : onTable;
}

/** The filter on an entity's keys; none for a table, or for an entity without templates. */
export function keyFilter(model: Model): FilterNode | undefined {
  if (model.kind === 'table' || Object.keys(model.key).length === 0) return undefined;
  return node({ kind: 'key', templates: model.key });
}

/**
 * The event is a REMOVE by TTL, or by anyone else. With a model whose table infers it (`ttlOnReplicas`), the inference counts;
 * routes with `by` do so by themselves.
 */
export function removedBy(by: RemovedBy, model?: Model): Filter {
  return node({ kind: 'removedBy', by, ttl: model && inferredTtl(model) });
}

/** The attribute to infer deletions by TTL from, where a model's table does. */
export function inferredTtl(model: Model): string | undefined {
  const { ttl, ttlOnReplicas } = tableOfModel(model);
  return ttlOnReplicas === 'infer' ? ttl : undefined;
}
