/**
 * Freezes lists, plain objects, sets and maps all through, for values that several handlers have. Bytes, which cannot be frozen, and what
 * else a schema makes stay as they are.
 */
export function freeze(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Set || value instanceof Map) {
    const add = value instanceof Set ? 'add' : 'set';
    for (const method of [add, 'delete', 'clear']) Object.defineProperty(value, method, { value: refuse });
    for (const inner of value.values()) freeze(inner, seen);
    return;
  }
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner, seen);
}

export function refuse(): never {
  throw new TypeError(
    'Several handlers have this item, so none can change it. Change a copy: { ...change.new }.',
  );
}
