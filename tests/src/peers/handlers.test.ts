import {
  type Context,
  createDrain,
  createRouter,
  type Inserted,
  type Middleware,
  neverAgain,
  type Progress,
  type RecordCall,
  type Route,
  recallFrom,
  route,
} from '@sluice/core';
import { fromClasses, Handlers, OnInsert } from '@sluice/decorators';
import { given } from '@sluice/testing';
import { Container } from 'inversify';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { routerOf, shop, shopRecords, silent, writes } from './setup.js';

const quiet = () => undefined;
const broken = (): never => {
  throw new Error('broken');
};

describe('the id of a handler', () => {
  const ran: string[] = [];

  /** What a build makes of a class: names and texts of functions are what its minifier likes. */
  function built(name: string, fails: boolean) {
    @Handlers('mail', shop)
    class Minified {
      @OnInsert()
      async welcome(_change: Inserted<typeof shop>, { idempotencyKey }: Context) {
        ran.push(`${name} welcome ${idempotencyKey}`);
      }

      @OnInsert()
      async receipt(_change: Inserted<typeof shop>, { attempt, idempotencyKey }: Context) {
        ran.push(`${name} receipt ${idempotencyKey} at attempt ${attempt}`);
        if (fails) throw new Error('not now');
      }
    }
    Object.defineProperty(Minified, 'name', { value: name });
    return fromClasses([Minified], new Container());
  }

  /** One process: it takes what the last one left, and leaves what is not done. */
  async function processWith(routes: ReturnType<typeof built>, progress?: Progress): Promise<Progress> {
    const drain = createDrain(createRouter({ routes, logger: silent }), {
      afterFailure: { kind: 'stop' },
      order: 'strict',
      recall: progress && recallFrom(progress),
    });
    drain.offer(writes('A1'));
    await drain.until(0);
    return JSON.parse(JSON.stringify(drain.progress()));
  }

  it('is the same in every build, so that a release goes on where the last one was', async () => {
    const left = await processWith(built('a', true));
    const done = await processWith(built('OrderMail', false), left);
    const [welcome, receipt] = ran.map((line) => line.split(' ')[2]);
    expect(ran).toEqual([
      `a welcome ${welcome}`,
      `a receipt ${receipt} at attempt 1`,
      `OrderMail receipt ${receipt} at attempt 2`,
    ]);
    expect(welcome).not.toBe(receipt);
    expect(done).toEqual({ watermark: writes('A1')[0]?.dynamodb.SequenceNumber, done: {}, attempts: {} });
  });
});

describe('a layer around records', () => {
  const Checked = shop.entity('Checked', { schema: z.object({ pk: z.literal('A') }) });
  const odd = { odd: { S: 'x', N: '1' } };
  const waysToFail: [string, Route, object?][] = [
    ['its handler throws', route.insert(shop, { id: 'h' }, broken)],
    ['it does not fit its schema', route.insert(Checked, { id: 'h' }, quiet)],
    [
      'its values cannot be decoded',
      route.insert(shop, { id: 'h' }, ({ new: item }) => void item['odd']),
      odd,
    ],
    [
      'a filter cannot judge it',
      route.insert(shop, { id: 'h', when: shop.attr('odd').ofType('S') }, quiet),
      odd,
    ],
  ];

  it.each(waysToFail)(
    'is told, after the handlers have run, when a record failed because %s',
    async (_how, failing, holds = {}) => {
      const events: string[] = [];
      const watching: Middleware<RecordCall> = async (_call, next) => {
        events.push('before');
        const outcome = await next();
        events.push(`after: ${outcome.kind}`);
        return outcome;
      };
      const beside = route.insert(shop, { id: 'beside' }, async () => {
        await null;
        events.push('handler');
      });
      const record = shopRecords().insert({ pk: { S: 'B' }, ...holds }, { wire: true });
      const { firstUnfinished } = await given(
        routerOf([beside, failing], { middleware: { record: [watching] } }),
      ).when(record);
      expect(events).toEqual(['before', 'handler', 'after: failed']);
      expect(firstUnfinished).toBe(record.dynamodb.SequenceNumber);
    },
  );

  it.each(waysToFail)(
    'can give a record up, and decides for that one alone, when %s',
    async (_how, failing, holds = {}) => {
      const givesUp: Middleware<RecordCall> = async (_call, next) => {
        const outcome = await next();
        return outcome.kind === 'failed' ? neverAgain(outcome.error) : outcome;
      };
      const records = shopRecords();
      const bad = records.insert({ pk: { S: 'B' }, ...holds }, { wire: true });
      const good = records.insert({ pk: 'A' });
      const ran: unknown[] = [];
      const after = route.insert(shop, { id: 'after' }, ({ keys }) => void ran.push(keys.pk));
      const middleware = { record: [givesUp] };
      const { firstUnfinished } = await given(routerOf([failing, after], { middleware })).when(bad, good);
      expect({ ran, firstUnfinished }).toEqual({ ran: ['B', 'A'], firstUnfinished: undefined });
    },
  );
});
