import { FilterPatternError } from './errors.js';
import { addressOf, cidrRange } from './lambda-pattern-address.js';
import type { Scalar } from './lambda-pattern-fields.js';

/** A test of one value, or that the field has none. */
export type ValueMatcher = 'absent' | Test;

export type Json = Scalar | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json };

type Test = (value: Scalar) => boolean;

/** Reads an element of a leaf's array: a value that is matched exactly, or one operator. */
export function matcherOf(json: Json, at: string): ValueMatcher {
  if (typeof json === 'string') return exactText(json);
  if (!isObject(json)) {
    if (isList(json)) throw new FilterPatternError(at, 'a value or an operator', json);
    return (value) => value === json;
  }
  const [operator, argument] = onlyEntry(json, operators, at);
  return operators[operator](argument, `${at}.${operator}`);
}

export function isObject(json: Json): json is JsonObject {
  return typeof json === 'object' && json !== null && !isList(json);
}

/** `Array.isArray`, which knows no arrays that are only read. */
export function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

type Reader<Matcher> = (argument: Json, at: string) => Matcher;

const operators = {
  'anything-but': anythingBut,
  cidr: (argument, at) => {
    const range = cidrRange(textIn(argument, at));
    if (!range)
      throw new FilterPatternError(at, 'an address range like 10.0.0.0/24 or 2001:db8::/32', argument);
    return (value) => typeof value === 'string' && range(addressOf(value));
  },
  'equals-ignore-case': (argument, at) => ignoringCase('^"', textIn(argument, at), '"$'),
  exactly: (argument, at) => {
    const text = textIn(argument, at);
    return (value) => value === text;
  },
  exists: (argument, at) => {
    if (typeof argument !== 'boolean') throw new FilterPatternError(at, 'true or false', argument);
    return argument ? () => true : 'absent';
  },
  numeric,
  prefix: (argument, at) =>
    isObject(argument) ? ignoringCase('^"', caselessIn(argument, at), '') : startsWith(textIn(argument, at)),
  suffix: (argument, at) =>
    isObject(argument) ? ignoringCase('', caselessIn(argument, at), '"$') : endsWith(textIn(argument, at)),
  wildcard: (argument, at) => wildcard(textIn(argument, at), at),
} as const satisfies { readonly [operator: string]: Reader<ValueMatcher> };

/** A value passes unless it is one of those named, whatever its type. */
function anythingBut(argument: Json, at: string): Test {
  if (isObject(argument)) {
    const [operator, inner] = onlyEntry(argument, exceptions, at);
    const texts = isList(inner) ? inner : [inner];
    if (texts.length === 0) throw new FilterPatternError(`${at}.${operator}`, 'at least one text', inner);
    const tests = texts.map((text) => exceptions[operator](textIn(text, `${at}.${operator}`), at));
    return (value) => !tests.some((test) => test(value));
  }
  const values: readonly Json[] = isList(argument) ? argument : [argument];
  const isAll = (type: string) => values.length > 0 && values.every((one) => typeof one === type);
  if (!isAll('string') && !isAll('number')) {
    throw new FilterPatternError(at, 'texts only or numbers only', argument);
  }
  return (value) => !values.includes(value);
}

const exceptions = {
  'equals-ignore-case': (text) => ignoringCase('^"', text, '"$'),
  prefix: (text, at) => startsWith(notEmpty(text, at)),
  suffix: (text, at) => endsWith(notEmpty(text, at)),
  wildcard: (text, at) => wildcard(text, at),
} as const satisfies { readonly [operator: string]: (text: string, at: string) => Test };

/** Numbers alone match, never texts that look like one: what DynamoDB writes as `N` is a text. */
function numeric(argument: Json, at: string): Test {
  const terms: readonly Json[] = isList(argument) ? argument : [];
  const [operator, bound, upperOperator, upper, ...more] = terms;
  const isOne = isComparison(operator) && isNumber(bound) && upperOperator === undefined;
  const isRange =
    (operator === '>' || operator === '>=') &&
    (upperOperator === '<' || upperOperator === '<=') &&
    isNumber(bound) &&
    isNumber(upper) &&
    bound < upper &&
    more.length === 0;
  if (isOne) return (value) => isNumber(value) && comparisons[operator](value, bound);
  if (!isRange) {
    throw new FilterPatternError(
      at,
      'a comparison like [">", 0] or a range like [">", 0, "<=", 5]',
      argument,
    );
  }
  return (value) =>
    isNumber(value) && comparisons[operator](value, bound) && comparisons[upperOperator](value, upper);
}

