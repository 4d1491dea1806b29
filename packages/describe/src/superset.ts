import {
  type EventName,
  type FilterKind,
  type FilterNode,
  type Image,
  type Operand,
  type PathSegments,
  parseKeyTemplate,
  passesAbsent,
  printFilter,
  type ValueTest,
} from '@sluice/filters';
import {
  type Alternatives,
  allOf,
  anyOf,
  everything,
  field,
  fieldPasses,
  nothingAtAll,
} from './conjunction.js';
import { endingWith, type FieldTest, noneOf, oneOf, startingWith } from './field-test.js';
import { elementOf, entryOf, isName, type ValuePlace, valuePasses } from './superset-values.js';

/** What a filter is read for. */
export interface Reading {
  readonly eventName: EventName;
  /** Whether patterns may test `userIdentity`. */
  readonly metadata: boolean;
  /** Tells what patterns cannot say, and why. */
  readonly tell: (condition: string, reason: string) => void;
}

/**
 * What the records of one event pass that pass a filter, or that do not (`wanted: false`). No such record is left out, and
 * others may be in.
 */
export function superset(filter: FilterNode, reading: Reading, wanted = true): Alternatives {
  return (readers[filter.kind] as Reader<FilterNode>)(filter, reading, wanted);
}

type Reader<F> = (filter: F, reading: Reading, wanted: boolean) => Alternatives;

const readers: { readonly [K in FilterKind]: Reader<Extract<FilterNode, { kind: K }>> } = {
  all: (filter, reading, wanted) => ofParts(filter, filter.filters, reading, wanted, wanted ? allOf : anyOf),
  any: (filter, reading, wanted) => ofParts(filter, filter.filters, reading, wanted, wanted ? anyOf : allOf),
  not: ({ filter }, reading, wanted) => superset(filter, reading, !wanted),
  table: (filter, reading, wanted) => untold(filter, reading, wanted, 'a mapping is of one table'),
  eventName: ({ names }, { eventName }, wanted) => constant(names.includes(eventName), wanted),
  removedBy: (filter, reading, wanted) => {
    if (reading.eventName !== 'REMOVE') return constant(false, wanted);
    if (!reading.metadata)
      return untold(
        filter,
        reading,
        wanted,
        'who deleted an item stands in userIdentity, which patterns test with metadata alone',
      );
    const byTtl = wanted === (filter.by === 'ttl');
    if (filter.ttl === undefined) return byTtl ? markedByTtl : notMarkedByTtl;
    tell(filter, reading, wanted, 'a number is text in a record, and patterns compare no times with it');
    return byTtl ? everything : notMarkedByTtl;
  },
  key: (filter, reading, wanted) => {
    if (!wanted)
      return untold(filter, reading, wanted, 'a pattern does not say of templates that they do not match');
    const keys = Object.entries(filter.templates).map(([name, text]) => ({ name, text }));
    const captures = keys.flatMap(({ text }) => parseKeyTemplate(text).captures);
    if (!keys.every(isSaid))
      tell(filter, reading, wanted, 'a pattern tests how a key begins or ends, and not the rest');
    if (new Set(captures).size < captures.length)
      tell(filter, reading, wanted, 'its keys have to capture the same');
    return allOf(keys.map(keyPasses), (reason) => tell(filter, reading, wanted, reason));
  },
  value: (filter, reading, wanted) => {
    const subject = reading.eventName === 'REMOVE' ? 'OldImage' : 'NewImage';
    return imagePasses(subject, filter, filter.test, reading, wanted);
  },
  changed: (filter, reading, wanted) =>
    reading.eventName === 'MODIFY' ? changes(filter, reading, wanted) : comesOrGoes(filter, reading, wanted),
  typeChanged: (filter, reading, wanted) => ofModify(filter, reading, wanted, () => []),
  delta: (filter, reading, wanted) => ofModify(filter, reading, wanted, bothNumbers),
  crossed: (filter, reading, wanted) => ofModify(filter, reading, wanted, bothNumbers),
  membersChanged: (filter, reading, wanted) => {
    const more: Image = filter.change === 'added' ? 'NewImage' : 'OldImage';
    if (!imagesOf[reading.eventName].includes(more)) return constant(false, wanted);
    if (reading.eventName === 'MODIFY') tell(filter, reading, wanted, comparesImages);
    if (!filter.members) return untold(filter, reading, wanted, countsMembers);
    return imagePasses(more, filter, { kind: 'has', members: filter.members }, reading, wanted);
  },
  where: (filter, reading, wanted) => untold(filter, reading, wanted, 'it is a function'),
};

