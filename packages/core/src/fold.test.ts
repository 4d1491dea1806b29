import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Clock,
  type HandlerCall,
  handled,
  type Middleware,
  retry,
  route,
  type StandardSchemaV1,
  skipped,
  timeout,
  where,
} from './index.js';
import { changesOf, everythingElse, noting, type Seen, shop, taking } from './testing/windows.js';

const never = new Promise<void>(() => undefined);
const atOnce = { delayMs: () => 0 };

describe('the window routes of an event', () => {
  it('are given each change in the order of the stream, and leave what they gave under their ids', async () => {
    const order: string[] = [];
    const add = (id: string) =>
      noting(id, {
        add: ({ seen }, { keys }) => {
          order.push(`${id} ${keys.pk}`);
          return { seen: [...seen, keys.pk as string] };
        },
      }).noted;
    const { deliver } = taking({ routes: [add('one'), add('two')] });
    expect(await deliver(changesOf('ABC'))).toMatchObject({
      isDone: true,
      firstUnfinished: undefined,
      state: { one: { seen: ['A', 'B', 'C'] }, two: { seen: ['A', 'B', 'C'] } },
    });
    expect(order).toEqual(['one A', 'two A', 'one B', 'two B', 'one C', 'two C']);
  });

  it('go on from what the event before left', async () => {
    const { deliver } = taking({ routes: noting('one').noted });
    const { state } = await deliver(changesOf('AB'));
    expect((await deliver(changesOf('CD', 3), { state: state ?? {} })).state).toEqual({
      one: { seen: ['A', 'B', 'C', 'D'] },
    });
  });

  it('run when everything else of the event is done, one change at a time', async () => {
    const steps: string[] = [];
    const slow = async (what: string) => {
      steps.push(`${what} begins`);
      await everythingElse();
      steps.push(`${what} ends`);
    };
    const { deliver } = taking({
      routes: [
        noting('window', {
          add: async (state, { keys }) => {
            await slow(`adding ${keys.pk}`);
            return state;
          },
        }).noted,
        route.insert(shop, { id: 'other' }, ({ keys }) => slow(`handling ${keys.pk}`)),
      ],
      order: 'lanes',
    });
    await deliver(changesOf('AB'));
    expect(steps).toEqual([
      'handling A begins',
      'handling B begins',
      'handling A ends',
      'handling B ends',
      'adding A begins',
      'adding A ends',
      'adding B begins',
      'adding B ends',
    ]);
  });

  it('begin with what the schema makes of nothing, and go on with what they gave', async () => {
    const given: unknown[] = [];
    const Days = z.object({ last: z.string().optional(), days: z.number().default(0) });
    const days = route.window(
      shop,
      { id: 'days', state: Days },
      {
        add: (state, { keys }) => {
          given.push(state);
          return { last: `2026-01-0${keys.pk}`, days: state.days + 1 };
        },
        close: () => undefined,
      },
    );
    const { deliver } = taking({ routes: days });
    expect((await deliver(changesOf('12'))).state).toEqual({ days: { last: '2026-01-02', days: 2 } });
    expect(given).toEqual([{ days: 0 }, { last: '2026-01-01', days: 1 }]);
  });

  it('share nothing with those of another event at the same time', async () => {
    const goOn = new Map<string, () => void>();
    const { deliver } = taking({
      routes: noting('one', {
        add: async ({ seen }, { keys }) => {
          await new Promise<void>((resolve) => goOn.set(keys.pk as string, resolve));
          return { seen: [...seen, keys.pk as string] };
        },
      }).noted,
    });
    const one = deliver(changesOf('AB'));
    const other = deliver(changesOf('XY'), { shardId: 'shardId-00000002', state: { one: { seen: ['W'] } } });
    for (const item of ['A', 'X', 'Y', 'B']) {
      await everythingElse();
      goOn.get(item)?.();
    }
    expect([(await one).state, (await other).state]).toEqual([
      { one: { seen: ['A', 'B'] } },
      { one: { seen: ['W', 'X', 'Y'] } },
    ]);
  });

  it('leave the process a turn now and then, though they wait for nothing', async () => {
    let nowMs = 0;
    const turnsAfter: number[] = [];
    const added: string[] = [];
    const clock: Clock = { now: () => nowMs, sleep: async () => void turnsAfter.push(added.length) };
    const { noted } = noting('one', {
      add: (state, { keys }) => {
        nowMs += 5;
        added.push(keys.pk as string);
        return state;
      },
    });
    await taking({ routes: noted, clock }).deliver(changesOf('ABCDEFGHIJ'));
    expect(turnsAfter).toEqual([4, 8]);
  });

  it('count as handlers do, and what they alone match is matched', async () => {
    const { deliver } = taking({
      routes: [
        noting('one', { add: (state, { keys }) => (keys.pk === 'B' ? skipped('no B') : state) }).noted,
        route.insert(
          shop,
          {
            id: 'A',
            when: where('is A', ({ dynamodb }) => isDeepStrictEqual(dynamodb.Keys['pk'], { S: 'A' })),
          },
          () => undefined,
        ),
      ],
    });
    const records = [...changesOf('ABC'), { ...changesOf('D', 4)[0], eventName: 'REMOVE' } as never];
    const { counts } = await deliver(records);
    expect(counts).toMatchObject({ records: 4, unmatched: 1, handled: 3, skipped: 1, failed: 0 });
  });

  it('see one change each as they see it elsewhere: validated once for all of its entity, and frozen', async () => {
    let validated = 0;
    const Item = shop.entity('Item', {
      schema: z.object({ pk: z.string(), amount: z.number() }).refine(() => ++validated > 0),
    });
    const changes: unknown[] = [];
    const adding = (id: string) =>
      route.window(
        Item,
        { id, events: ['INSERT'], state: z.object({}) },
        {
          add: (state, change) => {
            changes.push(change.new);
            expect(() => Object.assign(change.new, { amount: 0 })).toThrow(TypeError);
            return state;
          },
          close: () => undefined,
        },
      );
    await taking({ routes: [adding('one'), adding('two')] }).deliver(changesOf('A'));
    expect(changes).toEqual([
      { pk: 'A', amount: 1 },
      { pk: 'A', amount: 1 },
    ]);
    expect(changes[0]).toBe(changes[1]);
    expect(validated).toBe(1);
  });

  it('may have any id', async () => {
    const { deliver } = taking({ routes: noting('__proto__').noted });
    const { state } = await deliver(changesOf('A'));
    expect(JSON.stringify(state)).toBe('{"__proto__":{"seen":["A"]}}');
    expect(JSON.stringify((await deliver(changesOf('B', 2), { state: state ?? {} })).state)).toBe(
      '{"__proto__":{"seen":["A","B"]}}',
    );
  });
});