const comparisons = {
  '=': (value: number, bound: number) => value === bound,
  '<': (value: number, bound: number) => value < bound,
  '<=': (value: number, bound: number) => value <= bound,
  '>': (value: number, bound: number) => value > bound,
  '>=': (value: number, bound: number) => value >= bound,
} as const;

function isComparison(json: Json | undefined): json is keyof typeof comparisons {
  return typeof json === 'string' && Object.hasOwn(comparisons, json);
}

function isNumber(json: Json | undefined): json is number {
  return typeof json === 'number' && Number.isFinite(json);
}

/** A text that is an IP address is that address, however it is written. */
function exactText(text: string): Test {
  const address = addressOf(text);
  if (address === undefined) return (value) => value === text;
  return (value) => typeof value === 'string' && addressOf(value) === address;
}

/**
 * The tests below see a text with its quotes, as event-ruler does: a prefix that ends in a quote matches a whole text too. Other
 * values have no quotes and so never pass.
 */
function quoted(value: Scalar): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}

function startsWith(text: string): Test {
  return (value) => quoted(value).startsWith(`"${text}`);
}

function endsWith(text: string): Test {
  return (value) => quoted(value).endsWith(`${text}"`);
}

/**
 * Letter by letter in lower or upper case, which may have more letters: `ß` matches `SS`, but `ss` does not match `ß`. A character
 * beyond 16 bits is two letters, which event-ruler reads as question marks.
 */
function ignoringCase(before: string, text: string, after: string): Test {
  const letters = text.split('').map((letter) => {
    const [lower, upper] = [letter.toLowerCase(), letter.toUpperCase()].map((text) =>
      escaped(text.replace(/[\ud800-\udfff]/, '?')),
    );
    return lower === upper ? lower : `(?:${lower}|${upper})`;
  });
  const expression = new RegExp(before + letters.join('') + after);
  return (value) => expression.test(quoted(value));
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** `*` stands for any characters, `\*` for itself and `\\` for a backslash. Each piece is taken at the first place where it stands. */
function wildcard(text: string, at: string): Test {
  const [first = '', ...rest] = piecesOf(`"${text}"`, at);
  const last = rest.pop();
  if (last === undefined) return (value) => quoted(value) === first;
  return (value) => {
    const whole = quoted(value);
    if (!whole.startsWith(first) || !whole.endsWith(last)) return false;
    let from = first.length;
    for (const piece of rest) {
      const found = whole.indexOf(piece, from);
      if (found === -1) return false;
      from = found + piece.length;
    }
    return from + last.length <= whole.length;
  };
}

function piecesOf(text: string, at: string): string[] {
  const pieces = [''];
  let before = '';
  for (const token of text.match(/\\?./gs) ?? []) {
    if (token === '*' && before === '*') throw new FilterPatternError(at, 'no two * in a row', text);
    if (/^\\[^*\\]/.test(token))
      throw new FilterPatternError(at, 'only \\* and \\\\ behind a backslash', text);
    if (token === '*') pieces.push('');
    else pieces[pieces.length - 1] += token.slice(-1);
    before = token;
  }
  return pieces;
}

function caselessIn(argument: JsonObject, at: string): string {
  const [operator, text] = onlyEntry(argument, { 'equals-ignore-case': true }, at);
  return textIn(text, `${at}.${operator}`);
}

function textIn(json: Json | undefined, at: string): string {
  if (typeof json !== 'string') throw new FilterPatternError(at, 'a text', json);
  return json;
}

function notEmpty(text: string, at: string): string {
  if (text === '') throw new FilterPatternError(at, 'a text that is not empty', text);
  return text;
}

/** The one entry of an object, whose name is one of a table's. */
function onlyEntry<Name extends string>(
  json: JsonObject,
  table: { readonly [name in Name]: unknown },
  at: string,
): readonly [Name, Json] {
  const [[name, argument] = ['', null], ...more] = Object.entries(json);
  if (more.length > 0 || !Object.hasOwn(table, name)) {
    throw new FilterPatternError(at, `one operator of ${Object.keys(table).join(', ')}`, json);
  }
  return [name as Name, argument]; // a name of the table, as was checked
}
