import type { AttributeType } from './attribute-value.js';
import { compareDecimals } from './decimal.js';
import { type CrossingDirection, type Filter, type FilterNode, node, not, type ValueTest } from './filter.js';
import {
  absent,
  type Decimal,
  type Literal,
  type NumberLiteral,
  type streamRegion,
  toNumberText,
  toWire,
} from './literal.js';
import type { PathSegments } from './path.js';
import { type Tested, testOf, value } from './value-test.js';

/**
 * Filters over one attribute. `V` is the attribute's type in the schema's input, `unknown` without a schema; there are the
 * tests that a value of this type can pass.
 */
export type Attribute<V = unknown, Scope = unknown> = AnyAttribute<V, Scope> &
  (Has<V, string> extends true ? TextTests<Scope> : unknown) &
  (Has<V, NumberLiteral> extends true ? NumberTests<Scope> : unknown) &
  (Has<V, Members> extends true ? MemberTests<MemberOf<V>, Scope> : unknown) &
  (Has<Exclude<V, Decimal>, Sized> extends true ? SizeTests<Scope> : unknown) &
  (Has<V, null> extends true ? NullTests<Scope> : unknown);

/** The tests that attributes of every type have. */
export interface AnyAttribute<V, Scope> {
  /** The subject image (the new one; of a REMOVE the old one) has one of these values, or passes one of these tests. */
  is(...values: OneOrMore<V>): Filter<Scope>;
  /** The subject image has the attribute, also with the value `null`. */
  exists(): Filter<Scope>;
  /** The value of the subject image has one of DynamoDB's types: `ofType('N', 'NULL')`. */
  ofType(...types: readonly [AttributeType, ...AttributeType[]]): Filter<Scope>;
  /** The value differs between the images; to appear and to disappear are changes. */
  changed(): Filter<Scope>;
  /** The value is the same in both images, or in neither of them. */
  unchanged(): Filter<Scope>;
  /** The value was one of these and changed. `from('PENDING').to('PAID')` names both ends. */
  from(...values: OneOrMore<V>): From<V, Scope>;
  /** The value changed and is now one of these. */
  to(...values: OneOrMore<V>): Filter<Scope>;
  /** The attribute is there and was not before. On INSERT: it is there. */
  appeared(): Filter<Scope>;
  /** The attribute was there and is no more. On REMOVE: it was there. */
  disappeared(): Filter<Scope>;
  /** Both images have the attribute, with different types. */
  typeChanged(): Filter<Scope>;
}

/** Tests of the subject image's text. */
export interface TextTests<Scope> {
  startsWith(text: string): Filter<Scope>;
  endsWith(text: string): Filter<Scope>;
  /** The expression is found in the text; `^` and `$` tie it to the ends. */
  matches(expression: RegExp): Filter<Scope>;
}

/** Tests of numbers, all of them exact. */
export interface NumberTests<Scope> {
  /** The subject image's number. */
  lessThan(limit: NumberLiteral): Filter<Scope>;
  atMost(limit: NumberLiteral): Filter<Scope>;
  greaterThan(limit: NumberLiteral): Filter<Scope>;
  atLeast(limit: NumberLiteral): Filter<Scope>;
  /** A number in both images, and the new one is larger. */
  increased(): Filter<Scope>;
  decreased(): Filter<Scope>;
  /** Larger by this amount or more; the amount is above 0. */
  increasedBy(amount: NumberLiteral): Filter<Scope>;
  decreasedBy(amount: NumberLiteral): Filter<Scope>;
  /**
   * `'up'`: the number was below the limit and has reached it. `'down'`: it was at the limit or above, and is below.
   * `'either'` by default.
   */
  crossed(limit: NumberLiteral, direction?: CrossingDirection): Filter<Scope>;
}

/** Tests of the members of sets and lists. What is neither has none. */
export interface MemberTests<Member, Scope> {
  /** The subject image has one of these members. */
  has(...members: readonly [Member, ...Member[]]): Filter<Scope>;
  /** There are more of one of these members than there were; without one: of any. In a list each occurrence counts. */
  added(...members: readonly Member[]): Filter<Scope>;
  /** There are fewer of one of these members than there were; without one: of any. */
  removed(...members: readonly Member[]): Filter<Scope>;
}

export interface SizeTests<Scope> {
  /**
   * The subject image's number of members, elements or entries; of bytes; of a text's UTF-16 units, as its `length`:
   * `size(3)`, `size(value.atLeast(10))`.
   */
  size(size: number | Tested<'number'>): Filter<Scope>;
}

