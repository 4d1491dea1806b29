import {
  type AttributeMap,
  type AttributeValue,
  createRouter,
  route,
  type StreamRecord,
  table,
} from '@sluice/core';
import { lambdaEvent, recordsOf } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordsOf as read } from './event.js';
import { type LambdaEvent, lambda, MalformedEventError } from './index.js';

fc.configureGlobal({ seed: Number(process.env['SLUICE_SEED'] ?? 20_261_122) });

const shop = table('shop', { keys: { partition: 'pk' }, ttl: 'expiresAt' });
const quiet = () => undefined;
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const fromOffline = 'arn:aws:dynamodb:eu-west-1:undefined:shop';

/** What a handler sees of the items of an event. */
async function seen(event: object) {
  const items: unknown[] = [];
  const router = createRouter({
    logger: silent,
    routes: [
      route.on(shop, { id: 'h' }, (change) => {
        items.push({ ...(change.eventName === 'REMOVE' ? change.old : change.new) });
      }),
    ],
  });
  expect(await lambda(router)(event as LambdaEvent)).toEqual({ batchItemFailures: [] });
  return items;
}

const record = (change: object, dynamodb: object = {}) => ({
  eventID: '1',
  eventName: 'INSERT',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'eu-west-1',
  eventSourceARN: 'arn:aws:dynamodb:eu-west-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
  dynamodb: {
    ApproximateCreationDateTime: 1_772_539_200,
    Keys: { pk: { S: 'A' } },
    NewImage: { pk: { S: 'A' } },
    SequenceNumber: '100',
    SizeBytes: 3,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
    ...dynamodb,
  },
  ...change,
});
const firstOf = (given: object) => read({ Records: [given] })[0] as StreamRecord;

describe("an event in Lambda's form", () => {
  it('is taken as it is, and nothing is copied', () => {
    const Records = [record({}), record({}, { SequenceNumber: '101' })];
    expect(read({ Records })).toBe(Records);
  });

  it('may leave out the time', () => {
    const Records = [record({}, { ApproximateCreationDateTime: undefined })];
    expect(read({ Records })).toBe(Records);
  });
});