const comparesImages = 'it compares the two images';
const countsMembers = 'a pattern does not count members';

const imagesOf: Readonly<Record<EventName, readonly Image[]>> = {
  INSERT: ['NewImage'],
  MODIFY: ['NewImage', 'OldImage'],
  REMOVE: ['OldImage'],
};

function constant(passes: boolean, wanted: boolean): Alternatives {
  return passes === wanted ? everything : nothingAtAll;
}

function tell(filter: FilterNode, reading: Reading, wanted: boolean, reason: string): void {
  reading.tell(printFilter(wanted ? filter : { kind: 'not', filter }), reason);
}

function untold(filter: FilterNode, reading: Reading, wanted: boolean, reason: string): Alternatives {
  tell(filter, reading, wanted, reason);
  return everything;
}

function ofParts(
  filter: FilterNode,
  parts: readonly FilterNode[],
  reading: Reading,
  wanted: boolean,
  combine: typeof allOf,
): Alternatives {
  return combine(
    parts.map((part) => superset(part, reading, wanted)),
    (reason) => tell(filter, reading, wanted, reason),
  );
}

/** How DynamoDB marks what TTL deletes. Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html */
const mark = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

const identity = (name: keyof typeof mark, test: FieldTest) =>
  fieldPasses(field(['userIdentity', name], test));
const notLost = () => undefined;
const markedByTtl = allOf(
  [identity('type', oneOf([mark.type])), identity('principalId', oneOf([mark.principalId]))],
  notLost,
);
const notMarkedByTtl = anyOf(
  [identity('type', noneOf([mark.type])), identity('principalId', noneOf([mark.principalId]))],
  notLost,
);

interface Key {
  readonly name: string;
  readonly text: string;
}

/** Whether a pattern says all of a template: it is no more than a beginning, as `ORDER#:rest*` is, or has no captures. */
function isSaid({ name, text }: Key): boolean {
  const { prefix, captures } = parseKeyTemplate(text);
  const isBeginning = captures.length === 1 && prefix !== '' && text.endsWith('*') && literalEnd(text) === '';
  return isName(name) && text.isWellFormed() && (captures.length === 0 || isBeginning);
}

/** A key attribute matches a template, or at least begins or ends as it does. */
function keyPasses({ name, text }: Key): Alternatives {
  const { prefix, captures } = parseKeyTemplate(text);
  const literal = prefix || literalEnd(text);
  if (!isName(name) || !text.isWellFormed() || literal === '') return everything;
  const test = captures.length === 0 ? oneOf([prefix]) : prefix ? startingWith(prefix) : endingWith(literal);
  const letters = partOfNumber.test(literal) ? ['S', 'N'] : ['S'];
  return letters.flatMap((letter) => fieldPasses(field(['dynamodb', 'Keys', name, letter], test)));
}

/** What stands behind the last capture of a template. */
function literalEnd(template: string): string {
  const parts = template.replaceAll('::', '\0').split(/:[A-Za-z_]\w*\*?/);
  return (parts.at(-1) ?? '').replaceAll('\0', ':');
}

/** What the text of a number can begin or end with, however it is written: templates match numbers too. */
const partOfNumber = /^[-+\d.eE]*$/;

/** The attribute of a filter passes a test in an image, or does not (`passes: false`). `wanted` is what is asked of the filter. */
function imagePasses(
  image: Image,
  filter: FilterNode & { readonly path: PathSegments },
  test: ValueTest,
  reading: Reading,
  wanted: boolean,
  passes = wanted,
): Alternatives {
  const place = placeOf(image, filter.path, (reason) => tell(filter, reading, wanted, reason));
  if (!place) return untold(filter, reading, wanted, 'its name means something else in a pattern');
  return valuePasses(test, passes, place);
}

