import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createSandbox, storeIn } from './lambda-simulator-sandbox.js';
import { virtualClock } from './virtual-clock.js';

function started() {
  const clock = virtualClock();
  const sandbox = createSandbox(1, clock);
  const arrived: string[] = [];
  const { environment } = sandbox;
  const note = (name: string, promise: Promise<unknown>) =>
    void promise.then(
      () => arrived.push(name),
      () => arrived.push(`${name} failed`),
    );
  return { clock, sandbox, arrived, note, environment };
}

describe('a sandbox', () => {
  it('has time, and answers from outside, while it runs', async () => {
    const { clock, arrived, note, environment } = started();
    note('sleep', environment.clock.sleep(10));
    note('call', environment.during(clock.sleep(5)));
    note('broken call', environment.during(Promise.reject(new Error('no'))));
    await clock.runUntilIdle();
    expect(arrived).toEqual(['broken call failed', 'call', 'sleep']);
    expect(environment.clock.now()).toBe(clock.now());
  });

  it('stands still while it is frozen; what came meanwhile arrives when it thaws, in order', async () => {
    const { clock, sandbox, arrived, note, environment } = started();
    note('sleep', environment.clock.sleep(10));
    note('call', environment.during(clock.sleep(5)));
    note('later', environment.clock.sleep(1000));
    sandbox.freeze();
    await clock.advance(500);
    expect(arrived).toEqual([]);
    sandbox.thaw([]);
    await clock.advance(0);
    expect(arrived).toEqual(['call', 'sleep']);
    await clock.advance(500);
    expect(arrived).toEqual(['call', 'sleep', 'later']);
  });

  it('stands still for ever once it is dead, also when it was to thaw, and leaves no timer behind', async () => {
    const { clock, sandbox, arrived, note, environment } = started();
    note('sleep', environment.clock.sleep(10));
    note('held', environment.during(Promise.resolve()));
    sandbox.freeze();
    await clock.advance(1);
    environment.crash();
    sandbox.thaw([]);
    note('after death', environment.clock.sleep(10));
    note('call after death', environment.during(Promise.resolve()));
    expect(clock.wakeTimes()).toEqual([]);
    await clock.advance(100);
    expect(arrived).toEqual([]);
    expect(sandbox.isDead()).toBe(true);
    await sandbox.death;
  });

  it('sleeps until a signal aborts, and does not hold on to the signal', async () => {
    const { clock, arrived, note, environment } = started();
    const stop = new AbortController();
    note('aborted', environment.clock.sleep(1000, stop.signal));
    note('over', environment.clock.sleep(1, stop.signal));
    await clock.advance(1);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    stop.abort();
    note('aborted before', environment.clock.sleep(1000, stop.signal));
    await clock.advance(0);
    expect(arrived).toEqual(['over', 'aborted', 'aborted before']);
    expect(clock.wakeTimes()).toEqual([]);
  });

  it('can be struck between calls that take no time: what is done is done, and its answer does not come', async () => {
    for (const [step, expected] of [
      [0, ['put 1']],
      [1, ['put 1', 'put 2']],
      [9, ['put 1', 'put 2', 'put 3']],
    ] as const) {
      const { clock, sandbox, environment } = started();
      const done: string[] = [];
      const put = async (name: string) => void done.push(name);
      sandbox.thaw([{ step, strike: sandbox.kill }]);
      void (async () => {
        for (const name of ['put 1', 'put 2', 'put 3']) await environment.during(put(name));
      })();
      await clock.advance(0);
      expect(done).toEqual(expected);
    }
  });

  it('sees a store whose answers do not come once it is dead', async () => {
    const { clock, sandbox, arrived, note, environment } = started();
    const calls: string[] = [];
    const answer = (name: string) => async () => {
      calls.push(name);
      return undefined as never;
    };
    const store = storeIn(environment, {
      get: answer('get'),
      list: answer('list'),
      put: answer('put'),
      delete: answer('delete'),
    });
    note('get', store.get('pk', 'sk'));
    await clock.advance(0);
    note('list', store.list('pk', '', 1));
    note('put', store.put({ pk: 'pk', sk: 'sk', value: 1 }, undefined));
    note('delete', store.delete({ pk: 'pk', sk: 'sk' }, '1'));
    sandbox.kill();
    await clock.advance(0);
    expect(calls).toEqual(['get', 'list', 'put', 'delete']);
    expect(arrived).toEqual(['get']);
  });
});
