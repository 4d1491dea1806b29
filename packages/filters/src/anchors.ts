import { type AttributeType, payload, typeOf } from './attribute-value.js';
import { canonicalDecimal } from './decimal.js';
import type { FilterKind, FilterNode, Operand, ValueTest } from './filter.js';
import { parseKeyTemplate } from './key-template.js';
import type { PathSegments } from './path.js';
import type { AttributeValue, EventName } from './record.js';

/**
 * What a record certainly has when it passes a filter: one of a few literals in one place. An index looks into the place
 * once, and finds all filters that can still pass. A filter may have none; one that it has is never wrong.
 */
export interface Anchor {
  readonly place: Place;
  /** Each one once. */
  readonly literals: readonly Literal[];
  /** The part of the filter that says just this and no more: with one of the literals found, it passes. */
  readonly decides?: FilterNode;
}

/** Where a literal is looked for: at a path of an image, or at the beginning of a key. */
export type Place =
  | {
      readonly kind: 'value';
      readonly id: string;
      readonly image: 'old' | 'new';
      readonly path: PathSegments;
    }
  | { readonly kind: 'prefix'; readonly id: string; readonly attribute: string; readonly length: number };

/** A scalar, that there is no value, or the beginning of a text: equal ones have equal type and text. */
export interface Literal {
  readonly type: AttributeType | 'absent' | 'prefix';
  readonly text: string;
}

/** The anchors of a filter on events of this name. */
export function anchorsOf(filter: FilterNode, eventName: EventName): readonly Anchor[] {
  return (readers[filter.kind] as Reader<FilterNode>)(filter, eventName);
}

/** The text by which equal values of a type are found; `undefined` for maps, lists and sets. */
export function literalText(value: AttributeValue, type: AttributeType): string | undefined {
  switch (type) {
    case 'S':
    case 'B':
      return payload(value, type);
    case 'N':
      return canonicalDecimal(payload(value, type));
    case 'BOOL':
    case 'NULL':
      return String(payload(value, type));
    default:
      return undefined;
  }
}

type Reader<F> = (filter: F, eventName: EventName) => readonly Anchor[];

const none = () => [];

const readers: { readonly [K in FilterKind]: Reader<Extract<FilterNode, { kind: K }>> } = {
  all: ({ filters }, eventName) => filters.flatMap((filter) => anchorsOf(filter, eventName)),
  any: (filter, eventName) => ofEvery(filter, eventName),
  not: none,
  table: none,
  eventName: none,
  removedBy: none,
  key: ({ templates }) => Object.entries(templates).flatMap(([attribute, text]) => prefixed(attribute, text)),
  value: (filter, eventName) => {
    const anchors = valued(eventName === 'REMOVE' ? 'old' : 'new', filter.path, filter.test);
    return anchors.map((anchor) => ({ ...anchor, decides: filter }));
  },
  changed: ({ path, before, after }, eventName) => [
    ...(eventName === 'INSERT' ? [] : valued('old', path, before)),
    ...(eventName === 'REMOVE' ? [] : valued('new', path, after)),
  ],
  typeChanged: none,
  delta: none,
  crossed: none,
  membersChanged: none,
  where: none,
};

function prefixed(attribute: string, template: string): readonly Anchor[] {
  const { prefix } = parseKeyTemplate(template);
  if (prefix === '') return [];
  const place: Place = {
    kind: 'prefix',
    id: `${prefix.length} of ${attribute}`,
    attribute,
    length: prefix.length,
  };
  return [{ place, literals: [{ type: 'prefix', text: prefix }] }];
}

function valued(image: 'old' | 'new', path: PathSegments, test: ValueTest | undefined): readonly Anchor[] {
  const literals = test?.kind === 'oneOf' ? test.operands.map(literalOf) : [undefined];
  if (!literals.every((literal) => literal !== undefined)) return [];
  return [
    {
      place: { kind: 'value', id: `${image} ${JSON.stringify(path)}`, image, path },
      literals: distinct(literals),
    },
  ];
}

function literalOf(operand: Operand): Literal | undefined {
  if (operand === 'absent') return { type: 'absent', text: '' };
  if (operand === 'streamRegion') return undefined;
  const type = typeOf(operand);
  const text = literalText(operand, type);
  return text === undefined ? undefined : { type, text };
}

function distinct(literals: readonly Literal[]): readonly Literal[] {
  return [...new Map(literals.map((literal) => [`${literal.type} ${literal.text}`, literal])).values()];
}

/** The places that all branches have, with the literals of all of them. */
function ofEvery(any: Extract<FilterNode, { kind: 'any' }>, eventName: EventName): readonly Anchor[] {
  const branches = any.filters.map((filter) => anchorsOf(filter, eventName));
  return (branches[0] ?? []).flatMap(({ place }) => {
    const same = branches.map((anchors) => anchors.find((anchor) => anchor.place.id === place.id));
    if (!same.every((anchor) => anchor !== undefined)) return [];
    const isAll = same.every(({ decides }, index) => decides !== undefined && decides === any.filters[index]);
    const literals = distinct(same.flatMap((anchor) => anchor.literals));
    return [isAll ? { place, literals, decides: any } : { place, literals }];
  });
}

/** What is left of a filter to be tested once a part of it has passed; nothing when that was all. */
export function without(filter: FilterNode, passed: FilterNode | undefined): FilterNode | undefined {
  if (filter === passed) return undefined;
  if (filter.kind !== 'all' || passed === undefined) return filter;
  const left = filter.filters.flatMap((part) => without(part, passed) ?? []);
  if (left.length === 0) return undefined;
  return left.length === 1 ? left[0] : { kind: 'all', filters: left };
}