describe('the layers around handlers', () => {
  it('stand around each add, as around any handler', async () => {
    const seen: unknown[] = [];
    const watch: Middleware<HandlerCall> = async ({ route: { id, window }, change, context }, next) => {
      const outcome = await next();
      seen.push([id, window !== undefined, change.keys, context.handlerId, context.attempt, outcome.kind]);
      return outcome;
    };
    const { deliver } = taking({ routes: noting('one').noted, middleware: { handler: [watch] } });
    await deliver(changesOf('A'), { isFinalInvokeForWindow: true });
    expect(seen).toEqual([['one', true, { pk: 'A' }, 'one', 1, 'handled']]);
  });

  it('may try an add again: what failed leaves nothing behind, and the change is added once', async () => {
    let calls = 0;
    const { noted } = noting('one', {
      add: ({ seen }, { keys }) => {
        if (++calls % 3 > 0) throw new Error('not yet');
        return { seen: [...seen, keys.pk as string] };
      },
    });
    const { deliver } = taking({
      routes: noted,
      middleware: { handler: [retry({ attempts: 3, backoff: atOnce })] },
    });
    const { state, counts } = await deliver(changesOf('AB'));
    expect(state).toEqual({ one: { seen: ['A', 'B'] } });
    expect([calls, counts.handled]).toEqual([6, 2]);
  });

  it('may run an add twice: the change is added once', async () => {
    const twice: Middleware<HandlerCall> = async (_call, next) => {
      await next();
      return next();
    };
    const { deliver } = taking({ routes: noting('one').noted, middleware: { handler: [twice] } });
    expect((await deliver(changesOf('AB'))).state).toEqual({ one: { seen: ['A', 'B'] } });
  });

  it('may give up an add that goes on: what it gives later is nothing', async () => {
    const begun = Promise.withResolvers<void>();
    const late = Promise.withResolvers<Seen>();
    let calls = 0;
    const { noted } = noting('one', {
      add: async ({ seen }, { keys }) => {
        begun.resolve();
        if (++calls === 1) return late.promise;
        late.resolve({ seen: [...seen, 'late'] });
        await everythingElse();
        return { seen: [...seen, keys.pk as string] };
      },
    });
    const { deliver } = taking({
      routes: noted,
      // The first call's time is up when it has begun; no other call's ever is.
      clock: {
        now: () => 0,
        sleep: async (delayMs) => void (delayMs > 0 && (await (calls > 0 ? never : begun.promise))),
      },
      middleware: {
        handler: [retry({ attempts: 2, backoff: atOnce }), timeout({ afterMs: 5, ifIgnored: 'abandon' })],
      },
    });
    expect((await deliver(changesOf('AB'))).state).toEqual({ one: { seen: ['A', 'B'] } });
  });

  it('may give up a call that waits for its state: what it reads later does not take the place of what was added', async () => {
    const held = Promise.withResolvers<void>();
    let reads = 0;
    const Slow: StandardSchemaV1<Seen> = {
      '~standard': {
        version: 1,
        vendor: 'own',
        validate: async (value) => {
          // The first one is at start.
          if (++reads === 2) await held.promise;
          return { value: { seen: [], ...(value as Partial<Seen>) } };
        },
      },
    };
    const one = route.window(
      shop,
      { id: 'one', state: Slow },
      {
        add: ({ seen }, { keys }) => ({ seen: [...seen, keys.pk as string] }),
        close: () => undefined,
      },
    );
    const { noted: two } = noting('two', {
      add: async (state) => {
        held.resolve();
        await everythingElse();
        return state;
      },
    });
    let calls = 0;
    const impatient: Middleware<HandlerCall> = (_call, next) => {
      const outcome = next();
      if (++calls === 1) throw new Error('too slow');
      return outcome;
    };
    const { deliver } = taking({
      routes: [one, two],
      middleware: { handler: [retry({ attempts: 2, backoff: atOnce }), impatient] },
    });
    expect((await deliver(changesOf('AB'))).state).toMatchObject({ one: { seen: ['A', 'B'] } });
  });

  it('decide: what one says is handled is, and what one skips is not added', async () => {
    const deciding: Middleware<HandlerCall> = async ({ change }, next) => {
      if (change.keys['pk'] === 'A') return handled;
      const outcome = await next();
      return change.keys['pk'] === 'B' ? skipped('no B') : outcome.kind === 'failed' ? outcome : handled;
    };
    const { deliver } = taking({ routes: noting('one').noted, middleware: { handler: [deciding] } });
    const { state, counts } = await deliver(changesOf('ABC'));
    expect(state).toEqual({ one: { seen: ['C'] } });
    expect(counts).toMatchObject({ handled: 2, skipped: 1 });
  });
});

