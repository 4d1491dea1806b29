import { keyOf, payload, typeOf, valueKey } from './attribute-value.js';
import type { FilterKind, FilterNode, Image, ValueTest } from './filter.js';
import { imagesOf } from './images.js';
import { parseKeyTemplate } from './key-template.js';
import { imageReaders, keyTextOf } from './match.js';
import { type PathSegments, readPath } from './path.js';
import type { EventName, StreamRecord } from './record.js';

/**
 * What a record certainly has when it passes a filter: one of a few literals in one place. An index looks into the place
 * once, and finds all filters that can still pass. A filter may have none; one that it has is never wrong.
 */
export interface Anchor {
  /** At a path of an image, or at the beginning of a key: equal places have equal names. */
  readonly place: string;
  /** As `valueKey` writes them. */
  readonly literals: ReadonlySet<string>;
  readonly look: Look;
}

/** Finds what is kept for the literal that a record has in a place. Throws where the place cannot be read. */
export type Look = <K>(kept: Kept<K>, record: StreamRecord) => K | undefined;

/** What is kept for literals, by their types and texts: a literal is `<type>:<text>`. */
export type Kept<K> = { readonly [type: string]: ReadonlyMap<string, K> };

/** The anchors of a filter on events of this name. */
export function anchorsOf(filter: FilterNode, eventName: EventName): readonly Anchor[] {
  return (readers[filter.kind] as Reader<FilterNode> | undefined)?.(filter, eventName) ?? [];
}

type Reader<F> = (filter: F, eventName: EventName) => readonly Anchor[];

/** Of the kinds that can have some. */
const readers: { readonly [K in FilterKind]?: Reader<Extract<FilterNode, { kind: K }>> } = {
  all: ({ filters }, eventName) => filters.flatMap((filter) => anchorsOf(filter, eventName)),
  any: ({ filters }, eventName) => ofEvery(filters.map((filter) => anchorsOf(filter, eventName))),
  key: ({ templates }) => Object.entries(templates).flatMap(([name, text]) => beginning(name, text)),
  value: ({ path, test }, eventName) => valued(imagesOf[eventName][0], path, test),
  changed: ({ path, before, after }, eventName) =>
    imagesOf[eventName].flatMap((image) => valued(image, path, image === 'NewImage' ? after : before)),
};

function beginning(name: string, template: string): readonly Anchor[] {
  const { prefix } = parseKeyTemplate(template);
  if (prefix === '') return [];
  const { length } = prefix;
  return [
    {
      place: `${length} of ${name}`,
      literals: new Set([valueKey({ S: prefix })]),
      look: (kept, record) => kept['S']?.get(keyTextOf(record, name)?.slice(0, length) ?? ''),
    },
  ];
}

function valued(image: Image, path: PathSegments, test: ValueTest | undefined): readonly Anchor[] {
  const literals = literalsOf(test);
  if (!literals || literals.has('streamRegion:')) return [];
  const imageOf = imageReaders[image];
  const place = `${image} ${JSON.stringify(path)}`;
  const look: Look = (kept, record) => {
    const value = readPath(imageOf(record), path);
    if (value === undefined) return kept['absent']?.get('');
    const type = typeOf(value);
    return kept[type]?.get(type === 'S' ? payload(value, type) : keyOf(value, type));
  };
  return [{ place, literals, look }];
}

/** All that a value can be to pass a test, as `valueKey` writes it, where the test lists it. */
export function literalsOf(test: ValueTest | undefined): ReadonlySet<string> | undefined {
  if (test?.kind !== 'oneOf') return undefined;
  return new Set(
    test.operands.map((operand) => (typeof operand === 'string' ? `${operand}:` : valueKey(operand))),
  );
}

/** The places that all branches have, with the literals of all of them. */
function ofEvery(branches: readonly (readonly Anchor[])[]): readonly Anchor[] {
  return (branches[0] ?? []).flatMap((anchor) => {
    const same = branches.map((anchors) => anchors.find(({ place }) => place === anchor.place));
    if (!same.every((one) => one !== undefined)) return [];
    return [{ ...anchor, literals: new Set(same.flatMap(({ literals }) => [...literals])) }];
  });
}
