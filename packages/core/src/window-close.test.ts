import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type BatchCall,
  type CloseContext,
  type HandlerCall,
  type Handling,
  handled,
  type Middleware,
  neverAgain,
  RetryLaterError,
  retryLater,
  route,
  type StandardSchemaV1,
  type StreamRecord,
  skipped,
  type TumblingWindow,
  table,
  type WindowDelivery,
} from './index.js';
import { aWindow, changesOf, noting, Seen, shop, streamArn, taking } from './testing/windows.js';

const last = { isFinalInvokeForWindow: true };

/** A route that notes what it is closed with, and ends as it is told. */
function closing(id: string, end: (calls: number) => Handling = () => undefined, name = 'shop') {
  const calls: { readonly state: Seen; readonly window: TumblingWindow; readonly context: CloseContext }[] =
    [];
  const closed = route.window(
    table(name, { keys: { partition: 'pk' } }),
    { id, state: Seen },
    {
      add: ({ seen }, { keys }) => ({ seen: [...seen, keys.pk as string] }),
      close: (state, window, context) => {
        calls.push({ state, window, context });
        return end(calls.length);
      },
    },
  );
  return { closed, calls };
}

describe('the last event of a window', () => {
  it('closes each route when everything is added, in their order, with the state and the window', async () => {
    const order: string[] = [];
    const one = closing('one', () => void order.push('one'));
    const two = closing('two', () => void order.push('two'));
    const { deliver } = taking({ routes: [one.closed, two.closed] });
    expect(await deliver(changesOf('AB'), { ...last, state: { one: { seen: ['before'] } } })).toMatchObject({
      isDone: true,
      state: {},
      counts: { handled: 6 },
    });
    expect(order).toEqual(['one', 'two']);
    expect([one.calls[0]?.state, two.calls[0]?.state]).toEqual([
      { seen: ['before', 'A', 'B'] },
      { seen: ['A', 'B'] },
    ]);
    const { isFinalInvokeForWindow, state, ...window } = aWindow;
    expect(one.calls[0]?.window).toEqual(window);
  });

  it('closes without records too, and where nothing was ever added, with what the schema makes of nothing', async () => {
    const { closed, calls } = closing('one');
    const { deliver } = taking({ routes: closed });
    expect(await deliver([], last)).toMatchObject({ isDone: true, firstUnfinished: undefined, state: {} });
    await deliver([], { ...last, state: { one: { seen: ['A'] } }, isWindowTerminatedEarly: true });
    expect(calls.map(({ state, window }) => [state, window.isWindowTerminatedEarly])).toEqual([
      [{ seen: [] }, false],
      [{ seen: ['A'] }, true],
    ]);
  });

  it('closes on what the schema reads of the state, the same with the last records and behind them', async () => {
    const ends: unknown[] = [];
    const Trimmed = z.object({ text: z.string().trim().default('') });
    const trimmed = route.window(
      shop,
      { id: 'one', state: Trimmed },
      {
        // Of what is there besides, a type tells nothing.
        add: async ({ text }, { keys }) => ({ text: ` ${text}${keys.pk}`, besides: true }),
        close: (state, _window, { idempotencyKey }) => void ends.push([state, idempotencyKey]),
      },
    );
    const { deliver } = taking({ routes: trimmed });
    await deliver(changesOf('A'), last);
    const { state = {} } = await deliver(changesOf('A'));
    await deliver([], { ...last, state });
    expect(ends[0]).toEqual([{ text: 'A' }, expect.any(String)]);
    expect(ends[1]).toEqual(ends[0]);
  });

  it('closes on nothing that the schema does not read', async () => {
    const ends: unknown[] = [];
    const counting = route.window(
      shop,
      { id: 'one', state: z.object({ sum: z.number().default(0) }) },
      { add: ({ sum }) => ({ sum: sum / 0 }), close: (state) => void ends.push(state) },
    );
    const { deliver, lines } = taking({ routes: counting });
    expect(await deliver(changesOf('A'), last)).toMatchObject({ isDone: false, firstUnfinished: '1' });
    expect(ends).toEqual([]);
    expect(lines[0]).toMatchObject({
      message: 'close failed',
      fields: { handlerId: 'one', err: { code: 'WINDOW_STATE' } },
    });
  });

  it('reads the state of each route once for all of its ends', async () => {
    const reads = new Map<string, number>();
    const reading = (id: string) => {
      const State: StandardSchemaV1<Seen> = {
        '~standard': {
          version: 1,
          vendor: 'own',
          validate(value) {
            reads.set(id, (reads.get(id) ?? 0) + 1);
            return { value: { seen: [], ...(value as Partial<Seen>) } };
          },
        },
      };
      return route.window(
        shop,
        { id, state: State },
        { add: ({ seen }, { keys }) => ({ seen: [...seen, keys.pk as string] }), close: () => undefined },
      );
    };
    const { deliver } = taking({ routes: ['one', 'two', 'three'].map(reading) });
    reads.clear();
    await deliver(changesOf('AB'), last);
    // What it had before the first change, and what it ends with.
    expect(Object.fromEntries(reads)).toEqual({ one: 2, two: 2, three: 2 });
  });

  it('reads its ends again when it is tried again, where they could not be read', async () => {
    let isAway = false;
    const State: StandardSchemaV1<Seen> = {
      '~standard': {
        version: 1,
        vendor: 'own',
        validate: (value) =>
          isAway ? { issues: [{ message: 'away' }] } : { value: { seen: [], ...(value as Partial<Seen>) } },
      },
    };
    const ends: Seen[] = [];
    const one = route.window(
      shop,
      { id: 'one', state: State },
      {
        add({ seen }, { keys }) {
          isAway = true;
          return { seen: [...seen, keys.pk as string] };
        },
        close: (state) => void ends.push(state),
      },
    );
    const again: Middleware<BatchCall> = async (_call, next) => {
      const outcome = await next();
      isAway = false;
      return outcome.kind === 'failed' ? next() : outcome;
    };
    const { deliver } = taking({ routes: one, middleware: { batch: [again] } });
    expect(await deliver(changesOf('A'), last)).toMatchObject({ isDone: true, state: {} });
    expect(ends).toEqual([{ seen: ['A'] }]);
  });

  it('tells apart two early ends of one window in which a handler has kept the same', async () => {
    const keys: string[] = [];
    const count = route.window(
      shop,
      { id: 'count', state: z.object({ count: z.number().default(0) }) },
      {
        add: ({ count }) => ({ count: count + 1 }),
        close: (_state, _window, { idempotencyKey }) => void keys.push(idempotencyKey),
      },
    );
    const much = noting('much', {
      add: ({ seen }, { keys }) => ({ seen: [...seen, String(keys.pk).repeat(1_048_576)] }),
    });
    const { deliver } = taking({ routes: [count, much.noted] });
    const early = { ...last, isWindowTerminatedEarly: true };
    await deliver(changesOf('A'), early);
    await deliver(changesOf('B', 2), early);
    const { state = {} } = await deliver(changesOf('B', 2));
    await deliver([], { ...early, state });
    await deliver(changesOf('B', 2), last); // the same end, when Lambda has not seen yet how large it is
    expect(new Set(keys).size).toBe(2);
    expect(keys.slice(2)).toEqual([keys[1], keys[1]]);
  });

  it('closes nothing before, and nothing of other tables', async () => {
    const one = closing('one');
    const others = closing('others', undefined, 'carts');
    const { deliver } = taking({ routes: [one.closed, others.closed] });
    await deliver(changesOf('A'));
    expect(one.calls).toEqual([]);
    await deliver([], last);
    expect([one.calls.length, others.calls.length]).toEqual([1, 0]);
  });

  it('closes what a pattern of tables stands for', async () => {
    const { closed, calls } = closing('one', undefined, 'sh*');
    await taking({ routes: closed }).deliver([], last);
    expect(calls).toHaveLength(1);
  });

  it('has no layers of handlers around its end', async () => {
    const around: string[] = [];
    const layer: Middleware<HandlerCall> = (call, next) => {
      around.push(call.context.handlerId);
      return next();
    };
    const { closed, calls } = closing('one');
    await taking({ routes: closed, middleware: { handler: [layer] } }).deliver([], last);
    expect([around, calls.length]).toEqual([[], 1]);
  });

  it('gives close the time, the signal and a logger whose lines tell the window', async () => {
    const { closed, calls } = closing('one');
    const { deliver, lines, router } = taking({ routes: closed });
    await deliver([], last, { budgetMs: 60_000 });
    const context = calls[0]?.context;
    expect(context).toMatchObject({ handlerId: 'one', clock: router.clock, random: router.random });
    expect(context?.deadlineMs).toBeLessThanOrEqual(router.clock.now() + 60_000);
    expect(context?.signal.aborted).toBe(false);
    context?.logger.info({ orders: 1 }, 'closed');
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'closed',
        fields: {
          handlerId: 'one',
          streamArn,
          shardId: aWindow.shardId,
          windowStart: aWindow.start,
          orders: 1,
        },
      },
    ]);
  });

  it('fails where close cannot read the state', async () => {
    const { closed, calls } = closing('one');
    const { deliver, lines } = taking({ routes: closed });
    const state = { one: { seen: 1 } };
    expect(await deliver([], { ...last, state })).toMatchObject({ isDone: false, state });
    expect(calls).toEqual([]);
    expect(lines[0]).toMatchObject({ message: 'close failed', fields: { err: { code: 'WINDOW_STATE' } } });
  });

  it('gives each try of close a state of its own, to do with as it likes', async () => {
    const given: string[][] = [];
    const { noted } = noting('one', {
      close: ({ seen }) => {
        given.push([...seen]);
        seen.push('changed');
        if (given.length === 1) throw new Error('not yet');
      },
    });
    const again: Middleware<BatchCall> = async (_call, next) =>
      (await next()).kind === 'failed' ? next() : handled;
    const { deliver } = taking({ routes: noted, middleware: { batch: [again] } });
    expect((await deliver(changesOf('A'), last)).isDone).toBe(true);
    expect(given).toEqual([['A'], ['A']]);
  });
});

