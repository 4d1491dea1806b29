import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { handled, neverAgain, RetryLaterError, retryLater, route, skipped, table } from './index.js';
import { aWindow, changesOf, noting, type Seen, shop, streamArn, taking } from './testing/windows.js';

const carts = table('carts', { keys: { partition: 'pk' } });

describe('the state that an event is given', () => {
  it('fails what has to read it and cannot, by an error that names the handler and says what to do', async () => {
    const { deliver, lines } = taking({ routes: noting('one').noted });
    const state = { one: { seen: { 'secret key': 'secret' } } };
    expect(await deliver(changesOf('A'), { state })).toMatchObject({ isDone: false, state });
    expect(lines[0]).toMatchObject({
      message: 'handler failed',
      fields: {
        handlerId: 'one',
        err: {
          code: 'WINDOW_STATE',
          message: expect.stringMatching(/^What one has kept .* Let the schema take/),
        },
      },
    });
    expect(JSON.stringify(lines[0]?.fields['err'])).not.toContain('secret');
    const { err } = lines[0]?.fields ?? {};
    expect((err as { issues: unknown }).issues).toEqual([{ path: 'seen', message: expect.any(String) }]);
  });

  it('is read when it is needed, and otherwise handed on as it came', async () => {
    const { deliver } = taking({
      routes: [noting('one').noted, noting('two', { add: () => skipped('no') }).noted],
    });
    const state = { two: { seen: [], more: 1 }, gone: { from: ['an earlier', null, 1] } };
    const unread = { ...state, one: 'unreadable' };
    expect(await deliver([], { state: unread })).toMatchObject({ isDone: true, state: unread });
    expect((await deliver(changesOf('A'), { state })).state).toEqual({ ...state, one: { seen: ['A'] } });
  });

  it('is told at the end of the window where no route takes it', async () => {
    const elsewhere = route.window(
      carts,
      { id: 'elsewhere', state: z.object({}) },
      { add: (state) => state, close: () => undefined },
    );
    const { deliver, lines } = taking({ routes: [noting('one').noted, noting('two').noted, elsewhere] });
    const state = { one: { seen: [] }, gone: [1], elsewhere: {} };
    expect((await deliver([], { state })).state).toEqual(state);
    expect(lines).toEqual([]);
    expect((await deliver([], { state, isFinalInvokeForWindow: true })).state).toEqual({});
    expect(lines).toEqual([
      {
        level: 'warn',
        fields: {
          streamArn,
          shardId: aWindow.shardId,
          windowStart: aWindow.start,
          handlerIds: ['gone', 'elsewhere'],
        },
        message: expect.stringMatching(/no window routes of its stream/),
      },
    ]);
  });

  it('comes back as it was when the event is not done, whatever was done to it meanwhile', async () => {
    const state = { one: { seen: ['before'] } };
    const { deliver } = taking({
      routes: noting('one', {
        add: () => {
          state.one.seen.push('meanwhile');
          throw new Error('no');
        },
      }).noted,
    });
    expect((await deliver(changesOf('A'), { state })).state).toEqual({ one: { seen: ['before'] } });
  });

  it('is frozen from when add gives it, so that nothing that keeps a hold of it can change it', async () => {
    let held: string[] = [];
    const { deliver } = taking({
      routes: noting('one', {
        add: ({ seen }, { keys }) => {
          held = [...seen, keys.pk as string];
          return { seen: held };
        },
      }).noted,
    });
    const { state } = await deliver(changesOf('AB'));
    expect(() => held.push('afterwards')).toThrow(TypeError);
    expect(state).toEqual({ one: { seen: ['A', 'B'] } });
  });

  it('goes beyond what Lambda keeps with a warning that tells who keeps how much', async () => {
    const most = 1_048_576;
    const around = '{"one":{"seen":[""]},"two":{"seen":["é"]}}';
    const filled = 'x'.repeat(most - Buffer.byteLength(around));
    const keeping = (id: string, text: string) => noting(id, { add: () => ({ seen: [text] }) }).noted;
    const { deliver, lines } = taking({ routes: [keeping('one', filled), keeping('two', 'é')] });
    expect((await deliver(changesOf('A'))).isDone).toBe(true);
    expect(lines).toEqual([]);
    const { isDone, state } = await deliver(changesOf('A'), { state: { other: 1 } });
    expect([isDone, Object.keys(state ?? {})]).toEqual([true, ['other', 'one', 'two']]);
    expect(lines).toEqual([
      {
        level: 'warn',
        fields: {
          streamArn,
          shardId: aWindow.shardId,
          windowStart: aWindow.start,
          stateBytes: most + '"other":1,'.length,
          bytes: { other: 1, one: filled.length + '{"seen":[""]}'.length, two: '{"seen":["é"]}'.length + 1 },
        },
        message: expect.stringContaining('1 MB'),
      },
    ]);
  });
});

