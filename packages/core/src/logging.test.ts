import { type StreamRecord, table } from '@sluice/filters';
import { describe, expect, it } from 'vitest';
import {
  type Clock,
  createProcessMemory,
  createRouter,
  type Logger,
  type LoggingOptions,
  logging,
  neverAgain,
  type Route,
  type RouterOptions,
  retryLater,
  route,
  runBatch,
  skipped,
} from './index.js';

const streamArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000';
const shop = table('shop', { keys: { partition: 'pk' } });
const record: StreamRecord = {
  eventName: 'INSERT',
  eventSourceARN: streamArn,
  dynamodb: {
    Keys: { pk: { S: 'secret key' } },
    NewImage: { card: { S: 'secret card' } },
    SequenceNumber: '7',
  },
};

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: object;
}

/** Runs handlers, each of which takes 250 ms, and gives the lines of the logging alone, or all of them. */
async function linesOf(
  handlers: Readonly<Record<string, () => unknown>>,
  middleware: RouterOptions['middleware'],
  { all = false, broken = false } = {},
) {
  let nowMs = 0;
  const clock: Clock = { now: () => nowMs, sleep: async () => {} };
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    if (broken) throw new Error('the disk is full');
    if (all || 'durationMs' in fields) lines.push({ level, message, fields });
  };
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const routes: Route[] = Object.entries(handlers).map(([id, handle]) =>
    route.insert(shop, { id }, async () => {
      nowMs += 250;
      return (await handle()) as undefined;
    }),
  );
  const router = createRouter({ routes, logger, clock, ...(middleware && { middleware }) });
  const result = await runBatch(router, [record], { memory: createProcessMemory() });
  return { lines, result };
}

const quiet = () => undefined;
const fails = (error: Error) => () => Promise.reject(error);

