import { type StreamRecord, table } from '@sluice/filters';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  createProcessMemory,
  createRouter,
  type HandlerCall,
  type Logger,
  type Middleware,
  type Outcome,
  type RecordCall,
  type Route,
  type RouterOptions,
  route,
  runBatch,
  skipped,
} from './index.js';

const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const shop = table('shop', { keys: { partition: 'pk' } });

function record(sequence: number, eventName: StreamRecord['eventName'] = 'INSERT'): StreamRecord {
  return {
    eventName,
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: { Keys: { pk: { S: 'A' } }, NewImage: { total: { N: '1' } }, SequenceNumber: String(sequence) },
  };
}

function run(routes: readonly Route[], middleware: RouterOptions['middleware'], ...records: StreamRecord[]) {
  const router = createRouter({ routes, logger: silent, ...(middleware && { middleware }) });
  return runBatch(router, records, { memory: createProcessMemory() });
}

const describeOutcome = (outcome: Outcome) =>
  outcome.kind === 'failed' ? `failed ${outcome.error.message}` : outcome.kind;

describe('middleware around handlers', () => {
  it('sees each call, what came of it, and failures as outcomes', async () => {
    const seen: string[] = [];
    const watch: Middleware<HandlerCall> = async ({ route, context, change }, next) => {
      const outcome = await next();
      seen.push(`${route.id} ${context.attempt} ${change.eventName} ${describeOutcome(outcome)}`);
      return outcome;
    };
    const result = await run(
      [
        route.insert(shop, { id: 'good' }, quiet),
        route.insert(shop, { id: 'bad' }, () => Promise.reject(new Error('no'))),
        route.insert(shop, { id: 'picky' }, () => skipped('not ours')),
      ],
      { handler: [watch] },
      record(1),
    );
    expect(seen).toEqual(['good 1 INSERT handled', 'bad 1 INSERT failed no', 'picky 1 INSERT skipped']);
    expect(result).toMatchObject({ firstUnfinished: '1', counts: { handled: 1, failed: 1, skipped: 1 } });
  });

  it('can run a handler again; that is one attempt, whose outcome is the last one', async () => {
    let left = 2;
    const attempts: number[] = [];
    const retry: Middleware<HandlerCall> = async (_call, next) => {
      const outcome = await next();
      return outcome.kind === 'failed' ? next() : outcome;
    };
    const flaky = route.insert(shop, { id: 'flaky' }, (_change, { attempt }) => {
      attempts.push(attempt);
      if (--left > 0) throw new Error('not yet');
    });
    const result = await run([flaky], { handler: [retry] }, record(1));
    expect(result).toMatchObject({ firstUnfinished: undefined, counts: { handled: 1, failed: 0 } });
    expect(attempts).toEqual([1, 1]);
  });

  it('is called for each of several handlers on its own, and decides only about its own', async () => {
    const ran: string[] = [];
    const closed: Middleware<HandlerCall> = async ({ route }, next) =>
      route.id === 'a' ? skipped('closed') : next();
    const result = await run(
      ['a', 'b'].map((id) => route.insert(shop, { id }, () => void ran.push(id))),
      { handler: [closed] },
      record(1),
    );
    expect(ran).toEqual(['b']);
    expect(result).toMatchObject({ firstUnfinished: undefined, counts: { handled: 1, skipped: 1 } });
  });

  it('fails the handler when it throws, and the other handlers of the record still run', async () => {
    const ran: string[] = [];
    const broken: Middleware<HandlerCall> = ({ route }, next) => {
      if (route.id === 'a') throw new Error('broken');
      return next();
    };
    const result = await run(
      ['a', 'b'].map((id) => route.insert(shop, { id }, () => void ran.push(id))),
      { handler: [broken] },
      record(1),
    );
    expect(ran).toEqual(['b']);
    expect(result).toMatchObject({ firstUnfinished: '1', counts: { handled: 1, failed: 1 } });
  });

  it('sees what the schema made of the item, and is not called for an item that does not fit', async () => {
    const schema = z.object({ total: z.number().transform((total) => `€ ${total}`) });
    const seen: unknown[] = [];
    const watch: Middleware<HandlerCall> = ({ change }, next) => {
      seen.push(change.new);
      return next();
    };
    const strict = z.object({ total: z.string() });
    await run(
      [
        route.insert(shop.entity('Fits', { schema }), { id: 'fits' }, quiet),
        route.insert(shop.entity('Not', { schema: strict }), { id: 'not' }, quiet),
      ],
      { handler: [watch] },
      record(1),
    );
    expect(seen).toEqual([{ total: '€ 1' }]);
  });
});

