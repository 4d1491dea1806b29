import { compareSequenceNumbers } from '@sluice/core';
import type { Effect } from '../outside.js';
import type { Write } from './flow.js';

/** An effect as the journal has it. */
export interface Entry extends Effect {
  readonly atMs: number;
}

/** A planned write, and when it was begun. */
export interface Written extends Write {
  readonly atMs: number;
}

/** What an item's journal should not show. Each line names the item and the handler. */
export interface Verdict {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Effects that no write asked for. */
  readonly unasked: readonly string[];
  readonly outOfOrder: readonly string[];
  /** From the beginning of the write to each handler's effect. */
  readonly latenciesMs: readonly number[];
}

/** Holds what was done against what was written, item by item. */
export function check(writes: readonly Written[], entries: readonly Entry[]): Verdict {
  const entriesOf = Map.groupBy(entries, ({ item }) => item);
  const writesOf = Map.groupBy(writes, ({ item }) => `${item.pk}/${item.sk}`);
  const items = [...new Set([...writesOf.keys(), ...entriesOf.keys()])].map((item) =>
    checkItem(item, writesOf.get(item) ?? [], entriesOf.get(item) ?? []),
  );
  return {
    lost: items.flatMap(({ lost }) => lost),
    doubled: items.flatMap(({ doubled }) => doubled),
    unasked: items.flatMap(({ unasked }) => unasked),
    outOfOrder: items.flatMap(({ outOfOrder }) => outOfOrder),
    latenciesMs: items.flatMap(({ latenciesMs }) => latenciesMs),
  };
}

function checkItem(item: string, writes: readonly Written[], entries: readonly Entry[]): Verdict {
  const expected = writes.flatMap((write) => write.handlers.map((handler) => ({ handler, write })));
  const first = withoutDoubles(entries);
  const doubled = entries
    .filter((entry) => !first.includes(entry))
    .map((entry) => `${item}: ${callOf(entry)}`);

  const left = first.map(({ handlerId }) => handlerId);
  const lost = expected.flatMap(({ handler, write }) => {
    const index = left.indexOf(handler);
    if (index < 0) return [`${item}: ${handler} of "${write.story}"`];
    left.splice(index, 1);
    return [];
  });
  const unasked = left.map((handler) => `${item}: ${handler}`);

  const inOrder =
    first.every(
      (entry, index) =>
        index === 0 ||
        compareSequenceNumbers(first[index - 1]?.sequenceNumber ?? '0', entry.sequenceNumber) <= 0,
    ) && first.map(({ handlerId }) => handlerId).join() === expected.map(({ handler }) => handler).join();
  const outOfOrder =
    inOrder || lost.length + unasked.length > 0
      ? []
      : [`${item}: ${first.map(({ handlerId }) => handlerId).join(', ')}`];
  const latenciesMs = inOrder
    ? first.map(({ atMs }, index) => Math.max(0, atMs - (expected[index]?.write.atMs ?? atMs)))
    : [];
  return { lost, doubled, unasked, outOfOrder, latenciesMs };
}

/** The items whose effects differ between two runs over the same records, doubles not counted. */
export function differences(one: readonly Effect[], other: readonly Effect[]): readonly string[] {
  const left = effectsByItem(withoutDoubles(one));
  const right = effectsByItem(withoutDoubles(other));
  return [...new Set([...left.keys(), ...right.keys()])].filter((item) => left.get(item) !== right.get(item));
}

/** The first effect of each call, in the order of the journal. */
function withoutDoubles<E extends Effect>(effects: readonly E[]): readonly E[] {
  const seen = new Set<string>();
  return effects.filter((effect) => {
    const isFirst = !seen.has(callOf(effect));
    seen.add(callOf(effect));
    return isFirst;
  });
}

function callOf({ handlerId, sequenceNumber }: Effect): string {
  return `${handlerId} of record ${sequenceNumber}`;
}

function effectsByItem(effects: readonly Effect[]): ReadonlyMap<string, string> {
  const byItem = Map.groupBy(effects, ({ item }) => item);
  return new Map(
    [...byItem].map(([item, list]) => [
      item,
      JSON.stringify(
        list.map(({ what, handlerId, sequenceNumber, idempotencyKey }) => [
          what,
          handlerId,
          sequenceNumber,
          idempotencyKey,
        ]),
      ),
    ]),
  );
}

/** The value below which `part` (0 to 1) of the values lie. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
