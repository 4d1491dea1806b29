import { describe, expect, it } from 'vitest';
import {
  type AnyFilter,
  type AttributeMap,
  absent,
  all,
  any,
  type EventName,
  eventName,
  type FilterNode,
  keyText,
  matcher,
  modelFilter,
  not,
  removedBy,
  removerOf,
  type StreamRecord,
  type StreamViewType,
  subjectImage,
  table,
  tableOf,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const ttl = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

function record(
  eventName: EventName,
  images: { readonly old?: AttributeMap; readonly new?: AttributeMap },
  more: Partial<StreamRecord> & { readonly view?: StreamViewType; readonly keys?: AttributeMap } = {},
): StreamRecord {
  const { view = 'NEW_AND_OLD_IMAGES', keys = { pk: { S: 'USER#1' }, sk: { S: 'ORDER#2' } }, ...rest } = more;
  return {
    eventName,
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: {
      Keys: keys,
      ...(images.old && { OldImage: images.old }),
      ...(images.new && { NewImage: images.new }),
      SequenceNumber: '100',
      StreamViewType: view,
    },
    ...rest,
  };
}

const insert = (image: AttributeMap) => record('INSERT', { new: image });
const modify = (before: AttributeMap, after: AttributeMap) => record('MODIFY', { old: before, new: after });
const remove = (image: AttributeMap) => record('REMOVE', { old: image });
const matches = (filter: AnyFilter | FilterNode, given: StreamRecord) => matcher(filter)(given);

const pending = { status: { S: 'PENDING' } };
const paid = { status: { S: 'PAID' } };
const status = shop.attr('status');

describe('is', () => {
  it('looks at what was written, and for a REMOVE at what was deleted', () => {
    expect(matches(status.is('PAID'), insert(paid))).toBe(true);
    expect(matches(status.is('PAID'), modify(pending, paid))).toBe(true);
    expect(matches(status.is('PENDING'), modify(pending, paid))).toBe(false);
    expect(matches(status.is('PAID'), remove(paid))).toBe(true);
  });

  it('takes any one of several values', () => {
    expect(matches(status.is('PENDING', 'PAID'), insert(paid))).toBe(true);
    expect(matches(status.is('SHIPPED', absent), insert(paid))).toBe(false);
  });

  it.each<[string, string | number | bigint | boolean | null | Uint8Array, AttributeMap[string]]>([
    ['0', 0, { N: '0' }],
    ['-0', -0, { N: '0.0' }],
    ['the empty text', '', { S: '' }],
    ['false', false, { BOOL: false }],
    ['null', null, { NULL: true }],
    ['no bytes', new Uint8Array(), { B: '' }],
    ['bytes', new Uint8Array([1, 2]), { B: 'AQI=' }],
    ['a number in another notation', 1.5, { N: '15E-1' }],
    ['a large number', 1e21, { N: '1000000000000000000000' }],
    ['a bigint beyond a double', 12345678901234567890n, { N: '12345678901234567890' }],
  ])('compares %s as the value that it is', (_what, literal, stored) => {
    const filter = shop.attr('v').is(literal);
    expect(matches(filter, insert({ v: stored }))).toBe(true);
    expect(matches(filter, insert({}))).toBe(false);
    expect(matches(filter, insert({ v: { S: 'other' } }))).toBe(false);
  });

  it('tells null, false, 0, empty text and absent apart', () => {
    const stored: (AttributeMap[string] | undefined)[] = [
      { NULL: true },
      { BOOL: false },
      { N: '0' },
      { S: '' },
      undefined,
    ];
    const v = shop.attr('v');
    const filters = [v.is(null), v.is(false), v.is(0), v.is(''), v.is(absent)];
    filters.forEach((filter, which) => {
      stored.forEach((value, index) => {
        expect(matches(filter, insert(value ? { v: value } : {}))).toBe(which === index);
      });
    });
  });

  it('does not take text for a number of the same digits', () => {
    expect(matches(shop.attr('v').is(1), insert({ v: { S: '1' } }))).toBe(false);
    expect(matches(shop.attr('v').is('1'), insert({ v: { N: '1' } }))).toBe(false);
  });
});

describe('changed, from and to', () => {
  it('see a change of value in a MODIFY, in either direction named', () => {
    const given = modify(pending, paid);
    expect(matches(status.changed(), given)).toBe(true);
    expect(matches(status.from('PENDING'), given)).toBe(true);
    expect(matches(status.to('PAID'), given)).toBe(true);
    expect(matches(status.from('PENDING').to('PAID'), given)).toBe(true);
    expect(matches(status.from('PAID').to('PENDING'), given)).toBe(false);
    expect(matches(status.from('PENDING').to('SHIPPED'), given)).toBe(false);
    expect(matches(status.from('SHIPPED').to('PAID'), given)).toBe(false);
    expect(matches(status.from('SHIPPED', 'PENDING').to('SHIPPED', 'PAID'), given)).toBe(true);
  });

  it('never see one in a MODIFY that leaves the value as it was', () => {
    const filters = [
      status.changed(),
      status.from('PAID'),
      status.to('PAID'),
      status.from('PAID').to('PAID'),
      status.from('PAID', 'PENDING').to('PAID', 'PENDING'),
    ];
    for (const filter of filters) {
      expect(matches(filter, modify(paid, { ...paid, other: { N: '1' } }))).toBe(false);
    }
    expect(matches(shop.attr('nothing').changed(), modify(pending, paid))).toBe(false);
    expect(matches(shop.attr('nothing').from(absent).to(absent), modify(pending, paid))).toBe(false);
  });

  it.each<[string, AttributeMap[string], AttributeMap[string], boolean]>([
    ['a number in another notation', { N: '1' }, { N: '1.0' }, false],
    ['a set in another order', { SS: ['a', 'b'] }, { SS: ['b', 'a'] }, false],
    ['a number set in another order and notation', { NS: ['1', '2'] }, { NS: ['2.0', '1'] }, false],
    [
      'a map in another order',
      { M: { a: { S: '1' }, b: { S: '2' } } },
      { M: { b: { S: '2' }, a: { S: '1' } } },
      false,
    ],
    ['a list in another order', { L: [{ S: 'a' }, { S: 'b' }] }, { L: [{ S: 'b' }, { S: 'a' }] }, true],
    [
      'a value deep inside',
      { M: { a: { L: [{ M: { b: { N: '1' } } }] } } },
      { M: { a: { L: [{ M: { b: { N: '2' } } }] } } },
      true,
    ],
    ['a larger set', { SS: ['a'] }, { SS: ['a', 'b'] }, true],
    ['text to the number of that text', { S: '1' }, { N: '1' }, true],
    ['an empty list to an empty map', { L: [] }, { M: {} }, true],
    ['a set to the list of its members', { SS: ['a'] }, { L: [{ S: 'a' }] }, true],
    ['a set to an empty map', { SS: ['a'] }, { M: {} }, true],
    ['true to false', { BOOL: true }, { BOOL: false }, true],
    ['0 to null', { N: '0' }, { NULL: true }, true],
    ['the empty text to null', { S: '' }, { NULL: true }, true],
    ['a number in its 38th digit', { N: `${'9'.repeat(37)}1` }, { N: `${'9'.repeat(37)}2` }, true],
  ])('see that %s is or is not one', (_what, before, after, isChange) => {
    expect(matches(shop.attr('v').changed(), modify({ v: before }, { v: after }))).toBe(isChange);
    expect(matches(shop.attr('v').changed(), modify({ v: after }, { v: before }))).toBe(isChange);
  });

  it('take appearing and disappearing for changes', () => {
    expect(matches(status.changed(), modify({}, paid))).toBe(true);
    expect(matches(status.changed(), modify(paid, {}))).toBe(true);
    expect(matches(status.from(absent).to('PAID'), modify({}, paid))).toBe(true);
    expect(matches(status.from('PAID').to(absent), modify(paid, {}))).toBe(true);
    expect(matches(status.from(absent), modify(pending, paid))).toBe(false);
    expect(matches(status.to(absent), modify(pending, paid))).toBe(false);
  });

  it('take every attribute of an INSERT for one that appears, and of a REMOVE for one that disappears', () => {
    expect(matches(status.changed(), insert(paid))).toBe(true);
    expect(matches(status.from(absent).to('PAID'), insert(paid))).toBe(true);
    expect(matches(status.from('PENDING'), insert(paid))).toBe(false);
    expect(matches(status.changed(), insert({}))).toBe(false);
    expect(matches(status.changed(), remove(paid))).toBe(true);
    expect(matches(status.from('PAID').to(absent), remove(paid))).toBe(true);
    expect(matches(status.to('PAID'), remove(paid))).toBe(false);
    expect(matches(status.changed(), remove({}))).toBe(false);
  });

  it('tell null from absent', () => {
    const withNull = { status: { NULL: true } } as const;
    expect(matches(status.changed(), modify(withNull, {}))).toBe(true);
    expect(matches(status.from(null).to(absent), modify(withNull, {}))).toBe(true);
    expect(matches(status.from(absent), modify(withNull, paid))).toBe(false);
    expect(matches(status.to(null), modify(paid, {}))).toBe(false);
  });

  it('name falsy values like any other', () => {
    const v = shop.attr('v');
    expect(matches(v.to(0), modify({ v: { N: '1' } }, { v: { N: '0' } }))).toBe(true);
    expect(matches(v.to(0), modify({ v: { N: '0' } }, { v: { N: '1' } }))).toBe(false);
    expect(matches(v.from('').to('x'), modify({ v: { S: '' } }, { v: { S: 'x' } }))).toBe(true);
    expect(matches(v.from('').to('x'), modify({ v: { S: 'y' } }, { v: { S: 'x' } }))).toBe(false);
    expect(matches(v.from(false), modify({ v: { BOOL: false } }, { v: { BOOL: true } }))).toBe(true);
    expect(matches(v.from(false), modify({ v: { BOOL: true } }, { v: { BOOL: false } }))).toBe(false);
  });
});

describe('appeared and disappeared', () => {
  it('see only what was not there before, or is no more', () => {
    const cases: [StreamRecord, { appeared: boolean; disappeared: boolean }][] = [
      [insert(paid), { appeared: true, disappeared: false }],
      [insert({}), { appeared: false, disappeared: false }],
      [modify({}, paid), { appeared: true, disappeared: false }],
      [modify(pending, paid), { appeared: false, disappeared: false }],
      [modify(paid, paid), { appeared: false, disappeared: false }],
      [modify(paid, {}), { appeared: false, disappeared: true }],
      [modify({}, {}), { appeared: false, disappeared: false }],
      [remove(paid), { appeared: false, disappeared: true }],
      [remove({}), { appeared: false, disappeared: false }],
    ];
    for (const [given, expected] of cases) {
      expect({
        appeared: matches(status.appeared(), given),
        disappeared: matches(status.disappeared(), given),
      }).toEqual(expected);
    }
  });

  it('take null, false, 0 and the empty text for attributes that are there', () => {
    for (const value of [{ NULL: true }, { BOOL: false }, { N: '0' }, { S: '' }] as AttributeMap[string][]) {
      expect(matches(status.appeared(), modify({}, { status: value }))).toBe(true);
      expect(matches(status.disappeared(), modify({ status: value }, {}))).toBe(true);
      expect(matches(status.disappeared(), modify(paid, { status: value }))).toBe(false);
    }
  });
});

describe('an attribute inside others', () => {
  const city = shop.attr('address.city');
  const sku = shop.attr('lines[0].sku');
  const wien: AttributeMap = { address: { M: { city: { S: 'Wien' } } } };

  it.each<[string, AttributeMap]>([
    ['is removed', {}],
    ['becomes null', { address: { NULL: true } }],
    ['becomes text', { address: { S: 'Wien' } }],
    ['becomes an empty map', { address: { M: {} } }],
    ['becomes a list', { address: { L: [] } }],
  ])('changes when its parent %s, and when it comes back', (_what, without) => {
    expect(matches(city.changed(), modify(wien, without))).toBe(true);
    expect(matches(city.disappeared(), modify(wien, without))).toBe(true);
    expect(matches(city.from('Wien').to(absent), modify(wien, without))).toBe(true);
    expect(matches(city.changed(), modify(without, wien))).toBe(true);
    expect(matches(city.appeared(), modify(without, wien))).toBe(true);
    expect(matches(city.from(absent).to('Wien'), modify(without, wien))).toBe(true);
  });

  it('does not change when only its neighbours do', () => {
    const other: AttributeMap = { address: { M: { city: { S: 'Wien' }, zip: { S: '1010' } } } };
    expect(matches(city.changed(), modify(wien, other))).toBe(false);
    expect(matches(shop.attr('address').changed(), modify(wien, other))).toBe(true);
  });

  it('has its place in a list', () => {
    const lines = (...skus: string[]): AttributeMap => ({
      lines: { L: skus.map((text) => ({ M: { sku: { S: text } } })) },
    });
    expect(matches(sku.is('A-1'), insert(lines('A-1', 'B-2')))).toBe(true);
    expect(matches(sku.changed(), modify(lines('A-1', 'B-2'), lines('B-2', 'A-1')))).toBe(true);
    expect(matches(shop.attr('lines[1].sku').appeared(), modify(lines('A-1'), lines('A-1', 'B-2')))).toBe(
      true,
    );
    expect(matches(shop.attr('lines[9].sku').is(absent), insert(lines('A-1')))).toBe(true);
  });

  it('is not the attribute whose own name has the dot in it', () => {
    expect(matches(city.changed(), modify({}, { 'address.city': { S: 'Wien' } }))).toBe(false);
  });

  it('may be called __proto__ or constructor', () => {
    const proto = JSON.parse('{"__proto__":{"S":"x"}}') as AttributeMap;
    expect(matches(shop.attr('__proto__').appeared(), modify({}, proto))).toBe(true);
    expect(matches(shop.attr('__proto__').is(absent), insert({}))).toBe(true);
    expect(matches(shop.attr('constructor').is(absent), insert({}))).toBe(true);
    expect(matches(shop.attr('constructor').is('x'), insert({ constructor: { S: 'x' } }))).toBe(true);
  });
});

describe('an image that the record does not carry', () => {
  const keysOnly = (eventName: EventName) => record(eventName, {}, { view: 'KEYS_ONLY' });
  const lacks = (image: string) =>
    expect.objectContaining({ code: 'MISSING_IMAGE', message: expect.stringContaining(`reads ${image}`) });

  it('is an error where a filter reads it, never a record that does not match', () => {
    expect(() => matches(status.is('PAID'), keysOnly('INSERT'))).toThrowError(lacks('NewImage'));
    expect(() => matches(status.is(absent), keysOnly('MODIFY'))).toThrowError(lacks('NewImage'));
    expect(() => matches(status.is('PAID'), keysOnly('REMOVE'))).toThrowError(lacks('OldImage'));
    expect(() => matches(not(status.is('PAID')), keysOnly('INSERT'))).toThrowError(lacks('NewImage'));
    expect(() =>
      matches(status.changed(), record('MODIFY', { new: paid }, { view: 'NEW_IMAGE' })),
    ).toThrowError(lacks('OldImage'));
    expect(() =>
      matches(status.appeared(), record('MODIFY', { old: {} }, { view: 'OLD_IMAGE' })),
    ).toThrowError(lacks('NewImage'));
    expect(() => matches(status.disappeared(), record('REMOVE', {}, { view: 'NEW_IMAGE' }))).toThrowError(
      lacks('OldImage'),
    );
  });

  it('is no error where the other image is enough: what is certain does not depend on it', () => {
    const oldOnly = record('MODIFY', { old: paid }, { view: 'OLD_IMAGE' });
    expect(matches(status.appeared(), oldOnly)).toBe(false);
    expect(matches(all(status.is('PAID'), status.from('PENDING')), oldOnly)).toBe(false);
    expect(matches(any(status.is('PAID'), not(status.from('PENDING'))), oldOnly)).toBe(true);
  });

  it('is named together with the view type and what to do', () => {
    expect(() => matches(status.is('PAID'), keysOnly('INSERT'))).toThrowError(
      /this INSERT record lacks \(its StreamViewType is KEYS_ONLY\).*a view type with it/,
    );
  });

  it('is not missed where the event has no such image by its nature', () => {
    expect(matches(status.changed(), record('INSERT', { new: paid }, { view: 'NEW_IMAGE' }))).toBe(true);
    expect(matches(status.changed(), record('REMOVE', { old: paid }, { view: 'OLD_IMAGE' }))).toBe(true);
  });

  it('is not missed by filters that read no image', () => {
    const filter = all(modelFilter(shop), not(any()), eventName('INSERT'));
    expect(matches(filter, keysOnly('INSERT'))).toBe(true);
  });
});

describe('a value that cannot be judged', () => {
  it('is an error, never a record that does not match', () => {
    const twoLetters = { status: { S: 'PAID', N: '1' } } as unknown as AttributeMap;
    const plain = { status: 'PAID' } as unknown as AttributeMap;
    const malformed = expect.objectContaining({ code: 'MALFORMED_VALUE' });
    expect(() => matches(status.is('PAID'), insert(twoLetters))).toThrowError(malformed);
    expect(() => matches(status.is('PAID'), insert(plain))).toThrowError(malformed);
    expect(() => matches(status.changed(), modify(paid, plain))).toThrowError(malformed);
    expect(() =>
      matches(shop.attr('address.city').is(absent), insert({ address: {} } as never)),
    ).toThrowError(malformed);
    expect(() => matches(shop.attr('v').is(1), insert({ v: { N: 'one' } }))).toThrowError(malformed);
  });

  it('is an error in a key too', () => {
    const Order = shop.entity('Order', { key: { pk: 'USER#:userId' } });
    const malformed = expect.objectContaining({ code: 'MALFORMED_VALUE' });
    for (const pk of [{}, 'USER#1', { S: 'USER#1', N: '1' }, null]) {
      const given = record('INSERT', { new: paid }, { keys: { pk } as unknown as AttributeMap });
      expect(() => matches(modelFilter(Order), given)).toThrowError(malformed);
    }
  });

  it('does no harm where no filter reads it', () => {
    expect(matches(status.is('PAID'), insert({ ...paid, other: {} as never }))).toBe(true);
  });
});

describe('all, any and not', () => {
  const yes = all();
  const no = any();

  it('combine filters, also none', () => {
    const given = insert(paid);
    expect(matches(all(), given)).toBe(true);
    expect(matches(any(), given)).toBe(false);
    expect(matches(all(yes, yes), given)).toBe(true);
    expect(matches(all(yes, no), given)).toBe(false);
    expect(matches(any(no, yes), given)).toBe(true);
    expect(matches(any(no, no), given)).toBe(false);
    expect(matches(not(yes), given)).toBe(false);
    expect(matches(not(no), given)).toBe(true);
  });
});

describe('who removed an item', () => {
  const byTtl = removedBy('ttl');
  const byUser = removedBy('user');

  it('is the TTL sweep only under its own identity', () => {
    const expired = record('REMOVE', { old: paid }, { userIdentity: ttl });
    expect(matches(byTtl, expired)).toBe(true);
    expect(matches(byUser, expired)).toBe(false);
    for (const given of [
      remove(paid),
      record('REMOVE', { old: paid }, { userIdentity: { ...ttl, type: 'service' } }),
      record('REMOVE', { old: paid }, { userIdentity: { ...ttl, principalId: 'someone.amazonaws.com' } }),
      record('REMOVE', { old: paid }, { userIdentity: null as never }),
    ]) {
      expect(removerOf(given, undefined)).toBe('user');
      expect(matches(byTtl, given)).toBe(false);
      expect(matches(byUser, given)).toBe(true);
    }
  });

  it('is TTL too in a replica where the table infers it: the item had expired by the time of the record', () => {
    const sessions = table('sessions', {
      keys: { partition: 'pk' },
      ttl: 'expires.at',
      ttlOnReplicas: 'infer',
    });
    const inferred = removedBy('ttl', sessions.entity('Session', {}));
    const removedAt = (seconds: number | undefined, expiresAt: AttributeMap): StreamRecord => {
      const { dynamodb, ...rest } = remove(expiresAt);
      const time = seconds === undefined ? {} : { ApproximateCreationDateTime: seconds };
      return { ...rest, dynamodb: { ...dynamodb, ...time } };
    };
    const expires = (text: string): AttributeMap => ({ 'expires.at': { N: text } });
    expect(matches(inferred, removedAt(1_800_000_000, expires('1799999999')))).toBe(true);
    expect(matches(inferred, removedAt(1_800_000_000, expires('1.8E9')))).toBe(true);
    for (const given of [
      removedAt(1_800_000_000, expires('1800000001')),
      removedAt(1_800_000_000, {}),
      removedAt(1_800_000_000, { 'expires.at': { S: '1799999999' } }),
      removedAt(undefined, expires('1')),
    ]) {
      expect(matches(inferred, given)).toBe(false);
      expect(matches(removedBy('user', sessions), given)).toBe(true);
    }
    // Without the inference the record alone tells.
    expect(matches(byTtl, removedAt(1_800_000_000, expires('1799999999')))).toBe(false);
    expect(matches(removedBy('ttl', shop), removedAt(1_800_000_000, expires('1')))).toBe(false);
    // The mark is enough: nothing else is read.
    expect(matches(inferred, record('REMOVE', {}, { userIdentity: ttl }))).toBe(true);
    expect(() => matches(inferred, record('REMOVE', {}))).toThrowError(/reads OldImage/);
    expect(matches(inferred, insert({}))).toBe(false);
  });

  it('is a question that only a REMOVE answers', () => {
    for (const given of [insert(paid), record('MODIFY', { old: paid, new: paid }, { userIdentity: ttl })]) {
      expect(matches(byTtl, given)).toBe(false);
      expect(matches(byUser, given)).toBe(false);
    }
  });
});

describe('table, event and key', () => {
  it.each([
    ['arn:aws:dynamodb:us-east-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000', 'shop'],
    [
      'arn:aws:dynamodb:us-east-1:123456789012:table/prod-orders.v2_x/stream/2026-01-01T00:00:00.000',
      'prod-orders.v2_x',
    ],
    ['arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000', 'shop'],
    ['arn:aws-cn:dynamodb:cn-north-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000', 'shop'],
    ['arn:aws-iso-b:dynamodb:us-isob-east-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000', 'shop'],
    ['arn:aws:dynamodb:ddblocal:000000000000:table/shop/stream/2026-01-01T00:00:00.000', 'shop'],
    ['arn:aws:dynamodb:us-east-1:123456789012:table/table/stream/2026-01-01T00:00:00.000', 'table'],
    ['arn:aws:kinesis:us-east-1:123456789012:stream/shop', undefined],
    ['', undefined],
  ])('the table of %s is %s', (arn, name) => {
    expect(tableOf(arn)).toBe(name);
    if (name) {
      expect(matches({ kind: 'table', name }, { ...insert(paid), eventSourceARN: arn })).toBe(true);
      expect(matches({ kind: 'table', name: `${name}2` }, { ...insert(paid), eventSourceARN: arn })).toBe(
        false,
      );
      expect(matches({ kind: 'table', name: name.slice(1) }, { ...insert(paid), eventSourceARN: arn })).toBe(
        false,
      );
    }
  });

  it('a table may be named by its ARN or a pattern; a placeholder is looked up before', () => {
    const on = (name: string) =>
      matches(modelFilter(table(name, { keys: { partition: 'pk' } })), insert(paid));
    expect(on('arn:aws:dynamodb:eu-central-1:123456789012:table/shop')).toBe(true);
    expect(on('arn:aws:dynamodb:us-east-1:123456789012:table/shop')).toBe(false);
    expect(on('sh*')).toBe(true);
    expect(() => on('shop-${STAGE}')).toThrowError(/cannot be tested: table "shop-\$\{STAGE\}" needs STAGE/);
  });

  it('events are matched by their names', () => {
    const written = eventName('INSERT', 'MODIFY');
    expect([insert(paid), modify(paid, paid), remove(paid)].map((given) => matches(written, given))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('an entity is told by all of its key templates, on every event', () => {
    const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' } });
    const filter = modelFilter(Order);
    for (const given of [insert(paid), modify(pending, paid), remove(paid)]) {
      expect(matches(filter, given)).toBe(true);
      expect(matches(filter, { ...given, eventSourceARN: 'arn:aws:dynamodb:x:1:table/other/stream/y' })).toBe(
        false,
      );
    }
    const withKeys = (keys: AttributeMap) => record('INSERT', { new: paid }, { keys });
    expect(matches(filter, withKeys({ pk: { S: 'USER#1' }, sk: { S: 'CART' } }))).toBe(false);
    expect(matches(filter, withKeys({ pk: { S: 'SHOP#1' }, sk: { S: 'ORDER#2' } }))).toBe(false);
    expect(matches(filter, withKeys({ pk: { S: 'USER#1' }, sk: { B: 'T1JERVIjMg==' } }))).toBe(false);
  });

  it('an entity whose keys are not those of the table is an error, not an entity without items', () => {
    const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' } });
    const elsewhere = record(
      'INSERT',
      { new: paid },
      { keys: { PK: { S: 'USER#1' }, SK: { S: 'ORDER#2' } } },
    );
    expect(() => matches(modelFilter(Order), elsewhere)).toThrowError(
      expect.objectContaining({
        code: 'MISSING_KEY',
        message: expect.stringMatching(/key attribute "pk".*the record has PK, SK.*table\(…, { keys }\)/),
      }),
    );
  });

  it('a number key is matched by its text, a binary one by no template', () => {
    const byId = table('shop', { keys: { partition: 'id' } }).entity('Row', { key: { id: ':id' } });
    const withKeys = (keys: AttributeMap) => record('INSERT', { new: paid }, { keys });
    expect(matches(modelFilter(byId), withKeys({ id: { N: '42' } }))).toBe(true);
    expect(matches(modelFilter(byId), withKeys({ id: { B: 'AQI=' } }))).toBe(false);
    expect(keyText({ N: '42' })).toBe('42');
    expect(keyText({ B: 'AQI=' })).toBeUndefined();
    expect(keyText(undefined)).toBeUndefined();
  });

  it('keys are read from the record, not from its images', () => {
    const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' } });
    expect(matches(modelFilter(Order), record('INSERT', {}, { view: 'KEYS_ONLY' }))).toBe(true);
  });

  it('the subject of a record is what was written, or what was deleted', () => {
    expect(subjectImage(insert(paid))).toBe(paid);
    expect(subjectImage(modify(pending, paid))).toBe(paid);
    expect(subjectImage(remove(pending))).toBe(pending);
  });
});

describe('a name that two key templates capture', () => {
  const Profile = table('shop', { keys: { partition: 'pk', sort: 'sk' } }).entity('Profile', {
    key: { pk: 'USER#:id', sk: 'PROFILE#:id' },
  });
  const test = matcher(modelFilter(Profile));
  const record = (pk: string, sk: string): StreamRecord => ({
    eventName: 'REMOVE',
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } }, SequenceNumber: '1' },
  });

  it('has one value in both', () => {
    expect(test(record('USER#1', 'PROFILE#1'))).toBe(true);
    expect(test(record('USER#1', 'PROFILE#2'))).toBe(false);
  });

  it('has one value in both beside others that agree', () => {
    const Page = shop.entity('Page', { key: { pk: 'BOOK#:book#:page', sk: 'LINE#:book#:page' } });
    const isPage = matcher(modelFilter(Page));
    expect(isPage(record('BOOK#1#2', 'LINE#1#2'))).toBe(true);
    expect(isPage(record('BOOK#1#2', 'LINE#1#3'))).toBe(false);
    expect(isPage(record('BOOK#1#2', 'LINE#3#2'))).toBe(false);
  });
});
