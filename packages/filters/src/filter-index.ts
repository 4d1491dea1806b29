import { type Anchor, anchorsOf, type Literal, literalText, type Place, without } from './anchors.js';
import { payload, typeOf } from './attribute-value.js';
import { MissingKeyError } from './errors.js';
import type { FilterNode } from './filter.js';
import { keyText, newImage, oldImage, type Predicate } from './match.js';
import { readPath } from './path.js';
import type { AttributeMap, EventName, StreamRecord } from './record.js';
import { type Pass, sharedMatcher } from './shared-matcher.js';

export interface Indexed<T> {
  readonly filter: FilterNode;
  readonly value: T;
}

/**
 * Finds the entries whose filters records of one event name match, in the order of the list, without testing each filter:
 * a record is looked up by the literals that filters ask for, and only the filters that are found so are tested. An entry
 * whose filter cannot judge the record is given as `unjudged` makes it of the entry's value and of what was thrown.
 *
 * It is a tree. A node has filters to test one by one, and places to look into; what stands in a place of the record leads to
 * the node of the filters that ask for it.
 */
export function filterIndex<T>(
  entries: readonly Indexed<T>[],
  eventName: EventName,
  unjudged: (value: T, error: unknown) => T,
): (record: StreamRecord) => readonly T[] {
  const { root, pass } = treeOf(entries, eventName);
  return (record) => {
    const found: Entry<T>[] = [];
    pass.number++;
    visit(root, record, found, unjudged);
    if (found.length < 2) return found[0]?.values ?? [];
    return found.sort((one, other) => one.position - other.position).flatMap(({ values }) => values);
  };
}

/** A function of its own: what is needed to build the tree alone is not kept. */
function treeOf<T>(entries: readonly Indexed<T>[], eventName: EventName): { root: Node<T>; pass: Pass } {
  const { matcherOf, pass } = sharedMatcher(entries.map(({ filter }) => filter));
  const candidates = entries.map(
    ({ filter, value }, position): Candidate<T> => ({
      entry: { position, values: [value], test: matcherOf(filter) },
      anchors: anchorsOf(filter, eventName),
      left: filter,
      copies: 1,
    }),
  );
  return { root: nodeOf(candidates, matcherOf), pass };
}

interface Entry<T> {
  readonly position: number;
  /** The one value, as it is given where nothing else is found. */
  readonly values: readonly [T];
  /** The whole filter. */
  readonly test: Predicate;
}

interface Node<T> {
  readonly leaves: readonly Leaf<T>[];
  readonly branches: readonly Branch<T>[];
}

interface Leaf<T> {
  readonly entry: Entry<T>;
  /** What the places on the way here leave to be tested, if anything. */
  readonly test: Predicate | undefined;
}

interface Branch<T> {
  /** The node that the record leads to. Throws where the record cannot be read. */
  readonly find: (record: StreamRecord) => Node<T> | undefined;
  /** All that are behind it. */
  readonly entries: readonly Entry<T>[];
}

type Unjudged<T> = (value: T, error: unknown) => T;

function visit<T>(node: Node<T>, record: StreamRecord, found: Entry<T>[], unjudged: Unjudged<T>): void {
  for (const { entry, test } of node.leaves) {
    if (test) judge(entry, test, record, found, unjudged);
    else found.push(entry);
  }
  for (const branch of node.branches) {
    let next: Node<T> | undefined;
    try {
      next = branch.find(record);
    } catch {
      // The place cannot be read: each filter tells by itself what that means for it.
      for (const entry of branch.entries) judge(entry, entry.test, record, found, unjudged);
    }
    if (next) visit(next, record, found, unjudged);
  }
}

function judge<T>(
  entry: Entry<T>,
  test: Predicate,
  record: StreamRecord,
  found: Entry<T>[],
  unjudged: Unjudged<T>,
): void {
  try {
    if (test(record)) found.push(entry);
  } catch (error) {
    found.push({ ...entry, values: [unjudged(entry.values[0], error)] });
  }
}

/** An entry on its way into the tree. */
interface Candidate<T> {
  readonly entry: Entry<T>;
  /** Of the places that have not been looked into yet. */
  readonly anchors: readonly Anchor[];
  /** What these have not decided. */
  readonly left: FilterNode | undefined;
  /** In how many nodes the entry stands by now: once for each literal that it asks for, in each place. */
  readonly copies: number;
}

