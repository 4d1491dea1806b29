import { type AttributeMap, type AttributeValue, compareDecimals, type NumberPolicy } from '@sluice/filters';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeItem } from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

const decode = (value: AttributeValue, numbers: NumberPolicy = 'string') =>
  decodeItem({ value }, numbers)['value'];

describe('an item in JavaScript types', () => {
  it.each<[string, AttributeValue, unknown]>([
    ['text', { S: 'ä\u0000' }, 'ä\u0000'],
    ['empty text', { S: '' }, ''],
    ['a number', { N: '-12.5' }, -12.5],
    ['true', { BOOL: true }, true],
    ['false', { BOOL: false }, false],
    ['null', { NULL: true }, null],
    ['binary', { B: 'AAEC/w==' }, new Uint8Array([0, 1, 2, 255])],
    ['empty binary', { B: '' }, new Uint8Array()],
    ['a list', { L: [{ S: 'a' }, { L: [] }, { NULL: true }] }, ['a', [], null]],
    ['a map', { M: { a: { M: { b: { N: '1' } } } } }, { a: { b: 1 } }],
    ['a text set', { SS: ['a', 'b'] }, new Set(['a', 'b'])],
    ['a number set', { NS: ['1', '2.5'] }, new Set([1, 2.5])],
    ['a binary set', { BS: ['AQ==', 'Ag=='] }, new Set([new Uint8Array([1]), new Uint8Array([2])])],
  ])('has %s', (_what, wire, native) => {
    expect(decode(wire)).toStrictEqual(native);
  });

  it('has binary as bytes of their own, not as a view of a shared pool', () => {
    const bytes = decode({ B: 'AAEC' }) as Uint8Array;
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes.buffer.byteLength).toBe(3);
  });

  it('leaves the record as it was', () => {
    const item: AttributeMap = { a: { L: [{ M: { b: { S: 'x' } } }] } };
    const before = structuredClone(item);
    const decoded = decodeItem(item, 'string') as { a: { b: string }[] };
    decoded.a.push({ b: 'y' });
    expect(item).toEqual(before);
  });
});