describe('an item that does not fit its entity', () => {
  const deliver = async (onInvalid: 'fail' | 'skip') => {
    const Item = shop.entity('Item', {
      schema: z.object({ pk: z.string().refine((pk) => pk !== 'B') }),
      onInvalid,
    });
    const counting = route.window(
      Item,
      { id: 'one', events: ['INSERT'], state: z.object({ items: z.number().default(0) }) },
      { add: ({ items }) => ({ items: items + 1 }), close: () => undefined },
    );
    const { deliver, lines } = taking({ routes: counting });
    return { ...(await deliver(changesOf('ABC'))), lines };
  };

  it('fails its event where it is to fail', async () => {
    const { isDone, firstUnfinished, lines } = await deliver('fail');
    expect([isDone, firstUnfinished]).toEqual([false, '1']);
    expect(lines[0]?.fields['err']).toMatchObject({ code: 'INVALID_ITEM' });
  });

  it('is left out where it is to be skipped', async () => {
    const { isDone, state, counts } = await deliver('skip');
    expect([isDone, state, counts.skipped]).toEqual([true, { one: { items: 2 } }, 1]);
  });
});

it('a change that the filter cannot judge fails its event', async () => {
  const odd = route.window(
    shop,
    {
      id: 'one',
      state: z.object({}),
      when: where('odd', () => {
        throw new Error('cannot tell');
      }),
    },
    { add: (state) => state, close: () => undefined },
  );
  const { deliver, lines } = taking({ routes: odd });
  expect(await deliver(changesOf('A'))).toMatchObject({ isDone: false, firstUnfinished: '1' });
  expect(lines[0]?.fields['err']).toMatchObject({ message: 'cannot tell' });
});
