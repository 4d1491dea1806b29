import {
  createRouter,
  handled,
  type Logger,
  logging,
  neverAgain,
  retry,
  retryLater,
  route,
  type StandardSchemaV1,
  skipped,
  table,
} from '@sluice/core';
import { describe, expect, it, vi } from 'vitest';
import { given } from './given.js';
import { recordsOf } from './records.js';
import { virtualClock } from './virtual-clock.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const records = recordsOf(shop);

describe('given a router, when records are delivered', () => {
  it('tells what each handler did, and what the source is told', async () => {
    const router = createRouter({
      routes: [
        route.insert(shop, { id: 'done' }, () => undefined),
        route.insert(shop, { id: 'passed' }, () => skipped('not ours')),
        route.insert(shop, { id: 'broken' }, () => {
          throw new Error('no mail today');
        }),
      ],
    });
    const record = records.insert({ pk: '1' });
    const delivered = await given(router).when(record);
    expect(delivered).toMatchObject({
      handled: ['done'],
      skipped: ['passed'],
      failed: ['broken'],
      errors: [new Error('no mail today')],
      unmatched: 0,
      firstUnfinished: record.dynamodb.SequenceNumber,
    });
    expect(delivered.calls.map(({ handlerId, attempt }) => [handlerId, attempt])).toEqual([
      ['done', 1],
      ['passed', 1],
      ['broken', 1],
    ]);
  });

  it('tells what was given up and what asks for later', async () => {
    const router = createRouter({
      routes: [
        route.insert(shop, { id: 'gone' }, () => neverAgain('no such customer')),
        route.insert(shop, { id: 'busy' }, () => retryLater('they are closed')),
        route.insert(shop, { id: 'talks' }, (_change, { logger }) => logger.error({}, 'no error of ours')),
      ],
    });
    expect(await given(router).when(records.insert({ pk: '1' }))).toMatchObject({
      handled: ['talks'],
      neverAgain: ['gone'],
      retryLater: ['busy'],
      failed: [],
      errors: [expect.objectContaining({ message: 'no such customer' })],
    });
  });

  it('delivers in groups, and tells what each had', async () => {
    const router = createRouter({ routes: [route.batch(shop, { id: 'group' }, () => undefined)] });
    const batch = [records.insert({ pk: '1' }), records.insert({ pk: '2' })];
    const { handled, calls } = await given(router).when(...batch);
    expect(handled).toEqual(['group']);
    expect(calls).toMatchObject([
      {
        sequenceNumber: batch[0]?.dynamodb.SequenceNumber,
        sequenceNumbers: batch.map(({ dynamodb }) => dynamodb.SequenceNumber),
      },
    ]);
  });

  it('delivers through the middleware around batches, and tells why nothing was run', async () => {
    const routes = [route.insert(shop, { id: 'h' }, () => undefined)];
    const closed = createRouter({
      routes,
      middleware: { batch: [() => Promise.reject(new Error('closed'))] },
    });
    const record = records.insert({ pk: '1' });
    expect(await given(closed).when(record)).toMatchObject({
      handled: [],
      errors: [new Error('closed')],
      firstUnfinished: record.dynamodb.SequenceNumber,
    });
    const lying = createRouter({ routes, middleware: { batch: [async () => handled] } });
    expect((await given(lying).when(record)).firstUnfinished).toBeDefined();
  });

  it('leaves the console alone, and lets a logger of the test have its lines', async () => {
    const lines: string[] = [];
    const heard = (_fields: object, message: string) => void lines.push(message);
    const own: Logger = { debug: heard, info: heard, warn: heard, error: heard };
    const parts = {
      routes: [
        route.insert(shop, { id: 'broken' }, (_change, { logger }) => {
          logger.debug({}, 'about to break');
          throw new Error('no mail today');
        }),
      ],
      middleware: { handler: [logging({ level: 'info' })] },
    };
    const console = [vi.spyOn(globalThis.console, 'info'), vi.spyOn(globalThis.console, 'error')];
    const withoutOne = await given(createRouter(parts)).when(records.insert({ pk: '1' }));
    expect(withoutOne.errors).toEqual([new Error('no mail today')]);
    const withOne = await given(createRouter({ ...parts, logger: own })).when(records.insert({ pk: '1' }));
    expect(withOne.errors).toEqual([new Error('no mail today')]);
    expect(lines).toEqual(['about to break', 'handler ended: failed', 'handler failed']);
    for (const spy of console) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it('needs no waiting with a virtual clock', async () => {
    let failures = 1;
    const flaky = route.insert(shop, { id: 'flaky' }, () => {
      if (failures-- > 0) throw new Error('not now');
    });
    const aDayLater = retry({ attempts: 2, backoff: { delayMs: () => 86_400_000 } });
    // #region clock
    const clock = virtualClock();
    const router = createRouter({ routes: flaky, middleware: { handler: [aDayLater] }, clock });

    const { handled } = await clock.run(given(router).when(records.insert({ pk: '1' })));
    expect(handled).toEqual(['flaky']);
    // #endregion
  });

  it('tells why a record could not be matched', async () => {
    const other = table('shop', { keys: { partition: 'id' } }).entity('Other', { key: { id: 'X#:x' } });
    const router = createRouter({ routes: [route.insert(other, { id: 'other' }, () => undefined)] });
    const { errors, firstUnfinished } = await given(router).when(records.insert({ pk: '1' }));
    expect(errors).toEqual([expect.objectContaining({ code: 'MISSING_KEY' })]);
    expect(firstUnfinished).toBeDefined();
  });

  it('delivers again to the same process, which repeats nothing, while a new one starts anew', async () => {
    let failures = 1;
    const router = createRouter({
      routes: [
        route.insert(shop, { id: 'done' }, () => undefined),
        route.insert(shop, { id: 'flaky' }, () => {
          if (failures-- > 0) throw new Error('not now');
        }),
      ],
    });
    const record = records.insert({ pk: '1' });
    const process = given(router);
    expect((await process.when(record)).handled).toEqual(['done']);
    expect((await process.when(record)).handled).toEqual(['flaky']);
    expect((await given(router).when(record)).handled).toEqual(['done', 'flaky']);
  });
});

describe('given a router, when records are delivered in a window', () => {
  interface Count {
    readonly added: number;
  }
  const Count: StandardSchemaV1<Partial<Count>, Count> = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: (value) => ({ value: { added: 0, ...(value as Partial<Count>) } }),
    },
  };
  const closed: unknown[] = [];
  const counting = route.window(
    shop,
    { id: 'count', state: Count },
    {
      add: ({ added }, { keys }) => {
        if (keys.pk === 'bad') throw new Error('no');
        return { added: added + 1 };
      },
      close: (state, { start, streamArn }) => void closed.push([state, start, streamArn]),
    },
  );
  const router = createRouter({ routes: [counting, route.insert(shop, { id: 'other' }, () => undefined)] });

  it('tells what was added, and the state for the next event', async () => {
    // #region window
    const test = given(router);
    const { state } = await test.whenInWindow({}, records.insert({ pk: '1' }), records.insert({ pk: '2' }));
    expect(state).toEqual({ count: { added: 2 } });

    const last = await test.whenInWindow(
      { state, isFinalInvokeForWindow: true },
      records.insert({ pk: '3' }),
    );
    expect(last).toMatchObject({ isDone: true, handled: ['other', 'count'], state: {} });
    expect(closed).toEqual([[{ added: 3 }, '2026-03-03T00:00:00Z', records.streamArn]]);
    // #endregion
  });

  it('tells why an event is not done, and the state that it came with', async () => {
    const state = { count: { added: 5 } };
    const [one, bad] = [records.insert({ pk: '3' }), records.insert({ pk: 'bad' })];
    expect(await given(router).whenInWindow({ state }, one, bad)).toMatchObject({
      isDone: false,
      state,
      failed: ['count'],
      errors: [new Error('no')],
      firstUnfinished: one.dynamodb.SequenceNumber,
    });
  });
});
