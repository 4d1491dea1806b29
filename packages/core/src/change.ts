import {
  type AttributeMap,
  type EventName,
  type Image,
  inferredTtl,
  keyText,
  type Model,
  type ModelTypes,
  type NativeItem,
  newImage,
  oldImage,
  parseKeyTemplate,
  type RemovedBy,
  removerOf,
  type StreamRecord,
  tableOfModel,
} from '@sluice/filters';
import { decodeItem } from './decode.js';
import { type Difference, differences } from './diff.js';
import { freeze } from './freeze.js';
import { lazyItem } from './lazy-item.js';

/** A new item: `change.new`. */
export type Inserted<M extends Model> = Fields<TypesOf<M>, 'INSERT'> &
  WithNew<TypesOf<M>> &
  WithDiff<TypesOf<M>>;

/** A changed item: `change.old` and `change.new`. */
export type Modified<M extends Model> = Fields<TypesOf<M>, 'MODIFY'> &
  WithNew<TypesOf<M>> &
  WithOld<TypesOf<M>, 'MODIFY'> &
  WithDiff<TypesOf<M>>;

/** A deleted item: `change.old`, and `change.by`, which tells TTL from everyone else. */
export type Removed<M extends Model> = Fields<TypesOf<M>, 'REMOVE'> &
  WithOld<TypesOf<M>, 'REMOVE'> &
  WithDiff<TypesOf<M>> & { readonly by: RemovedBy };

/** An item that DynamoDB's TTL deleted. */
export type Expired<M extends Model> = Removed<M> & { readonly by: 'ttl' };

/** Any change of a model; `change.eventName` tells which. */
export type Change<M extends Model> = Inserted<M> | Modified<M> | Removed<M>;

interface Fields<T extends ModelTypes, E extends EventName> {
  /** What the change is about; it exists in types only. */
  readonly '~scope'?: T['scope'];
  readonly eventName: E;
  /** The item's key attributes, decoded. */
  readonly keys: T['keys'];
  /** What the entity's key templates capture. */
  readonly params: T['params'];
  /** The record as it came, in wire form. */
  readonly record: StreamRecord;
}

type WithNew<T extends ModelTypes> = T['view'] extends 'NEW_IMAGE' | 'NEW_AND_OLD_IMAGES'
  ? { readonly new: T['validate'] extends 'none' ? Unvalidated<T['stored']> : T['item'] }
  : unknown;

type WithOld<T extends ModelTypes, E extends EventName> = T['view'] extends 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES'
  ? {
      readonly old: T['validate'] extends 'both'
        ? T['item']
        : T['validate'] extends 'new'
          ? E extends 'REMOVE'
            ? T['item']
            : Unvalidated<T['stored']>
          : Unvalidated<T['stored']>;
    }
  : unknown;

type WithDiff<T extends ModelTypes> = T['view'] extends 'NEW_AND_OLD_IMAGES'
  ? {
      /**
       * What differs between the images as they are stored, in a stated order. All attributes of a new item were added, all of a
       * deleted one removed. Each call compares anew.
       */
      diff(): readonly Difference[];
    }
  : unknown;

/** As stored: what the schema expects, but nothing has checked that it is there. A type that names no attribute stays. */
type Unvalidated<T> = Record<string, never> extends T ? T : { readonly [K in keyof T]?: T[K] };

type TypesOf<M extends Model> = NonNullable<M['~types']>;

/** A change of any model, as middleware sees it. */
export interface AnyChange {
  readonly eventName: EventName;
  readonly model: Model;
  /** The images, decoded; absent where the event has none. Reading one that the view type leaves out throws. */
  readonly new: unknown;
  readonly old: unknown;
  readonly keys: NativeItem;
  readonly params: Readonly<Record<string, string>>;
  readonly by: RemovedBy | undefined;
  /** The differences between the stored images; throws where the view type leaves out one that the event has. */
  diff(): readonly Difference[];
  readonly record: StreamRecord;
}

/**
 * One record as one model sees it. Keys, captures and each attribute of an image are decoded when they are first read, once.
 * The public types above are views of it. The handlers of a model share it, frozen then, so that what one does to an item
 * reaches no other one silently.
 */
export class ChangeView implements AnyChange {
  #new: unknown;
  #old: unknown;
  #keys: NativeItem | undefined;
  #params: Readonly<Record<string, string>> | undefined;
  /** Whether the images that the model asks for are what its schema made of them. */
  validated = false;

  constructor(
    readonly record: StreamRecord,
    readonly model: Model,
    /** Whether other handlers of the record have the same model. */
    private readonly isShared = false,
  ) {}

  get eventName(): EventName {
    return this.record.eventName;
  }

  get new(): unknown {
    this.#new ??= this.#lazy(newImage(this.record));
    return this.#new;
  }

  get old(): unknown {
    this.#old ??= this.#lazy(oldImage(this.record));
    return this.#old;
  }

  get keys(): NativeItem {
    this.#keys ??= this.#own(decodeItem(this.record.dynamodb.Keys, tableOfModel(this.model).numbers));
    return this.#keys;
  }

  get params(): Readonly<Record<string, string>> {
    this.#params ??= this.#own(capture(this.model, this.record));
    return this.#params;
  }

  get by(): RemovedBy | undefined {
    return this.record.eventName === 'REMOVE' ? removerOf(this.record, inferredTtl(this.model)) : undefined;
  }

  diff(): readonly Difference[] {
    const { record, model } = this;
    return differences(oldImage(record) ?? {}, newImage(record) ?? {}, tableOfModel(model).numbers);
  }

  /** An image that all of is decoded, for the schema. */
  stored(image: Image): NativeItem | undefined {
    const wire = (image === 'NewImage' ? newImage : oldImage)(this.record);
    return wire && decodeItem(wire, tableOfModel(this.model).numbers);
  }

  /** What the schema made of an image takes the image's place. */
  replace(image: Image, item: unknown): void {
    this.#own(item);
    if (image === 'NewImage') this.#new = item;
    else this.#old = item;
  }

  #own<T>(value: T): T {
    if (this.isShared) freeze(value);
    return value;
  }

  #lazy(image: AttributeMap | undefined): NativeItem | undefined {
    return image && lazyItem(image, tableOfModel(this.model).numbers, this.model, this.isShared);
  }
}

function capture(model: Model, { dynamodb: { Keys } }: StreamRecord): Readonly<Record<string, string>> {
  const params: Record<string, string> = {};
  if (model.kind === 'table') return params;
  for (const [attribute, template] of Object.entries(model.key)) {
    const { captures, pattern } = parseKeyTemplate(template);
    const groups = pattern.exec(keyText(Keys[attribute]) ?? '');
    captures.forEach((name, index) => {
      params[name] = groups?.[index + 1] ?? '';
    });
  }
  return params;
}
