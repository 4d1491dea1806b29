import type { AttributeMap, AttributeValue, NativeItem, NumberPolicy } from '@sluice/filters';
import { decodeItem, decodeValue, keep } from './decode.js';
import { freeze, refuse } from './freeze.js';

/**
 * An item that decodes an attribute when it is first read, once: what nobody reads costs nothing and cannot fail. Whatever
 * else is done with the item (to list its names, to compare, copy, print or change it) decodes all of it first. It then is
 * like a plain object in all but one thing: `structuredClone` takes a copy, `{ ...item }`, and not the item itself.
 * Throws `MalformedValueError`, here or when an attribute is read, for what DynamoDB cannot have written. A shared one
 * refuses to be changed.
 *
 * To list a proxy takes many times what it takes to decode it. So once an item of some `kind` has been taken whole, later
 * ones are decoded at once, and are plain objects.
 */
export function lazyItem(
  image: AttributeMap,
  numbers: NumberPolicy,
  kind: object,
  isShared = false,
): NativeItem {
  if (typeof image !== 'object' || image === null) return decodeItem(image, numbers);
  if (takenWhole.has(kind)) {
    try {
      const item = decodeItem(image, numbers);
      if (isShared) freeze(item);
      return item;
    } catch {
      // What cannot be decoded may be what nobody reads.
    }
  }
  return new Proxy<Item>(Object.create(printed), new LazyItem(image, numbers, kind, isShared)) as NativeItem;
}

const takenWhole = new WeakSet<object>();

type Item = Record<PropertyKey, unknown>;

/**
 * Node prints what is behind a proxy, which may lack attributes yet: it is told to print a copy. Nothing else is inherited here,
 * so that what is found under a name is an attribute.
 */
const printed: object = Object.create(null, {
  [Symbol.for('nodejs.util.inspect.custom')]: {
    value(this: object) {
      return { ...this };
    },
  },
});

/** The traps of one item. What has been decoded is in `item`, behind the proxy. */
class LazyItem implements ProxyHandler<Item> {
  /** Nothing once all of it has been decoded. */
  #image: AttributeMap | undefined;
  readonly #numbers: NumberPolicy;
  readonly #kind: object;
  readonly #isShared: boolean;

  constructor(image: AttributeMap, numbers: NumberPolicy, kind: object, isShared: boolean) {
    this.#image = image;
    this.#numbers = numbers;
    this.#kind = kind;
    this.#isShared = isShared;
  }

  get(item: Item, name: PropertyKey, receiver: unknown): unknown {
    const known = item[name];
    if (known !== undefined) return known;
    if (this.#image && typeof name === 'string' && Object.hasOwn(this.#image, name)) {
      const value = this.#decode(this.#image[name] as AttributeValue);
      keep(item, name, value);
      return value;
    }
    return Reflect.get(Object.hasOwn(item, name) ? item : Object.prototype, name, receiver);
  }

  getPrototypeOf(item: Item): object | null {
    const prototype = Reflect.getPrototypeOf(item);
    return prototype === printed ? Object.prototype : prototype;
  }

  has(item: Item, name: PropertyKey): boolean {
    return name in this.#whole(item) || name in Object.prototype;
  }

  ownKeys(item: Item): (string | symbol)[] {
    return Reflect.ownKeys(this.#whole(item));
  }

  getOwnPropertyDescriptor(item: Item, name: PropertyKey): PropertyDescriptor | undefined {
    return Reflect.getOwnPropertyDescriptor(this.#whole(item), name);
  }

  defineProperty(item: Item, name: PropertyKey, descriptor: PropertyDescriptor): boolean {
    if (this.#isShared) refuse();
    return Reflect.defineProperty(this.#whole(item), name, descriptor);
  }

  deleteProperty(item: Item, name: PropertyKey): boolean {
    if (this.#isShared) refuse();
    return Reflect.deleteProperty(this.#whole(item), name);
  }

  preventExtensions(item: Item): boolean {
    // A frozen object has the prototype that it says it has.
    return Reflect.setPrototypeOf(this.#whole(item), Object.prototype) && Reflect.preventExtensions(item);
  }

  #decode(value: AttributeValue): unknown {
    const decoded = decodeValue(value, this.#numbers);
    if (this.#isShared) freeze(decoded);
    return decoded;
  }

  /** Decodes what has not been read yet; attributes then stand in the order of the image. */
  #whole(item: Item): Item {
    if (!this.#image) return item;
    takenWhole.add(this.#kind);
    const read = { ...item };
    for (const name in this.#image) {
      const isRead = Object.hasOwn(read, name);
      const value = isRead ? read[name] : this.#decode(this.#image[name] as AttributeValue);
      if (isRead) delete item[name];
      keep(item, name, value);
    }
    this.#image = undefined;
    return item;
  }
}
