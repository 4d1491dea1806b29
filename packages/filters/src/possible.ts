import { literalsOf } from './anchors.js';
import type { AnyFilter, FilterKind, FilterNode, ValueTest } from './filter.js';
import { valueMatcher } from './match-value.js';
import type { EventName } from './record.js';

/**
 * Whether a record with this event name can pass a filter at all. `false` is certain; `true` only means that nothing in
 * the filter itself speaks against it.
 */
export function canPass(filter: AnyFilter, eventName: EventName): boolean {
  return (judges[filter.kind] as Judge<AnyFilter> | undefined)?.(filter, eventName) ?? true;
}

type Judge<F> = (filter: F, eventName: EventName) => boolean;

const onModify = (_filter: FilterNode, eventName: EventName) => eventName === 'MODIFY';

/** Of the kinds that can tell. */
const judges: { readonly [K in FilterKind]?: Judge<Extract<FilterNode, { kind: K }>> } = {
  all: ({ filters }, eventName) => filters.every((filter) => canPass(filter, eventName)),
  any: ({ filters }, eventName) => filters.some((filter) => canPass(filter, eventName)),
  not: ({ filter }, eventName) => filter.kind !== 'eventName' || !canPass(filter, eventName),
  eventName: ({ names }, eventName) => names.includes(eventName),
  removedBy: (_filter, eventName) => eventName === 'REMOVE',
  changed: ({ before, after }, eventName) => {
    const appears = passesAbsent(before) && passesSomething(after);
    const disappears = passesSomething(before) && passesAbsent(after);
    if (eventName === 'INSERT') return appears;
    if (eventName === 'REMOVE') return disappears;
    const stays = passesSomething(before) && passesSomething(after);
    return appears || disappears || (stays && !isOneValue(before, after));
  },
  typeChanged: onModify,
  delta: onModify,
  crossed: onModify,
  membersChanged: ({ change }, eventName) => eventName !== (change === 'added' ? 'REMOVE' : 'INSERT'),
};

/** Whether a value that is not there passes; without a test it does. */
export function passesAbsent(test: ValueTest | undefined): boolean {
  return test === undefined || valueMatcher(test)(undefined, '');
}

function passesSomething(test: ValueTest | undefined): boolean {
  if (test?.kind === 'anyOf') return test.tests.some(passesSomething);
  return test?.kind !== 'oneOf' || test.operands.some((operand) => operand !== 'absent');
}

/** From a value to the same value is no change. */
function isOneValue(before: ValueTest | undefined, after: ValueTest | undefined): boolean {
  const old = literalsOf(before);
  const now = literalsOf(after);
  return old !== undefined && now !== undefined && new Set([...old, ...now]).size === 1;
}
