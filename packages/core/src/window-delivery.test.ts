import { describe, expect, it } from 'vitest';
import {
  type Clock,
  createProcessMemory,
  createRouter,
  type HandlerCall,
  handled,
  type Middleware,
  neverAgain,
  route,
  runBatch,
  type StreamRecord,
} from './index.js';
import {
  adding,
  changesOf,
  collecting,
  deadline,
  everythingElse,
  fakeLedger,
  noting,
  running,
  Seen,
  shop,
  streamArn,
  taking,
} from './testing/windows.js';

/** A wait that nothing but its signal ends. */
function endOf(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
}

describe('an event of a window that is not done', () => {
  it('comes again as a whole, and nothing that handlers have done in it is run again in the process', async () => {
    const { handler, ran } = running();
    const { noted, added } = adding({ B: 1 });
    const { deliver, memory } = taking({ routes: [handler, noted] });
    expect(await deliver(changesOf('ABC'))).toMatchObject({ isDone: false, firstUnfinished: '1', state: {} });
    expect([ran, added]).toEqual([
      ['A', 'B', 'C'],
      ['A', 'B'],
    ]);
    expect(await deliver(changesOf('ABC'))).toMatchObject({
      isDone: true,
      firstUnfinished: undefined,
      state: { window: { seen: ['A', 'B', 'C'] } },
    });
    expect(ran).toEqual(['A', 'B', 'C']);
    expect(added).toEqual(['A', 'B', 'A', 'B', 'C']);
    expect(memory.size).toBe(0);
  });

  it('adds nothing while a handler is not done, and runs that one alone again', async () => {
    const one = running({ B: 1 }, 'one');
    const two = running({}, 'two');
    const { noted, added } = adding();
    const { deliver } = taking({ routes: [one.handler, two.handler, noted] });
    expect(await deliver(changesOf('ABC'))).toMatchObject({ isDone: false, firstUnfinished: '1', state: {} });
    expect(added).toEqual([]);
    expect(await deliver(changesOf('ABC'))).toMatchObject({ isDone: true });
    expect([one.ran, two.ran, added]).toEqual([
      ['A', 'B', 'B', 'C'],
      ['A', 'B', 'C'],
      ['A', 'B', 'C'],
    ]);
  });

  it('is begun with its first record, matched or not', async () => {
    const { noted } = adding({ B: 1 });
    const unmatched = { ...changesOf('A')[0], eventName: 'REMOVE' } as StreamRecord;
    const { deliver } = taking({ routes: noted });
    const delivered = await deliver([unmatched, ...changesOf('B', 2)]);
    expect(delivered.firstUnfinished).toBe('1');
  });

  it('is told to the ledger from before its first record, so that no other process runs again what is done', async () => {
    const { ledger, keeping } = fakeLedger();
    const one = running({ B: 1 }, 'one');
    const two = running({}, 'two');
    const { noted, added } = adding({ C: 1 });
    const process = () => taking({ routes: [one.handler, two.handler, noted], ledger, name: 'windows' });
    const unmatched = { ...changesOf('X')[0], eventName: 'REMOVE' } as StreamRecord;
    const records = [unmatched, ...changesOf('ABC', 2)];
    expect((await process().deliver(records)).isDone).toBe(false);
    expect(keeping).toEqual([
      {
        isDone: false,
        progress: {
          watermark: undefined,
          done: { 2: ['one', 'two'], 3: ['two'], 4: ['one', 'two'] },
          attempts: { 3: { one: 1 } },
        },
      },
    ]);
    expect((await process().deliver(records)).isDone).toBe(false);
    expect(keeping[1]?.progress).toEqual({
      watermark: undefined,
      done: { 2: ['one', 'two'], 3: ['one', 'two'], 4: ['one', 'two'] },
      attempts: {},
    });
    expect((await process().deliver(records)).state).toEqual({ window: { seen: ['A', 'B', 'C'] } });
    expect(keeping[2]?.isDone).toBe(true);
    expect([one.ran.join(''), two.ran.join(''), added.join('')]).toEqual(['ABCB', 'ABC', 'ABCABC']);
  });

  it('knows what was given up as done', async () => {
    let given = 0;
    const dropped: string[] = [];
    const hopeless = route.insert(shop, { id: 'hopeless' }, () => {
      given++;
      return neverAgain('no');
    });
    const { noted } = adding({ A: 1 });
    const { deliver } = taking({
      routes: [
        hopeless,
        route.insert(shop, { id: 'dropping', onFailure: { action: 'drop', attempts: 1 } }, ({ keys }) => {
          dropped.push(keys.pk as string);
          throw new Error('no');
        }),
        noted,
      ],
    });
    expect(await deliver(changesOf('A'))).toMatchObject({ isDone: false, counts: { dropped: 1 } });
    expect(await deliver(changesOf('A'))).toMatchObject({ isDone: true });
    expect([given, dropped]).toEqual([1, ['A']]);
  });
});

