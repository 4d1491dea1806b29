import {
  absent,
  type Change,
  createRouter,
  explain,
  type Model,
  type Router,
  route,
  type StreamViewType,
  streamRegion,
  table,
  value,
} from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { given, recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { numberOf, reportOf, routerOf, type StreamRecord, shop, shopRecords } from './setup.js';

/** Records that are not matched are lost as quietly as records that are not reported, and what matches too much runs too often. */

const keys = { partition: 'pk', sort: 'sk' } as const;
const quiet = () => undefined;
const order = { pk: 'USER#jo', sk: 'ORDER#7', status: 'PAID' };

describe.each<StreamViewType>(['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'])(
  'a stream with the view %s',
  (view) => {
    const all = table('all', { keys, view });
    const Order = all.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' } });
    const Cart = all.entity('Cart', { key: { pk: 'USER#:userId', sk: 'CART' } });
    const records = recordsOf(all);

    it('has kinds of items that are told apart by their keys, on each event', async () => {
      const seen: string[] = [];
      const { unmatched } = await given(
        routerOf([
          route.on(Order, { id: 'order' }, ({ eventName, params }) => {
            seen.push(`${eventName} order ${params.orderId} of ${params.userId}`);
          }),
          route.on(Cart, { id: 'cart' }, ({ eventName }) => void seen.push(`${eventName} cart`)),
        ]),
      ).when(
        records.insert(order),
        records.modify({ pk: 'USER#jo', sk: 'CART' }, { pk: 'USER#jo', sk: 'CART', v: 1 }),
        records.remove(order),
        records.remove({ pk: 'USER#jo', sk: 'PROFILE' }),
      );
      expect(seen).toEqual(['INSERT order 7 of jo', 'MODIFY cart', 'REMOVE order 7 of jo']);
      expect(unmatched).toBe(1);
    });

    it('carries less than its description says: what needs more fails and is reported, and never counts as unmatched', async () => {
      const described = table('all', { keys });
      const paid = described.attr('status').is('PAID');
      const batch = [records.insert(order), records.remove(order)];
      const lacking: Record<StreamViewType, StreamRecord | undefined> = {
        KEYS_ONLY: batch[0],
        NEW_IMAGE: batch[1],
        OLD_IMAGE: batch[0],
        NEW_AND_OLD_IMAGES: undefined,
      };
      const handler = lambda(routerOf([route.on(described, { id: 'paid', when: paid }, quiet)]));
      const failed = lacking[view];
      expect(await reportOf(handler, batch)).toEqual(failed ? [numberOf(failed)] : []);
    });
  },
);

describe('a record without a new image', () => {
  it('is handled as well as the others: each event has the images that it has', async () => {
    const seen: unknown[] = [];
    const records = shopRecords();
    const [one, two] = [
      { pk: 'A', v: 1 },
      { pk: 'A', v: 2 },
    ];
    const everything = route.on(shop, { id: 'h' }, (change) => {
      const { eventName, ...images } = imagesOf(change);
      seen.push([eventName, images]);
    });
    const removed = route.remove(
      shop,
      { id: 'r', when: shop.attr('v').is(2) },
      ({ old }) => void seen.push(old['v']),
    );
    const { firstUnfinished } = await given(routerOf([everything, removed])).when(
      records.insert(one),
      records.modify(one, two),
      records.remove(two),
    );
    expect(firstUnfinished).toBeUndefined();
    expect(seen).toEqual([['INSERT', { new: 1 }], ['MODIFY', { old: 1, new: 2 }], ['REMOVE', { old: 2 }], 2]);
  });

  function imagesOf(change: Change<typeof shop>) {
    switch (change.eventName) {
      case 'INSERT':
        return { eventName: change.eventName, new: change.new['v'] };
      case 'MODIFY':
        return { eventName: change.eventName, old: change.old['v'], new: change.new['v'] };
      case 'REMOVE':
        return { eventName: change.eventName, old: change.old['v'] };
    }
  }

  it('may have an empty one instead, as stand-ins for DynamoDB write it', async () => {
    const records = shopRecords();
    const seen: unknown[] = [];
    const note = (change: object) =>
      void seen.push([(change as { new?: unknown }).new, (change as { old?: unknown }).old].map(plain));
    const v = shop.attr('v');
    const routes = [
      route.insert(shop, { id: 'appeared', when: v.appeared() }, note),
      route.insert(shop, { id: 'from nothing', when: v.from(absent) }, note),
      route.remove(shop, { id: 'disappeared', when: v.disappeared() }, note),
      route.remove(shop, { id: 'to nothing', when: v.to(absent) }, note),
    ];
    const { handled } = await given(routerOf(routes)).when(
      withImages(records.insert({ pk: 'A', v: 1 }), { OldImage: {} }),
      withImages(records.remove({ pk: 'A', v: 1 }), { NewImage: {} }),
    );
    expect(handled).toEqual(['appeared', 'from nothing', 'disappeared', 'to nothing']);
    const item = { pk: 'A', v: 1 };
    expect(seen).toEqual([
      [item, undefined],
      [item, undefined],
      [undefined, item],
      [undefined, item],
    ]);
  });

  const plain = (item: unknown) => (item === undefined ? undefined : { ...(item as object) });
  const withImages = (record: StreamRecord, images: Partial<StreamRecord['dynamodb']>): StreamRecord => ({
    ...record,
    dynamodb: { ...record.dynamodb, ...images },
  });
});

describe('a deleted item', () => {
  const sessions = (ttlOnReplicas?: 'infer') =>
    table('sessions', {
      keys: { partition: 'pk' },
      ttl: 'expiresAt',
      ...(ttlOnReplicas && { ttlOnReplicas }),
    });
  const removals = (model: Model) =>
    routerOf([
      route.remove(model, { id: 'any' }, quiet),
      route.remove(model, { id: 'user', by: 'user' }, quiet),
      route.expire(model, { id: 'expired' }, quiet),
    ]);
  const records = recordsOf(sessions());
  const session = { pk: 'A', expiresAt: 1_800_000_000 };
  const handledBy = async (router: Router, record: StreamRecord) =>
    (await given(router).when(record)).handled;

  it('was deleted by TTL where the record says so', async () => {
    const byTtl = records.expire(session);
    expect(await handledBy(removals(sessions()), byTtl)).toEqual(['any', 'expired']);
    expect(await handledBy(removals(sessions()), records.remove(session))).toEqual(['any', 'user']);
  });

  it('was deleted by TTL where it had expired, in a replica, whose records do not say so', async () => {
    const [late, early] = [1_800_000_001, 1_799_999_999].map((atSeconds) =>
      records.remove(session, { atSeconds }),
    );
    const inferring = removals(sessions('infer'));
    expect(await handledBy(inferring, late as StreamRecord)).toEqual(['any', 'expired']);
    expect(await handledBy(inferring, early as StreamRecord)).toEqual(['any', 'user']);
    expect(await handledBy(removals(sessions()), late as StreamRecord)).toEqual(['any', 'user']);
  });

  it.each([
    ['another service', { type: 'Service', principalId: 'replication.dynamodb.amazonaws.com' }],
    ['no identity at all', null],
    ['an identity without a type', {}],
    ['text', 'dynamodb.amazonaws.com'],
    ['what is not known today', { type: 'AWS', principalId: 7, more: [] }],
  ])(
    'is one like any other under the identity of %s, and refuses nothing beside it',
    async (_who, userIdentity) => {
      const batch = [
        records.insert(session),
        { ...records.remove(session), userIdentity } as StreamRecord,
        records.insert(session),
      ];
      const delivered = await given(removals(sessions())).when(...batch);
      expect(delivered).toMatchObject({ handled: ['any', 'user'], unmatched: 2, firstUnfinished: undefined });
    },
  );
});

describe('a global table', () => {
  const orders = table('orders', { keys: { partition: 'pk' } });
  const regions = ['eu-central-1', 'us-east-1', 'ap-northeast-1'];
  const origin = orders.attr('writtenIn');

  it('has each write handled once, in the Region where it was made, by the same routes everywhere', async () => {
    const ran: string[] = [];
    for (const region of regions) {
      const router = routerOf([
        route.on(orders, { id: 'h', when: origin.is(streamRegion) }, ({ record, keys: { pk } }) => {
          ran.push(`${pk} ${record.eventName} in ${record.eventSourceARN.split(':')[3]}`);
        }),
      ]);
      // Each replica's stream has every write, whoever made it.
      const stream = recordsOf({ table: 'orders', keys: { partition: 'pk' }, region });
      await given(router).when(
        stream.insert({ pk: 'A', writtenIn: 'us-east-1' }),
        stream.modify({ pk: 'A', writtenIn: 'us-east-1' }, { pk: 'A', writtenIn: 'eu-central-1' }),
        stream.remove({ pk: 'A', writtenIn: 'eu-central-1' }),
      );
    }
    expect(ran.toSorted()).toEqual([
      'A INSERT in us-east-1',
      'A MODIFY in eu-central-1',
      'A REMOVE in eu-central-1',
    ]);
  });

  it('does not depend on where the code runs', async () => {
    const seen: unknown[] = [];
    const router = routerOf([
      route.insert(orders, { id: 'h', when: origin.is(streamRegion) }, ({ keys }) => void seen.push(keys.pk)),
    ]);
    const before = process.env['AWS_REGION'];
    process.env['AWS_REGION'] = 'eu-central-1';
    try {
      const stream = recordsOf({ table: 'orders', keys: { partition: 'pk' }, region: 'us-east-1' });
      await given(router).when(
        stream.insert({ pk: 'A', writtenIn: 'us-east-1' }),
        stream.insert({ pk: 'B', writtenIn: 'eu-central-1' }),
      );
      expect(seen).toEqual(['A']);
    } finally {
      if (before === undefined) delete process.env['AWS_REGION'];
      else process.env['AWS_REGION'] = before;
    }
  });
});

describe('one function for the streams of several tables', () => {
  it.each([
    ['prod-orders', 'us-east-1', 'aws'],
    ['shop.orders_v2', 'eu-central-1', 'aws'],
    ['orders', 'us-gov-west-1', 'aws-us-gov'],
    ['orders', 'cn-north-1', 'aws-cn'],
  ])('takes the records of %s in %s', async (name, region, partition) => {
    const other = table(`${name}-archive`, { keys: { partition: 'pk' } });
    const router = routerOf([
      route.insert(other, { id: 'archive' }, quiet),
      route.insert(table(name, { keys: { partition: 'pk' } }), { id: 'orders' }, quiet),
    ]);
    const record = recordsOf({ table: name, keys: { partition: 'pk' }, region }).insert({ pk: 'A' });
    const eventSourceARN = record.eventSourceARN.replace('arn:aws:', `arn:${partition}:`);
    const { handled } = await given(router).when({ ...record, eventSourceARN });
    expect(handled).toEqual(['orders']);
  });
});

describe('a filter that never matches', () => {
  it('by its nature is told at start', () => {
    const never = route.insert(shop, { id: 'never', when: shop.attr('v').from(1).to(2) }, quiet);
    expect(() => createRouter({ routes: [never] })).toThrowError(
      /never would never run: no record of \[INSERT\] passes/,
    );
  });

  it('because of the data is explained, test by test', async () => {
    const v = shop.attr('v');
    const router = routerOf([
      route.insert(shop, { id: 'number', when: v.is(1) }, quiet),
      route.insert(shop, { id: 'text', when: v.is('1') }, quiet),
      route.insert(shop, { id: 'true', when: v.is(true) }, quiet),
      route.insert(shop, { id: 'list', when: v.has(1) }, quiet),
      route.insert(shop, { id: 'range', when: v.is(value.atLeast(1)) }, quiet),
    ]);
    const record = shopRecords().insert({ pk: 'A', v: 1 });
    const verdicts = Object.fromEntries(
      explain(router, record).map(({ routeId, verdict, because }) => [routeId, `${verdict}: ${because}`]),
    );
    expect(verdicts).toEqual({
      number: expect.stringMatching(/^runs: v /),
      text: expect.stringMatching(/^no match: .*\bv is "1"/),
      true: expect.stringMatching(/^no match: .*\bv is true/),
      list: expect.stringMatching(/^no match: .*\bv\b/),
      range: expect.stringMatching(/^runs: v /),
    });
    expect((await given(router).when(record)).handled).toEqual(['number', 'range']);
  });
});
