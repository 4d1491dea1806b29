import { payload, sameValue, typeOf, valueKey } from './attribute-value.js';
import { compareDecimals } from './decimal.js';
import type { CompareOperator, Operand, ValueTest, ValueTestKind } from './filter.js';
import type { AttributeValue, StreamRecord } from './record.js';

/** The record is there for what a value is compared with in it: the Region of its stream. */
export type ValuePredicate = (value: AttributeValue | undefined, record: StreamRecord) => boolean;

/** Makes the test of one value. It throws `MalformedValueError` for a value whose type cannot be told, or that is no number. */
export function valueMatcher(test: ValueTest): ValuePredicate {
  return (matchers[test.kind] as (test: ValueTest) => ValuePredicate)(test);
}

const matchers: {
  readonly [K in ValueTestKind]: (test: Extract<ValueTest, { kind: K }>) => ValuePredicate;
} = {
  oneOf: ({ operands }) => anyOf(operands.map(same)),
  anyOf: ({ tests }) => anyOf(tests.map(valueMatcher)),
  startsWith: ({ text }) => ofText((value) => value.startsWith(text)),
  endsWith: ({ text }) => ofText((value) => value.endsWith(text)),
  matches: ({ source, flags }) => {
    const expression = new RegExp(source, flags);
    return ofText((value) => {
      // With the flags g and y it would go on where the last match ended.
      expression.lastIndex = 0;
      return expression.test(value);
    });
  },
  compare: ({ operator, than }) => {
    const holds = comparisons[operator];
    return (value) => {
      const number = numberOf(value);
      return number !== undefined && holds(compareDecimals(number, than));
    };
  },
  has: ({ members }) => {
    const wanted = new Set(members.map(valueKey));
    return (value) => membersOf(value).some((member) => wanted.has(valueKey(member)));
  },
  size: ({ test }) => {
    const passes = valueMatcher(test);
    return (value, record) => {
      const size = sizeOf(value);
      return size !== undefined && passes({ N: String(size) }, record);
    };
  },
  exists: () => (value) => value !== undefined,
  ofType:
    ({ types }) =>
    (value) =>
      value !== undefined && types.includes(typeOf(value)),
};

const comparisons: Readonly<Record<CompareOperator, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function anyOf(tests: readonly ValuePredicate[]): ValuePredicate {
  const [first] = tests;
  if (first && tests.length === 1) return first;
  return (value, record) => {
    for (const test of tests) if (test(value, record)) return true;
    return false;
  };
}

function same(operand: Operand): ValuePredicate {
  if (operand === 'absent') return (value) => value === undefined;
  if (operand === 'streamRegion') {
    return (value, record) => {
      const text = textOf(value);
      return text !== undefined && text === regionOf(record);
    };
  }
  return (value) => sameValue(value, operand);
}

function ofText(test: (text: string) => boolean): ValuePredicate {
  return (value) => {
    const text = textOf(value);
    return text !== undefined && test(text);
  };
}

function textOf(value: AttributeValue | undefined): string | undefined {
  return value !== undefined && typeOf(value) === 'S' ? payload(value, 'S') : undefined;
}

/** The decimal text of a number; nothing for what is no number. */
export function numberOf(value: AttributeValue | undefined): string | undefined {
  return value !== undefined && typeOf(value) === 'N' ? payload(value, 'N') : undefined;
}

/** `arn:aws:dynamodb:<region>:…` */
function regionOf({ eventSourceARN }: StreamRecord): string | undefined {
  return eventSourceARN.split(':', 4)[3];
}

function sizeOf(value: AttributeValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  const type = typeOf(value);
  if (type === 'B') return Buffer.byteLength(payload(value, type), 'base64');
  if (type === 'M') return Object.keys(payload(value, type)).length;
  return type === 'N' || type === 'BOOL' || type === 'NULL' ? undefined : payload(value, type).length;
}

/** The members of a set, and the elements of a list. What is neither has none. */
function membersOf(value: AttributeValue | undefined): readonly AttributeValue[] {
  if (value === undefined) return [];
  const type = typeOf(value);
  if (type === 'L') return payload(value, type);
  if (type !== 'SS' && type !== 'NS' && type !== 'BS') return [];
  return payload(value, type).map((member) => ({ [type.charAt(0)]: member }) as unknown as AttributeValue);
}

/** Whether a value has more of one of the members, or of any, than another one has: a member counts as often as it occurs. */
export function moreMembers(
  members: readonly AttributeValue[] | undefined,
): (many: AttributeValue | undefined, few: AttributeValue | undefined) => boolean {
  const wanted = members && new Set(members.map(valueKey));
  return (many, few) => {
    const spare = new Map<string, number>();
    for (const member of membersOf(few)) {
      const key = valueKey(member);
      spare.set(key, (spare.get(key) ?? 0) + 1);
    }
    for (const member of membersOf(many)) {
      const key = valueKey(member);
      const left = spare.get(key) ?? 0;
      if (left === 0 && (wanted === undefined || wanted.has(key))) return true;
      spare.set(key, left - 1);
    }
    return false;
  };
}