describe('middleware around records', () => {
  it('sees each record that is wanted, with its routes and what came of it, outside of the handlers', async () => {
    const seen: string[] = [];
    const around =
      (name: string): Middleware<RecordCall> & Middleware<HandlerCall> =>
      async (_unit: unknown, next: () => Promise<Outcome>) => {
        seen.push(`${name} begins`);
        const outcome = await next();
        seen.push(`${name} ${describeOutcome(outcome)}`);
        return outcome;
      };
    const ids: string[][] = [];
    const routesOf: Middleware<RecordCall> = ({ record: { dynamodb }, routes }, next) => {
      ids.push([dynamodb.SequenceNumber, ...routes.map(({ route }) => route.id)]);
      return next();
    };
    await run(
      [
        route.insert(shop, { id: 'a' }, quiet),
        route.insert(shop, { id: 'b' }, () => Promise.reject(new Error('no'))),
      ],
      { record: [around('record'), routesOf], handler: [around('handler')] },
      record(1, 'MODIFY'),
      record(2),
      record(3),
    );
    expect(ids).toEqual([['2', 'a', 'b']]);
    expect(seen).toEqual([
      'record begins',
      'handler begins',
      'handler handled',
      'handler begins',
      'handler failed no',
      'record failed no',
    ]);
  });

  it('is told that a record failed although a later handler did not', async () => {
    const seen: string[] = [];
    const watch: Middleware<RecordCall> = async (_record, next) => {
      const outcome = await next();
      seen.push(describeOutcome(outcome));
      return outcome;
    };
    await run(
      [
        route.insert(shop, { id: 'a' }, () => Promise.reject(new Error('no'))),
        route.insert(shop, { id: 'b' }, quiet),
      ],
      { record: [watch] },
      record(1),
    );
    await run([route.insert(shop, { id: 'c' }, () => skipped('x'))], { record: [watch] }, record(1));
    expect(seen).toEqual(['failed no', 'skipped']);
  });

  it('that runs a record again runs only the handlers that are not done', async () => {
    const ran: string[] = [];
    const retry: Middleware<RecordCall> = async (_record, next) => {
      const outcome = await next();
      return outcome.kind === 'failed' ? next() : outcome;
    };
    let left = 1;
    const result = await run(
      [
        route.insert(shop, { id: 'a' }, () => void ran.push('a')),
        route.insert(shop, { id: 'b' }, () => {
          ran.push('b');
          if (left-- > 0) throw new Error('not yet');
        }),
      ],
      { record: [retry] },
      record(1),
    );
    expect(ran).toEqual(['a', 'b', 'b']);
    expect(result.firstUnfinished).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['what only looks like an outcome', { kind: 'handled' }],
  ])(
    'that gives back %s has failed the record: it is neither done nor does it hold up the batch',
    async (_what, value) => {
      const forgetful = (async (_record: RecordCall, next: () => Promise<Outcome>) => {
        await next();
        return value;
      }) as unknown as Middleware<RecordCall>;
      const result = await run(
        [route.insert(shop, { id: 'a' }, quiet)],
        { record: [forgetful] },
        record(1),
        record(2),
      );
      expect(result).toMatchObject({ firstUnfinished: '1', counts: { handled: 1 } });
    },
  );

  it('that throws has failed the record', async () => {
    const broken: Middleware<RecordCall> = () => {
      throw undefined;
    };
    const result = await run(
      [route.insert(shop, { id: 'a' }, quiet)],
      { record: [broken] },
      record(1),
      record(2),
    );
    expect(result).toMatchObject({ firstUnfinished: '1', counts: { handled: 0, failed: 0 } });
  });
});
