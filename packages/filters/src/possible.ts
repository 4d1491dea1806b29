import { sameValue } from './attribute-value.js';
import type { Filter, FilterKind, Operand } from './filter.js';
import type { EventName } from './record.js';

/**
 * Whether a record with this event name can pass a filter at all. `false` is certain; `true` only means that nothing in
 * the filter itself speaks against it.
 */
export function canPass(filter: Filter, eventName: EventName): boolean {
  return (judges[filter.kind] as (filter: Filter, eventName: EventName) => boolean)(filter, eventName);
}

const always = () => true;

const judges: {
  readonly [K in FilterKind]: (filter: Extract<Filter, { kind: K }>, eventName: EventName) => boolean;
} = {
  all: ({ filters }, eventName) => filters.every((filter) => canPass(filter, eventName)),
  any: ({ filters }, eventName) => filters.some((filter) => canPass(filter, eventName)),
  not: always,
  table: always,
  eventName: ({ names }, eventName) => names.includes(eventName),
  removedBy: (_filter, eventName) => eventName === 'REMOVE',
  key: always,
  is: ({ values }) => values.length > 0,
  changed: ({ before, after }, eventName) => {
    if (before?.length === 0 || after?.length === 0) return false;
    if (eventName === 'INSERT') return includesAbsent(before) && !isAbsentAlone(after);
    if (eventName === 'REMOVE') return includesAbsent(after) && !isAbsentAlone(before);
    return !isOneValue(before, after);
  },
  appeared: (_filter, eventName) => eventName !== 'REMOVE',
  disappeared: (_filter, eventName) => eventName !== 'INSERT',
};

function includesAbsent(operands: readonly Operand[] | undefined): boolean {
  return operands === undefined || operands.includes('absent');
}

function isAbsentAlone(operands: readonly Operand[] | undefined): boolean {
  return operands?.every((operand) => operand === 'absent') ?? false;
}

/** From a value to the same value is no change. */
function isOneValue(before: readonly Operand[] | undefined, after: readonly Operand[] | undefined): boolean {
  const values = [...(before ?? []), ...(after ?? [])].map((operand) =>
    operand === 'absent' ? undefined : operand,
  );
  return before !== undefined && after !== undefined && values.every((value) => sameValue(value, values[0]));
}
