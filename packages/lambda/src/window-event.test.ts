import { createRouter, type Logger, type Route, route, type StreamRecord, table } from '@sluice/core';
import { recordsOf, simulateLambda, virtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { type LambdaEvent, lambda, MalformedEventError, WindowNotClosedError } from './index.js';

const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const shop = table('shop', { keys: { partition: 'pk' } });
const routerOf = (...routes: readonly Route[]) => createRouter({ routes, logger: silent });

const builder = recordsOf(shop);
const [one, two] = ['A', 'B'].map((pk) => builder.insert({ pk }));
const first = [{ itemIdentifier: one?.dynamodb.SequenceNumber }];

/** An event of a window as Lambda has it. */
const windowEvent = (change: Partial<Record<keyof LambdaEvent, unknown>> = {}): LambdaEvent =>
  ({
    Records: [one, two],
    window: { start: '2026-03-03T12:00:00Z', end: '2026-03-03T12:01:00Z' },
    state: {},
    shardId: 'shardId-00000001772539200000-51a9d0f3',
    eventSourceARN: builder.streamArn,
    isFinalInvokeForWindow: false,
    isWindowTerminatedEarly: false,
    ...change,
  }) as LambdaEvent;
const finalEvent = (change: Partial<Record<keyof LambdaEvent, unknown>> = {}) =>
  windowEvent({ Records: [], isFinalInvokeForWindow: true, ...change });

/** What a window route keeps: how many there were. */
const Count = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) => ({ value: { count: 0, ...(value as { count?: number }) } }),
    types: undefined as unknown as { input: { count?: number }; output: { count: number } },
  },
} as const;

/** Counts the changes of windows. `fails` says of a call's name, a key or `close`, whether it is to fail. */
function counting(fails: (name: string) => boolean = () => false) {
  const closed: unknown[] = [];
  const attempt = (name: unknown) => {
    if (fails(String(name))) throw new Error('not now');
  };
  const counter = route.window(
    shop,
    { id: 'counter', state: Count },
    {
      add: ({ count }, { keys }) => {
        attempt(keys.pk);
        return { count: count + 1 };
      },
      close: ({ count }, { start, end, shardId, streamArn, isWindowTerminatedEarly }) => {
        attempt('close');
        closed.push({ count, start, end, shardId, streamArn, isWindowTerminatedEarly });
      },
    },
  );
  return { counter, closed };
}

