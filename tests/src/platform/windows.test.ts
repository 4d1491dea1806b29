import { type NoWindowError, type Route, route, skipped } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import type { LambdaFunction, LambdaSimulatorOptions } from '@sluice/testing';
import { virtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  answering,
  mapped,
  nameOf,
  noting,
  numberOf,
  reporting,
  routed,
  routerOf,
  type StreamRecord,
  shop,
  writes,
} from './setup.js';

// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html

const startMs = Date.UTC(2026, 0, 1);
const perSecond = (records: readonly StreamRecord[], seconds: readonly number[]) => (record: StreamRecord) =>
  startMs + 1000 * (seconds[records.findIndex((one) => numberOf(one) === numberOf(record))] ?? 0);

/** Four records, three of them in one minute and the fourth in the next. */
const records = writes('A1 B1 C1 A2');
const inMinutes = { tumblingWindowInSeconds: 60, writtenMs: perSecond(records, [1, 2, 3, 61]) } as const;
/** All of a minute in one batch. */
const atOnce = { tumblingWindowInSeconds: 60, writtenMs: perSecond(records, [0, 0, 0, 60]) } as const;

const folding: LambdaFunction = ({ state, Records }) => ({
  state: { names: `${state?.['names'] ?? ''}${Records.map(nameOf).join('')}` },
});

const statesIn = ({ invocations }: Awaited<ReturnType<typeof mapped>>['report']) =>
  invocations.map(({ window }) => window?.state['names'] ?? '');

describe('in a tumbling window', () => {
  it.each<[string, unknown]>([
    ['no state', { batchItemFailures: [] }],
    ['a state that is null', { state: null, batchItemFailures: [] }],
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
  ])(
    'a response with %s is a failed invocation, and the batch comes again with the state that it had',
    async (_what, response) => {
      let wrong = 1;
      const handler: LambdaFunction = (event, context) => (wrong-- > 0 ? response : folding(event, context));
      const { report, batches } = await mapped(records, handler, atOnce);
      expect(batches).toEqual(['A1 B1 C1', 'A1 B1 C1', '', 'A2', '']);
      expect(statesIn(report)).toEqual(['', '', 'A1B1C1', '', 'A2']);
    },
  );

  it('the state of a response goes to the next invocation of the window, and is dropped after the final one', async () => {
    const { report, batches } = await mapped(records, folding, inMinutes);
    expect(batches).toEqual(['A1', 'B1', 'C1', '', 'A2', '']);
    expect(statesIn(report)).toEqual(['', 'A1', 'A1B1', 'A1B1C1', '', 'A2']);
    expect(report.windows.map(({ endedBy }) => endedBy)).toEqual(['time', 'shardEnd']);
  });

  it('the state goes on as it is: the one of the documentation has numbers', async () => {
    const state = { '1': 282, '2': 715 };
    const { report } = await mapped(records.slice(0, 2), () => ({ state, batchItemFailures: [] }), inMinutes);
    expect(report.invocations.map(({ window }) => window?.state)).toEqual([{}, state, state]);
  });

  it('the end of the shard closes the window, and a child shard begins it without the state', async () => {
    const parent = await mapped(records.slice(0, 2), folding, inMinutes);
    const child = await mapped(records.slice(2, 3), folding, inMinutes);
    expect(statesIn(parent.report)).toEqual(['', 'A1', 'A1B1']);
    expect(statesIn(child.report)).toEqual(['', 'C1']);
    const [ofParent, ofChild] = [parent, child].map(({ report }) => report.windows);
    expect(ofParent).toMatchObject([{ endedBy: 'shardEnd' }]);
    expect(ofChild).toMatchObject([{ start: ofParent?.[0]?.start, endedBy: 'shardEnd' }]);
  });

  it('a final invocation that fails blocks the shard until it succeeds, whatever the limit on retries', async () => {
    let left = 3;
    const handler: LambdaFunction = (event, context) => {
      if (event.isFinalInvokeForWindow && left-- > 0) throw new Error('no luck');
      return folding(event, context);
    };
    const options = { ...atOnce, maximumRetryAttempts: 1 };
    const { report, batches } = await mapped(records, handler, options);
    expect(batches).toEqual(['A1 B1 C1', '', '', '', '', 'A2', '']);
    expect(report).toMatchObject({ status: 'done', discarded: [] });
  });

  it('retries and age are limited as without windows', async () => {
    const errors = Array.from({ length: 2 }, () => new Error('no luck'));
    const handler = answering(...errors, { state: {} }, { state: {} }, { state: {} });
    const retried = await mapped(records, handler, { ...atOnce, maximumRetryAttempts: 1 });
    expect(retried.batches).toEqual(['A1 B1 C1', 'A1 B1 C1', '', 'A2', '']);
    expect(retried.report.discarded).toEqual(records.slice(0, 3).map(numberOf));
    const aging = { ...atOnce, maximumRecordAgeInSeconds: 60, retryDelayMs: 61_000 };
    const aged = await mapped(
      records,
      answering(...errors.slice(1), { state: {} }, { state: {} }, { state: {} }),
      aging,
    );
    expect(aged.batches).toEqual(['A1 B1 C1', '', 'A2', '']);
  });

  it('a state above 1 MB ends the window early, and what is left of it begins without one', async () => {
    const handler: LambdaFunction = (event, context) =>
      event.Records.map(nameOf).includes('B1')
        ? { state: { names: 'x'.repeat(1_048_576) } }
        : folding(event, context);
    const { report, batches } = await mapped(records, handler, inMinutes);
    expect(batches).toEqual(['A1', 'B1', '', 'C1', '', 'A2', '']);
    expect(statesIn(report).map((names) => String(names).slice(0, 2))).toEqual([
      '',
      'A1',
      'xx',
      '',
      'C1',
      '',
      'A2',
    ]);
    expect(report.windows.map(({ endedBy }) => endedBy)).toEqual(['stateSize', 'time', 'shardEnd']);
    expect(report.invocations.map(({ window }) => window?.isWindowTerminatedEarly)).toEqual([
      ...[false, false, true, false, false],
      ...[false, false],
    ]);
  });
});

