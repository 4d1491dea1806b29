import type { Effect } from '../outside.js';
import type { Write } from './flow.js';

/** An effect as the journal has it. */
export interface Entry extends Effect {
  readonly atMs: number;
}

/** A planned write, and when it had been made. */
export interface Written extends Write {
  readonly atMs: number;
}

/** What an item's journal should not show. Each line names the item and the handler. */
export interface Verdict {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly outOfOrder: readonly string[];
  /** From the end of the write to the start of each handler's effect. */
  readonly latenciesMs: readonly number[];
}

/** Holds what was done against what was written, item by item. */
export function check(writes: readonly Written[], entries: readonly Entry[]): Verdict {
  const entriesOf = Map.groupBy(entries, ({ item }) => item);
  const writesOf = Map.groupBy(writes, ({ item }) => `${item.pk}/${item.sk}`);
  const items = [...writesOf].map(([item, ofItem]) => checkItem(item, ofItem, entriesOf.get(item) ?? []));
  return {
    lost: items.flatMap(({ lost }) => lost),
    doubled: items.flatMap(({ doubled }) => doubled),
    outOfOrder: items.flatMap(({ outOfOrder }) => outOfOrder),
    latenciesMs: items.flatMap(({ latenciesMs }) => latenciesMs),
  };
}

function checkItem(item: string, writes: readonly Written[], entries: readonly Entry[]): Verdict {
  const expected = writes.flatMap((write) => write.handlers.map((handler) => ({ handler, write })));
  const seen = new Set<string>();
  const doubled: string[] = [];
  const first = entries.filter(({ handlerId, sequenceNumber }) => {
    const call = `${handlerId} of record ${sequenceNumber}`;
    if (seen.has(call)) doubled.push(`${item}: ${call}`);
    return !seen.has(call) && seen.add(call);
  });

  const left = first.map(({ handlerId }) => handlerId);
  const lost = expected.flatMap(({ handler, write }) => {
    const index = left.indexOf(handler);
    if (index < 0) return [`${item}: ${handler} of "${write.story}"`];
    left.splice(index, 1);
    return [];
  });
  doubled.push(...left.map((handler) => `${item}: ${handler}, which nothing asked for`));

  const inOrder =
    first.map(({ handlerId }) => handlerId).join() === expected.map(({ handler }) => handler).join();
  const outOfOrder =
    inOrder || lost.length + doubled.length > 0
      ? []
      : [`${item}: ${first.map(({ handlerId }) => handlerId).join(', ')}`];
  const latenciesMs = inOrder
    ? first.map(({ atMs }, index) => Math.max(0, atMs - (expected[index]?.write.atMs ?? atMs)))
    : [];
  return { lost, doubled, outOfOrder, latenciesMs };
}

/** How the effects of two runs over the same records differ; empty when they are equal, item by item and in order. */
export function differences(one: readonly Effect[], other: readonly Effect[]): readonly string[] {
  const left = effectsByItem(one);
  const right = effectsByItem(other);
  return [...new Set([...left.keys(), ...right.keys()])].filter((item) => left.get(item) !== right.get(item));
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
