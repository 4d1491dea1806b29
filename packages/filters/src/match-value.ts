import { payload, sameValue, typeOf, valueKey } from './attribute-value.js';
import { canonicalDecimal, compareDecimals } from './decimal.js';
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
    return (value) => memberKeys(value).some((key) => wanted.has(key));
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
  if (operand === 'streamRegion') return isRegion();
  const type = typeOf(operand);
  if (type !== 'S') return (value) => sameValue(value, operand);
  const text = payload(operand, type);
  return (value) => value !== undefined && typeOf(value) === 'S' && payload(value, 'S') === text;
}

/** A Region is read from an ARN once: records of one stream come one after another. */
function isRegion(): ValuePredicate {
  let arn: string | undefined;
  let region: string | undefined;
  return (value, { eventSourceARN }) => {
    if (arn !== eventSourceARN) {
      arn = eventSourceARN;
      // arn:aws:dynamodb:<region>:…
      region = arn.split(':', 4)[3];
    }
    const text = textOf(value);
    return text !== undefined && text === region;
  };
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

function sizeOf(value: AttributeValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  const type = typeOf(value);
  if (type === 'B') return Buffer.byteLength(payload(value, type), 'base64');
  if (type === 'M') return Object.keys(payload(value, type)).length;
  return type === 'N' || type === 'BOOL' || type === 'NULL' ? undefined : payload(value, type).length;
}

/** What tells the members of a set or list apart, as `valueKey` does. What is neither has none. */
function memberKeys(value: AttributeValue | undefined): readonly string[] {
  if (value === undefined) return [];
  const type = typeOf(value);
  switch (type) {
    case 'L':
      return payload(value, type).map(valueKey);
    case 'SS':
      return payload(value, type).map((text) => `S:${text}`);
    case 'NS':
      return payload(value, type).map((number) => `N:${canonicalDecimal(number)}`);
    case 'BS':
      return payload(value, type).map((bytes) => `B:${bytes}`);
    default:
      return [];
  }
}

/** Whether a value has more of one of the members, or of any, than another one has: a member counts as often as it occurs. */
export function moreMembers(
  members: readonly AttributeValue[] | undefined,
): (many: AttributeValue | undefined, few: AttributeValue | undefined) => boolean {
  const wanted = members && new Set(members.map(valueKey));
  return (many, few) => {
    const candidates = wanted ? memberKeys(many).filter((key) => wanted.has(key)) : memberKeys(many);
    if (candidates.length === 0) return false;
    const spare = new Map<string, number>();
    for (const key of memberKeys(few)) spare.set(key, (spare.get(key) ?? 0) + 1);
    for (const key of candidates) {
      const left = spare.get(key) ?? 0;
      if (left === 0) return true;
      spare.set(key, left - 1);
    }
    return false;
  };
}