describe('the answer to an event of a window', () => {
  it('always has the state, of which the next event begins', async () => {
    const handler = lambda(routerOf(counting().counter));
    expect(await handler(windowEvent())).toEqual({ batchItemFailures: [], state: { counter: { count: 2 } } });
    expect(await handler(windowEvent({ state: { counter: { count: 5 } } }))).toEqual({
      batchItemFailures: [],
      state: { counter: { count: 7 } },
    });
    expect(await handler(windowEvent({ Records: [] }))).toEqual({ batchItemFailures: [], state: {} });
  });

  it.each([null, undefined, {}])('begins a window where the event has the state %s', async (state) => {
    const handler = lambda(routerOf(counting().counter));
    expect(await handler(windowEvent({ state }))).toEqual({
      batchItemFailures: [],
      state: { counter: { count: 2 } },
    });
  });

  it('is an empty state at the end of the window, which is told where and when it was', async () => {
    const { counter, closed } = counting();
    const handler = lambda(routerOf(counter));
    expect(await handler(finalEvent({ state: { counter: { count: 5 } } }))).toEqual({
      batchItemFailures: [],
      state: {},
    });
    const early = windowEvent({ isFinalInvokeForWindow: true, isWindowTerminatedEarly: true });
    expect(await handler(early)).toEqual({ batchItemFailures: [], state: {} });
    const window = {
      start: '2026-03-03T12:00:00Z',
      end: '2026-03-03T12:01:00Z',
      shardId: 'shardId-00000001772539200000-51a9d0f3',
      streamArn: builder.streamArn,
    };
    expect(closed).toEqual([
      { count: 5, ...window, isWindowTerminatedEarly: false },
      { count: 2, ...window, isWindowTerminatedEarly: true },
    ]);
  });

  it.each([null, undefined])(
    'is the end of the window also where that comes with the records %s',
    async (Records) => {
      const { counter, closed } = counting();
      expect(await lambda(routerOf(counter))(finalEvent({ Records }))).toEqual({
        batchItemFailures: [],
        state: {},
      });
      expect(closed).toHaveLength(1);
      await expect(lambda(routerOf(counter))(windowEvent({ Records }))).rejects.toThrow(MalformedEventError);
    },
  );

  it('is the first record and the state as it came, where any change is not done', async () => {
    const { counter } = counting((name) => name === 'B');
    const state = { counter: { count: 5 }, 'of a release before': { any: ['thing'] } };
    const answer = await lambda(routerOf(counter))(windowEvent({ state }));
    expect(answer).toEqual({ batchItemFailures: first, state });
    expect(answer.state).not.toBe(state);
  });

  it('is the first record and the state as it came, where records came with an end that is not done', async () => {
    const { counter } = counting((name) => name === 'close');
    const state = { counter: { count: 5 } };
    const answer = await lambda(routerOf(counter))(windowEvent({ isFinalInvokeForWindow: true, state }));
    expect(answer).toEqual({ batchItemFailures: first, state });
  });

  it('is none where a window is not closed and there is no record: it throws, and Lambda tries again', async () => {
    let failures = 1;
    const { counter, closed } = counting(() => failures-- > 0);
    const handler = lambda(routerOf(counter));
    const event = finalEvent({ state: { counter: { count: 5 } } });
    await expect(handler(event)).rejects.toThrow(WindowNotClosedError);
    expect(closed).toEqual([]);
    expect(await handler(event)).toEqual({ batchItemFailures: [], state: {} });
    expect(closed).toMatchObject([{ count: 5 }]);
  });

  it('is the state as it came, where no time is left', async () => {
    const { counter } = counting();
    const state = { counter: { count: 5 } };
    const late = { getRemainingTimeInMillis: () => 900 };
    expect(await lambda(routerOf(counter))(windowEvent({ state }), late)).toEqual({
      batchItemFailures: first,
      state,
    });
    await expect(lambda(routerOf(counter))(finalEvent({ state }), late)).rejects.toMatchObject({
      code: 'WINDOW_NOT_CLOSED',
    });
  });

  it('hands the state on where the router has no window routes, and its handlers run', async () => {
    const ran: unknown[] = [];
    const handler = lambda(routerOf(route.insert(shop, { id: 'h' }, ({ keys }) => void ran.push(keys.pk))));
    const state = { 'of another release': { count: 5 } };
    expect(await handler(windowEvent({ state }))).toEqual({ batchItemFailures: [], state });
    expect(ran).toEqual(['A', 'B']);
    expect(await handler(finalEvent({ state }))).toEqual({ batchItemFailures: [], state: {} });
  });

  it('has a state for no other event', async () => {
    const handler = lambda(routerOf(route.insert(shop, { id: 'h' }, quiet)));
    expect(await handler({ Records: [one] as object[] })).toEqual({ batchItemFailures: [] });
  });
});

