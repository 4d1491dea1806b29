import { inspect, types } from 'node:util';
import type { AttributeMap, AttributeValue } from '@sluice/filters';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeItem } from './decode.js';
import { lazyItem } from './lazy-item.js';

fc.configureGlobal({ seed: 20_260_101 });

const image = {
  pk: { S: 'USER#1' },
  total: { N: '12.5' },
  tags: { SS: ['a', 'b'] },
  address: { M: { city: { S: 'Wien' } } },
};
const plain = { pk: 'USER#1', total: 12.5, tags: new Set(['a', 'b']), address: { city: 'Wien' } };
const { isProxy } = types;
const proto: string = '__proto__';
const lazy = (wire: AttributeMap = image) => lazyItem(wire, 'string', {}) as Record<string, unknown>;

describe('a lazy item', () => {
  it('decodes only what is read, once, and a malformed value nobody reads does no harm', () => {
    const broken = { ...image, bad: { X: 1 } as never };
    const item = lazy(broken);
    expect([item['total'], item['missing']]).toEqual([12.5, undefined]);
    expect(item['address']).toBe(item['address']);
    expect(() => item['bad']).toThrowError(/type letter/);
    expect(() => Object.keys(item)).toThrowError(/type letter/);
    expect(item['pk']).toBe('USER#1');
  });

  it('keeps what was read when all of it is decoded, in the order of the image', () => {
    const item = lazy();
    const address = item['address'];
    expect(Object.keys(item)).toEqual(['pk', 'total', 'tags', 'address']);
    expect(item['address']).toBe(address);
  });

  it('is compared, copied, spread, listed and written as a plain object is', () => {
    expect(lazy()).toStrictEqual(plain);
    expect({ ...lazy() }).toStrictEqual(plain);
    expect(structuredClone({ ...lazy() })).toStrictEqual(plain);
    expect(Object.entries(lazy())).toEqual(Object.entries(plain));
    expect(JSON.stringify(lazy())).toBe(JSON.stringify(plain));
    expect('total' in lazy()).toBe(true);
    expect('no' in lazy()).toBe(false);
    expect(Object.getPrototypeOf(lazy())).toBe(Object.prototype);
    expect(lazy()['constructor']).toBe(Object);
    expect(lazy() instanceof Object).toBe(true);
  });

  it('is printed whole, whatever has been read of it', () => {
    const item = lazy();
    expect(item['total']).toBe(12.5);
    expect(inspect(item)).toBe(inspect(plain));
    expect(inspect({ nested: [item] }, { depth: 5 })).toBe(inspect({ nested: [plain] }, { depth: 5 }));
    expect(`${item}`).toBe('[object Object]');
  });

  it('can be changed: it is an object of its own', () => {
    const item = lazy();
    item['total'] = 1;
    item['more'] = 2;
    delete item['tags'];
    expect(item).toStrictEqual({ pk: 'USER#1', total: 1, address: { city: 'Wien' }, more: 2 });
    expect(Object.keys(Object.freeze(item))).toEqual(['pk', 'total', 'address', 'more']);
    expect(() => {
      item['total'] = 3;
    }).toThrowError(TypeError);
    expect(Object.getPrototypeOf(item)).toBe(Object.prototype);
    expect(image.total).toEqual({ N: '12.5' });
  });

  it('is a plain object at once where one of its kind was taken whole before, unless it cannot be decoded', () => {
    const kind = {};
    const of = (wire: AttributeMap) => lazyItem(wire, 'string', kind) as Record<string, unknown>;
    expect(isProxy(of(image))).toBe(true);
    expect(of(image)['total']).toBe(12.5);
    expect(isProxy(of(image))).toBe(true);
    expect({ ...of(image) }).toStrictEqual(plain);
    expect(isProxy(of(image))).toBe(false);
    expect(of(image)).toStrictEqual(plain);
    expect(of({ ...image, bad: { X: 1 } as never })['total']).toBe(12.5);
    expect(isProxy(lazy())).toBe(true);
  });

  it('takes `__proto__` and `constructor` for attributes where they are, and for nothing where they are not', () => {
    const named: AttributeMap = JSON.parse(
      '{"__proto__":{"M":{"isAdmin":{"BOOL":true}}},"constructor":{"S":"x"}}',
    );
    const read = lazy(named);
    expect(read['isAdmin']).toBeUndefined();
    expect(read[proto]).toEqual({ isAdmin: true });
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(read['constructor']).toBe('x');
    expect(Object.keys(lazy(named))).toEqual(['__proto__', 'constructor']);
    expect(lazy()[proto]).toBe(Object.prototype);
  });

  it('is what the eager decoder gives, whatever is read of it before', () => {
    const name = fc.constantFrom('a', 'b', '1', '0', '__proto__', 'toString', 'then');
    const value = fc.constantFrom<AttributeValue>(
      { S: 'x' },
      { N: '1e400' },
      { NULL: true },
      { L: [{ S: 'x' }] },
      { M: { b: { BOOL: true } } },
      { B: 'AQ==' },
    );
    const images = fc
      .array(fc.tuple(name, value))
      .map((entries) => Object.fromEntries(entries) as AttributeMap);
    fc.assert(
      fc.property(images, fc.array(name), (wire, reads) => {
        const item = lazyItem(wire, 'string', {}) as Record<string, unknown>;
        const eager = decodeItem(wire, 'string') as Record<string, unknown>;
        for (const one of reads) expect(item[one]).toEqual(eager[one]);
        expect(item).toStrictEqual(eager);
        expect(Object.keys(item)).toEqual(Object.keys(eager));
      }),
    );
  });
});
