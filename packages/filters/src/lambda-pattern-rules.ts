import { FilterPatternError } from './errors.js';
import {
  isList,
  isObject,
  type Json,
  type JsonObject,
  matcherOf,
  type ValueMatcher,
} from './lambda-pattern-values.js';

/** What is asked of the values of one field: that one passes a test, or that there is none. */
export interface Leaf {
  readonly mayBeAbsent: boolean;
  readonly tests: readonly Exclude<ValueMatcher, 'absent'>[];
}

/** Leaves by their names joined by dots, all of which have to be met. */
export type Rule = ReadonlyMap<string, Leaf>;

/**
 * The rules of a pattern, of which one has to be met: one without `$or`. Where `$or` cannot be read as alternatives (fewer than two
 * objects, or one with a field that is named like an operator) it is a field of that name, if the pattern makes sense with it.
 */
export function rulesOf(pattern: string): readonly Rule[] {
  const json = parsed(pattern);
  if (!isObject(json)) throw new FilterPatternError('the pattern', 'a JSON object', json);
  try {
    return withObject([new Map()], json, { names: [], or: 'alternatives' });
  } catch (error) {
    try {
      return withObject([new Map()], json, { names: [], or: 'field' });
    } catch {
      throw error;
    }
  }
}

/** Where in a pattern we are; `inside` an alternative of `$or` some names are not allowed. */
interface Place {
  readonly names: readonly string[];
  readonly or: 'alternatives' | 'inside' | 'field';
}

function withObject(rules: readonly Rule[], object: JsonObject, place: Place): readonly Rule[] {
  const fields = Object.entries(object);
  if (fields.length === 0) throw new FilterPatternError(textOf(place.names), 'at least one field', object);
  return fields.reduce((before, [name, value]) => withField(before, name, value, place), rules);
}

function withField(rules: readonly Rule[], name: string, value: Json, place: Place): readonly Rule[] {
  const names = [...place.names, name];
  if (name === '$or' && place.or !== 'field') return withAlternatives(rules, value, place);
  if (place.or === 'inside' && reservedInOr.has(name)) {
    throw new FilterPatternError(textOf(names), 'no field of a name that $or reserves', name);
  }
  if (isObject(value)) return withObject(rules, value, { ...place, names });
  if (!isList(value)) throw new FilterPatternError(textOf(names), 'an object or an array', value);
  const leaf = leafOf(value, textOf(names));
  return rules.map((rule) => new Map([...rule, [names.join('.'), leaf]]));
}

/** A field that an alternative names too is tested as the alternative says, as with names that are there twice. */
function withAlternatives(rules: readonly Rule[], value: Json, place: Place): readonly Rule[] {
  const at = textOf([...place.names, '$or']);
  if (!isList(value) || value.length < 2 || !value.every(isObject)) {
    throw new FilterPatternError(at, 'an array of at least two objects', value);
  }
  if (rules.length * value.length > maxRules) {
    throw new FilterPatternError(at, `at most ${maxRules} combinations of alternatives`, value);
  }
  return value.flatMap((one) => withObject(rules, one, { ...place, or: 'inside' }));
}

function leafOf(values: readonly Json[], at: string): Leaf {
  if (values.length === 0) throw new FilterPatternError(at, 'at least one value', values);
  const matchers = values.map((value, index) => matcherOf(value, `${at}[${index}]`));
  return {
    mayBeAbsent: matchers.includes('absent'),
    tests: matchers.filter((one) => one !== 'absent'),
  };
}

function parsed(pattern: string): Json {
  try {
    return JSON.parse(pattern);
  } catch (cause) {
    throw new FilterPatternError('the pattern', 'JSON', pattern, { cause });
  }
}

function textOf(names: readonly string[]): string {
  return names.length > 0 ? names.join('.') : 'the pattern';
}

/** Bounds what `$or` beside `$or` multiplies to. */
const maxRules = 10_000;

/** Names that no field inside of `$or` has. Source: RESERVED_FIELD_NAMES_IN_OR_RELATIONSHIP in event-ruler's Constants.java */
export const reservedInOr: ReadonlySet<string> = new Set([
  ...[
    'exactly',
    'equals-ignore-case',
    'prefix',
    'suffix',
    'anything-but',
    'exists',
    'wildcard',
    'numeric',
    'cidr',
  ],
  ...['=', '<', '<=', '>', '>=', 'regex', 'not-wildcard', 'not-equals-ignore-case'],
  ...['date-after', 'date-on-or-after', 'date-before', 'date-on-or-before', 'in-date-range'],
  ...['ip-address-in-range', 'ip-address-not-in-range'],
]);