type MatcherOf = (filter: FilterNode) => Predicate;

/** So few filters are tested one by one in the time that a look into a place takes. */
const fewCandidates = 2;

/** Filters that ask for one of many literals in several places would fill the tree: beyond this, the others are tested. */
const mostCopies = 100;

function nodeOf<T>(candidates: readonly Candidate<T>[], matcherOf: MatcherOf): Node<T> {
  const sizes = candidates.length > fewCandidates ? bucketSizes(candidates) : new Map<string, number>();
  const leaves: Leaf<T>[] = [];
  const behind = new Map<string, Candidate<T>[]>();
  for (const candidate of candidates) {
    const id = sizes.size > 0 ? mostSelective(candidate.anchors, sizes)?.place.id : undefined;
    if (id !== undefined) push(behind, id, candidate);
    else leaves.push({ entry: candidate.entry, test: candidate.left && matcherOf(candidate.left) });
  }
  return { leaves, branches: [...behind].map(([id, those]) => branchOf(id, those, matcherOf)) };
}

/** How many candidates ask for each literal in each place. */
function bucketSizes(candidates: readonly Candidate<unknown>[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { anchors } of candidates) {
    for (const anchor of anchors) {
      for (const bucket of bucketsOf(anchor)) sizes.set(bucket, (sizes.get(bucket) ?? 0) + 1);
    }
  }
  return sizes;
}

function bucketsOf({ place, literals }: Anchor): readonly string[] {
  return literals.map(({ type, text }) => `${place.id} ${type} ${text}`);
}

/** The anchor whose fullest bucket holds the fewest candidates. */
function mostSelective(anchors: readonly Anchor[], sizes: ReadonlyMap<string, number>): Anchor | undefined {
  const fullest = anchors.map((anchor) =>
    Math.max(...bucketsOf(anchor).map((bucket) => sizes.get(bucket) ?? 0)),
  );
  return anchors[fullest.indexOf(Math.min(...fullest))];
}

function branchOf<T>(id: string, candidates: readonly Candidate<T>[], matcherOf: MatcherOf): Branch<T> {
  const buckets = new Map<Literal['type'], Map<string, Candidate<T>[]>>();
  let place: Place | undefined;
  for (const { entry, anchors, left, copies: before } of candidates) {
    const anchor = anchors.find((one) => one.place.id === id) as Anchor;
    const copies = before * anchor.literals.length;
    const others = anchors.filter(
      ({ place, literals: { length } }) => place.id !== id && (length < 2 || copies * length <= mostCopies),
    );
    const inside = { entry, anchors: others, left: left && without(left, anchor.decides), copies };
    place = anchor.place;
    for (const { type, text } of anchor.literals) {
      const texts = buckets.get(type) ?? new Map<string, Candidate<T>[]>();
      buckets.set(type, texts);
      push(texts, text, inside);
    }
  }
  const nodes = new Map(
    [...buckets].map(([type, texts]) => [
      type,
      new Map([...texts].map(([text, bucket]) => [text, nodeOf(bucket, matcherOf)])),
    ]),
  );
  return { entries: candidates.map(({ entry }) => entry), find: finder(place as Place, nodes) };
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

type Nodes<T> = ReadonlyMap<Literal['type'], ReadonlyMap<string, Node<T>>>;

function finder<T>(place: Place, nodes: Nodes<T>): Branch<T>['find'] {
  if (place.kind === 'prefix') {
    const { attribute, length } = place;
    const byText = nodes.get('prefix');
    return ({ dynamodb: { Keys } }) => {
      if (!Object.hasOwn(Keys, attribute)) throw new MissingKeyError(attribute, Object.keys(Keys));
      return byText?.get(keyText(Keys[attribute])?.slice(0, length) ?? '');
    };
  }
  const { path } = place;
  const imageOf = place.image === 'new' ? newImage : oldImage;
  const absent = nodes.get('absent')?.get('');
  const ofText = nodes.get('S');
  return (record) => {
    // Places are of images that the event has; `imageOf` throws for one that the record lacks.
    const value = readPath(imageOf(record) as AttributeMap, path);
    if (value === undefined) return absent;
    const type = typeOf(value);
    if (type === 'S') return ofText?.get(payload(value, type)); // as most are
    return nodes.get(type)?.get(literalText(value, type) ?? '');
  };
}