describe('an event of a window whose time is up', () => {
  it('is not done: an add that ends later changes nothing, and nothing follows it', async () => {
    const { clock, end } = deadline();
    const late: (() => void)[] = [];
    const added: string[] = [];
    const { noted } = noting('window', {
      add: async ({ seen }, { keys }, { signal }) => {
        added.push(keys.pk as string);
        if (keys.pk === 'B') await new Promise<void>((resolve) => late.push(resolve));
        return { seen: [...seen, `${keys.pk} ${signal.aborted}`] };
      },
    });
    const { deliver } = taking({ routes: noted, clock });
    const state = { window: { seen: ['before'] } };
    const first = deliver(changesOf('ABC'), { state }, { budgetMs: 5000 });
    await everythingElse();
    end();
    const result = await first;
    expect(result).toMatchObject({
      isDone: false,
      firstUnfinished: '1',
      state,
      timedOut: true,
      unsettled: ['window'],
    });
    late[0]?.();
    await everythingElse();
    expect(added).toEqual(['A', 'B']);
    expect(result).toMatchObject({ isDone: false, state, counts: { handled: 1 } });

    const second = deliver(changesOf('ABC'), { state }, { budgetMs: 5000 });
    await everythingElse();
    late[1]?.();
    expect((await second).state).toEqual({ window: { seen: ['before', 'A false', 'B false', 'C false'] } });
  });

  it('is not closed: a close that ends later is nothing', async () => {
    const { clock, end } = deadline();
    const late: (() => void)[] = [];
    const { noted } = noting('window', {
      close: () => new Promise<void>((resolve) => late.push(resolve)),
    });
    const { deliver } = taking({ routes: noted, clock });
    const first = deliver([], { isFinalInvokeForWindow: true }, { budgetMs: 5000 });
    await everythingElse();
    end();
    const result = await first;
    late[0]?.();
    await everythingElse();
    expect(result).toMatchObject({
      isDone: false,
      firstUnfinished: undefined,
      timedOut: true,
      unsettled: ['window'],
    });
  });

  it('starts no add when it is up, though no timer has fired', async () => {
    let nowMs = 0;
    const added: string[] = [];
    const { noted } = noting('window', {
      add: (state, { keys }) => {
        added.push(keys.pk as string);
        nowMs += 600;
        return state;
      },
    });
    const { deliver } = taking({
      routes: noted,
      clock: {
        now: () => nowMs,
        sleep: (delayMs, signal) =>
          delayMs === 0
            ? Promise.resolve()
            : new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
      },
    });
    expect(await deliver(changesOf('ABC'), {}, { budgetMs: 1000 })).toMatchObject({
      isDone: false,
      timedOut: true,
    });
    expect(added).toEqual(['A', 'B']);
    expect(await deliver(changesOf('C', 3), {}, { budgetMs: 0 })).toMatchObject({
      isDone: false,
      timedOut: true,
    });
    expect(added).toEqual(['A', 'B']);
  });

  it('starts no add when layers, or schemas that take their time, have used it up', async () => {
    let nowMs = 0;
    const clock: Clock = { now: () => nowMs, sleep: (_delayMs, signal) => endOf(signal) };
    const runs: string[] = [];
    const fold = {
      add: (state: Seen) => {
        runs.push('add');
        return state;
      },
      close: () => void runs.push('close'),
    };
    const schema = Seen.refine(async () => {
      nowMs += 1000;
      return true;
    });
    const slow = route.window(shop, { id: 'window', state: schema }, fold);
    const layer: Middleware<HandlerCall> = (_call, next) => {
      nowMs += 1000;
      return next();
    };
    for (const { deliver } of [
      taking({ routes: slow, clock }),
      taking({ routes: noting('window', fold).noted, clock, middleware: { handler: [layer] } }),
    ]) {
      const { isDone, timedOut, counts } = await deliver(changesOf('A'), {}, { budgetMs: 1000 });
      expect([isDone, timedOut, counts.failed, counts.handled]).toEqual([false, true, 0, 0]);
    }
    const end = { isFinalInvokeForWindow: true };
    expect((await taking({ routes: slow, clock }).deliver([], end, { budgetMs: 1000 })).isDone).toBe(false);
    expect(runs).toEqual([]);
  });

  it('still gives up a handler that never ends, behind records that are done', async () => {
    const { clock, end } = deadline();
    const { handler, ran } = running();
    const { noted, added } = adding();
    const stuck = route.insert(
      shop,
      { id: 'stuck', when: shop.attr('pk').is('B'), onFailure: { action: 'drop', attempts: 2 } },
      () => new Promise(() => undefined),
    );
    const { deliver, lines } = taking({ routes: [handler, stuck, noted], clock });
    const results: boolean[] = [];
    for (let delivery = 0; delivery < 5 && !results.at(-1); delivery++) {
      const delivered = deliver(changesOf('ABC'), {}, { budgetMs: 5000 });
      await everythingElse();
      end();
      results.push((await delivered).isDone);
    }
    expect(results).toEqual([false, false, false, false, true]);
    expect([ran, added]).toEqual([
      ['A', 'B', 'C'],
      ['A', 'B', 'C'],
    ]);
    expect(lines.find(({ message }) => message === 'change dropped')?.fields).toMatchObject({
      handlerId: 'stuck',
      err: { code: 'TOO_SLOW' },
    });
  });
});