describe('an add that does not give a state', () => {
  const ending = (what: () => unknown) =>
    noting('one', {
      add: ({ seen }, { keys }) =>
        keys.pk === 'B' ? (what() as Seen) : { seen: [...seen, keys.pk as string] },
    }).noted;

  it('skips the change, or gives it up, and the state stays as it is', async () => {
    for (const [outcome, kind] of [
      [skipped('no'), 'skipped'],
      [neverAgain('no'), 'neverAgain'],
      [handled, 'handled'],
    ] as const) {
      const { deliver, lines } = taking({ routes: ending(() => outcome), onFailure: 'block' });
      const { isDone, state, counts } = await deliver(changesOf('ABCB'));
      expect([isDone, state]).toEqual([true, { one: { seen: ['A', 'C'] } }]);
      expect(counts[kind]).toBe(kind === 'handled' ? 4 : 2);
      // Each of them, though it is the same outcome.
      const line = ['error', 'handler gave up for good'];
      expect(lines.map(({ level, message }) => [level, message])).toEqual(
        kind === 'neverAgain' ? [line, line] : [],
      );
    }
  });

  it('fails, or asks for later: nothing behind it is added, and the event has not happened', async () => {
    const later = new RetryLaterError('thrown');
    for (const [what, line] of [
      [() => Promise.reject(new Error('no')), ['error', 'handler failed']],
      [() => retryLater('not now'), ['info', 'handler asks for later']],
      [() => Promise.reject(later), ['info', 'handler asks for later']],
    ] as const) {
      const added: string[] = [];
      const behind = noting('behind', {
        add: (state, { keys }) => {
          added.push(keys.pk as string);
          return state;
        },
      });
      const { deliver, lines } = taking({ routes: [ending(what), behind.noted] });
      const state = { one: { seen: ['before'] }, other: [1, { two: null }] };
      expect(await deliver(changesOf('ABC'), { state })).toMatchObject({
        isDone: false,
        firstUnfinished: '1',
        state,
        timedOut: false,
      });
      expect(added).toEqual(['A']);
      expect(lines.map(({ level, message, fields }) => [level, message, fields['handlerId']])).toEqual([
        [...line, 'one'],
      ]);
      expect(lines[0]?.fields).toMatchObject({ streamArn, sequenceNumber: '2' });
    }
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['a function', () => () => undefined],
    ['a bigint', () => ({ seen: [1n] })],
    [
      'a circle',
      () => {
        const circle: unknown[] = [];
        circle.push(circle);
        return { seen: circle };
      },
    ],
    ['another state', () => ({ seen: 'secret' })],
    ['what JSON makes another state of', () => ({ seen: [Number.NaN] })],
  ])(
    'fails when it gives %s, by an error that names the handler and tells nothing of the state',
    async (_what, what) => {
      const { deliver, lines } = taking({ routes: ending(what) });
      expect(await deliver(changesOf('AB'))).toMatchObject({
        isDone: false,
        firstUnfinished: '1',
        state: {},
      });
      const [line] = lines;
      expect(line).toMatchObject({
        message: 'handler failed',
        fields: {
          handlerId: 'one',
          err: { code: 'WINDOW_STATE', message: expect.stringContaining('What one gave') },
        },
      });
      expect(JSON.stringify(line?.fields['err'])).not.toContain('secret');
      expect(String(line?.fields['err'])).not.toContain('secret');
    },
  );

  it('fails when it changes the state in place, all through', async () => {
    const inside = z.object({
      list: z.array(z.string()).default([]),
      by: z.record(z.string(), z.number()).default({}),
    });
    const changing: ((state: z.infer<typeof inside>) => unknown)[] = [
      (state) => Object.assign(state, { list: ['A'] }),
      ({ list }) => list.push('A'),
      ({ by }) => Object.assign(by, { A: 1 }),
    ];
    // What was read of a kept state, and what an earlier add gave.
    for (const items of ['A', 'BA']) {
      for (const change of changing) {
        const { deliver, lines } = taking({
          routes: route.window(
            shop,
            { id: 'one', state: inside },
            {
              add: (state, { keys }) => {
                if (keys.pk === 'A') change(state);
                return Object.freeze({ list: ['B'], by: { B: 1 } }); // not all through
              },
              close: () => undefined,
            },
          ),
        });
        expect(await deliver(changesOf(items))).toMatchObject({ isDone: false, state: {} });
        expect(lines[0]?.fields['err']).toBeInstanceOf(TypeError);
      }
    }
  });
});
