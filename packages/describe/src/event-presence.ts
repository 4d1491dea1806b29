import { type EventName, type Image, imagesCarried, type TableModel } from '@sluice/filters';
import { type Alternatives, allOf, type Conjunction, everything, field, fieldPasses } from './conjunction.js';
import { absentField, type FieldTest, oneOf, present } from './field-test.js';
import { isName } from './superset-values.js';

/** What tells the events of a stream apart in a record, where patterns may not test `eventName`. */
export interface EventMarks {
  /** Of the images that the stream carries: the events that have it. */
  readonly images: ReadonlyMap<Image, readonly EventName[]>;
  /** Key attributes, which every image has. */
  readonly keys: readonly string[];
}

export const allEvents: readonly EventName[] = ['INSERT', 'MODIFY', 'REMOVE'];

/**
 * The marks that all descriptions of a stream agree upon. A key whose name has a dot in it is none: what is inside of another
 * attribute could stand for it.
 */
export function eventMarks(tables: readonly TableModel[]): EventMarks {
  const images = (['NewImage', 'OldImage'] as const).map((image) => {
    const having = (table: TableModel) =>
      allEvents.filter((event) => imagesCarried(table.view, event).has(image));
    const [first = [], ...others] = tables.map(having);
    return [image, others.every((one) => one.length === first.length) ? first : []] as const;
  });
  const [first = [], ...others] = tables.map(({ keys }) => [keys.partition, keys.sort ?? '']);
  const keys = first.filter((name) => isPlain(name) && others.every((one) => one.includes(name)));
  return { images: new Map(images.filter(([, events]) => events.length > 0 && keys.length > 0)), keys };
}

function isPlain(name: string): boolean {
  return name !== '' && !name.includes('.') && isName(name);
}

/**
 * What the records of some events have, and those of others have not. `isExact` is false where others may have it too. `marks` is
 * `'eventName'` where patterns may test it.
 */
export function eventsPass(
  events: readonly EventName[],
  marks: EventMarks | 'eventName',
  conjunction: Conjunction,
): { readonly alternatives: Alternatives; readonly isExact: boolean } {
  if (events.length === allEvents.length) return { alternatives: everything, isExact: true };
  if (marks === 'eventName') {
    return { alternatives: fieldPasses(field(['eventName'], oneOf(events))), isExact: true };
  }
  const whole = needsOf(events, marks, conjunction);
  if (whole.isExact || events.length === 1) return whole;
  // INSERT and REMOVE have nothing in common that MODIFY has not.
  const each = events.map((event) => needsOf([event], marks, conjunction));
  if (!each.every(({ isExact }) => isExact)) return whole;
  return { alternatives: each.flatMap(({ alternatives }) => alternatives), isExact: true };
}

interface Need {
  readonly image: Image;
  readonly having: readonly EventName[];
  readonly isThere: boolean;
}

function needsOf(
  events: readonly EventName[],
  marks: EventMarks,
  conjunction: Conjunction,
): { readonly alternatives: Alternatives; readonly isExact: boolean } {
  const needs = [...marks.images].flatMap(([image, having]): readonly Need[] => {
    const isThere = events.every((event) => having.includes(event));
    return isThere || !events.some((event) => having.includes(event)) ? [{ image, having, isThere }] : [];
  });
  const given = needs.filter(({ image, isThere }) => isThere && isImplied(image, conjunction));
  // That an image is not there takes one alternative, that it is there one for each type of key: it is left out where it can be.
  const asked = needs
    .filter((need) => !given.includes(need))
    .sort((one, other) => Number(other.isThere) - Number(one.isThere));
  const left = allowed(needs);
  const needed = asked.reduce<readonly Need[]>((kept, need) => {
    const without = kept.filter((one) => one !== need);
    return allowed([...given, ...without]).length === left.length ? without : kept;
  }, asked);
  return {
    alternatives: needed.length === 0 ? everything : imagesAre(needed, marks, conjunction),
    isExact: left.length === events.length,
  };
}

function allowed(needs: readonly Need[]): readonly EventName[] {
  return allEvents.filter((event) =>
    needs.every(({ having, isThere }) => having.includes(event) === isThere),
  );
}

/** Whether a field of the image has to be there anyway. */
function isImplied(image: Image, conjunction: Conjunction): boolean {
  return [...conjunction.values()].some(({ path, test }) => path[1] === image && !test.absent);
}

/** A key attribute has one of three types, in both images the same, and one alone where the conjunction says which. */
function imagesAre(needs: readonly Need[], { keys }: EventMarks, conjunction: Conjunction): Alternatives {
  const letters = ['S', 'N', 'B'];
  const known = keys.flatMap((name) =>
    letters.flatMap((letter) => {
      const isKnown = conjunction.has(['dynamodb', 'Keys', name, letter].join('.'));
      return isKnown ? [{ name, letters: [letter] }] : [];
    }),
  );
  const key = known[0] ?? { name: keys[0] ?? '', letters };
  const passes = (image: Image, letter: string, test: FieldTest) =>
    fieldPasses(field(['dynamodb', image, key.name, letter], test));
  const there = needs.filter(({ isThere }) => isThere);
  const missing = needs
    .filter(({ isThere }) => !isThere)
    .flatMap(({ image }) => key.letters.map((letter) => passes(image, letter, absentField)));
  const ofEach = there.length > 0 ? key.letters : key.letters.slice(0, 1);
  return ofEach.flatMap((letter) =>
    allOf([...missing, ...there.map(({ image }) => passes(image, letter, present))], () => undefined),
  );
}
