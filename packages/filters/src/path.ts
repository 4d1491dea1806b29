import { asType, attribute } from './attribute-value.js';
import type { AttributeMap, AttributeValue } from './record.js';

/** Attribute names and list indexes, from the item inwards; the first is a name. */
export type PathSegments = readonly (string | number)[];

/**
 * Reads `address.city`, `lines[0].sku`. A path that names nothing (an empty name, a broken index) throws a `TypeError`.
 */
export function parsePath(path: string): PathSegments {
  if (!/^[^.[\]]+(?:\[\d+\]|\.[^.[\]]+)*$/.test(path)) throw notAPath(path);
  const parts = path.matchAll(/\[(\d+)\]|[^.[\]]+/g);
  return Object.freeze(Array.from(parts, ([name, index]) => (index ? Number(index) : name)));
}

/** The path whose names and indexes are these, taken as they are: `["a.b", 0]`. Throws a `TypeError` for what is neither. */
export function pathOf(segments: readonly unknown[]): PathSegments {
  const isPath = segments.every((segment) =>
    typeof segment === 'string' ? segment !== '' : Number.isInteger(segment) && (segment as number) >= 0,
  );
  if (isPath && typeof segments[0] === 'string') return Object.freeze([...segments]) as PathSegments;
  throw notAPath(segments);
}

function notAPath(path: unknown): TypeError {
  return new TypeError(
    `${JSON.stringify(path)} is not an attribute path; expected names and list indexes, as in lines[0].sku or attrAt('a.b', 0).`,
  );
}

/** `parsePath` in the other direction, for people to read. A name that is no name of a path is in quotes: `["a.b"][0]`. */
export function printPath(path: PathSegments): string {
  return path
    .map((segment, index) => {
      if (typeof segment === 'number' || /[.[\]]/.test(segment)) return `[${JSON.stringify(segment)}]`;
      return index > 0 ? `.${segment}` : segment;
    })
    .join('');
}

/**
 * The value at a path of an image, or `undefined` where the image or a parent is absent or of another type. Throws
 * `MalformedValueError` for a parent whose type cannot be told.
 */
export function readPath(image: AttributeMap | undefined, path: PathSegments): AttributeValue | undefined {
  let value = image && attribute(image, path[0] as string);
  for (let depth = 1; value !== undefined && depth < path.length; depth++) {
    const segment = path[depth] as string | number;
    const parent = asType(value, typeof segment === 'number' ? 'L' : 'M');
    value = parent && attribute(parent, segment);
  }
  return value;
}