describe('logging', () => {
  it('writes one line for each handler call: what came of it, how long it took, and what it was about', async () => {
    const { lines } = await linesOf({ mail: quiet }, { handler: [logging()] });
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'handler ended: handled',
        fields: {
          outcome: 'handled',
          durationMs: 250,
          handlerId: 'mail',
          attempt: 1,
          streamArn,
          sequenceNumber: '7',
          eventName: 'INSERT',
        },
      },
    ]);
  });

  it.each([
    ['skipped', 'info', 'handler ended: skipped', () => skipped('a test order'), { reason: 'a test order' }],
    [
      'retryLater',
      'info',
      'handler ended: retryLater',
      () => retryLater('busy'),
      { errorType: 'RETRY_LATER' },
    ],
    [
      'neverAgain',
      'warn',
      'handler ended: neverAgain',
      () => neverAgain('broken'),
      { errorType: 'NEVER_AGAIN' },
    ],
    ['failed', 'warn', 'handler ended: failed', fails(new RangeError('no')), { errorType: 'RangeError' }],
  ])('says so when a call is %s', async (outcome, level, message, handle, more) => {
    const { lines } = await linesOf({ it: handle }, { handler: [logging()] });
    expect(lines).toMatchObject([{ level, message, fields: { outcome, durationMs: 250, ...more } }]);
  });

  it('leaves the error itself to the line that the router writes about it', async () => {
    const { lines } = await linesOf({ it: fails(new Error('why')) }, { handler: [logging()] }, { all: true });
    expect(lines.filter(({ fields }) => 'err' in fields)).toMatchObject([
      { level: 'error', message: 'handler failed' },
    ]);
  });

  it('writes one line for each record, around all its handlers', async () => {
    const { lines } = await linesOf({ a: quiet, b: fails(new Error('no')) }, { record: [logging()] });
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'record ended: failed',
        fields: {
          outcome: 'failed',
          durationMs: 500,
          errorType: 'Error',
          streamArn,
          sequenceNumber: '7',
          eventName: 'INSERT',
        },
      },
    ]);
  });

  it('writes one line for each batch, with its counts', async () => {
    const { lines } = await linesOf({ a: quiet, b: () => skipped('x') }, { batch: [logging()] });
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'batch ended: handled',
        fields: {
          outcome: 'handled',
          durationMs: 500,
          streamArn,
          records: 1,
          unmatched: 0,
          handled: 1,
          skipped: 1,
          neverAgain: 0,
          parked: 0,
          dropped: 0,
          retryLater: 0,
          failed: 0,
        },
      },
    ]);
  });

  it('tells a call of a group by its first change, and how many there are', async () => {
    const lines: object[] = [];
    const logger: Logger = {
      debug: quiet,
      info: (fields) => void lines.push(fields),
      warn: quiet,
      error: quiet,
    };
    const both = route.batch(shop, { id: 'both' }, quiet);
    const router = createRouter({ routes: [both], logger, middleware: { handler: [logging()] } });
    const second = { ...record, dynamodb: { ...record.dynamodb, SequenceNumber: '8' } };
    await runBatch(router, [record, second], { memory: createProcessMemory() });
    expect(lines).toMatchObject([{ handlerId: 'both', sequenceNumber: '7', records: 2, outcome: 'handled' }]);
  });

  it.each<[string, LoggingOptions, string[]]>([
    ['at one level', { level: 'debug' }, ['debug handled', 'debug skipped']],
    [
      'at a level for each outcome, or not at all',
      { level: ({ kind }) => (kind === 'skipped' ? 'error' : undefined) },
      ['error skipped'],
    ],
    [
      'at a level for each call, or not at all',
      { level: (_outcome, call) => ('route' in call && call.route.id === 'a' ? 'info' : undefined) },
      ['info handled'],
    ],
  ])('can be %s', async (_what, options, expected) => {
    const handlers = { a: quiet, b: () => skipped('x') };
    const { lines } = await linesOf(handlers, { handler: [logging(options)] }, { all: true });
    expect(lines.map(({ level, fields }) => `${level} ${(fields as { outcome: string }).outcome}`)).toEqual(
      expected,
    );
  });

  it('writes nothing of an item or its keys unless it is asked to', async () => {
    const handlers = { a: quiet, b: fails(new Error('no')) };
    const { lines } = await linesOf(handlers, { handler: [logging()], record: [logging()] }, { all: true });
    expect(lines.length).toBeGreaterThan(3);
    expect(JSON.stringify(lines)).not.toContain('secret');

    const fields: LoggingOptions['fields'] = (call) => ('change' in call ? { keys: call.change.keys } : {});
    const asked = await linesOf({ a: quiet }, { handler: [logging({ fields })] });
    expect(asked.lines).toMatchObject([{ fields: { keys: { pk: 'secret key' } } }]);
  });

  it.each<[string, LoggingOptions, { broken: boolean }]>([
    ['the logger throws', {}, { broken: true }],
    [
      'its fields throw',
      {
        fields: () => {
          throw new Error('no fields');
        },
      },
      { broken: false },
    ],
  ])('decides nothing when %s', async (_what, options, more) => {
    const { result, lines } = await linesOf(
      { a: quiet },
      { handler: [logging(options)] },
      { ...more, all: true },
    );
    expect(result).toMatchObject({ firstUnfinished: undefined, counts: { handled: 1 } });
    if (!more.broken)
      expect(lines).toMatchObject([{ level: 'warn', fields: { err: new Error('no fields') } }]);
  });

  it('never says that a call took less than nothing, when the clock of the machine is set back', async () => {
    let nowMs = 1000;
    const clock: Clock = { now: () => nowMs, sleep: async () => {} };
    const seen: object[] = [];
    const logger: Logger = {
      debug: quiet,
      info: (fields) => void seen.push(fields),
      warn: quiet,
      error: quiet,
    };
    const back = route.insert(shop, { id: 'back' }, () => {
      nowMs = 0;
    });
    const router = createRouter({ routes: [back], logger, clock, middleware: { handler: [logging()] } });
    await runBatch(router, [record], { memory: createProcessMemory() });
    expect(seen).toMatchObject([{ durationMs: 0 }]);
  });
});
