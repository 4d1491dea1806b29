import { describe, expect, it } from 'vitest';
import { type VirtualClock, virtualClock } from './virtual-clock.js';

/** Notes who woke, in order, with the milliseconds since the start. */
function noting(clock: VirtualClock) {
  const startMs = clock.now();
  const notes: string[] = [];
  const note = (what: string) => void notes.push(`${what} ${clock.now() - startMs}`);
  const sleeper = (name: string, delayMs: number, signal?: AbortSignal) =>
    clock.sleep(delayMs, signal).then(() => note(name));
  return { notes, note, sleeper };
}

describe('the virtual clock', () => {
  it('stands still by itself', async () => {
    const clock = virtualClock(1000);
    const { notes, sleeper } = noting(clock);
    sleeper('a', 0);
    await new Promise(setImmediate);
    expect(clock.now()).toBe(1000);
    expect(notes).toEqual([]);
  });

  it('starts in 2026, so that times look like times', () => {
    expect(new Date(virtualClock().now()).toISOString()).toBe('2026-01-01T00:00:00.000Z');
  });

  it('wakes in order of time, and ties in order of call', async () => {
    const clock = virtualClock();
    const { notes, sleeper } = noting(clock);
    sleeper('third', 20);
    sleeper('first', 10);
    sleeper('fourth', 20);
    sleeper('second', 10);
    await clock.advance(20);
    expect(notes).toEqual(['first 10', 'second 10', 'third 20', 'fourth 20']);
  });

  it('advances by exactly what was asked, and wakes what is due at its end', async () => {
    const clock = virtualClock(0);
    const { notes, sleeper } = noting(clock);
    sleeper('at the end', 100);
    sleeper('after it', 101);
    await clock.advance(100);
    expect(clock.now()).toBe(100);
    expect(notes).toEqual(['at the end 100']);
    expect(clock.wakeTimes()).toEqual([101]);
  });

  it('lets a woken sleeper do all it can, a long chain of promises included, before the next one wakes', async () => {
    const clock = virtualClock();
    const { notes, note, sleeper } = noting(clock);
    clock.sleep(10).then(async () => {
      for (let link = 0; link < 1000; link++) await undefined;
      note('end of the chain');
    });
    sleeper('tie', 10);
    await clock.advance(10);
    expect(notes).toEqual(['end of the chain 10', 'tie 10']);
  });

  it('lets a woken sleeper give way once with setImmediate before the next one wakes', async () => {
    const clock = virtualClock();
    const { notes, note, sleeper } = noting(clock);
    clock.sleep(10).then(() => setImmediate(() => note('after giving way')));
    sleeper('next', 11);
    await clock.advance(11);
    expect(notes).toEqual(['after giving way 10', 'next 11']);
  });

  it('wakes sleeps that begin during an advance, if they are due in it', async () => {
    const clock = virtualClock();
    const { notes, note } = noting(clock);
    (async () => {
      for (;;) {
        await clock.sleep(30);
        note('tick');
      }
    })();
    await clock.advance(100);
    expect(notes).toEqual(['tick 30', 'tick 60', 'tick 90']);
  });

  it('takes a sleep of no or negative time as due now, after those that are due already', async () => {
    const clock = virtualClock();
    const { notes, sleeper } = noting(clock);
    sleeper('a', 0);
    sleeper('b', -5);
    sleeper('c', 0);
    await clock.advance(0);
    expect(notes).toEqual(['a 0', 'b 0', 'c 0']);
  });

  it('wakes at once when the signal aborts, without moving time, and forgets the sleep', async () => {
    const clock = virtualClock();
    const { notes, sleeper } = noting(clock);
    const stop = new AbortController();
    const aborted = sleeper('aborted', 50, stop.signal);
    sleeper('other', 50);
    stop.abort();
    await aborted;
    expect(notes).toEqual(['aborted 0']);
    expect(clock.wakeTimes()).toHaveLength(1);
    await clock.runUntilIdle();
    expect(notes).toEqual(['aborted 0', 'other 50']);
  });

  it('does not sleep at all when the signal has aborted before', async () => {
    const clock = virtualClock();
    await clock.sleep(50, AbortSignal.abort());
    expect(clock.wakeTimes()).toEqual([]);
  });

  it('keeps a sleep without end until its signal aborts', async () => {
    const clock = virtualClock();
    const { notes, sleeper } = noting(clock);
    const stop = new AbortController();
    const endless = sleeper('endless', Infinity, stop.signal);
    await clock.runUntilIdle();
    expect(notes).toEqual([]);
    expect(clock.wakeTimes()).toEqual([Infinity]);
    stop.abort();
    await endless;
  });

  it('runs until a promise settles, and not further', async () => {
    const clock = virtualClock(0);
    const { notes, sleeper } = noting(clock);
    sleeper('later', 500);
    const work = async () => {
      await clock.sleep(100);
      await clock.sleep(200);
      return 'done';
    };
    expect(await clock.run(work())).toBe('done');
    expect(clock.now()).toBe(300);
    expect(notes).toEqual([]);
  });

  it('rejects a run with what its promise rejects with', async () => {
    const clock = virtualClock();
    const failing = clock.sleep(10).then(() => Promise.reject(new Error('boom')));
    await expect(clock.run(failing)).rejects.toThrow('boom');
  });

  it('ends a run with an error when nothing is left that could settle the promise', async () => {
    const clock = virtualClock();
    clock.sleep(Infinity);
    await expect(clock.run(clock.sleep(10).then(() => new Promise(() => {})))).rejects.toThrow(
      'The promise is pending and nothing is left that could settle it. ' +
        'The clock stands 10 ms after its start; pending sleeps: 1.',
    );
  });

  it('ends a run with an error when it wakes more sleeps than its limit', async () => {
    const clock = virtualClock();
    const forever = async () => {
      for (;;) await clock.sleep(1);
    };
    await expect(clock.run(forever(), { maxWakes: 50 })).rejects.toThrow(
      '50 sleeps woke and there is no end. The clock stands 50 ms after its start; pending sleeps: 1.',
    );
  });

  it('refuses to be moved by two at a time', async () => {
    const clock = virtualClock();
    const first = clock.advance(1);
    await expect(clock.advance(1)).rejects.toThrow('await that call before the next');
    await first;
    await clock.advance(1);
  });

  it('refuses a time that is not a number', async () => {
    const clock = virtualClock();
    expect(() => clock.sleep(Number.NaN)).toThrow(RangeError);
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(clock.advance(Infinity)).rejects.toThrow(RangeError);
  });

  it('holds thousands of sleeps, of which many are aborted, in order', async () => {
    const clock = virtualClock(0);
    const stop = new AbortController();
    const woken: number[] = [];
    for (let i = 0; i < 5000; i++) {
      const delayMs = (i * 7919) % 5000;
      clock.sleep(delayMs, i % 2 ? stop.signal : undefined).then(() => void woken.push(delayMs));
    }
    expect(clock.wakeTimes()).toHaveLength(5000);
    stop.abort();
    expect(clock.wakeTimes()).toHaveLength(2500);
    await clock.runUntilIdle();
    const timed = woken.slice(2500);
    expect(timed).toHaveLength(2500);
    expect(timed).toEqual(timed.toSorted((a, b) => a - b));
  });
});
