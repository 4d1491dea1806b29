import type { AttributeType } from './attribute-value.js';
import { type CompareOperator, frozen, type ValueTest } from './filter.js';
import { absent, type Literal, type NumberLiteral, streamRegion, toNumberText, toWire } from './literal.js';

const about: unique symbol = Symbol.for('sluice.valueTest');

/** A test of one value, for `is`, `from` and `to`: `Order.attr('total').to(value.atLeast(100))`. */
export type Tested<Kind extends TestedKind = TestedKind> = ValueTest & {
  /** What the value has to be for the test to be of use, in types only. The mark is not enumerable: the test stays plain data. */
  readonly [about]: Kind;
};

export type TestedKind = 'text' | 'number' | 'members' | 'sized' | 'any';

/** Tests of one value. A value of another type than the test is about does not pass, and nor does one that is not there. */
export const value = Object.freeze({
  startsWith: (text: string) => tested<'text'>({ kind: 'startsWith', text }),
  endsWith: (text: string) => tested<'text'>({ kind: 'endsWith', text }),
  /** The expression is found in the text; `^` and `$` tie it to the ends. */
  matches: ({ source, flags }: RegExp) => tested<'text'>({ kind: 'matches', source, flags }),
  /** Numbers are compared exactly, whatever their length. */
  lessThan: (limit: NumberLiteral) => compare('<', limit),
  atMost: (limit: NumberLiteral) => compare('<=', limit),
  greaterThan: (limit: NumberLiteral) => compare('>', limit),
  atLeast: (limit: NumberLiteral) => compare('>=', limit),
  /** A set or list with one of these members. */
  has: (...members: readonly [Literal, ...Literal[]]) =>
    tested<'members'>({ kind: 'has', members: members.map(toWire) }),
  /** The number of members, elements or entries; of bytes; of a text's UTF-16 units, as its `length`. */
  size: (size: number | Tested<'number'>) => tested<'sized'>({ kind: 'size', test: testOf([size]) }),
  /** There is a value, also `null`. */
  exists: () => tested<'any'>({ kind: 'exists' }),
  /** DynamoDB's type letters: `value.ofType('N', 'NULL')`. */
  ofType: (...types: readonly [AttributeType, ...AttributeType[]]) =>
    tested<'any'>({ kind: 'ofType', types }),
});

function compare(operator: CompareOperator, limit: NumberLiteral): Tested<'number'> {
  return tested<'number'>({ kind: 'compare', operator, than: toNumberText(limit) });
}

function tested<Kind extends TestedKind>(test: ValueTest): Tested<Kind> {
  return frozen(Object.defineProperty(test, about, {})) as Tested<Kind>;
}

/** One test of what `is`, `from` and `to` were given: values, and tests among them. */
export function testOf(values: readonly unknown[]): ValueTest {
  const tests = values.filter(isTest);
  const operands = values
    .filter((each) => !isTest(each))
    .map((each) => (each === absent ? 'absent' : each === streamRegion ? 'streamRegion' : toWire(each)));
  if (operands.length > 0 || tests.length === 0) tests.unshift({ kind: 'oneOf', operands });
  const [first] = tests;
  return first && tests.length === 1 ? first : { kind: 'anyOf', tests };
}

function isTest(each: unknown): each is ValueTest {
  return typeof each === 'object' && each !== null && about in each;
}
