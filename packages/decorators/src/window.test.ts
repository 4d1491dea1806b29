import {
  type CloseContext,
  type Context,
  createProcessMemory,
  createRouter,
  type Inserted,
  printFilter,
  runBatch,
  type StreamRecord,
  skipped,
  type TumblingWindow,
  table,
  type WindowDelivery,
} from '@sluice/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fromClasses, Handlers, OnInsert, Window } from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const Order = shop.entity('Order', {
  key: { pk: 'ORDER#:id' },
  schema: z.object({ total: z.number() }),
});
const Totals = z.object({ orders: z.number().default(0), total: z.number().default(0) });
type Totals = z.infer<typeof Totals>;

const published: unknown[] = [];

@Handlers('revenue', Order)
class Revenue {
  private readonly published = published;

  @OnInsert({ order: 1 })
  note({ params }: Inserted<typeof Order>) {
    this.published.push(['noted', params.id]);
  }

  @Window({ state: Totals, events: ['INSERT'], when: Order.attr('total').greaterThan(0), close: 'publish' })
  add({ orders, total }: Totals, change: Inserted<typeof Order>, { handlerId }: Context): Totals {
    this.published.push([handlerId, change.params.id]);
    return { orders: orders + 1, total: total + change.new.total };
  }

  async publish(state: Totals, window: TumblingWindow, { handlerId, idempotencyKey }: CloseContext) {
    this.published.push([handlerId, state, window.start, typeof idempotencyKey]);
  }
}

const streamArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000';
const window: WindowDelivery = {
  start: '2026-01-01T00:00:00Z',
  end: '2026-01-01T00:05:00Z',
  shardId: 'shardId-00000001',
  streamArn,
  isFinalInvokeForWindow: true,
  isWindowTerminatedEarly: false,
  state: {},
};
const orders = [10, 0, 5].map(
  (total, index): StreamRecord => ({
    eventName: 'INSERT',
    eventSourceARN: streamArn,
    dynamodb: {
      Keys: { pk: { S: `ORDER#${index}` } },
      NewImage: { pk: { S: `ORDER#${index}` }, total: { N: String(total) } },
      SequenceNumber: String(index + 1),
    },
  }),
);

describe('a method with @Window', () => {
  it('folds the changes of a window on its instance, and the method that it names closes it', async () => {
    const router = createRouter({ routes: fromClasses([Revenue]) });
    expect(
      router.routes.map(({ id, when, order, window }) => [
        id,
        printFilter(when),
        order,
        window !== undefined,
      ]),
    ).toEqual([
      ['revenue.add', 'total is greater than 0', 0, true],
      ['revenue.note', 'everything', 1, false],
    ]);
    const result = await runBatch(router, orders, { memory: createProcessMemory(), window });
    expect(result).toMatchObject({ isDone: true, state: {} });
    expect(published).toEqual([
      ['noted', '0'],
      ['noted', '1'],
      ['noted', '2'],
      ['revenue.add', '0'],
      ['revenue.add', '2'],
      ['revenue.add', { orders: 2, total: 15 }, window.start, 'string'],
    ]);
  });

  it('is a problem at start where the instance has no method to close with', () => {
    @Handlers('unclosed', Order)
    class Unclosed {
      // @ts-expect-error there is no such method
      @Window({ state: Totals, close: 'publish' })
      add(state: Totals) {
        return state;
      }
    }
    const { routes, problems } = fromClasses([Unclosed]);
    expect(routes).toEqual([]);
    expect(problems).toEqual([expect.stringContaining('has no method publish')]);
  });

  it('is a problem at start with another decorator beside it', () => {
    @Handlers('twice', Order)
    class Twice {
      @OnInsert()
      @Window({ state: Totals, close: 'done' })
      add() {
        return skipped('twice');
      }
      done() {}
    }
    expect(fromClasses([Twice]).problems).toEqual([
      expect.stringContaining('method add of handler class "twice" has 2 decorators'),
    ]);
  });
});
