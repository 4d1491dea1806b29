import {
  type AttributeType,
  type AttributeValue,
  canonicalDecimal,
  type Operand,
  payload,
  reservedInOr,
  typeOf,
  type ValueTest,
  type ValueTestKind,
} from '@sluice/filters';
import {
  type Alternatives,
  allOf,
  anyOf,
  everything,
  field,
  fieldPasses,
  type ListStep,
} from './conjunction.js';
import {
  absentField,
  endingWith,
  type FieldTest,
  noneOf,
  oneOf,
  present,
  startingWith,
} from './field-test.js';

/** Where a value stands in a record. */
export interface ValuePlace {
  readonly path: readonly string[];
  readonly lists: readonly ListStep[];
  /** Whether a field that is not there is certain to be this value's: nothing else can stand in its place. */
  readonly isAlone: boolean;
  /** Tells why a part of the test is left to the router. */
  readonly tell: (reason: string) => void;
}

/**
 * What records pass where a value passes a test, or where it does not (`wanted: false`): those and maybe more. What patterns
 * cannot say is told to the place.
 */
export function valuePasses(test: ValueTest, wanted: boolean, place: ValuePlace): Alternatives {
  return (readers[test.kind] as Reader<ValueTest>)(test, wanted, place);
}

type Reader<T> = (test: T, wanted: boolean, place: ValuePlace) => Alternatives;

const readers: { readonly [K in ValueTestKind]: Reader<Extract<ValueTest, { kind: K }>> } = {
  oneOf: ({ operands }, wanted, place) => {
    const ofEach = Array.from(Map.groupBy(operands, groupOf), ([group, members]) =>
      operandPasses(group, members, wanted, place),
    );
    return combined(ofEach, wanted, place);
  },
  anyOf: ({ tests }, wanted, place) =>
    combined(
      tests.map((test) => valuePasses(test, wanted, place)),
      wanted,
      place,
    ),
  startsWith: ({ text }, wanted, place) => textPasses(text, startingWith, wanted, place),
  endsWith: ({ text }, wanted, place) => textPasses(text, endingWith, wanted, place),
  matches: (_test, wanted, place) => isThere('S', wanted, place, 'a pattern has no regular expressions'),
  compare: (_test, wanted, place) =>
    isThere('N', wanted, place, 'a number is text in a record, and patterns compare JSON numbers alone'),
  has: ({ members }, wanted, place) =>
    wanted
      ? anyOf(
          members.map((member) => memberPasses(member, place)),
          place.tell,
        )
      : untold(place, 'a field with several values passes where one of them does'),
  size: (_test, _wanted, place) => untold(place, 'a pattern does not count'),
  exists: (_test, wanted, place) => (wanted ? untold(place, mapsAndLists) : absentHere(place)),
  ofType: ({ types }, wanted, place) => {
    const ofFields = types.filter((type) => leafTypes.includes(type));
    if (ofFields.length < types.length) place.tell(mapsAndLists);
    if (wanted && ofFields.length < types.length) return everything;
    if (!wanted && !place.isAlone) return untold(place, ambiguous);
    const test = wanted ? present : absentField;
    return combined(
      ofFields.map((type) => letter(type, test, place)),
      wanted,
      place,
    );
  },
};

const mapsAndLists = 'a pattern sees fields alone, and not whether a map or list is there';
const ambiguous =
  'a field inside of maps or lists is not known to be missing: a name with dots can stand for it';

/** The types of one value, and with the sets all whose values are fields; of maps and lists the values inside are. */
const scalarTypes: readonly string[] = ['S', 'N', 'B', 'BOOL', 'NULL'] satisfies readonly AttributeType[];
const leafTypes: readonly AttributeType[] = ['S', 'N', 'B', 'BOOL', 'NULL', 'SS', 'NS', 'BS'];

function combined(conditions: readonly Alternatives[], wanted: boolean, place: ValuePlace): Alternatives {
  return (wanted ? anyOf : allOf)(conditions, place.tell);
}

function untold(place: ValuePlace, reason: string): Alternatives {
  place.tell(reason);
  return everything;
}

/** The field behind a type letter passes. */
function letter(type: AttributeType, test: FieldTest, place: ValuePlace): Alternatives {
  return fieldPasses(field([...place.path, type], test, place.lists));
}

/** For a test of values of one type that a pattern cannot say: it is of that type. */
function isThere(type: AttributeType, wanted: boolean, place: ValuePlace, reason: string): Alternatives {
  place.tell(reason);
  return wanted ? letter(type, present, place) : everything;
}

/** No field of any type is there. */
function absentHere(place: ValuePlace): Alternatives {
  if (!place.isAlone) return untold(place, ambiguous);
  place.tell(mapsAndLists);
  return allOf(
    leafTypes.map((type) => letter(type, absentField, place)),
    place.tell,
  );
}

function textPasses(
  text: string,
  test: (text: string) => FieldTest,
  wanted: boolean,
  place: ValuePlace,
): Alternatives {
  if (!wanted)
    return untold(place, 'a pattern says of values, and not of beginnings and ends, that they are others');
  return letter('S', text.isWellFormed() ? test(text) : present, place);
}

/** Literals of one type are listed together. */
function groupOf(operand: Operand): AttributeType | 'absent' | 'streamRegion' {
  return typeof operand === 'string' ? operand : typeOf(operand);
}