describe('what close comes to', () => {
  it.each<[string, () => Handling, object]>([
    ['nothing', () => undefined, { handled: 1 }],
    ['handled', () => handled, { handled: 1 }],
    ['something else, when it has come', async () => 'published', { handled: 1 }],
    ['skipped', () => skipped('no orders'), { skipped: 1 }],
    ['never again, which is logged', () => neverAgain('no such report'), { neverAgain: 1 }],
  ])('is done for %s', async (_what, end, counts) => {
    const { deliver, lines } = taking({ routes: closing('one', end).closed });
    expect(await deliver([], last)).toMatchObject({ isDone: true, state: {}, counts });
    expect(lines.map(({ level, message }) => [level, message])).toEqual(
      'neverAgain' in counts ? [['error', 'close gave up for good']] : [],
    );
  });

  it.each<[string, () => Handling, readonly [string, string]]>([
    ['throws', () => Promise.reject(new Error('no')), ['error', 'close failed']],
    [
      'throws at once',
      () => {
        throw new Error('no');
      },
      ['error', 'close failed'],
    ],
    ['asks for later', () => retryLater('full'), ['info', 'close asks for later']],
    [
      'throws that it asks for later',
      () => Promise.reject(new RetryLaterError('full')),
      ['info', 'close asks for later'],
    ],
  ])(
    'is not done where it %s: the event comes again with the state that it had',
    async (_what, end, line) => {
      const first = closing('first');
      const { closed, calls } = closing('one', (tries) => (tries === 1 ? end() : undefined));
      const behind = closing('behind');
      const { deliver, lines } = taking({ routes: [first.closed, closed, behind.closed] });
      const state = { one: { seen: ['before'] } };
      const records = changesOf('A');
      expect(await deliver(records, { ...last, state })).toMatchObject({
        isDone: false,
        firstUnfinished: '1',
        state,
      });
      expect([first.calls.length, behind.calls.length]).toEqual([1, 0]);
      expect(lines.map(({ level, message }) => [level, message])).toEqual([line]);
      expect(lines[0]?.fields).toMatchObject({
        handlerId: 'one',
        streamArn,
        shardId: aWindow.shardId,
        windowStart: aWindow.start,
      });

      expect(await deliver(records, { ...last, state })).toMatchObject({ isDone: true, state: {} });
      expect(calls.map(({ state }) => state)).toEqual([{ seen: ['before', 'A'] }, { seen: ['before', 'A'] }]);
      expect([first.calls.length, behind.calls.length]).toEqual([2, 1]);
      for (const tries of [first.calls, calls]) {
        expect(new Set(tries.map(({ context }) => context.idempotencyKey)).size).toBe(1);
      }
    },
  );

  it('is not done without records either, though nothing of it is unfinished', async () => {
    const { deliver } = taking({ routes: closing('one', () => Promise.reject(new Error('no'))).closed });
    expect(await deliver([], last)).toMatchObject({ isDone: false, firstUnfinished: undefined });
  });
});