describe('an event of serverless-offline', () => {
  const created = new Date('2026-03-03T12:00:00.999Z');

  it('has an ARN without "table/", of an account that is not known', async () => {
    const mended = firstOf(record({ eventSourceARN: fromOffline }));
    expect(mended.eventSourceARN).toBe('arn:aws:dynamodb:eu-west-1:undefined:table/shop');
    expect(await seen({ Records: [record({ eventSourceARN: fromOffline })] })).toEqual([{ pk: 'A' }]);
  });

  it('keeps an ARN that is one', () => {
    const given = record({}, { ApproximateCreationDateTime: created });
    expect(firstOf(given).eventSourceARN).toBe(given.eventSourceARN);
  });

  it.each<[string, unknown]>([
    ['a date', created],
    ['what JSON makes of one', created.toISOString()],
    ['such a text without fractions', '2026-03-03T12:00:00Z'],
    ['a time of another zone', '2026-03-03T13:00:00.500+01:00'],
  ])('has the time as %s, which becomes seconds, rounded down', (_what, ApproximateCreationDateTime) => {
    expect(firstOf(record({}, { ApproximateCreationDateTime })).dynamodb.ApproximateCreationDateTime).toBe(
      Date.UTC(2026, 2, 3, 12) / 1000,
    );
  });

  it('has no time where the date was none', () => {
    const { dynamodb } = firstOf(record({}, { ApproximateCreationDateTime: new Date(Number.NaN) }));
    expect(dynamodb).not.toHaveProperty('ApproximateCreationDateTime');
  });

  it('has a user identity with capitals: what TTL deleted is told from what anyone did', async () => {
    const removed = (SequenceNumber: string, more: object) =>
      record(
        { eventName: 'REMOVE', eventSourceARN: fromOffline, ...more },
        { SequenceNumber, NewImage: undefined, OldImage: { pk: { S: 'A' } } },
      );
    const by: string[] = [];
    const router = createRouter({
      logger: silent,
      routes: [route.remove(shop, { id: 'h' }, (change) => void by.push(change.by))],
    });
    const byTtl = { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' };
    await lambda(router)({
      Records: [
        removed('100', { userIdentity: byTtl }),
        removed('101', { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
        removed('102', { userIdentity: { Type: 'Someone', PrincipalId: 'else' } }),
        removed('103', { userIdentity: null }),
        removed('104', {}),
      ],
    });
    expect(by).toEqual(['ttl', 'ttl', 'user', 'user', 'user']);
    expect(firstOf(removed('100', { userIdentity: byTtl })).userIdentity).toEqual({
      type: 'Service',
      principalId: 'dynamodb.amazonaws.com',
    });
  });

  it.each<[string, unknown]>([
    ['bytes', new Uint8Array([0, 127, 255])],
    ['bytes in the middle of others', new Uint8Array([9, 0, 127, 255, 9]).subarray(1, 4)],
    ['a buffer', Buffer.from([0, 127, 255])],
    ['what JSON makes of bytes', { 0: 0, 1: 127, 2: 255 }],
    ['what JSON makes of a buffer', { type: 'Buffer', data: [0, 127, 255] }],
    ['a list of bytes', [0, 127, 255]],
    ['base64', 'AH//'],
  ])('has binary values as %s, which become base64, in keys, sets, maps and lists', async (_what, bytes) => {
    const Keys = { pk: { B: bytes } };
    const item = { ...Keys, set: { BS: [bytes] }, map: { M: { B: { B: bytes }, L: { L: [{ B: bytes }] } } } };
    const given = record({ eventSourceARN: fromOffline }, { Keys, NewImage: item, OldImage: item });
    const { dynamodb } = firstOf(given);
    const mended = {
      pk: { B: 'AH//' },
      set: { BS: ['AH//'] },
      map: { M: { B: { B: 'AH//' }, L: { L: [{ B: 'AH//' }] } } },
    };
    expect(dynamodb).toMatchObject({ Keys: { pk: { B: 'AH//' } }, NewImage: mended, OldImage: mended });
    const decoded = new Uint8Array([0, 127, 255]);
    expect(await seen({ Records: [given] })).toEqual([
      { pk: decoded, set: new Set([decoded]), map: { B: decoded, L: [decoded] } },
    ]);
  });

  it('may have binary values of no bytes', () => {
    for (const bytes of [new Uint8Array(), Buffer.alloc(0), {}, [], '']) {
      const { NewImage } = firstOf(
        record({ eventSourceARN: fromOffline }, { NewImage: { pk: { B: bytes } } }),
      ).dynamodb;
      expect(NewImage).toEqual({ pk: { B: '' } });
    }
  });

  it('leaves attributes alone that are called like types, buffers or prototypes', () => {
    const NewImage = JSON.parse(
      '{"B":{"S":"b"},"M":{"M":{"type":{"S":"Buffer"},"data":{"L":[{"N":"1"}]},"B":{"N":"2"}}},"__proto__":{"B":"AA=="}}',
    );
    const given = record({ eventSourceARN: fromOffline }, { NewImage });
    expect(JSON.stringify(firstOf(given).dynamodb.NewImage)).toBe(JSON.stringify(NewImage));
  });

  it('is not changed itself: it is copied', () => {
    const given = record(
      {
        eventSourceARN: fromOffline,
        userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' },
      },
      { NewImage: { pk: { B: new Uint8Array([1]) } }, ApproximateCreationDateTime: created },
    );
    const copy = structuredClone(given);
    firstOf(given);
    expect(given).toEqual(copy);
  });

  it('becomes exactly what Lambda would have handed over, whatever is in its items', () => {
    fc.assert(
      fc.property(items, fc.boolean(), (written, asJson) => {
        const records = recordsOf({
          table: 'shop',
          keys: { partition: 'pk' },
          account: 'undefined',
          region: 'eu-west-1',
        });
        const canonical = written.flatMap((item) => [
          records.insert({ pk: { S: 'A' }, ...item }, { wire: true }),
          records.expire({ pk: { S: 'A' }, ...item }, { wire: true }),
        ]);
        const foreign = canonical.map(foreignOf);
        const Records = asJson ? JSON.parse(JSON.stringify(foreign)) : foreign;
        expect(read({ Records })).toEqual(
          canonical.map((one) => ({ ...one, eventSourceARN: one.eventSourceARN.replace(/\/stream.*/, '') })),
        );
      }),
    );
  });
});

/** Items in wire form, with binary values in all places. */
const items = fc.array(
  fc.dictionary(
    fc.constantFrom('a', 'B', 'BS', 'M', 'L', 'type', 'data', '0', '__proto__'),
    fc.letrec<{ value: AttributeValue; binary: string }>((tie) => ({
      binary: fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<AttributeValue>(
          { S: 'text' },
          { N: '1' },
          { BOOL: true },
          { NULL: true },
          { SS: ['B'] },
        ),
        tie('binary').map((B) => ({ B })),
        fc.array(tie('binary'), { minLength: 1, maxLength: 3 }).map((BS) => ({ BS })),
        fc.array(tie('value'), { maxLength: 3 }).map((L) => ({ L })),
        fc.dictionary(fc.constantFrom('a', 'B', 'data', '__proto__'), tie('value')).map((M) => ({ M })),
      ),
    })).value,
    { maxKeys: 4 },
  ),
  { minLength: 1, maxLength: 3 },
);

/** A record as the AWS SDK reads it and serverless-offline hands it over: the other way round. */
function foreignOf({ userIdentity, dynamodb, eventSourceARN, ...rest }: StreamRecord) {
  const { Keys, NewImage, OldImage, ApproximateCreationDateTime = 0, ...others } = dynamodb;
  return {
    ...rest,
    eventSourceARN: eventSourceARN.replace(/:table\/([^/]+).*/, ':$1'),
    ...(userIdentity && { userIdentity: { Type: userIdentity.type, PrincipalId: userIdentity.principalId } }),
    dynamodb: {
      ...others,
      ApproximateCreationDateTime: new Date(ApproximateCreationDateTime * 1000),
      Keys: bytesIn(Keys),
      ...(NewImage && { NewImage: bytesIn(NewImage) }),
      ...(OldImage && { OldImage: bytesIn(OldImage) }),
    },
  };
}

function bytesIn(item: AttributeMap): object {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, bytesOf(value)]));
}

