import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type Attribute, attributeAt } from './attribute.js';
import { all, type Filter } from './filter.js';
import { type Captures, parseKeyTemplate } from './key-template.js';
import type { Path, ValueAt } from './path-types.js';
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
  /** The table's name, as in its ARN. */
  readonly name: string;
  readonly keys: TableKeys;
  readonly view: StreamViewType;
  /** The attribute that DynamoDB expires items by. */
  readonly ttl: string | undefined;
  readonly numbers: NumberPolicy;
}

/** A table, and what filters and entities are made from. */
export interface Table<T extends ModelTypes = ModelTypes> extends TableModel<T> {
  /** Filters over an attribute: `shop.attr('address.city').changed()`. */
  attr<const P extends Path<T['stored']>>(path: P): Attribute<ValueAt<T['stored'], P>>;
  /** One kind of item, told by its keys. Throws a `TypeError` for a key template that cannot be used. */
  entity<
    const K extends KeyTemplates<T['keys']> = Record<never, never>,
    S extends StandardSchemaV1<unknown, object> | undefined = undefined,
    const V extends Validate = 'new',
  >(
    name: string,
    options: EntityOptions<K & NoOtherKeys<K, T['keys']>, S, V>,
  ): Entity<EntityTypes<T, K, S, V>>;
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
  readonly onInvalid: 'fail' | 'skip';
}

/** An entity, and what filters over its attributes are made from. */
export interface Entity<T extends ModelTypes = ModelTypes> extends EntityModel<T> {
  /** Filters over an attribute: `Order.attr('status').from('PENDING').to('PAID')`. */
  attr<const P extends Path<T['stored']>>(path: P): Attribute<ValueAt<T['stored'], P>>;
}

export interface TableOptions<K extends TableKeys, V extends StreamViewType, N = unknown> {
  readonly keys: K;
  /** The stream's view type; `NEW_AND_OLD_IMAGES` by default. It is compared with what the stream really sends. */
  readonly view?: V;
  readonly ttl?: string;
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
  /** An item that does not fit the schema: `'fail'` (default) fails the record, `'skip'` passes over it and counts it. */
  readonly onInvalid?: 'fail' | 'skip';
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

export interface TableTypes<K extends TableKeys, V extends StreamViewType, N = number | bigint> {
  stored: NativeItem<N>;
  item: NativeItem<N>;
  keys: KeysOf<K, N>;
  params: Record<never, never>;
  view: V;
  validate: 'none';
}

/** A template that begins with literal text matches text alone; one that begins with a capture a number too. */
export type KeyOf<Template, Key = string | number> = Template extends `:${string}`
  ? Exclude<Key, Uint8Array>
  : string;

export interface EntityTypes<T extends ModelTypes, K, S, V extends Validate> {
  stored: S extends StandardSchemaV1<infer Input extends object, object> ? Input : T['stored'];
  item: S extends StandardSchemaV1<unknown, infer Output extends object> ? Output : T['item'];
  keys: {
    readonly [Name in keyof T['keys']]: Name extends keyof K
      ? KeyOf<K[Name], T['keys'][Name]>
      : T['keys'][Name];
  };
  params: { readonly [Name in Captures<Extract<K[keyof K], string>>]: string };
  view: T['view'];
  validate: S extends undefined ? 'none' : V;
}

/** Describes a table. Tables and entities are frozen data. */
export function table<
  const K extends TableKeys,
  const V extends StreamViewType = 'NEW_AND_OLD_IMAGES',
  N = number | bigint,
>(name: string, options: TableOptions<K, V, N>): Table<TableTypes<K, V, N>> {
  const keys: TableKeys = { ...options.keys };
  const self: Table<TableTypes<K, V, N>> = Object.freeze({
    kind: 'table',
    name,
    keys: Object.freeze(keys),
    view: options.view ?? 'NEW_AND_OLD_IMAGES',
    ttl: options.ttl,
    numbers: options.numbers ?? 'string',
    attr: (path: string) => attributeAt(path) as never,
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
    attr: (path: string) => attributeAt(path) as never,
  });
}

export function tableOfModel(model: Model): TableModel {
  return model.kind === 'table' ? model : model.table;
}

/** The filter that every route of a model has: its table and its keys. */
export function modelFilter(model: Model): Filter {
  const onTable: Filter = Object.freeze({ kind: 'table', name: tableOfModel(model).name });
  const onKeys = keyFilter(model);
  return onKeys ? all(onTable, onKeys) : onTable;
}

/** The filter on an entity's keys; none for a table, or for an entity without templates. */
export function keyFilter(model: Model): Filter | undefined {
  if (model.kind === 'table' || Object.keys(model.key).length === 0) return undefined;
  return Object.freeze({ kind: 'key', templates: model.key });
}