describe('the idempotency key of an end', () => {
  const keyOf = async (
    events: readonly (readonly StreamRecord[])[],
    window: Partial<WindowDelivery> = {},
    id = 'one',
  ) => {
    const { closed, calls } = closing(id);
    const { deliver } = taking({ routes: closed });
    let { state } = { ...aWindow, ...window };
    for (const [index, records] of events.entries()) {
      const isFinalInvokeForWindow = index === events.length - 1;
      state = (await deliver(records, { ...window, state, isFinalInvokeForWindow })).state ?? {};
    }
    return calls[0]?.context.idempotencyKey;
  };

  it('is the same however the records of the window were cut into events', async () => {
    const records = changesOf('ABCD');
    const key = await keyOf([records]);
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(await keyOf([records, []])).toBe(key);
    expect(await keyOf([records.slice(0, 1), [], records.slice(1, 3), records.slice(3)])).toBe(key);
  });

  it('does not depend on the order in which the names of a state come back', async () => {
    const Counts = z.record(z.string(), z.union([z.number(), z.object({ a: z.number(), b: z.number() })]));
    const keys: string[] = [];
    const counting = route.window(
      shop,
      { id: 'one', state: Counts },
      {
        add: (state) => state,
        close: (_state, _window, { idempotencyKey }) => void keys.push(idempotencyKey),
      },
    );
    const { deliver } = taking({ routes: counting });
    await deliver([], { ...last, state: { one: { x: 1, y: { a: 1, b: 2 } } } });
    await deliver([], { ...last, state: { one: { y: { b: 2, a: 1 }, x: 1 } } });
    expect(keys[1]).toBe(keys[0]);
  });

  it('is another one for another window, shard, stream, handler or state', async () => {
    const records = changesOf('A');
    const keys = [
      await keyOf([records]),
      await keyOf([changesOf('B')]),
      await keyOf([[]]),
      await keyOf([records], {}, 'two'),
      await keyOf([records], { start: '2026-01-01T00:01:00Z' }),
      await keyOf([records], { end: '2026-01-01T00:06:00Z' }),
      await keyOf([records], { shardId: 'shardId-00000002' }),
      await keyOf([[]], { streamArn: streamArn.replace('eu-central-1', 'eu-west-1') }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
