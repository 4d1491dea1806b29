import { attribute, payload, typeOf } from './attribute-value.js';
import type { AttributeMap, AttributeValue } from './record.js';

/** Attribute names and list indexes, from the item inwards; the first is a name. */
export type PathSegments = readonly (string | number)[];

/**
 * Reads `address.city`, `lines[0].sku`. A path that names nothing (an empty name, a broken index) throws a `TypeError`.
 */
export function parsePath(path: string): PathSegments {
  const segments: (string | number)[] = [];
  for (const part of path.split('.')) {
    const match = /^([^[\]]+)((?:\[\d+\])*)$/.exec(part);
    if (!match?.[1]) throw notAPath(path);
    segments.push(match[1], ...Array.from(match[2]?.matchAll(/\d+/g) ?? [], Number));
  }
  return Object.freeze(segments);
}

/** The path whose names and indexes are these, taken as they are: `["a.b", 0]`. Throws a `TypeError` for what is neither. */
export function pathOf(segments: readonly unknown[]): PathSegments {
  const isPath = segments.every((segment, index) =>
    typeof segment === 'number'
      ? index > 0 && Number.isInteger(segment) && segment >= 0
      : typeof segment === 'string' && segment !== '',
  );
  if (isPath && segments.length > 0) return Object.freeze([...segments]) as PathSegments;
  throw notAPath(segments);
}

function notAPath(path: unknown): TypeError {
  return new TypeError(
    `${JSON.stringify(path)} is not an attribute path. Expected names and list indexes, as in address.city, lines[0].sku or attrAt('lines', 0, 'a.b').`,
  );
}

/** `parsePath` in the other direction, for people to read. A name that is no name of a path is in quotes: `["a.b"][0]`. */
export function printPath(path: PathSegments): string {
  return path
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${segment}]`;
      if (/[.[\]]/.test(segment)) return `[${JSON.stringify(segment)}]`;
      return index > 0 ? `.${segment}` : segment;
    })
    .join('');
}

/**
 * The value at a path of an image, or `undefined` where a parent is absent or of another type. Throws
 * `MalformedValueError` for a parent whose type cannot be told.
 */
export function readPath(image: AttributeMap, path: PathSegments): AttributeValue | undefined {
  let value = attribute(image, path[0] as string);
  for (let depth = 1; value !== undefined && depth < path.length; depth++) {
    const segment = path[depth] as string | number;
    const type = typeOf(value);
    if (typeof segment === 'number') value = type === 'L' ? payload(value, type)[segment] : undefined;
    else value = type === 'M' ? attribute(payload(value, type), segment) : undefined;
  }
  return value;
}
