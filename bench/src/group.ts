/**
 * Things that are measured side by side in one run. Each task gets an isolate of its own, as if it were alone in a Lambda
 * function: in one isolate they change each other's speed. (A loop over the type letters of a value, as Sluice has one, makes
 * the SDK's `unmarshall` twice as fast afterwards, in code that has no such loop.)
 */
export interface Group {
  readonly title: string;
  readonly tasks: Readonly<Record<string, Task>>;
  report(samples: Samples): Report;
}

/** Prepares what is measured: a function whose duration counts, or one that measures something itself. */
export type Task = () => (() => unknown) | { readonly measured: () => Measured | Promise<Measured> };

/** One number, or several by their names. */
export type Measured = number | Readonly<Record<string, number>>;

/**
 * One number for each round of each task: its mean duration in milliseconds, or what the task measured. Where that is several
 * numbers, each has a name of its own: `<task>: <name>`.
 */
export type Samples = Readonly<Record<string, readonly number[]>>;

interface Report {
  /** The heads of the columns after the first. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly targets?: readonly Target[];
}

/** A number that was measured, and what it should be at most. An aim is reported; it stops nothing. */
export interface Target {
  readonly what: string;
  readonly measured: number;
  readonly unit: '×' | 'µs' | 'ms' | 'KB' | 'calls';
  readonly atMost: number;
  readonly isAim?: boolean;
}

export function sample(samples: Samples, task: string): number {
  return median(samples[task] ?? []);
}

/** One task beside another: the median of the ratios of each round. */
export function ratio(samples: Samples, task: string, beside: string): number {
  const others = samples[beside] ?? [];
  return median((samples[task] ?? []).map((one, round) => one / (others[round] ?? Number.NaN)));
}

/** How much more one task took than another: the median of the differences of each round. */
export function difference(samples: Samples, task: string, beside: string): number {
  const others = samples[beside] ?? [];
  return median((samples[task] ?? []).map((one, round) => one - (others[round] ?? Number.NaN)));
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Keeps what handlers read, so that nothing of it can be left out. */
export const sink = { sum: 0 };