const Names = z.object({ names: z.array(z.string()).default([]), filler: z.string().optional() });

/** A window route that keeps names, and what it closed: `<window> <names>`. Calls fail as often as it says, by name or by window. */
function windowed(failures: Record<string, number> = {}, id = 'names') {
  const closed: string[] = [];
  const keys: string[] = [];
  const failOn = (what: string) => {
    const left = failures[what] ?? 0;
    failures[what] = left - 1;
    if (left > 0) throw new Error('not yet');
  };
  const names: Route = route.window(
    shop,
    { id, events: ['INSERT'], state: Names },
    {
      add: async ({ names }, { record }) => {
        await null;
        failOn(nameOf(record));
        return { names: [...names, nameOf(record)] };
      },
      close: async ({ names }, { start, isWindowTerminatedEarly }, { idempotencyKey }) => {
        await null;
        const minute = (Date.parse(start) - startMs) / 60_000;
        keys.push(idempotencyKey);
        failOn(`close ${minute}`);
        closed.push(`${minute} ${names.join(' ')}${isWindowTerminatedEarly ? ' early' : ''}`);
      },
    },
  );
  return { names, closed, keys };
}

const both = ['0 A1 B1 C1', '1 A2'];

describe('lambda(router) in a tumbling window', () => {
  it.each<[string, Partial<LambdaSimulatorOptions>]>([
    ['batch after batch', inMinutes],
    ['in one batch a window', atOnce],
    ['with the last records in the final invocation', { ...atOnce, finalInvokeForWindow: 'withRecords' }],
  ])('folds the changes of each window and closes it once: %s', async (_how, options) => {
    const { names, closed } = windowed();
    const { report } = await routed(records, [names], options);
    expect(closed).toEqual(both);
    for (const { response, window } of report.invocations) {
      expect(response).toMatchObject({ batchItemFailures: [] });
      if (window?.isFinalInvokeForWindow) expect(response).toMatchObject({ state: {} });
    }
  });

  it.each<[string, readonly Route[], Partial<LambdaSimulatorOptions>]>([
    ['is handled', [noting().noted], {}],
    ['fails', [noting({ A1: 2 }).noted], {}],
    ['fails in a window route', [windowed({ B1: 2 }).names], {}],
    [
      'is skipped by one',
      [route.window(shop, { id: 'w', state: Names }, { add: () => skipped('no'), close: () => undefined })],
      {},
    ],
    ['is wanted by no route', [route.remove(shop, { id: 'r' }, () => undefined)], {}],
    ['is too late', [noting().noted, windowed().names], { timeoutMs: 900, maxInvocations: 6 }],
  ])('answers with a state whatever becomes of a record: it %s', async (_what, routes, options) => {
    const { report } = await routed(records, routes, { ...atOnce, ...options });
    for (const { response, retryFrom, window, delivered } of report.invocations) {
      expect(response).toMatchObject({ state: expect.any(Object) });
      if (retryFrom !== undefined) {
        expect(response).toEqual({
          state: window?.state,
          batchItemFailures: [{ itemIdentifier: delivered[0] }],
        });
      }
    }
  });

  it('reports the first record when one fails, with the state as it came, and folds none twice', async () => {
    for (const retry of ['warm', 'cold'] as const) {
      const { names, closed } = windowed({ B1: 1, C1: 1, A2: 2 });
      const clock = virtualClock();
      const newSandbox = () => lambda(routerOf([names], { clock }));
      const { batches } = await mapped(records, () => null, { ...atOnce, retry, newSandbox }, clock);
      expect(batches).toEqual(['A1 B1 C1', 'A1 B1 C1', 'A1 B1 C1', '', 'A2', 'A2', 'A2', '']);
      expect(closed).toEqual(both);
    }
  });

  it('fails the final invocation as a whole while a window is not closed, and closes it later under the same key', async () => {
    const { names, closed, keys } = windowed({ 'close 0': 2 });
    const { report, batches } = await routed(records, [names], atOnce);
    expect(batches).toEqual(['A1 B1 C1', '', '', '', 'A2', '']);
    expect(report.invocations[1]?.error).toMatchObject({ code: 'WINDOW_NOT_CLOSED' });
    expect(closed).toEqual(both);
    expect(new Set(keys.slice(0, 3)).size).toBe(1);
    expect(new Set(keys).size).toBe(2);
  });

  it('reports the first record of a final invocation that has some, and adds none of them twice', async () => {
    const { names, closed } = windowed({ 'close 1': 2 });
    const options = { ...atOnce, finalInvokeForWindow: 'withRecords' } as const;
    const { report, batches } = await routed(records, [names], options);
    expect(batches).toEqual(['A1 B1 C1', '', 'A2', 'A2', 'A2']);
    expect(report.invocations[2]?.response).toEqual({ ...reporting(records[3]), state: {} });
    expect(closed).toEqual(both);
  });

  it('closes a window under one key, however its records were cut into batches', async () => {
    const keysOf = async (options: Partial<LambdaSimulatorOptions>) => {
      const { names, keys } = windowed();
      await routed(records, [names], options);
      return keys;
    };
    const keys = await keysOf(inMinutes);
    for (const batchSize of [1, 2, 3]) expect(await keysOf({ ...atOnce, batchSize })).toEqual(keys);
  });

  it('runs ordinary routes beside the windows, each change once, when the other of them fails', async () => {
    const { ran, noted } = noting({ B1: 1 });
    const { names, closed } = windowed({ C1: 1, 'close 0': 1 });
    await routed(records, [noted, names], atOnce);
    expect(ran).toEqual(['A1', 'B1', 'C1', 'A2']);
    expect(closed).toEqual(both);
  });

  it('keeps the states of several window routes apart', async () => {
    const [one, two] = [windowed({ A1: 1 }, 'one'), windowed({ 'close 0': 1 }, 'two')];
    await routed(records, [one.names, two.names], inMinutes);
    expect([one.closed[0], two.closed]).toEqual([both[0], both]);
    expect(new Set([...one.keys, ...two.keys]).size).toBe(4);
  });

  it('goes on after an early end, and each part of the window is closed', async () => {
    const { names, closed, keys } = windowed();
    const large: Route = route.window(
      shop,
      { id: 'large', state: Names },
      {
        add: (state, { record }) =>
          nameOf(record) === 'B1' ? { ...state, filler: 'x'.repeat(1_048_576) } : { ...state },
        close: () => undefined,
      },
    );
    const { report } = await routed(records, [names, large], inMinutes);
    expect(closed).toEqual(['0 A1 B1 early', '0 C1', '1 A2']);
    expect(new Set(keys).size).toBe(3);
    expect(report.windows.map(({ endedBy }) => endedBy)).toEqual(['stateSize', 'time', 'shardEnd']);
  });

  it('loses of a window only what Lambda discards, which is the whole batch', async () => {
    const { names, closed } = windowed({ B1: Number.POSITIVE_INFINITY });
    const options = { ...atOnce, batchSize: 2, maximumRetryAttempts: 2 };
    const { report } = await routed(records, [names], options);
    expect(report.discarded).toEqual(records.slice(0, 2).map(numberOf));
    expect(closed).toEqual(['0 C1', '1 A2']);
  });

  it('has each change once in the fold after crashes, time limits and duplicate invocations', async () => {
    for (const fault of [
      { crash: { step: 0 } },
      { timeout: { step: 0 } },
      { timeout: { step: 0 }, afterTimeout: 'freeze' },
      { duplicate: { afterMs: 0, heeded: 'first' } },
      { duplicate: { afterMs: 5, heeded: 'second' } },
    ] as const) {
      const { names, closed, keys } = windowed();
      const clock = virtualClock();
      const newSandbox: LambdaSimulatorOptions['newSandbox'] = ({ clock }) =>
        lambda(routerOf([names], { clock }));
      const faults = ({ number }: { readonly number: number }) =>
        number % 2 === 1 && number < 9 ? fault : undefined;
      const { report } = await mapped(records, () => null, { ...inMinutes, newSandbox, faults }, clock);
      expect(report.status).toBe('done');
      expect([...new Set(closed)]).toEqual(both);
      expect(new Set(keys).size).toBe(2);
    }
  });

  it('hands on the state of handlers that it does not know, and the state of all where it has no window routes', async () => {
    const { noted } = noting();
    const handler = lambda(routerOf([noted]));
    const event = {
      Records: records.slice(0, 1),
      window: { start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:01:00Z' },
      state: { old: { kept: 1 } },
      shardId: 'shardId-1',
      eventSourceARN: records[0]?.eventSourceARN ?? '',
      isFinalInvokeForWindow: false,
      isWindowTerminatedEarly: false,
    };
    expect(await handler(event)).toEqual({ batchItemFailures: [], state: { old: { kept: 1 } } });
    const { state } = await lambda(routerOf([windowed().names]))(event);
    expect(state).toEqual({ old: { kept: 1 }, names: { names: ['A1'] } });
  });

  it('refuses records for a window route where the mapping has no windows, with nothing run, so that none is lost', async () => {
    const { ran, noted } = noting();
    const { report } = await routed(records, [noted, windowed().names], { maxInvocations: 3 });
    const error: Partial<NoWindowError> = { code: 'NO_WINDOW' };
    expect(report.invocations.map(({ error }) => error)).toMatchObject([error, error, error]);
    expect(report.unfinished).toEqual(records.map(numberOf));
    expect(ran).toEqual([]);
  });
});
