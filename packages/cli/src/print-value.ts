/** A number of DynamoDB by its own text, exact beyond JavaScript's precision: what `table(…, { numbers: numeral })` makes of each. */
export class Numeral {
  constructor(readonly text: string) {}
}

export function numeral(text: string): Numeral {
  return new Numeral(text);
}

/** Values longer than this end in `…`. */
const longest = 300;

/**
 * A decoded value for people: `"text"`, `12`, `true`, `null`, `[1, "a"]`, `{ a: 1 }`, a set as `Set(1, 2)`, bytes as `3 bytes AQID` in base64.
 * In one line, without characters that a terminal would act on.
 */
export function printValue(value: unknown): string {
  const text = textOf(value);
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`;
}

/** Names and indexes, from the item inwards: `lines[0].sku`, `["a.b"].c`. */
export function printPath(path: readonly (string | number)[]): string {
  return path
    .map((segment, at) => {
      if (typeof segment === 'number') return `[${segment}]`;
      if (!isPlainName(segment)) return `[${quoted(segment)}]`;
      return at === 0 ? segment : `.${segment}`;
    })
    .join('');
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Numeral) return value.text;
  if (value instanceof Uint8Array) {
    return `${value.length} bytes ${Buffer.from(value).toString('base64')}`;
  }
  if (value instanceof Set) return `Set(${[...value].map(textOf).join(', ')})`;
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([name, inner]) => `${nameOf(name)}: ${textOf(inner)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

function nameOf(name: string): string {
  return isPlainName(name) ? name : quoted(name);
}

function isPlainName(name: string): boolean {
  return /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name);
}

function quoted(text: string): string {
  return visible(JSON.stringify(text));
}

/** The text with codes for what a terminal would act on: control characters, and those that turn the direction of writing. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