function operandPasses(
  group: ReturnType<typeof groupOf>,
  operands: readonly Operand[],
  wanted: boolean,
  place: ValuePlace,
): Alternatives {
  if (group === 'absent') return wanted ? absentHere(place) : untold(place, mapsAndLists);
  if (group === 'streamRegion')
    return isThere('S', wanted, place, "a pattern knows nothing of the stream's Region");
  const values = operands.filter((operand) => typeof operand !== 'string');
  if (!scalarTypes.includes(group)) {
    if (!wanted) return untold(place, asWholes);
    return anyOf(
      values.map((value) => wholePasses(value, place)),
      place.tell,
    );
  }
  const texts = values.flatMap((value) => written(value) ?? []);
  const isComplete = texts.length === values.length;
  if (!isComplete) place.tell(whyUnknown(group));
  if (wanted) return letter(group, isComplete ? oneOf(texts) : present, place);
  return place.isAlone ? letter(group, otherThan(texts), place) : untold(place, ambiguous);
}

const asWholes = 'sets, lists and maps are compared as wholes';
/** Another value than these, or none: of two booleans it is known which. */
function otherThan(texts: readonly (string | boolean)[]): FieldTest {
  const booleans = texts.filter((text) => typeof text === 'boolean');
  if (booleans.length === 0) return noneOf(texts.filter((text) => typeof text === 'string'));
  return { ...oneOf([true, false].filter((one) => !booleans.includes(one))), absent: true };
}

/** What stands behind the type letter of a scalar; `undefined` where it is not certain how it is written. */
function written(value: AttributeValue): string | boolean | undefined {
  if ('S' in value) return value.S.isWellFormed() ? value.S : undefined;
  if ('N' in value) return plainDecimal(value.N);
  return 'BOOL' in value ? value.BOOL : 'NULL' in value ? true : undefined;
}

function whyUnknown(type: string): string {
  if (type === 'B')
    return 'nothing says whether bytes are compared before or after they are written as base64';
  return `nothing promises how ${type === 'N' ? 'a number so large, small or long' : 'text that is not well-formed'} is written`;
}

/**
 * The text that DynamoDB gives for a number: plain decimals without zeros that say nothing. `undefined` for more than 38 digits,
 * and from 1E21 up or below 1E-6, where other software writes exponents: nothing promises there what AWS writes.
 */
function plainDecimal(text: string): string | undefined {
  const [, minus = '', digits = '', shift = ''] = /^(-?)0\.(\d+)e(-?\d+)$/.exec(canonicalDecimal(text)) ?? [];
  if (digits === '') return '0';
  const point = Number(shift);
  if (digits.length > 38 || point > 21 || point < -5) return undefined;
  if (point <= 0) return `${minus}0.${'0'.repeat(-point)}${digits}`;
  const whole = digits.slice(0, point).padEnd(point, '0');
  return minus + (digits.length > point ? `${whole}.${digits.slice(point)}` : whole);
}

/** A value that equals this one has this in its fields. */
function wholePasses(value: AttributeValue, place: ValuePlace): Alternatives {
  const type = typeOf(value);
  const held = payload(value, type);
  if (typeof held !== 'object') return operandPasses(type, [value], true, place);
  place.tell(asWholes);
  if (!Array.isArray(held)) {
    return allOf(
      Object.entries(held).map(([name, inside]) => {
        const entry = entryOf(place, name);
        return entry ? wholePasses(inside as AttributeValue, entry) : everything;
      }),
      () => undefined,
    );
  }
  const [first] = held as readonly (AttributeValue | string)[];
  if (first === undefined) return everything;
  if (typeof first === 'object') return wholePasses(first, elementOf(place, 0));
  return letter(
    type,
    memberTest(type === 'NS' ? { N: first } : type === 'BS' ? { B: first } : { S: first }),
    place,
  );
}

function memberTest(member: AttributeValue): FieldTest {
  const text = written(member);
  return text === undefined ? present : oneOf([text]);
}

/** A set or list with this member. */
function memberPasses(member: AttributeValue, place: ValuePlace): Alternatives {
  const type = typeOf(member);
  const inList = wholePasses(member, elementOf(place, 'any'));
  if (type !== 'S' && type !== 'N' && type !== 'B') return inList;
  const inSet = letter(`${type}S`, memberTest(member), place);
  return anyOf([inSet, inList], place.tell);
}

/** What a list has at an index. */
export function elementOf({ path, lists, tell }: ValuePlace, at: ListStep['at']): ValuePlace {
  const inside = [...path, 'L'];
  return { path: inside, lists: [...lists, { place: inside.join('.'), at }], isAlone: false, tell };
}

/** What a map has by a name; `undefined` for a name that a pattern does not take as one. */
export function entryOf({ path, lists, tell }: ValuePlace, name: string): ValuePlace | undefined {
  return isName(name) ? { path: [...path, 'M', name], lists, isAlone: false, tell } : undefined;
}

/** Whether a pattern takes a name as that of a field. Names of operators, and those that are kept for later ones, are refused inside `$or`. */
export function isName(name: string): boolean {
  return name.isWellFormed() && name !== '$or' && !reservedInOr.has(name);
}