function placeOf(
  image: Image,
  path: PathSegments,
  tellReason: (reason: string) => void,
): ValuePlace | undefined {
  const [name, ...inside] = path;
  if (typeof name !== 'string' || !isName(name)) return undefined;
  let place: ValuePlace | undefined = {
    path: ['dynamodb', image, name],
    lists: [],
    isAlone: !name.includes('.'),
    tell: tellReason,
  };
  for (const segment of inside) {
    place = place && (typeof segment === 'number' ? elementOf(place, segment) : entryOf(place, segment));
  }
  return place;
}

/** A filter that only a MODIFY passes, by comparing its images: of it remains what each image has to have. */
function ofModify<F extends FilterNode & { readonly path: PathSegments }>(
  filter: F,
  reading: Reading,
  wanted: boolean,
  remains: (filter: F, reading: Reading) => readonly Alternatives[],
): Alternatives {
  if (reading.eventName !== 'MODIFY') return constant(false, wanted);
  tell(filter, reading, wanted, comparesImages);
  return wanted ? allOf(remains(filter, reading), notLost) : everything;
}

function bothNumbers(
  filter: FilterNode & { readonly path: PathSegments },
  reading: Reading,
): readonly Alternatives[] {
  const number: ValueTest = { kind: 'ofType', types: ['N'] };
  return imagesOf.MODIFY.map((image) => imagePasses(image, filter, number, reading, true));
}

type Changed = Extract<FilterNode, { kind: 'changed' }>;

/**
 * Both images are tested; that they differ can be said where one of them has to have one of a few values, and the other another
 * one than that.
 */
function changes(filter: Changed, reading: Reading, wanted: boolean): Alternatives {
  if (!wanted) return untold(filter, reading, wanted, comparesImages);
  const { before, after } = filter;
  const passes = (image: Image, test: ValueTest | undefined, isWanted = true) =>
    test ? imagePasses(image, filter, test, reading, true, isWanted) : everything;
  const lost = (reason: string) => tell(filter, reading, wanted, reason);
  const old = literalsOf(before);
  const now = literalsOf(after);
  const both = () => allOf([passes('NewImage', after), passes('OldImage', before)], lost);
  if (old && now && ![...old.keys()].some((key) => now.has(key))) return both();
  const [image, other, few, test] =
    now && (now.size <= fewLiterals || !old)
      ? (['NewImage', 'OldImage', now, before] as const)
      : (['OldImage', 'NewImage', old, after] as const);
  if (!few || few.size > fewLiterals) {
    tell(filter, reading, wanted, comparesImages);
    return both();
  }
  const ofEach = Array.from(few.values(), (operand) => {
    const literal: ValueTest = { kind: 'oneOf', operands: [operand] };
    return allOf([passes(image, literal), passes(other, literal, false), passes(other, test)], lost);
  });
  return anyOf(ofEach, lost);
}

/** Each one of them takes an alternative of its own. */
const fewLiterals = 4;

/** The literals that a test lists, where it lists all that pass, by their texts: some values have several. */
function literalsOf(test: ValueTest | undefined): ReadonlyMap<string, Operand> | undefined {
  if (test?.kind !== 'oneOf') return undefined;
  return new Map(test.operands.map((operand) => [JSON.stringify(operand), operand]));
}

/** Of an INSERT or a REMOVE: the one image has the attribute, and the other, which is not there, does not. */
function comesOrGoes(filter: Changed, reading: Reading, wanted: boolean): Alternatives {
  const { before, after } = filter;
  const [image, test, missing] =
    reading.eventName === 'INSERT'
      ? (['NewImage', after, before] as const)
      : (['OldImage', before, after] as const);
  if (!passesAbsent(missing)) return constant(false, wanted);
  const tests: ValueTest[] = test ? [test] : [];
  if (passesAbsent(test)) tests.push({ kind: 'exists' });
  return (wanted ? allOf : anyOf)(
    tests.map((one) => imagePasses(image, filter, one, reading, wanted)),
    (reason) => tell(filter, reading, wanted, reason),
  );
}
