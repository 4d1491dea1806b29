import { payload, typeOf } from './attribute-value.js';
import type { Filter, FilterKind, Operand } from './filter.js';
import { printPath } from './path.js';

/** A filter in words, on one line: `status changed from "PENDING" to "PAID"`. */
export function printFilter(filter: Filter): string {
  return (printers[filter.kind] as (filter: Filter) => string)(filter);
}

const printers: { readonly [K in FilterKind]: (filter: Extract<Filter, { kind: K }>) => string } = {
  all: ({ filters }) => (filters.length === 0 ? 'everything' : filters.map(printPart).join(' and ')),
  any: ({ filters }) => (filters.length === 0 ? 'nothing' : filters.map(printPart).join(' or ')),
  not: ({ filter }) => `not ${printPart(filter)}`,
  table: ({ name }) => `table ${name}`,
  eventName: ({ names }) => names.join('/'),
  removedBy: ({ by }) => `removed by ${by}`,
  key: ({ templates }) =>
    Object.entries(templates)
      .map(([name, template]) => `${name} like "${template}"`)
      .join(' and '),
  is: ({ path, values }) => `${printPath(path)} is ${printOperands(values)}`,
  changed: ({ path, before, after }) =>
    `${printPath(path)} changed${before ? ` from ${printOperands(before)}` : ''}${after ? ` to ${printOperands(after)}` : ''}`,
  appeared: ({ path }) => `${printPath(path)} appeared`,
  disappeared: ({ path }) => `${printPath(path)} disappeared`,
};

/** A filter inside another one. What is joined by "and" or "or" itself gets parentheses. */
function printPart(filter: Filter): string {
  const text = printFilter(filter);
  return partsOf(filter) > 1 ? `(${text})` : text;
}

function partsOf(filter: Filter): number {
  if (filter.kind === 'key') return Object.keys(filter.templates).length;
  return filter.kind === 'all' || filter.kind === 'any' ? filter.filters.length : 1;
}

function printOperands(operands: readonly Operand[]): string {
  const list = operands.map(printOperand).join(', ');
  return operands.length > 1 ? `one of ${list}` : list;
}

function printOperand(operand: Operand): string {
  if (operand === 'absent') return 'absent';
  const type = typeOf(operand);
  const value = payload(operand, type);
  return type === 'NULL' ? 'null' : type === 'N' ? String(value) : JSON.stringify(value);
}
