import { isDeepStrictEqual } from 'node:util';
import { isSluiceError } from '@sluice/filters';
import { exponentialBackoff } from './backoff.js';
import type { Clock, Random } from './clock.js';
import type { NewRow, Row, Store, Written } from './store.js';

/** How calls of a store are repeated. */
export interface StoreCalling {
  readonly clock: Clock;
  readonly random: Random;
  /** Once it has aborted no further call begins, and no wait goes on. */
  readonly signal?: AbortSignal | undefined;
  /** On the clock: no call begins then, and none is waited for. No limit by default. */
  readonly untilMs?: number;
  /** A call that has not answered after so long has failed. 10 000 by default. */
  readonly callTimeoutMs?: number;
  /** How often a call is made altogether; no limit by default. */
  readonly maxAttempts?: number;
  /** Is told of each failure after which the call is made again. What it throws ends the calls. */
  readonly onFailure?: (error: unknown, attempt: number) => void;
}

const backoff = exponentialBackoff({ initialMs: 100, maxMs: 2_000 });
const defaultCallTimeoutMs = 10_000;
/** Without a reason each abort would make an error, with its stack. */
const settled = 'settled';

/**
 * Makes a call of a store, and repeats it while it fails, with a backoff of 100 ms to 2 s. One that hangs has failed
 * after `callTimeoutMs`; should its write come through later, the version that it names is past by then. Rejects with the last error.
 */
export async function callStore<T>(call: () => Promise<T>, calling: StoreCalling): Promise<T> {
  const { clock, random, signal, untilMs = Infinity, maxAttempts = Infinity, onFailure } = calling;
  const { callTimeoutMs = defaultCallTimeoutMs } = calling;
  let before: unknown;
  for (let attempt = 1; ; attempt++) {
    const limitMs = Math.min(callTimeoutMs, untilMs - clock.now());
    try {
      return await inTime(call, limitMs, clock);
    } catch (caught) {
      // A call that was cut short says less than the one before it.
      const error = limitMs < callTimeoutMs && attempt > 1 && isLate(caught) ? before : caught;
      before = error;
      const delayMs = backoff.delayMs(attempt, random);
      if (isFinal(error) || attempt >= maxAttempts || signal?.aborted) throw error;
      if (clock.now() + delayMs >= untilMs) throw error;
      onFailure?.(error, attempt);
      await clock.sleep(delayMs, signal);
      if (signal?.aborted) throw error;
    }
  }
}

/**
 * Puts a row. When a reply was lost, the repeated put is refused by the row that it wrote itself, and that is a success: so a
 * value that tells who wrote it makes this exact.
 */
export async function putRow(
  store: Store,
  row: NewRow,
  ifVersion: string | undefined,
  calling: StoreCalling,
): Promise<Written> {
  const written = await callStore(() => store.put(row, ifVersion), calling);
  const { current } = written.applied ? { current: undefined } : written;
  return current && isDeepStrictEqual(current.value, row.value) ? { applied: true, row: current } : written;
}

/** Deletes a row. One that is not there any more has been deleted: by this call, where its reply was lost, or by somebody else. */
export async function deleteRow(store: Store, row: Row, calling: StoreCalling): Promise<Written> {
  const written = await callStore(() => store.delete(row, row.version), calling);
  return written.applied || written.current ? written : { applied: true, row };
}

/** What no repetition helps, as stores say by `retryable: false`. */
function isFinal(error: unknown): boolean {
  return isSluiceError(error) && (error as { readonly retryable?: unknown }).retryable === false;
}

async function inTime<T>(call: () => Promise<T>, limitMs: number, clock: Clock): Promise<T> {
  if (limitMs <= 0) throw late(limitMs);
  const answer = begun(call);
  if (await isThere(answer)) return answer;
  const answered = new AbortController();
  const tooLate = new Promise<never>((_, reject) => {
    void clock.sleep(limitMs, answered.signal).then(() => {
      if (!answered.signal.aborted) reject(late(limitMs));
    });
  });
  return Promise.race([answer, tooLate]).finally(() => answered.abort(settled));
}

/** A call that throws before it waits for anything has failed like any other. */
function begun<T>(call: () => Promise<T>): Promise<T> {
  try {
    return Promise.resolve(call());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** What a store in memory answers needs no timer. */
async function isThere(answer: Promise<unknown>): Promise<boolean> {
  let isThere = false;
  const note = () => {
    isThere = true;
  };
  answer.then(note, note);
  await undefined;
  await undefined;
  return isThere;
}

function isLate(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}

function late(limitMs: number): Error {
  return new DOMException(`The store did not answer within ${Math.max(0, limitMs)} ms.`, 'TimeoutError');
}
