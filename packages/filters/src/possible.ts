import { sameValue } from './attribute-value.js';
import type { AnyFilter, FilterKind, FilterNode, Operand, ValueTest } from './filter.js';
import type { EventName } from './record.js';

/**
 * Whether a record with this event name can pass a filter at all. `false` is certain; `true` only means that nothing in
 * the filter itself speaks against it.
 */
export function canPass(filter: AnyFilter, eventName: EventName): boolean {
  return (judges[filter.kind] as (filter: AnyFilter, eventName: EventName) => boolean)(filter, eventName);
}

const always = () => true;
const onModify = (_filter: FilterNode, eventName: EventName) => eventName === 'MODIFY';

const judges: {
  readonly [K in FilterKind]: (filter: Extract<FilterNode, { kind: K }>, eventName: EventName) => boolean;
} = {
  all: ({ filters }, eventName) => filters.every((filter) => canPass(filter, eventName)),
  any: ({ filters }, eventName) => filters.some((filter) => canPass(filter, eventName)),
  not: ({ filter }, eventName) => filter.kind !== 'eventName' || !canPass(filter, eventName),
  table: always,
  eventName: ({ names }, eventName) => names.includes(eventName),
  removedBy: (_filter, eventName) => eventName === 'REMOVE',
  key: always,
  value: ({ test }) => passesAbsent(test) || passesSomething(test),
  changed: ({ before, after }, eventName) => {
    const old =
      eventName === 'INSERT' ? passesAbsent(before) : passesAbsent(before) || passesSomething(before);
    const now = eventName === 'REMOVE' ? passesAbsent(after) : passesAbsent(after) || passesSomething(after);
    if (!old || !now) return false;
    // Something has to change: what was not there has to appear, and the other way round.
    if (eventName === 'INSERT') return passesSomething(after);
    return eventName === 'REMOVE' ? passesSomething(before) : !isOneValue(before, after);
  },
  typeChanged: onModify,
  delta: onModify,
  crossed: onModify,
  membersChanged: ({ change }, eventName) => eventName !== (change === 'added' ? 'REMOVE' : 'INSERT'),
  where: always,
};

function passesAbsent(test: ValueTest | undefined): boolean {
  if (test === undefined) return true;
  if (test.kind === 'anyOf') return test.tests.some(passesAbsent);
  return test.kind === 'oneOf' && test.operands.includes('absent');
}

function passesSomething(test: ValueTest | undefined): boolean {
  if (test === undefined) return true;
  if (test.kind === 'anyOf') return test.tests.some(passesSomething);
  return test.kind !== 'oneOf' || test.operands.some((operand) => operand !== 'absent');
}

/** From a value to the same value is no change. */
function isOneValue(before: ValueTest | undefined, after: ValueTest | undefined): boolean {
  if (before?.kind !== 'oneOf' || after?.kind !== 'oneOf') return false;
  const [first, ...others] = [...before.operands, ...after.operands];
  return others.every((other) => isSame(first, other));
}

function isSame(one: Operand | undefined, other: Operand | undefined): boolean {
  return typeof one === 'object' && typeof other === 'object' ? sameValue(one, other) : one === other;
}