describe('attributes with odd names', () => {
  it('are own properties, at each depth, and no prototype', () => {
    const item = JSON.parse('{"__proto__":{"M":{"isAdmin":{"BOOL":true},"__proto__":{"S":"inner"}}}}');
    const decoded = decodeItem(item, 'string');
    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect((decoded as { isAdmin?: unknown }).isAdmin).toBeUndefined();
    const inner = Object.getOwnPropertyDescriptor(decoded, '__proto__')?.value;
    expect(Object.keys(inner)).toEqual(['isAdmin', '__proto__']);
    expect(Object.getPrototypeOf(inner)).toBe(Object.prototype);
    expect(JSON.stringify(decoded)).toBe('{"__proto__":{"isAdmin":true,"__proto__":"inner"}}');
  });

  it('may be called constructor, toString or length', () => {
    const item: AttributeMap = { constructor: { S: 'a' }, toString: { S: 'b' }, length: { N: '1' } };
    expect(Object.entries(decodeItem(item, 'string'))).toEqual([
      ['constructor', 'a'],
      ['toString', 'b'],
      ['length', 1],
    ]);
  });

  it('change nothing for other objects', () => {
    decodeItem(JSON.parse('{"__proto__":{"M":{"polluted":{"S":"x"}}}}'), 'string');
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});

describe('numbers', () => {
  const digits38 = '12345678901234567890123456789012345678';

  it.each([
    ['0', 0],
    ['-1', -1],
    ['0.1', 0.1],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['9.007199254740991E+15', 9007199254740991],
    ['1E-130', 1e-130],
    ['1.23456789012345E-100', 1.23456789012345e-100],
    ['123456789.1234560000', 123456789.123456],
  ])('%s is the number', (text, number) => {
    expect(decode({ N: text }, 'string')).toBe(number);
    expect(decode({ N: text }, 'bigint')).toBe(number);
  });

  it.each<[string, string | bigint]>([
    ['9007199254740992', 9007199254740992n],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    [digits38, BigInt(digits38)],
    [`-${digits38}`, -BigInt(digits38)],
    ['100000000000000000000', 10n ** 20n],
    ['1E+30', 10n ** 30n],
    ['-1.25E+125', -125n * 10n ** 123n],
    ['9.9999999999999999999999999999999999999E+125', BigInt('9'.repeat(38)) * 10n ** 88n],
    ['12345678901234567890.0', 12345678901234567890n],
    ['0.12345678901234567890123456789012345678', '0.12345678901234567890123456789012345678'],
    ['123456789012345678.5', '123456789012345678.5'],
  ])('%s is beyond a number: text by default, a BigInt where asked for and whole', (text, big) => {
    expect(decode({ N: text }, 'string')).toBe(text);
    expect(decode({ N: text }, 'bigint')).toBe(big);
  });

  it('that are whole and beyond a number are all of one type, however many zeros they end with', () => {
    // A double prints every tenth of these as they are stored, and still is another number.
    fc.assert(
      fc.property(
        fc.bigInt({ min: 2n ** 53n, max: 10n ** 37n }),
        fc.nat(12),
        fc.boolean(),
        (big, zeros, negative) => {
          const id = (big / 10n ** BigInt(zeros) + 2n ** 53n) * 10n ** BigInt(zeros) * (negative ? -1n : 1n);
          expect(decode({ N: String(id) }, 'string')).toBe(String(id));
          expect(decode({ N: String(id) }, 'bigint')).toBe(id);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are all what a function makes of their text, so that each has the type that it makes', () => {
    const policy = (decimal: string) => ({ decimal });
    const item: AttributeMap = {
      small: { N: '1' },
      all: { M: { list: { L: [{ N: '-2.50' }, { N: digits38 }] }, set: { NS: ['1', '1E+2'] } } },
    };
    expect(decodeItem(item, policy)).toEqual({
      small: { decimal: '1' },
      all: {
        list: [{ decimal: '-2.50' }, { decimal: digits38 }],
        set: new Set([{ decimal: '1' }, { decimal: '1E+2' }]),
      },
    });
  });

  it('that are none never reach a function', () => {
    for (const text of ['', '-', '1-2', '1.2.3', '1/2', 'NaN', '0x10', 'twelve and a half']) {
      expect(() => decode({ N: text }, () => expect.unreachable())).toThrowError(/not a decimal number/);
    }
  });

  it('are never rounded: what is decoded always compares equal with what was stored', () => {
    const decimal = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.stringMatching(/^[0-9]{1,38}$/),
        fc.option(fc.stringMatching(/^[0-9]{1,38}$/), { nil: undefined }),
        fc.option(fc.integer({ min: -130, max: 125 }), { nil: undefined }),
      )
      .map(
        ([sign, whole, fraction, exponent]) =>
          `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}${exponent === undefined ? '' : `E${exponent}`}`,
      );
    const nearDoubles = fc
      .tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom('', '0', '1', '5'))
      .map(([number, more]) => (String(number).includes('e') ? String(number) : `${number}${more}`));
    const policy = fc.constantFrom<NumberPolicy>('string', 'bigint', (text) => `kept ${text}`);
    fc.assert(
      fc.property(fc.oneof(decimal, nearDoubles), policy, (text, numbers) => {
        const native = decode({ N: text }, numbers);
        const back = String(native).replace('kept ', '');
        expect(compareDecimals(back, text)).toBe(0);
        expect(decode({ NS: [text] }, numbers)).toEqual(new Set([native]));
      }),
      { numRuns: 500 },
    );
  });
});

describe('what DynamoDB cannot have written', () => {
  it.each<[string, unknown, RegExp]>([
    ['an empty text set', { SS: [] }, /set has no members.*leave the attribute out/],
    ['an empty number set', { NS: [] }, /set has no members/],
    ['an empty binary set', { BS: [] }, /set has no members/],
    ['an empty set inside', { L: [{ M: { a: { SS: [] } } }] }, /no members/],
    ['no type letter', {}, /no type letter/],
    ['two type letters', { S: 'a', N: '1' }, /2 type letters, S and N/],
    ['an unknown type letter', { X: 'a' }, /unknown type letter/],
    ['a plain value', 'PAID', /plain \(unmarshalled\)/],
    ['a plain value inside', { L: ['PAID'] }, /plain \(unmarshalled\)/],
    ['null in place of a value', { M: { a: null } }, /plain \(unmarshalled\)/],
    ['an empty number', { N: '' }, /not a decimal number/],
    ['hexadecimal', { N: '0x10' }, /not a decimal number/],
    ['NaN', { N: 'NaN' }, /not a decimal number/],
    ['Infinity', { N: 'Infinity' }, /not a decimal number/],
    ['a number with spaces', { N: ' 1 ' }, /not a decimal number/],
    ['binary as JSON has bytes', { B: { type: 'Buffer', data: [1] } }, /neither base64 text nor bytes/],
    ['no binary in a set of it', { BS: [null] }, /neither base64 text nor bytes/],
  ])('is refused: %s', (_what, wire, message) => {
    expect(() => decode(wire as AttributeValue)).toThrowError(
      expect.objectContaining({ code: 'MALFORMED_VALUE', message: expect.stringMatching(message) }),
    );
  });

  it.each<[string, unknown]>([
    ['a map without a map', { M: null }],
    ['a map that is text', { M: '' }],
    ['a list without a list', { L: 'abc' }],
    ['a list that is an object', { L: { 0: { S: 'a' } } }],
    ['a set without a list', { SS: 'abc' }],
  ])('is refused although its letter is right: %s', (_what, wire) => {
    expect(() => decode(wire as AttributeValue)).toThrowError();
  });
});
