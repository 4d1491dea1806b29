import { SluiceError } from '@sluice/filters';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Clock, callStore, deleteRow, putRow, type Row, type Store, systemClock } from './index.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const clock: Clock = { now: () => Date.now(), sleep: systemClock.sleep };
const calling = { clock, random: () => 1 };

/** A call that fails with these, one after another, and then succeeds. */
function failing(...errors: readonly unknown[]) {
  const left = [...errors];
  const calls: number[] = [];
  const call = async () => {
    calls.push(Date.now());
    const error = left.shift();
    if (error !== undefined) throw error;
    return 'answer';
  };
  return { call, calls };
}

/** What a promise has come to by now. */
function watch<T>(promise: Promise<T>) {
  const seen: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => {
      seen.value = value;
    },
    (error: unknown) => {
      seen.error = error;
    },
  );
  return seen;
}

describe('a call of a store', () => {
  it('is repeated until it succeeds, with a backoff of 100 ms to 2 s; each failure on the way is told', async () => {
    const { call, calls } = failing(...Array.from({ length: 7 }, () => new Error('busy')));
    const told: number[] = [];
    const startMs = Date.now();
    const seen = watch(callStore(call, { ...calling, onFailure: (_, attempt) => told.push(attempt) }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen).toEqual({ value: 'answer' });
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(calls.map((atMs) => atMs - startMs)).toEqual([0, 100, 300, 700, 1500, 3100, 5100, 7100]);
  });

  it('is made as often as allowed, and rejects with the last error', async () => {
    const { call, calls } = failing(new Error('one'), new Error('two'), new Error('three'));
    const seen = watch(callStore(call, { ...calling, maxAttempts: 2 }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen).toMatchObject({ error: { message: 'two' } });
    expect(calls).toHaveLength(2);
  });

  it('is not begun again at or after its time', async () => {
    const { call, calls } = failing(...Array.from({ length: 9 }, () => new Error('busy')));
    const seen = watch(callStore(call, { ...calling, untilMs: Date.now() + 300 }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen).toMatchObject({ error: { message: 'busy' } });
    expect(calls).toHaveLength(2);
  });

  it('that is cut short by the end of its time rejects with the error of the call before it, which says more', async () => {
    let calls = 0;
    const call = () => {
      calls++;
      return calls === 1 ? Promise.reject(new Error('throttled')) : new Promise<never>(() => undefined);
    };
    const seen = watch(callStore(call, { ...calling, untilMs: Date.now() + 300 }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toBe(2);
    expect(seen).toMatchObject({ error: { message: 'throttled' } });
  });

  it('that is answered at once makes no timer', async () => {
    const sleep = vi.fn(systemClock.sleep);
    await callStore(failing().call, { ...calling, clock: { ...clock, sleep } });
    expect(sleep).not.toHaveBeenCalled();
  });

  it('is not begun where the time is over', async () => {
    const { call, calls } = failing();
    const seen = watch(callStore(call, { ...calling, untilMs: Date.now() }));
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toMatchObject({ error: { name: 'TimeoutError' } });
    expect(calls).toEqual([]);
  });

  it('is not begun again once its signal has aborted, and its wait ends then', async () => {
    const { call, calls } = failing(new Error('busy'), new Error('busy'));
    const stop = new AbortController();
    const seen = watch(callStore(call, { ...calling, signal: stop.signal }));
    await vi.advanceTimersByTimeAsync(50);
    stop.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toMatchObject({ error: { message: 'busy' } });
    expect(calls).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that hangs has failed after ten seconds, or at the end of its time', async () => {
    const never = () => new Promise<never>(() => undefined);
    const seen = [
      watch(callStore(never, { ...calling, maxAttempts: 1 })),
      watch(callStore(never, { ...calling, maxAttempts: 1, untilMs: Date.now() + 400 })),
    ];
    await vi.advanceTimersByTimeAsync(400);
    expect(seen).toMatchObject([{}, { error: { name: 'TimeoutError' } }]);
    expect(seen[0]).toEqual({});
    await vi.advanceTimersByTimeAsync(9_600);
    expect(seen[0]).toMatchObject({ error: { name: 'TimeoutError' } });
  });

  it('that no repetition helps is not repeated', async () => {
    const code = 'NO_TABLE';
    const { call, calls } = failing(Object.assign(new SluiceError(code, 'no'), { retryable: false }));
    const seen = watch(callStore(call, calling));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen).toMatchObject({ error: { code } });
    expect(calls).toHaveLength(1);
  });

  it('that hangs has failed after the time for one call, and is made again while there is time for all', async () => {
    const answers = [new Promise<never>(() => undefined), Promise.resolve('answer')];
    const call = () => answers.shift() ?? Promise.reject(new Error('asked too often'));
    const asking = { ...calling, callTimeoutMs: 300, untilMs: Date.now() + 1_000 };
    const seen = watch(callStore(call, asking));
    await vi.advanceTimersByTimeAsync(399);
    expect(seen).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual({ value: 'answer' });
  });

  it('that throws before it waits for anything has failed like any other, and nothing comes later', async () => {
    const call = () => {
      throw new Error('at once');
    };
    const seen = watch(callStore(call, { ...calling, maxAttempts: 1 }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen).toMatchObject({ error: { message: 'at once' } });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind', async () => {
    await callStore(failing().call, calling);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a row', () => {
  const row: Row = { pk: 'p', sk: 's', value: { owner: 'me', at: [1] }, version: '2' };
  const { version: _, ...wanted } = row;
  const store = (answers: Partial<Store>): Store => answers as Store; // as much of one as is asked

  it('that stands as it was to be put has been put, when a reply was lost', async () => {
    const put = async () => ({ applied: false as const, current: row });
    expect(await putRow(store({ put }), wanted, '1', calling)).toEqual({ applied: true, row });
  });

  it('of somebody else refuses the put', async () => {
    const other = { ...row, value: { owner: 'other', at: [1] } };
    const put = async () => ({ applied: false as const, current: other });
    expect(await putRow(store({ put }), wanted, '1', calling)).toEqual({ applied: false, current: other });
  });

  it('that is gone has been deleted, when a reply was lost', async () => {
    const remove = async () => ({ applied: false as const, current: undefined });
    expect(await deleteRow(store({ delete: remove }), row, calling)).toEqual({ applied: true, row });
  });

  it('that stands in another version is not deleted', async () => {
    const other = { ...row, version: '3' };
    const remove = async () => ({ applied: false as const, current: other });
    expect(await deleteRow(store({ delete: remove }), row, calling)).toEqual({
      applied: false,
      current: other,
    });
  });
});
