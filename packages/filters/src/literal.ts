import { typeOf, valueKey } from './attribute-value.js';
import { canonicalDecimal } from './decimal.js';
import type { AttributeValue } from './record.js';

/** "The attribute is not there", for `is`, `from` and `to`. `null` is another thing: a stored value of type NULL. */
export const absent: unique symbol = Symbol.for('sluice.absent');

/**
 * The Region of the record's stream, for `is`, `from` and `to`: in a global table whose items say in an attribute where they were
 * written, `Order.attr('region').is(streamRegion)` is true in that Region alone.
 */
export const streamRegion: unique symbol = Symbol.for('sluice.streamRegion');

const decimalText: unique symbol = Symbol.for('sluice.decimal');

/** A number by its decimal text, exact beyond what JavaScript's numbers hold. */
export interface Decimal {
  readonly [decimalText]: string;
}

/** A number for a filter, as text: `decimal('0.12345678901234567890')`. Throws a `MalformedValueError` for other text. */
export function decimal(text: string): Decimal {
  canonicalDecimal(text);
  return Object.freeze({ [decimalText]: text });
}

export type NumberLiteral = number | bigint | Decimal;

/** What a filter can be given as a value: sets are a `Set`, lists are arrays, maps are plain objects. */
export type Literal =
  | string
  | NumberLiteral
  | boolean
  | null
  | Uint8Array
  | ReadonlySet<string | NumberLiteral | Uint8Array>
  | readonly Literal[]
  | { readonly [name: string]: Literal };

/** The wire form of a filter's literal. Throws a `TypeError` for what DynamoDB cannot store. */
export function toWire(literal: unknown): AttributeValue {
  if (typeof literal === 'string') return { S: literal };
  if (typeof literal === 'boolean') return { BOOL: literal };
  if (literal === null) return { NULL: true };
  if (literal instanceof Uint8Array) return { B: Buffer.from(literal).toString('base64') };
  if (literal instanceof Set) return wireSet(literal);
  if (Array.isArray(literal)) return { L: literal.map(toWire) };
  if (typeof literal !== 'object' || decimalText in literal) return { N: toNumberText(literal) };
  if (![Object.prototype, null].includes(Object.getPrototypeOf(literal))) throw notStorable(literal);
  // By entries, so that `__proto__` is a name like any other.
  const entries = Object.entries(literal).map(([name, value]) => [name, toWire(value)]);
  return { M: Object.fromEntries(entries) };
}

/** DynamoDB's sets have at least one member, all of one type, and none twice: `1` and `1.0` are one. */
function wireSet(set: ReadonlySet<unknown>): AttributeValue {
  const once = new Map(Array.from(set, toWire).map((member) => [valueKey(member), member]));
  const members = [...once.values()];
  const [type = '', ...others] = new Set(members.map(typeOf));
  if (!/^[SNB]$/.test(type) || others.length > 0) throw notStorable(set);
  const values = members.flatMap((member) => Object.values(member));
  return { [`${type}S`]: values } as unknown as AttributeValue;
}

/** The decimal text of a number in a filter. Throws a `TypeError` for what is no number, or none that DynamoDB stores. */
export function toNumberText(literal: unknown): string {
  if (typeof literal === 'bigint' || Number.isFinite(literal)) return String(literal);
  const text = (literal as Partial<Decimal> | null | undefined)?.[decimalText];
  if (text === undefined) throw notStorable(literal);
  return text;
}

function notStorable(literal: unknown): TypeError {
  const what = typeof literal === 'object' ? `a ${literal?.constructor?.name}` : String(literal);
  return new TypeError(
    `A filter was given ${what}, which DynamoDB cannot store there. Expected text, a finite number, bigint, decimal(…), boolean, null, Uint8Array, ` +
      'an array or plain object, a Set of texts, numbers or Uint8Arrays, or, for "no value", absent.',
  );
}
