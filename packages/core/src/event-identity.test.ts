import type { AttributeMap, StreamRecord } from '@sluice/filters';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupIdOf } from './event-identity.js';
import { eventIdOf, idempotencyKeyOf, itemKeyOf } from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

const shopArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000';

function record(keys: AttributeMap, more: { arn?: string; sequence?: string } = {}): StreamRecord {
  return {
    eventID: 'the same everywhere',
    eventName: 'INSERT',
    eventSourceARN: more.arn ?? shopArn,
    dynamodb: { Keys: keys, SequenceNumber: more.sequence ?? '300000000000000499660' },
  };
}

const one = record({ pk: { S: 'USER#1' }, sk: { N: '7' } });

describe('the identity of an event', () => {
  it('never changes: stored progress and receivers of idempotency keys hold it', () => {
    expect(eventIdOf(one)).toBe('n58iZkVQbQKEbV1lah2YQ-7GL_PnMhwK_AuQ_Flzkik');
    expect(idempotencyKeyOf(one, 'order-mail.receipt')).toBe('ZwtYNyW3XCRHbGFJwR05P0VjOUEGAchZO2J59eaJ1XQ');
    expect(itemKeyOf(one)).toBe('2 pkS6 USER#12 skN5 0.7e1');
    const next = record(one.dynamodb.Keys, { sequence: '300000000000000499661' });
    expect(groupIdOf([one, next])).toBe('XSpDIXdWx9NDpsO_ybly2knVtURzQVStCHDc-juG_ps');
    expect(groupIdOf([one, next], 'order-mail.receipt')).toBe('W1mkj6gi6e0KMa8hzbnLCHzzWHf1dLjvYu69O7LZ_yM');
    const odd = record({ pk: { X: 'odd' } as never }, { sequence: '1' });
    expect(eventIdOf(odd)).toBe('6IvrLlO54dY3vORzV46AmKKJCVQBaa-Q35gicUEYORE');
    expect(itemKeyOf(odd)).toBe('{"pk":{"X":"odd"}}');
  });

  it('is the same however the source writes the keys, and whatever else the record holds', () => {
    const same: StreamRecord = {
      ...record({ sk: { N: '7.0' }, pk: { S: 'USER#1' } }),
      eventID: 'another',
      eventName: 'REMOVE',
      awsRegion: 'eu-central-1',
    };
    expect(eventIdOf(same)).toBe(eventIdOf(one));
    expect(idempotencyKeyOf(same, 'h')).toBe(idempotencyKeyOf(one, 'h'));
    expect(itemKeyOf(same)).toBe(itemKeyOf(one));
  });

  it.each<[string, StreamRecord]>([
    ['another table', record(one.dynamodb.Keys, { arn: shopArn.replace('table/shop', 'table/shop2') })],
    ['another account', record(one.dynamodb.Keys, { arn: shopArn.replace('123456789012', '123456789013') })],
    ['another stream of the table', record(one.dynamodb.Keys, { arn: shopArn.replace('2026', '2027') })],
    ['another sequence number', record(one.dynamodb.Keys, { sequence: '300000000000000499661' })],
    ['another key value', record({ pk: { S: 'USER#2' }, sk: { N: '7' } })],
    ['another key type', record({ pk: { S: 'USER#1' }, sk: { S: '7' } })],
    ['another key name', record({ pk: { S: 'USER#1' }, s: { N: '7' } })],
    ['one key less', record({ pk: { S: 'USER#1' } })],
  ])('differs by %s', (_what, other) => {
    expect(eventIdOf(other)).not.toBe(eventIdOf(one));
    expect(idempotencyKeyOf(other, 'h')).not.toBe(idempotencyKeyOf(one, 'h'));
  });

  it('differs by handler, and from the identity without one', () => {
    const all = ['a', 'b', '', 'a.b'].map((handlerId) => idempotencyKeyOf(one, handlerId));
    expect(new Set([...all, eventIdOf(one)]).size).toBe(5);
  });

  it('is a SHA-256 in base64url, which holds no item data', () => {
    for (const id of [eventIdOf(one), idempotencyKeyOf(one, 'h')]) expect(id).toMatch(/^[\w-]{43}$/);
  });

  it('is there for keys that DynamoDB cannot have written, so that such a record can be given up', () => {
    const keys = { pk: { X: 'odd' } as never };
    expect(eventIdOf(record(keys))).toMatch(/^[\w-]{43}$/);
    expect(eventIdOf(record(keys))).not.toBe(eventIdOf(record(keys, { sequence: '9' })));
    expect(eventIdOf(record(keys))).not.toBe(eventIdOf(record({ pk: { X: 'other' } as never })));
  });
});

describe('the key of an item', () => {
  it('keeps apart what a separator would join', () => {
    const pairs = [
      ['a#b', 'c'],
      ['a', 'b#c'],
      ['a","S","b', 'c'],
      ['', 'a#b#c'],
    ].map(([pk = '', sk = '']) => itemKeyOf(record({ pk: { S: pk }, sk: { S: sk } })));
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  it('is equal for equal keys and for no others', () => {
    const value = fc.oneof(
      fc.constantFrom('', 'a', 'a"', '\\', '#', '1', 'AQ==').map((S) => ({ S })),
      fc.constantFrom('1', '1.0', '10E-1', '2').map((N) => ({ N })),
      fc.constantFrom('AQ==', 'Ag==').map((B) => ({ B })),
    );
    const keys = fc.record({ pk: value, sk: value }) as fc.Arbitrary<AttributeMap>;
    const canonical = (keys: AttributeMap) =>
      JSON.stringify(
        ['pk', 'sk'].map((name) => {
          const [[letter, text]] = Object.entries(keys[name] ?? {}) as [[string, string]];
          return [letter, letter === 'N' ? Number(text) : text];
        }),
      );
    fc.assert(
      fc.property(keys, keys, (left, right) => {
        const same = itemKeyOf(record(left)) === itemKeyOf(record(right));
        expect(same).toBe(canonical(left) === canonical(right));
        expect(eventIdOf(record(left)) === eventIdOf(record(right))).toBe(same);
      }),
      { numRuns: 300 },
    );
  });
});
