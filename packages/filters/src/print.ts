import { payload, typeOf } from './attribute-value.js';
import type {
  AnyFilter,
  CompareOperator,
  FilterKind,
  FilterNode,
  Operand,
  ValueTest,
  ValueTestKind,
} from './filter.js';
import { printPath } from './path.js';

/** A filter in words, on one line: `status changed from "PENDING" to "PAID"`. */
export function printFilter(filter: AnyFilter): string {
  return (printers[filter.kind] as (filter: AnyFilter) => string)(filter);
}

const printers: { readonly [K in FilterKind]: (filter: Extract<FilterNode, { kind: K }>) => string } = {
  all: ({ filters }) => (filters.length === 0 ? 'everything' : filters.map(printPart).join(' and ')),
  any: ({ filters }) => (filters.length === 0 ? 'nothing' : filters.map(printPart).join(' or ')),
  not: ({ filter }) =>
    filter.kind === 'changed' && !filter.before && !filter.after
      ? `${printPath(filter.path)} unchanged`
      : `not ${printPart(filter)}`,
  table: ({ name }) => `table ${name}`,
  eventName: ({ names }) => names.join('/'),
  removedBy: ({ by, ttl }) =>
    `removed by ${by}${ttl === undefined ? '' : ` (${by === 'ttl' ? 'or' : 'and not'} expired by ${ttl})`}`,
  key: ({ templates }) =>
    Object.entries(templates)
      .map(([name, template]) => `${name} like "${template}"`)
      .join(' and '),
  value: ({ path, test }) => `${printPath(path)} is ${printTest(test)}`,
  changed: ({ path, before, after }) => {
    const from = before ? ` from ${printTest(before)}` : '';
    const to = after ? ` to ${printTest(after)}` : '';
    const change = ` changed${from}${to}`;
    return printPath(path) + (shortNames[change] ?? change);
  },
  typeChanged: ({ path }) => `${printPath(path)} changed its type`,
  delta: ({ path, direction, by }) =>
    `${printPath(path)} ${direction}${by === undefined ? '' : ` by at least ${by}`}`,
  crossed: ({ path, limit, direction }) =>
    `${printPath(path)} crossed ${limit}${direction === 'either' ? '' : ` ${direction}wards`}`,
  membersChanged: ({ path, change, members }) =>
    `${printPath(path)} ${change} ${members ? printOperands(members) : 'anything'}`,
  where: ({ description }) => `where ${JSON.stringify(description)}`,
};

const shortNames: { readonly [change: string]: string } = {
  ' changed from absent': ' appeared',
  ' changed to absent': ' disappeared',
};

/** A filter inside another one. What is joined by "and" or "or" itself gets parentheses. */
function printPart(filter: FilterNode): string {
  const text = printFilter(filter);
  return partsOf(filter) > 1 ? `(${text})` : text;
}

function partsOf(filter: FilterNode): number {
  if (filter.kind === 'key') return Object.keys(filter.templates).length;
  if (filter.kind === 'all' || filter.kind === 'any') return filter.filters.length;
  if (filter.kind === 'value') return testsOf(filter.test);
  return filter.kind === 'changed' ? Math.max(testsOf(filter.before), testsOf(filter.after)) : 1;
}

function testsOf(test: ValueTest | undefined): number {
  return test?.kind === 'anyOf' ? test.tests.length : 1;
}

function printTest(test: ValueTest): string {
  return (testPrinters[test.kind] as (test: ValueTest) => string)(test);
}

const testPrinters: { readonly [K in ValueTestKind]: (test: Extract<ValueTest, { kind: K }>) => string } = {
  oneOf: ({ operands }) => printOperands(operands),
  anyOf: ({ tests }) => tests.map(printTest).join(' or '),
  startsWith: ({ text }) => `text that starts with ${JSON.stringify(text)}`,
  endsWith: ({ text }) => `text that ends with ${JSON.stringify(text)}`,
  matches: ({ source, flags }) => `text that matches /${source}/${flags}`,
  compare: ({ operator, than }) => `${comparisons[operator]} ${than}`,
  has: ({ members }) => `a set or list with ${printOperands(members)}`,
  size: ({ test }) => `of size ${printTest(test)}`,
  exists: () => 'present',
  ofType: ({ types }) => `of type ${types.join(' or ')}`,
};

const comparisons: Readonly<Record<CompareOperator, string>> = {
  '<': 'less than',
  '<=': 'at most',
  '>': 'greater than',
  '>=': 'at least',
};

function printOperands(members: readonly Operand[]): string {
  const list = members.map(printOperand).join(', ');
  return members.length > 1 ? `one of ${list}` : list;
}

function printOperand(operand: Operand): string {
  if (operand === 'absent') return operand;
  if (operand === 'streamRegion') return "the stream's Region";
  const type = typeOf(operand);
  const value = payload(operand, type);
  if (type === 'NULL') return 'null';
  // Sets, lists and maps are printed with the types of what is in them, so that they are told apart.
  return type === 'N' ? String(value) : JSON.stringify(typeof value === 'object' ? operand : value);
}
