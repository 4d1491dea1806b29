/**
 * Freezes lists, plain objects, sets and maps all through, for values that several handlers have. Bytes, which cannot be frozen, and what
 * else a schema makes stay as they are.
 */
export function freeze(value: unknown, seen = new WeakSet<object>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  const isCollection = value instanceof Set || value instanceof Map;
  if (isCollection) {
    // One that is frozen takes no methods: it stays as its schema made it.
    for (const method of Object.isExtensible(value) ? changing : [])
      Object.defineProperty(value, method, { value: refuse });
  } else {
    const prototype = Object.getPrototypeOf(value);
    if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return;
    Object.freeze(value);
  }
  for (const inner of isCollection ? value.values() : Object.values(value)) freeze(inner, seen);
}

/** Of a set or of a map. */
const changing = ['add', 'set', 'delete', 'clear'];

export function refuse(): never {
  throw new TypeError(
    'Several handlers have this item, so none can change it. Change a copy: { ...change.new }.',
  );
}
