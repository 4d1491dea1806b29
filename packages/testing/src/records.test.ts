import { unmarshall } from '@aws-sdk/util-dynamodb';
import { decimal, table } from '@sluice/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exampleBatches, exampleRecords } from './fixtures.js';
import { lambdaEvent, recordsOf } from './records.js';
import { sizeBytes, toWire } from './records-wire.js';

fc.configureGlobal({ seed: 20_260_101 });

const shopOptions = { table: 'shop', keys: { partition: 'pk', sort: 'sk' } } as const;
const order = { pk: 'USER#1', sk: 'ORDER#7', status: 'PENDING' };
const paid = { ...order, status: 'PAID' };
const orderKeys = { pk: { S: 'USER#1' }, sk: { S: 'ORDER#7' } };

describe('records of a table', () => {
  it('look as Lambda hands them over', () => {
    const shop = recordsOf(shopOptions);
    expect(shop.modify(order, paid)).toEqual({
      eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventName: 'MODIFY',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'us-east-1',
      dynamodb: {
        ApproximateCreationDateTime: 1772539200,
        Keys: orderKeys,
        NewImage: { ...orderKeys, status: { S: 'PAID' } },
        OldImage: { ...orderKeys, status: { S: 'PENDING' } },
        SequenceNumber: '100000000000000000001',
        SizeBytes: 17 + (17 + 10) + (17 + 13),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
      eventSourceARN: 'arn:aws:dynamodb:us-east-1:123456789012:table/shop/stream/2026-03-03T00:00:00.000',
    });
  });

  it('are of a table that is meant, however it is described', () => {
    const arnOf = (name: string) => recordsOf(table(name, { keys: shopOptions.keys })).streamArn;
    expect(arnOf('shop-*-prod')).toBe(
      'arn:aws:dynamodb:us-east-1:123456789012:table/shop-1-prod/stream/2026-03-03T00:00:00.000',
    );
    expect(arnOf('arn:aws:dynamodb:eu-west-1:111122223333:table/shop')).toBe(
      'arn:aws:dynamodb:eu-west-1:111122223333:table/shop/stream/2026-03-03T00:00:00.000',
    );
    expect(arnOf('arn:aws:dynamodb:*:*:table/shop')).toBe(recordsOf(shopOptions).streamArn);
    expect(() => arnOf('${NO_SUCH_VARIABLE_HERE}')).toThrowError(/NO_SUCH_VARIABLE_HERE/);
  });

  it('have the images that there are: a new one for an insert, an old one for a remove', () => {
    const shop = recordsOf(shopOptions);
    expect(Object.keys(shop.insert(order).dynamodb)).not.toContain('OldImage');
    expect(Object.keys(shop.remove(order).dynamodb)).not.toContain('NewImage');
    expect(shop.remove(order).userIdentity).toBeUndefined();
  });

  it('name DynamoDB as the one that deleted where an item expired', () => {
    const record = recordsOf(shopOptions).expire(order);
    expect(record.eventName).toBe('REMOVE');
    expect(record.userIdentity).toEqual({ type: 'Service', principalId: 'dynamodb.amazonaws.com' });
  });

  it.each([
    ['KEYS_ONLY', []],
    ['NEW_IMAGE', ['NewImage']],
    ['OLD_IMAGE', ['OldImage']],
    ['NEW_AND_OLD_IMAGES', ['NewImage', 'OldImage']],
  ] as const)('of the view type %s carry the images %j', (view, images) => {
    const { dynamodb } = recordsOf({ ...shopOptions, view }).modify(order, paid);
    expect(Object.keys(dynamodb).filter((name) => name.endsWith('Image'))).toEqual(images);
    expect(dynamodb.Keys).toEqual(orderKeys);
    expect(dynamodb.StreamViewType).toBe(view);
  });

  it('have sequence numbers that grow, also past a power of ten', () => {
    const shop = recordsOf({ ...shopOptions, startSequence: '9'.repeat(21) });
    expect(shop.insert(order).dynamodb.SequenceNumber).toBe('9'.repeat(21));
    expect(shop.remove(order).dynamodb.SequenceNumber).toBe(`1${'0'.repeat(21)}`);
  });

  it('are the same on every run, and their event ids differ between tables with the same numbers', () => {
    expect(recordsOf(shopOptions).insert(order)).toEqual(recordsOf(shopOptions).insert(order));
    const elsewhere = recordsOf({ ...shopOptions, table: 'cellar' }).insert(order);
    expect(elsewhere.eventID).not.toBe(recordsOf(shopOptions).insert(order).eventID);
  });

  it('are a second apart unless a time is given', () => {
    const shop = recordsOf({ ...shopOptions, startSeconds: 100 });
    const seconds = [shop.insert(order), shop.remove(order), shop.insert(order, { atSeconds: 7 })].map(
      ({ dynamodb }) => dynamodb.ApproximateCreationDateTime,
    );
    expect(seconds).toEqual([100, 101, 7]);
  });

  it('take items in wire form as they are', () => {
    const item = { ...orderKeys, strange: { N: '12345678901234567890123456789012345678' } };
    expect(recordsOf(shopOptions).insert(item, { wire: true }).dynamodb.NewImage).toBe(item);
  });

  it('come with region, account and label of their own on request', () => {
    const options = { ...shopOptions, region: 'eu-west-1', account: '1', label: '2027-01-01T00:00:00.000' };
    const record = recordsOf(options).insert(order);
    expect(record.eventSourceARN).toBe(
      'arn:aws:dynamodb:eu-west-1:1:table/shop/stream/2027-01-01T00:00:00.000',
    );
    expect(record.awsRegion).toBe('eu-west-1');
    expect(recordsOf(options).streamArn).toBe(record.eventSourceARN);
  });

  it('are refused where no real record could look like that', () => {
    const shop = recordsOf(shopOptions);
    expect(() => shop.insert({ pk: 'a' })).toThrow('Expected the key attribute "sk"');
    expect(() => shop.insert({ pk: 'a', sk: true })).toThrow(
      '"sk" as a string, number or binary, found type BOOL',
    );
    expect(() => shop.modify(order, { ...order, sk: 'ORDER#8' })).toThrow('different keys');
    expect(() => recordsOf({ ...shopOptions, startSequence: '42' })).toThrow('21 to 40 digits');
  });
});

/** AWS's decoder loses an attribute called __proto__. */
const plainName = fc.string().filter((name) => name !== '__proto__');

describe('plain items in wire form', () => {
  it('have one type letter for each kind of value', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    expect(
      toWire({
        text: 'a',
        number: -1.5,
        large: 12345678901234567890123456789012345678n,
        exact: decimal('90.00'),
        yes: true,
        nothing: null,
        left: undefined,
        list: ['a', [1]],
        map: { inner: { deep: 'b' } },
        texts: new Set(['a', 'b']),
        numbers: new Set([1, 2]),
        bytes,
        manyBytes: new Set([bytes, bytes.subarray(1)]),
      }),
    ).toEqual({
      text: { S: 'a' },
      number: { N: '-1.5' },
      large: { N: '12345678901234567890123456789012345678' },
      exact: { N: '90.00' },
      yes: { BOOL: true },
      nothing: { NULL: true },
      list: { L: [{ S: 'a' }, { L: [{ N: '1' }] }] },
      map: { M: { inner: { M: { deep: { S: 'b' } } } } },
      texts: { SS: ['a', 'b'] },
      numbers: { NS: ['1', '2'] },
      bytes: { B: 'AQID' },
      manyBytes: { BS: ['AQID', 'AgM='] },
    });
  });

  it('keep an attribute called __proto__ as data', () => {
    const item = JSON.parse('{"pk":"a","__proto__":{"__proto__":"b"}}');
    const wire = toWire(item);
    expect(Object.keys(wire)).toEqual(['pk', '__proto__']);
    expect(JSON.stringify(wire)).toBe('{"pk":{"S":"a"},"__proto__":{"M":{"__proto__":{"S":"b"}}}}');
  });

  it('are refused where DynamoDB has no type for a value', () => {
    expect(() => toWire({ none: new Set() })).toThrow('non-empty set');
    expect(() => toWire({ far: 2 ** 60 })).toThrow('MAX_SAFE_INTEGER');
    class Money {}
    expect(() => toWire({ when: new Date(0) })).toThrow(
      /^An item for a record has a Date, which DynamoDB cannot store\. Give strings, /,
    );
    expect(() => toWire({ list: [{ price: new Money() }] })).toThrow('has a Money');
    expect(() => toWire({ name: Symbol('a') })).toThrow('has a symbol');
    expect(() => toWire({ far: 2 ** 60 })).toThrow('has the number 1152921504606847000, which');
  });

  it('have the size that DynamoDB states for them', () => {
    // Keys, NewImage and OldImage of AWS's own example event, whose records have 26 and 59 bytes.
    const keys = sizeBytes({ Id: { N: '101' } });
    const first = sizeBytes({ Message: { S: 'New item!' }, Id: { N: '101' } });
    const second = sizeBytes({ Message: { S: 'This item has changed' }, Id: { N: '101' } });
    expect([keys + first, keys + first + second]).toEqual([26, 59]);
  });

  it('are measured as bytes: by UTF-8, not by characters, and by decoded binary', () => {
    expect(sizeBytes({ ä: { S: 'ü€' } })).toBe(2 + 5);
    expect(sizeBytes({ b: { B: 'AQID' }, c: { BS: ['AQID', 'AgM='] } })).toBe(1 + 3 + 1 + 5);
    expect(sizeBytes({ l: { L: [{ S: 'ab' }] }, m: { M: { n: { BOOL: true } } } })).toBe(1 + 6 + 1 + 6);
  });

  it('come back the same when AWS decodes them', () => {
    const { value } = fc.letrec((again) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        fc.array(again('value'), { maxLength: 3 }),
        fc.dictionary(plainName, again('value'), { maxKeys: 3, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(plainName, value, { noNullPrototype: true }), (item) => {
        expect(unmarshall(toWire(item) as Parameters<typeof unmarshall>[0])).toEqual(item);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the example records', () => {
  it('are the life of a user and the expiry of a session', () => {
    const told = Object.values(exampleRecords).map((record) => [
      record.eventName,
      record.dynamodb.SequenceNumber,
      record.eventSourceARN.split('/')[1],
      record.userIdentity?.principalId,
    ]);
    expect(told).toEqual([
      ['INSERT', '111', 'Users', undefined],
      ['MODIFY', '222', 'Users', undefined],
      ['REMOVE', '333', 'Users', undefined],
      ['REMOVE', '444', 'Sessions', 'dynamodb.amazonaws.com'],
    ]);
  });

  it('come as batches of one stream each', () => {
    const { insertUser, modifyUserEmail, removeUser, expireSession } = exampleRecords;
    expect(exampleBatches.users).toEqual({ Records: [insertUser, modifyUserEmail, removeUser] });
    expect(exampleBatches.sessions).toEqual(lambdaEvent([expireSession]));
  });
});

it('records are built for a table or an entity as for its facts', () => {
  const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' }, view: 'OLD_IMAGE' });
  const item = { pk: 'USER#1', sk: 'ORDER#7' };
  const byFacts = recordsOf({
    table: 'shop',
    keys: { partition: 'pk', sort: 'sk' },
    view: 'OLD_IMAGE',
  }).insert(item);
  expect(recordsOf(shop).insert(item)).toEqual(byFacts);
  expect(recordsOf(shop.entity('Order', { key: { pk: 'USER#:id' } })).insert(item)).toEqual(byFacts);
});