describe('records for a window route without a window', () => {
  it('are refused before anything runs, by an error that says what to set', async () => {
    const { handler, ran } = running();
    const router = createRouter({ routes: [handler, adding().noted], logger: collecting().logger });
    const delivered = runBatch(router, changesOf('AB'), { memory: createProcessMemory() });
    await expect(delivered).rejects.toMatchObject({
      code: 'NO_WINDOW',
      message: expect.stringMatching(
        new RegExp(`^window is a window route.*${streamArn}.*TumblingWindowInSeconds`),
      ),
    });
    expect(ran).toEqual([]);
  });

  it('are no hindrance to the records that it does not match', async () => {
    const { handler, ran } = running();
    const router = createRouter({
      routes: [
        handler,
        route.window(
          shop,
          { id: 'window', events: ['REMOVE'], state: Seen },
          { add: () => handled, close: () => undefined },
        ),
      ],
    });
    const delivered = await runBatch(router, changesOf('AB'), { memory: createProcessMemory() });
    expect([delivered.isDone, delivered.state, ran]).toEqual([true, undefined, ['A', 'B']]);
  });
});

describe('an event of a window', () => {
  it('of a router that has no window routes hands its state on, and is all or nothing as well', async () => {
    const { handler, ran } = running({ B: 1 });
    const { deliver } = taking({ routes: handler });
    const state = { gone: { seen: ['A'] } };
    expect(await deliver(changesOf('AB'), { state })).toMatchObject({
      isDone: false,
      firstUnfinished: '1',
      state,
    });
    expect(await deliver(changesOf('AB'), { state })).toMatchObject({ isDone: true, state });
    expect(ran).toEqual(['A', 'B', 'B']);
  });

  it('with records of another stream, or none that could be records, is refused before anything runs', async () => {
    const { handler, ran } = running();
    const { deliver } = taking({ routes: [handler, adding().noted] });
    const other = streamArn.replace('eu-central-1', 'eu-west-1');
    await expect(deliver(changesOf('A'), { streamArn: other })).rejects.toMatchObject({
      code: 'MALFORMED_RECORD',
    });
    await expect(deliver([{} as StreamRecord])).rejects.toMatchObject({ code: 'MALFORMED_RECORD' });
    expect(ran).toEqual([]);
  });

  it('is the only one that is kept from its beginning on: others are from their lowest unfinished record', async () => {
    const { ledger, keeping } = fakeLedger();
    const { handler } = running({ B: 1 });
    const { router, memory } = taking({ routes: handler, ledger, name: 'windows' });
    expect((await runBatch(router, changesOf('ABC'), { memory })).firstUnfinished).toBe('2');
    expect(keeping[0]?.progress).toEqual({
      watermark: '1',
      done: { 3: ['other'] },
      attempts: { 2: { other: 1 } },
    });
    expect(memory.size).toBe(2);
  });

  it('of a table that no route names is refused', async () => {
    const streamArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/carts/stream/2026-01-01T00:00:00.000';
    const records = changesOf('A').map((record) => ({ ...record, eventSourceARN: streamArn }));
    await expect(taking({ routes: adding().noted }).deliver(records, { streamArn })).rejects.toMatchObject({
      code: 'UNKNOWN_TABLE',
    });
    // An end without records would lose the state of the window otherwise.
    const end = { streamArn, isFinalInvokeForWindow: true, state: { one: { seen: [] } } };
    await expect(taking({ routes: adding().noted }).deliver([], end)).rejects.toMatchObject({
      code: 'UNKNOWN_TABLE',
    });
    const passing = taking({ routes: adding().noted, unknownTable: 'skip' });
    expect(await passing.deliver([], end)).toMatchObject({ isDone: true, state: {} });
    expect(await passing.deliver(records, { streamArn })).toMatchObject({ isDone: true, state: {} });
  });
});