describe('an event of a window that cannot be one', () => {
  const malformed: [string, Partial<Record<keyof LambdaEvent, unknown>>, string][] = [
    ['no window', { window: undefined }, 'window.start, window.end'],
    ['a window that is text', { window: '12:00' }, 'window.start, window.end'],
    ['no start', { window: { end: '2026-03-03T12:01:00Z' } }, 'window.start'],
    ['a start that is no time', { window: { start: 'now', end: '2026-03-03T12:01:00Z' } }, 'window.start'],
    ['an end that is a number', { window: { start: '2026-03-03T12:00:00Z', end: 5 } }, 'window.end'],
    ['a state that is text', { state: '{}' }, 'state'],
    ['a state that is a list', { state: [] }, 'state'],
    ['a state that is a number', { state: 0 }, 'state'],
    ['no shard', { shardId: undefined }, 'shardId'],
    ['a shard without a name', { shardId: '' }, 'shardId'],
    ['a shard that is a number', { shardId: 1 }, 'shardId'],
    ['no stream', { eventSourceARN: undefined }, 'eventSourceARN'],
    ['a stream of no table', { eventSourceARN: 'arn:aws:kinesis:eu-west-1:1:stream/s' }, 'eventSourceARN'],
    ['no word on its end', { isFinalInvokeForWindow: undefined }, 'isFinalInvokeForWindow'],
    ['text on its end', { isFinalInvokeForWindow: 'false' }, 'isFinalInvokeForWindow'],
    ['no word on an early end', { isWindowTerminatedEarly: null }, 'isWindowTerminatedEarly'],
    ['a number on an early end', { isWindowTerminatedEarly: 0 }, 'isWindowTerminatedEarly'],
    ['nearly nothing', { window: {}, shardId: 0, state: '' }, 'window.start, window.end, state, shardId'],
  ];

  it.each(malformed)('is refused with nothing run: %s', async (_what, change, names) => {
    const ran: string[] = [];
    const { counter } = counting((name) => ran.push(name) < 0);
    const handler = lambda(
      routerOf(
        counter,
        route.on(shop, { id: 'h' }, () => void ran.push('h')),
      ),
    );
    for (const event of [windowEvent(change), finalEvent(change)]) {
      await expect(handler(event)).rejects.toMatchObject({
        code: 'MALFORMED_EVENT',
        message: expect.stringContaining(`${names} cannot be meant`),
      });
    }
    expect(ran).toEqual([]);
  });

  it.each<[string, object]>([
    ['a window', { window: { start: '2026-03-03T12:00:00Z', end: '2026-03-03T12:01:00Z' } }],
    ['a state', { state: { counter: { count: 1 } } }],
    ['an end', { isFinalInvokeForWindow: false }],
    ['an early end', { isWindowTerminatedEarly: false }],
  ])('is not taken for one without a window, where %s is all that tells of it', async (_what, fields) => {
    const handler = lambda(routerOf(counting().counter));
    await expect(handler({ Records: [one] as object[], ...fields })).rejects.toThrow(MalformedEventError);
  });

  it('tells nothing of the state', async () => {
    const refused = lambda(routerOf(counting().counter))(windowEvent({ state: 'secret' }));
    await expect(refused).rejects.not.toThrow(/secret/);
  });
});

it('of a stream without windows, the records of a window route are refused with nothing run', async () => {
  const handler = lambda(routerOf(counting().counter));
  await expect(handler({ Records: [one] as object[] })).rejects.toMatchObject({ code: 'NO_WINDOW' });
});

describe('behind the event source mapping', () => {
  it.each(['warm', 'cold'] as const)(
    'windows hold each change once, however often something fails: %s retries',
    async (retry) => {
      const stream = recordsOf(shop);
      const records = Array.from({ length: 40 }, (_, index) => stream.insert({ pk: `${index}` }));
      const failures = new Map([
        ['3', 2],
        ['17', 1],
        ['close', 2],
      ]);
      const { counter, closed } = counting((name) => {
        const left = failures.get(name) ?? 0;
        failures.set(name, left - 1);
        return left > 0;
      });
      const writtenMs = ({ dynamodb }: StreamRecord) => (dynamodb.ApproximateCreationDateTime ?? 0) * 1000;
      const clock = virtualClock(Math.max(...records.map(writtenMs)));
      const tumblingWindowInSeconds = 10;
      const newSandbox = () => lambda(routerOf(counter));
      const report = await clock.run(
        simulateLambda({
          records,
          newSandbox,
          retry,
          batchSize: 4,
          tumblingWindowInSeconds,
          writtenMs,
          clock,
        }),
      );
      expect(report).toMatchObject({ status: 'done', discarded: [] });
      expect(closed).toMatchObject([{ count: 10 }, { count: 10 }, { count: 10 }, { count: 10 }]);
    },
  );
});
