import { describe, expect, it } from 'vitest';
import {
  type BatchCall,
  handled,
  type Middleware,
  neverAgain,
  type RouterOptions,
  retry,
  route,
  timeout,
} from './index.js';
import {
  adding,
  changesOf,
  deadline,
  everythingElse,
  noting,
  running,
  shop,
  streamArn,
  taking,
} from './testing/windows.js';

describe('the middleware around batches', () => {
  const around = (batch: readonly Middleware<BatchCall>[], options: Partial<RouterOptions> = {}) => {
    const { handler, ran } = running();
    const { noted, added, closed } = adding({ B: 1 });
    const { deliver, lines } = taking({ routes: [handler, noted], middleware: { batch }, ...options });
    return { deliver, ran, added, closed, lines };
  };

  it('stands around the windows, and sees what came of them', async () => {
    const seen: unknown[] = [];
    const watch: Middleware<BatchCall> = async ({ counts, records, streamArn }, next) => {
      const outcome = await next();
      seen.push([outcome.kind, records.length, streamArn, counts.handled, counts.failed]);
      return outcome;
    };
    const { deliver } = around([watch]);
    await deliver(changesOf('AB'));
    await deliver(changesOf('AB'));
    await deliver([], { isFinalInvokeForWindow: true });
    expect(seen).toEqual([
      ['failed', 2, streamArn, 3, 1],
      ['handled', 2, streamArn, 2, 0],
      ['handled', 0, streamArn, 1, 0],
    ]);
  });

  it('may try an event again: it goes on with the change that failed, and nothing is added twice', async () => {
    const { deliver, ran, added, closed } = around([retry({ attempts: 2, backoff: { delayMs: () => 0 } })]);
    expect(await deliver(changesOf('ABC'), { isFinalInvokeForWindow: true })).toMatchObject({ isDone: true });
    expect([ran, added]).toEqual([
      ['A', 'B', 'C'],
      ['A', 'B', 'B', 'C'],
    ]);
    expect(closed).toEqual([{ seen: ['A', 'B', 'C'] }]);
  });

  it('may try an event again: a change is as it came, whatever the try before has done to it', async () => {
    const given: (readonly string[])[] = [];
    const { noted } = noting('window', {
      add: (state, { new: item }) => {
        given.push(Object.keys(item));
        (item as Record<string, unknown>)['tried'] = true;
        if (given.length === 1) throw new Error('not yet');
        return state;
      },
    });
    const { deliver } = taking({
      routes: noted,
      middleware: { batch: [retry({ attempts: 2, backoff: { delayMs: () => 0 } })] },
    });
    expect(await deliver(changesOf('A'))).toMatchObject({ isDone: true });
    expect(given).toEqual([
      ['pk', 'amount'],
      ['pk', 'amount'],
    ]);
  });

  it('may try it at the same time: the windows are folded once', async () => {
    const both: Middleware<BatchCall> = async (_call, next) => {
      const [, second] = await Promise.all([next(), next(), next()]);
      return second;
    };
    const { deliver, closed } = around([both]);
    expect(await deliver(changesOf('ABC'), { isFinalInvokeForWindow: true })).toMatchObject({ isDone: true });
    expect(closed).toEqual([{ seen: ['A', 'B', 'C'] }]);
  });

  it('does not end the event: it is waited for where a layer does not, and marked by none', async () => {
    const hasty: Middleware<BatchCall> = async (_call, next) => {
      void next();
      return neverAgain('not mine');
    };
    const { noted, closed } = noting('window', {
      add: async ({ seen }, { keys }) => {
        await everythingElse();
        return { seen: [...seen, keys.pk as string] };
      },
    });
    const slow = route.insert(shop, { id: 'slow' }, () => everythingElse());
    const { deliver } = taking({ routes: [slow, noted], middleware: { batch: [hasty] } });
    expect(await deliver(changesOf('AB'), { isFinalInvokeForWindow: true })).toMatchObject({ isDone: true });
    expect(closed).toEqual([{ seen: ['A', 'B'] }]);
  });

  it('leaves it undone where no layer calls next, with or without records', async () => {
    const closedDoor: Middleware<BatchCall> = async () => handled;
    const { deliver, ran, added, closed } = around([closedDoor]);
    expect(await deliver(changesOf('A'))).toMatchObject({ isDone: false, firstUnfinished: '1' });
    expect(await deliver([], { isFinalInvokeForWindow: true })).toMatchObject({
      isDone: false,
      firstUnfinished: undefined,
    });
    expect([ran, added, closed]).toEqual([[], [], []]);
  });

  it('stops it with its signal, from which on nothing is added', async () => {
    const { clock, end } = deadline();
    const added: string[] = [];
    const { noted } = noting('window', {
      add: async (state, { keys }, { signal }) => {
        added.push(keys.pk as string);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return state;
      },
    });
    const { deliver } = taking({ routes: noted, clock, middleware: { batch: [timeout({ afterMs: 50 })] } });
    const delivered = deliver(changesOf('AB'));
    await everythingElse();
    end();
    expect(await delivered).toMatchObject({ isDone: false, firstUnfinished: '1', timedOut: false });
    expect(added).toEqual(['A']);
  });

  it('that calls next when the answer is out starts nothing, and ends nothing', async () => {
    const answered = Promise.withResolvers<void>();
    const outcomes: string[] = [];
    const hasty: Middleware<BatchCall> = async (_call, next) => {
      void answered.promise.then(() => next()).then(({ kind }) => outcomes.push(kind));
      return handled;
    };
    const middleware = { batch: [hasty] };
    const { noted, added, closed } = adding();
    const one = taking({ routes: noted, middleware });
    const other = taking({ routes: running().handler, middleware });
    const last = { isFinalInvokeForWindow: true, state: { gone: 1 } };
    expect((await one.deliver(changesOf('A'), last)).isDone).toBe(false);
    expect((await other.deliver([], last)).isDone).toBe(false);
    answered.resolve();
    await everythingElse();
    expect([outcomes, added, closed]).toEqual([['failed', 'failed'], [], []]);
    expect(other.lines.filter(({ message }) => message.startsWith('a window has ended'))).toEqual([]);
  });
});