function bytesOf(value: AttributeValue): object {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
  if ('B' in value) return { B: bytes(value.B) };
  if ('BS' in value) return { BS: value.BS.map(bytes) };
  if ('L' in value) return { L: value.L.map(bytesOf) };
  return 'M' in value ? { M: bytesIn(value.M) } : value;
}

describe('an event that looks like one, but has more than one meaning or none', () => {
  const foreign = (change: object, dynamodb: object = {}) => ({
    Records: [
      record({ eventSourceARN: fromOffline }),
      record({ eventSourceARN: fromOffline, ...change }, { SequenceNumber: '101', ...dynamodb }),
    ],
  });
  const binary = (B: unknown) => foreign({}, { NewImage: { picture: { B } } });
  const time = (ApproximateCreationDateTime: unknown) => foreign({}, { ApproximateCreationDateTime });

  it.each<[string, object, string, RegExp]>([
    [
      'a time without a zone',
      time('2026-03-03T12:00:00'),
      'MALFORMED_EVENT',
      /Record 2 has an ApproximateCreationDateTime/,
    ],
    ['a day', time('2026-03-03'), 'MALFORMED_EVENT', /ApproximateCreationDateTime/],
    [
      'a time that no calendar has',
      time('2026-13-41T12:00:00Z'),
      'MALFORMED_EVENT',
      /ApproximateCreationDateTime/,
    ],
    ['seconds as text', time('1772539200'), 'MALFORMED_EVENT', /ApproximateCreationDateTime/],
    ['a time that is an object', time({}), 'MALFORMED_EVENT', /ApproximateCreationDateTime/],
    ['binary that is a number', binary(5), 'MALFORMED_EVENT', /Record 2 has a binary value/],
    ['binary that is null', binary(null), 'MALFORMED_EVENT', /binary/],
    ['binary beyond bytes', binary({ type: 'Buffer', data: [256] }), 'MALFORMED_EVENT', /binary/],
    ['binary with halves of bytes', binary([0.5]), 'MALFORMED_EVENT', /binary/],
    ['binary below bytes', binary([-1]), 'MALFORMED_EVENT', /binary/],
    ['binary with texts for bytes', binary(['1']), 'MALFORMED_EVENT', /binary/],
    ['binary with a gap', binary({ 0: 1, 2: 3 }), 'MALFORMED_EVENT', /binary/],
    ['binary that begins at one', binary({ 1: 1 }), 'MALFORMED_EVENT', /binary/],
    ['binary with other names', binary({ bytes: [1] }), 'MALFORMED_EVENT', /binary/],
    ['a buffer without data', binary({ type: 'Buffer' }), 'MALFORMED_EVENT', /binary/],
    [
      'a set of binary with something else',
      foreign({}, { Keys: { pk: { BS: [{ a: 1 }] } } }),
      'MALFORMED_EVENT',
      /binary/,
    ],
    [
      'an identity of another form',
      foreign({ userIdentity: { TYPE: 'Service' } }),
      'MALFORMED_EVENT',
      /userIdentity/,
    ],
    ['an identity that is text', foreign({ userIdentity: 'Service' }), 'MALFORMED_EVENT', /userIdentity/],
    ['half an identity', foreign({ userIdentity: { Type: 'Service' } }), 'MALFORMED_EVENT', /userIdentity/],
    [
      'an ARN of a table that is not known',
      { Records: [record({ eventSourceARN: 'arn:aws:dynamodb:eu-west-1:undefined:undefined' })] },
      'MALFORMED_RECORD',
      /eventSourceARN/,
    ],
    [
      'an ARN without a table',
      { Records: [record({ eventSourceARN: 'arn:aws:dynamodb:eu-west-1:undefined:' })] },
      'MALFORMED_RECORD',
      /eventSourceARN/,
    ],
    [
      'an ARN of another service',
      { Records: [record({ eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:shop' })] },
      'MALFORMED_RECORD',
      /eventSourceARN/,
    ],
    [
      'a record that is null',
      { Records: [record({ eventSourceARN: fromOffline }), null] },
      'MALFORMED_RECORD',
      /Record 2 of 2/,
    ],
    [
      'a record that is nothing',
      { Records: [record({ eventSourceARN: fromOffline }), undefined] },
      'MALFORMED_RECORD',
      /Record 2 of 2/,
    ],
    ['a record without its change', foreign({ dynamodb: undefined }), 'MALFORMED_RECORD', /SequenceNumber/],
    ['a change that is text', foreign({ dynamodb: 'text' }), 'MALFORMED_RECORD', /SequenceNumber/],
    ['keys that are text', foreign({}, { Keys: 'pk' }), 'MALFORMED_RECORD', /Keys/],
    ['no sequence number', foreign({}, { SequenceNumber: undefined }), 'MALFORMED_RECORD', /SequenceNumber/],
  ])('is refused with nothing run: %s', async (_what, event, code, message) => {
    const ran: string[] = [];
    const router = createRouter({
      logger: silent,
      unknownTable: 'skip',
      routes: [route.on(shop, { id: 'h' }, () => void ran.push('h'))],
    });
    const refused = lambda(router)(event as LambdaEvent);
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(ran).toEqual([]);
  });

  it('tells nothing of the item', () => {
    expect(() => read(binary({ secret: 'card' }) as LambdaEvent)).toThrow(MalformedEventError);
    expect(() => read(binary({ secret: 'card' }) as LambdaEvent)).not.toThrow(/secret|card/);
  });
});

it('an item that cannot be read fails its record alone, as from any source', async () => {
  const router = createRouter({
    logger: silent,
    routes: [route.insert(shop, { id: 'h' }, ({ new: item }) => void item['odd'])],
  });
  const Records = [
    record({ eventSourceARN: fromOffline }, { NewImage: { odd: 'plain', none: null, L: { L: 'text' } } }),
  ];
  expect(await lambda(router)({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: '100' }] });
  expect(await lambda(router)(lambdaEvent([]))).toEqual({ batchItemFailures: [] });
});
