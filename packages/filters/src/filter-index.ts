import { type Anchor, anchorsOf, type Kept, type Look } from './anchors.js';
import type { FilterNode } from './filter.js';
import type { Predicate } from './match.js';
import type { EventName, StreamRecord } from './record.js';
import { type Pass, sharedMatchers } from './shared-matcher.js';

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
function treeOf<T>(indexed: readonly Indexed<T>[], eventName: EventName): { root: Node<T>; pass: Pass } {
  const { tests, pass } = sharedMatchers(indexed.map(({ filter }) => filter));
  const candidates = indexed.map(({ filter, value }, position): Candidate<T> => {
    const test = tests[position] as Predicate;
    return { entry: { position, values: [value], test }, anchors: anchorsOf(filter, eventName), copies: 1 };
  });
  return { root: nodeOf(candidates), pass };
}

interface Entry<T> {
  readonly position: number;
  /** The one value, as it is given where nothing else is found. */
  readonly values: readonly [T];
  readonly test: Predicate;
}

interface Node<T> {
  readonly entries: readonly Entry<T>[];
  readonly branches: readonly Branch<T>[];
}

interface Branch<T> {
  readonly look: Look;
  readonly nodes: Kept<Node<T>>;
  /** All that are behind it. */
  readonly entries: readonly Entry<T>[];
}

type Unjudged<T> = (value: T, error: unknown) => T;

function visit<T>(node: Node<T>, record: StreamRecord, found: Entry<T>[], unjudged: Unjudged<T>): void {
  judge(node, record, found, unjudged);
  for (const branch of node.branches) {
    let next: Node<T> | undefined;
    try {
      next = branch.look(branch.nodes, record);
    } catch {
      // The place cannot be read: each filter tells by itself what that means for it.
      judge(branch, record, found, unjudged);
    }
    if (next) visit(next, record, found, unjudged);
  }
}

function judge<T>(
  { entries }: Node<T> | Branch<T>,
  record: StreamRecord,
  found: Entry<T>[],
  unjudged: Unjudged<T>,
): void {
  for (const entry of entries) {
    try {
      if (entry.test(record)) found.push(entry);
    } catch (error) {
      found.push({ ...entry, values: [unjudged(entry.values[0], error)] });
    }
  }
}

/** An entry on its way into the tree. */
interface Candidate<T> {
  readonly entry: Entry<T>;
  /** Of the places that have not been looked into yet. */
  readonly anchors: readonly Anchor[];
  /** In how many nodes the entry stands by now: once for each literal that it asks for, in each place. */
  readonly copies: number;
}

/** So few filters are tested one by one in the time that a look into a place takes. */
const fewCandidates = 2;

/** Filters that ask for one of many literals in several places would fill the tree: beyond this, the others are tested. */
const mostCopies = 100;

function nodeOf<T>(candidates: readonly Candidate<T>[]): Node<T> {
  const placeOf = candidates.length > fewCandidates ? mostSelective(candidates) : () => undefined;
  const byPlace = Map.groupBy(candidates, placeOf);
  const here = byPlace.get(undefined) ?? [];
  return {
    entries: here.map(({ entry }) => entry),
    branches: [...byPlace].flatMap(([place, behind]) =>
      place === undefined ? [] : [branchOf(place, behind)],
    ),
  };
}

/** For each candidate the place whose fullest bucket holds the fewest of all: a bucket is of one literal in one place. */
function mostSelective(
  candidates: readonly Candidate<unknown>[],
): (candidate: Candidate<unknown>) => string | undefined {
  const bucketsOf = ({ place, literals }: Anchor) => Array.from(literals, (literal) => `${place} ${literal}`);
  const buckets = Map.groupBy(
    candidates.flatMap(({ anchors }) => anchors.flatMap(bucketsOf)),
    (bucket) => bucket,
  );
  return ({ anchors }) => {
    const fullest = anchors.map((anchor) =>
      Math.max(...bucketsOf(anchor).map((bucket) => buckets.get(bucket)?.length ?? 0)),
    );
    return anchors[fullest.indexOf(Math.min(...fullest))]?.place;
  };
}

function branchOf<T>(place: string, behind: readonly Candidate<T>[]): Branch<T> {
  const anchorOf = ({ anchors }: Candidate<T>) => anchors.find((one) => one.place === place) as Anchor;
  const asked = behind.flatMap((candidate) => {
    const { literals } = anchorOf(candidate);
    const copies = candidate.copies * literals.size;
    const anchors = candidate.anchors.filter(
      (one) => one.place !== place && (one.literals.size < 2 || copies * one.literals.size <= mostCopies),
    );
    const inside = { ...candidate, anchors, copies };
    return Array.from(literals, (literal) => ({ literal, inside }));
  });
  const nodes: { [type: string]: Map<string, Node<T>> } = {};
  for (const [literal, bucket] of Map.groupBy(asked, ({ literal }) => literal)) {
    const [type = ''] = literal.split(':', 1);
    nodes[type] ??= new Map();
    nodes[type].set(literal.slice(type.length + 1), nodeOf(bucket.map(({ inside }) => inside)));
  }
  return { entries: behind.map(({ entry }) => entry), nodes, look: anchorOf(behind[0] as Candidate<T>).look };
}
