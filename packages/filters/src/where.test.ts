import { describe, expect, it } from 'vitest';
import {
  all,
  any,
  imagesRead,
  matcher,
  nodeOf,
  not,
  printFilter,
  type StreamRecord,
  where,
} from './index.js';

const both: StreamRecord = {
  eventName: 'MODIFY',
  eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
  dynamodb: {
    Keys: { pk: { S: '1' } },
    OldImage: { total: { N: '1' } },
    NewImage: { total: { N: '2' } },
    SequenceNumber: '1',
  },
};
const without = (image: 'NewImage' | 'OldImage'): StreamRecord => {
  const { [image]: _left, ...dynamodb } = both.dynamodb;
  return { ...both, dynamodb };
};

describe('a function as a filter', () => {
  it('decides by the record that it is given', () => {
    const doubled = where('total doubled', ({ dynamodb: { OldImage, NewImage } }) => {
      return OldImage?.['total'] !== undefined && NewImage?.['total'] !== undefined;
    });
    expect(matcher(doubled)(both)).toBe(true);
    expect(matcher(not(doubled))(both)).toBe(false);
    expect(printFilter(all(doubled, any()))).toBe('where "total doubled" and nothing');
  });

  it.each<[string, () => unknown]>([
    ['a promise', async () => true],
    ['a promise that rejects', () => Promise.reject(new Error('nobody waits for it'))],
    ['undefined', () => undefined],
    ['1', () => 1],
    ['a text', () => 'true'],
    ['an object', () => ({})],
  ])('fails the record when it gives no boolean: %s', (_what, give) => {
    const filter = where('strange', give as () => boolean);
    expect(() => matcher(filter)(both)).toThrowError(
      /where\("strange"\) gave a value of type \w+; expected true or false, not a promise/,
    );
    expect(() => matcher(not(filter))(both)).toThrowError(TypeError);
  });

  it('fails the record when it throws', () => {
    const filter = where('broken', () => {
      throw new RangeError('broken');
    });
    expect(() => matcher(filter)(both)).toThrowError(RangeError);
  });

  it('sees the images that it names, and no others', () => {
    const seen = (reads?: readonly ('NewImage' | 'OldImage')[]) => {
      let names: readonly string[] = [];
      const look = (record: object) => {
        names = Object.keys((record as StreamRecord).dynamodb).filter((name) => name.endsWith('Image'));
        return true;
      };
      matcher(where('look', look, reads && { reads }))(both);
      return names;
    };
    expect(seen()).toEqual(['OldImage', 'NewImage']);
    expect(seen(['OldImage', 'NewImage'])).toEqual(['OldImage', 'NewImage']);
    expect(seen(['NewImage'])).toEqual(['NewImage']);
    expect(seen(['OldImage', 'OldImage'])).toEqual(['OldImage']);
    expect(seen([])).toEqual([]);
    expect(both.dynamodb.OldImage).toBeDefined();
  });

  it('needs the images that it names, of those that the event has', () => {
    const newOnly = where('new', () => true, { reads: ['NewImage'] });
    const either = where('either', () => true);
    expect([...imagesRead(newOnly, 'MODIFY')]).toEqual(['NewImage']);
    expect([...imagesRead(newOnly, 'REMOVE')]).toEqual([]);
    expect([...imagesRead(either, 'MODIFY')]).toEqual(['NewImage', 'OldImage']);
    expect([...imagesRead(either, 'INSERT')]).toEqual(['NewImage']);
    const lacking = (image: string) =>
      expect.objectContaining({ code: 'MISSING_IMAGE', message: expect.stringContaining(image) });
    expect(matcher(newOnly)(without('OldImage'))).toBe(true);
    expect(matcher(where('old', () => true, { reads: ['OldImage'] }))(without('NewImage'))).toBe(true);
    expect(() => matcher(newOnly)(without('NewImage'))).toThrowError(lacking('NewImage'));
    expect(() => matcher(either)(without('OldImage'))).toThrowError(lacking('OldImage'));
    expect(matcher(either)({ ...without('OldImage'), eventName: 'INSERT' })).toBe(true);
  });

  it('is no data: what comes back from JSON says that its function is lost', () => {
    const filter = where('total doubled', () => true);
    const stored = JSON.parse(JSON.stringify(filter));
    expect(printFilter(stored)).toBe(printFilter(filter));
    expect(() => matcher(stored)).toThrowError(/where\("total doubled"\) has lost its function/);
    expect(Object.isFrozen(filter) && Object.isFrozen((nodeOf(filter) as { reads?: unknown }).reads)).toBe(
      true,
    );
  });
});
