/** When a shard is asked again, and how often calls may start. All of it is decided from facts handed in. */

/** What the last page of a shard said. */
export interface PageFacts {
  readonly records: number;
  readonly bytes: number;
  /** Age of the last record in milliseconds; 0 on an empty page. */
  readonly ageMs: number;
  /** How many pages in a row were empty, this one included. */
  readonly emptyPages: number;
  /** The shard takes no more writes, as far as the listing says; its empty pages only have to be crossed. */
  readonly closed: boolean;
}

/**
 * How long to wait before the next page. There is certainly or probably more where the page was full, the shard is
 * closed or its last record is old: no wait then, only the shard's call budget. Otherwise 250 ms after records, and
 * after empty pages 250, 500, then 1000 ms.
 */
export function pollDelayMs({ records, bytes, ageMs, emptyPages, closed }: PageFacts): number {
  if (records >= 1000 || bytes >= 900_000 || closed || ageMs > 2000) return 0;
  return Math.min(1000, 250 * 2 ** Math.max(0, emptyPages - 1));
}

/** A budget of calls: one each `intervalMs` on average, and up to `burst` of them at once. */
export interface CallBudget {
  readonly intervalMs: number;
  readonly burst: number;
}

/** GetRecords of one shard: 4 calls a second, 5 at once; 5 a second is what one shard gives to all its readers. */
export const shardBudget: CallBudget = { intervalMs: 250, burst: 5 };

/** DescribeStream of one stream: 4 calls a second, of the 10 that all consumers of the stream share. */
export const describeBudget: CallBudget = { intervalMs: 250, burst: 4 };

/**
 * Takes one call from a budget. The state is one time: when the budget will be whole again if nothing is taken.
 * Returns how long this call has to wait, and the new state.
 */
export function takeCall(
  wholeAtMs: number,
  nowMs: number,
  { intervalMs, burst }: CallBudget,
): { readonly waitMs: number; readonly wholeAtMs: number } {
  const fromMs = Math.max(wholeAtMs, nowMs);
  return {
    waitMs: Math.max(0, fromMs - (burst - 1) * intervalMs - nowMs),
    wholeAtMs: fromMs + intervalMs,
  };
}