export interface NullTests<Scope> {
  /** The value is now `null`, and was not before. */
  nulled(): Filter<Scope>;
}

export interface From<V = unknown, Scope = unknown> extends Filter<Scope> {
  /** The value changed from one of those to one of these. */
  to(...values: OneOrMore<V>): Filter<Scope>;
}

type OneOrMore<V> = readonly [Comparable<V>, ...Comparable<V>[]];

/** What an attribute of type `V` can be compared with: its own values, tests that they can pass, and `absent`. */
export type Comparable<V> =
  | typeof absent
  | Tested<KindsOf<V>>
  | (Has<V, string> extends true ? typeof streamRegion : never)
  | (unknown extends V ? Literal : LiteralOf<V>);

/** The forms in which a filter can be given a value of a type. */
export type LiteralOf<V> = V extends number | bigint | Decimal
  ? (V extends number ? V : number) | bigint | Decimal
  : V extends string | boolean | null | Uint8Array
    ? V
    : V extends ReadonlySet<infer Member>
      ? ReadonlySet<LiteralOf<Member>>
      : V extends readonly (infer Element)[]
        ? readonly LiteralOf<Element>[]
        : V extends object
          ? { readonly [Name in keyof V]: LiteralOf<V[Name]> }
          : never;

type Members = ReadonlySet<unknown> | readonly unknown[];
type Sized = string | object;

/** Whether a type has values of another one among its own; of `unknown` nobody knows, so it may. */
type Has<V, W> = unknown extends V ? true : [Extract<V, W>] extends [never] ? false : true;

type MemberOf<V> = unknown extends V
  ? Literal
  : V extends ReadonlySet<infer Member> | readonly (infer Member)[]
    ? LiteralOf<Member>
    : never;

type KindsOf<V> =
  | 'any'
  | (Has<V, string> extends true ? 'text' : never)
  | (Has<V, NumberLiteral> extends true ? 'number' : never)
  | (Has<V, Members> extends true ? 'members' : never)
  | (Has<Exclude<V, Decimal>, Sized> extends true ? 'sized' : never);

export function attributeAt<V, Scope>(path: PathSegments): Attribute<V, Scope> {
  const changed = (before?: readonly unknown[], after?: readonly unknown[]) =>
    node({ kind: 'changed', path, before: before && testOf(before), after: after && testOf(after) });
  const delta = (direction: 'increased' | 'decreased', by?: string) =>
    node({ kind: 'delta', path, direction, by });
  const membersChanged = (change: 'added' | 'removed', members: readonly unknown[]) =>
    node({
      kind: 'membersChanged',
      path,
      change,
      members: members.length > 0 ? members.map(toWire) : undefined,
    });
  const attribute: Omit<Attribute, keyof typeof value> = {
    is: (...values) => node({ kind: 'value', path, test: testOf(values) }),
    changed: () => changed(),
    unchanged: () => not(changed()),
    from: (...values) => {
      const to: From['to'] = (...after) => changed(values, after);
      // Not enumerable: the node stays plain data for everyone who reads, compares or prints it.
      return node(Object.defineProperty({ ...changed(values) }, 'to', { value: to })) as FilterNode & From;
    },
    to: (...values) => changed(undefined, values),
    appeared: () => changed([absent]),
    disappeared: () => changed(undefined, [absent]),
    nulled: () => changed(undefined, [null]),
    typeChanged: () => node({ kind: 'typeChanged', path }),
    increased: () => delta('increased'),
    decreased: () => delta('decreased'),
    increasedBy: (amount) => delta('increased', amountOf(amount)),
    decreasedBy: (amount) => delta('decreased', amountOf(amount)),
    crossed: (limit, direction = 'either') =>
      node({ kind: 'crossed', path, limit: toNumberText(limit), direction }),
    added: (...members) => membersChanged('added', members),
    removed: (...members) => membersChanged('removed', members),
  };
  // Every test of a value is one of the subject image's value too.
  const ofSubject = Object.entries(value).map(([name, test]) => {
    const testGiven = test as (...given: readonly unknown[]) => ValueTest;
    return [name, (...given: readonly unknown[]) => node({ kind: 'value', path, test: testGiven(...given) })];
  });
  return Object.assign(attribute, Object.fromEntries(ofSubject));
}

function amountOf(amount: NumberLiteral): string {
  const text = toNumberText(amount);
  if (compareDecimals(text, '0') > 0) return text;
  throw new TypeError(`A number cannot increase or decrease by ${text}; give an amount above 0.`);
}
