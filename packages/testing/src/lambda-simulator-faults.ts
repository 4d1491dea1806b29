import type { Random, StreamRecord } from '@sluice/core';
import { seededRandom } from './seeded-random.js';

/** What strikes one invocation. */
export interface LambdaFault {
  /**
   * Which execution environment gets it: a `new` one, or, of those that wait, the one that was used the `latest` (default) or that
   * waits the longest.
   */
  readonly sandbox?: 'new' | 'latest' | 'oldest';
  /** The sandbox dies at this moment, unless it has answered by then. */
  readonly crash?: Moment;
  /** From this moment on the sandbox stands still, until the time limit, unless it has answered by then. */
  readonly timeout?: Moment;
  /**
   * What becomes of a sandbox at the time limit: it is killed (default), or it stays frozen where it is until an invocation
   * comes to it, and goes on then.
   */
  readonly afterTimeout?: 'kill' | 'freeze';
  /** The same event is handed over once more, after a time, to another sandbox if the first is busy. */
  readonly duplicate?: {
    /** 0 for the same moment. */
    readonly afterMs: number;
    /** Which answer the mapping goes by. The other one is lost, and what gives it may run while later batches do. */
    readonly heeded: 'first' | 'second';
  };
}

/**
 * After so many milliseconds of an invocation; or after so many steps of it: times that something arrived in its sandbox, the end of
 * a sleep or of a `during`, the last of which is the handler's answer. Steps strike between calls that take no time.
 */
export type Moment = { readonly ms: number } | { readonly step: number };

/** How probable each fault is at an invocation, from 0 (default) to 1. */
export interface LambdaFaultChances {
  /** That it comes to a new sandbox. */
  readonly cold?: number;
  /** That it comes to the sandbox that waits the longest. */
  readonly oldest?: number;
  readonly crash?: number;
  readonly timeout?: number;
  /** That a time limit freezes the sandbox, and does not kill it. */
  readonly freeze?: number;
  readonly duplicate?: number;
  /** Crashes and timeouts strike within so many milliseconds or steps, and duplicates come within. Default 1000. */
  readonly withinMs?: number;
  /** Default 30. */
  readonly withinSteps?: number;
}

/** An invocation that is about to be made. */
export interface PlannedInvocation {
  /** 1, 2, … */
  readonly number: number;
  readonly records: readonly StreamRecord[];
  readonly retries: number;
  /** 0, 1, …, below the parallelization factor. */
  readonly lane: number;
  /** The number of the invocation that it repeats. Its own `duplicate` is ignored. */
  readonly duplicateOf: number | undefined;
  /** Numbers that depend on the seed and the invocation's number alone. */
  readonly random: Random;
}

export type LambdaFaults = LambdaFaultChances | ((invocation: PlannedInvocation) => LambdaFault | undefined);

export function faultsFrom(
  faults: LambdaFaults = {},
  seed = 0,
): (invocation: Omit<PlannedInvocation, 'random'>) => LambdaFault {
  return (invocation) => {
    const random = seededRandom(seed ^ Math.imul(invocation.number, 0x9e3779b1));
    return typeof faults === 'function'
      ? (faults({ ...invocation, random }) ?? {})
      : faultByChance(faults, random);
  };
}

/** Draws the same count of numbers whatever they are, so that one chance can be changed and the rest of a story stays. */
export function faultByChance(chances: LambdaFaultChances, random: Random): LambdaFault {
  const { cold = 0, oldest = 0, crash = 0, timeout = 0, freeze = 0, duplicate = 0 } = chances;
  const { withinMs = 1000, withinSteps = 30 } = chances;
  const [cools, ages, crashes, stalls, freezes, doubles] = Array.from({ length: 6 }, random) as Six;
  const [crashAt, stallAt] = [
    momentOf(random, withinMs, withinSteps),
    momentOf(random, withinMs, withinSteps),
  ];
  const [atOnce, delay, second] = [random() < 0.5, random(), random() < 0.5];
  return {
    ...(ages < oldest && { sandbox: 'oldest' }),
    ...(cools < cold && { sandbox: 'new' }),
    ...(crashes < crash && { crash: crashAt }),
    ...(stalls < timeout && { timeout: stallAt }),
    ...(freezes < freeze && { afterTimeout: 'freeze' }),
    ...(doubles < duplicate && {
      duplicate: { afterMs: atOnce ? 0 : Math.floor(delay * withinMs), heeded: second ? 'second' : 'first' },
    }),
  };
}

type Six = [number, number, number, number, number, number];

function momentOf(random: Random, withinMs: number, withinSteps: number): Moment {
  const [inSteps, place] = [random() < 0.5, random()];
  return inSteps ? { step: Math.floor(place * withinSteps) } : { ms: Math.floor(place * withinMs) };
}
