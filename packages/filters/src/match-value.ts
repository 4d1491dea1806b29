import { asType, memberKeys, payload, sameValue, typeOf, valueKey } from './attribute-value.js';
import { compareDecimals } from './decimal.js';
import type { Operand, ValueTest, ValueTestKind } from './filter.js';
import type { AttributeValue } from './record.js';

/** The record's stream is there for its Region, which a value may be compared with. */
export type ValuePredicate = (value: AttributeValue | undefined, streamArn: string) => boolean;

/** Makes the test of one value. It throws `MalformedValueError` for a value whose type cannot be told, or that is no number. */
export function valueMatcher(test: ValueTest): ValuePredicate {
  return (matchers[test.kind] as (test: ValueTest) => ValuePredicate)(test);
}

const matchers: {
  readonly [K in ValueTestKind]: (test: Extract<ValueTest, { kind: K }>) => ValuePredicate;
} = {
  oneOf: ({ operands }) => anyOf(operands.map(same)),
  anyOf: ({ tests }) => anyOf(tests.map(valueMatcher)),
  startsWith:
    ({ text }) =>
    (value) =>
      asType(value, 'S')?.startsWith(text) === true,
  endsWith:
    ({ text }) =>
    (value) =>
      asType(value, 'S')?.endsWith(text) === true,
  matches: ({ source, flags }) => {
    const expression = new RegExp(source, flags);
    // With the flags g and y, `test` would go on where the last match ended; `search` does not.
    return (value) => (asType(value, 'S')?.search(expression) ?? -1) >= 0;
  },
  compare:
    ({ operator, than }) =>
    (value) => {
      const number = asType(value, 'N');
      if (number === undefined) return false;
      const order = compareDecimals(number, than);
      return operator.includes(order < 0 ? '<' : order > 0 ? '>' : '=');
    },
  has: ({ members }) => {
    const wanted = new Set(members.map(valueKey));
    return (value) => memberKeys(value).some((key) => wanted.has(key));
  },
  size: ({ test }) => {
    const passes = valueMatcher(test);
    return (value, streamArn) => {
      const size = value === undefined ? undefined : sizeOf(value);
      return size !== undefined && passes({ N: String(size) }, streamArn);
    };
  },
  exists: () => (value) => value !== undefined,
  ofType:
    ({ types }) =>
    (value) =>
      value !== undefined && types.includes(typeOf(value)),
};

function anyOf(tests: readonly ValuePredicate[]): ValuePredicate {
  const [first] = tests;
  if (first && tests.length === 1) return first;
  return (value, streamArn) => {
    for (const test of tests) if (test(value, streamArn)) return true;
    return false;
  };
}

function same(operand: Operand): ValuePredicate {
  if (operand === 'absent') return (value) => value === undefined;
  if (operand === 'streamRegion') return isRegion();
  const text = asType(operand, 'S');
  return text === undefined ? (value) => sameValue(value, operand) : (value) => asType(value, 'S') === text;
}

/** A Region is read from an ARN once: records of one stream come one after another. */
function isRegion(): ValuePredicate {
  let arn: string;
  let region: string | null;
  return (value, streamArn) => {
    if (arn !== streamArn) {
      arn = streamArn;
      // arn:aws:dynamodb:<region>:…
      region = arn.split(':', 4)[3] ?? null;
    }
    return asType(value, 'S') === region;
  };
}

function sizeOf(value: AttributeValue): number | undefined {
  const type = typeOf(value);
  if (type === 'N') return undefined;
  if (type === 'B') return Buffer.byteLength(payload(value, type), 'base64');
  const counted = type === 'M' ? Object.keys(payload(value, type)) : payload(value, type);
  return typeof counted === 'boolean' ? undefined : counted.length;
}
