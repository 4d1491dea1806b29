import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exceedsBy } from './decimal.js';
import { canonicalDecimal, compareDecimals } from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

/** `negative · 0whole.fraction · 10^exponent`, written in one of the ways that a decimal can be written. */
const written = fc.record({
  negative: fc.boolean(),
  whole: fc.stringMatching(/^[0-9]{0,20}$/),
  fraction: fc.stringMatching(/^[0-9]{0,18}$/),
  exponent: fc.integer({ min: -130, max: 125 }),
  form: fc.constantFrom('E', 'e', 'E+', 'none'),
});
type Written = typeof written extends fc.Arbitrary<infer W> ? W : never;

function textOf({ negative, whole, fraction, exponent, form }: Written): string {
  const digits = whole + fraction === '' ? '0' : fraction === '' ? whole : `${whole}.${fraction}`;
  const plus = form === 'E+' && exponent >= 0 ? '+' : '';
  return `${negative ? '-' : ''}${digits}${form === 'none' ? '' : `${form[0]}${plus}${exponent}`}`;
}

/** The value times 10^150, which is whole for everything that `written` makes. */
function scaled({ negative, whole, fraction, exponent, form }: Written): bigint {
  const power = 150 + (form === 'none' ? 0 : exponent) - fraction.length;
  return BigInt(`0${whole}${fraction}`) * 10n ** BigInt(power) * (negative ? -1n : 1n);
}

describe('decimal texts', () => {
  it('compare as the numbers that they are, whatever their length, sign, point and exponent', () => {
    fc.assert(
      fc.property(written, written, (a, b) => {
        const difference = scaled(a) - scaled(b);
        expect(Math.sign(compareDecimals(textOf(a), textOf(b)))).toBe(
          difference < 0n ? -1 : difference > 0n ? 1 : 0,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('tell by how much one is larger, exactly', () => {
    const near = fc
      .tuple(written, written, written, fc.constantFrom(-1n, 0n, 1n, undefined))
      .map(([less, by, other, off]) => {
        // Two numbers that are apart by `by`, by the least bit less or more, or by anything.
        const more = off === undefined ? scaled(other) : scaled(less) + scaled(by) + off;
        return [less, by, more] as const;
      });
    fc.assert(
      fc.property(near, ([less, by, more]) => {
        const moreText = `${more}E-150`;
        expect(exceedsBy(moreText, textOf(less), textOf(by))).toBe(more - scaled(less) >= scaled(by));
        expect(exceedsBy(textOf(less), moreText, textOf(by))).toBe(scaled(less) - more >= scaled(by));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), fc.nat(3), fc.nat(10), (more, by, off, shift) => {
        const small = [more, by].map((number) => Math.trunc(number / 10 ** shift)) as [number, number];
        const less = BigInt(small[0]) - BigInt(small[1]) - BigInt(off) + 1n;
        expect(exceedsBy(String(small[0]), String(less), String(small[1]))).toBe(off >= 1);
      }),
      { numRuns: 500 },
    );
  });

  it('have one canonical text for each number', () => {
    const shifted = fc.tuple(written, fc.nat(12), fc.nat(5)).map(([number, places, zeros]) => {
      // The same number with its point moved left and zeros around it.
      const exponent = (number.form === 'none' ? 0 : number.exponent) + places;
      const padded = number.whole.padStart(places, '0');
      const whole = padded.slice(0, padded.length - places);
      const fraction = padded.slice(padded.length - places) + number.fraction + '0'.repeat(zeros);
      return [
        number,
        { ...number, whole: '0'.repeat(zeros) + whole, fraction, exponent, form: 'E' },
      ] as const;
    });
    fc.assert(
      fc.property(shifted, ([number, same]) => {
        expect(canonicalDecimal(textOf(same))).toBe(canonicalDecimal(textOf(number)));
        expect(compareDecimals(textOf(same), textOf(number))).toBe(0);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(written, written, (a, b) => {
        expect(canonicalDecimal(textOf(a)) === canonicalDecimal(textOf(b))).toBe(scaled(a) === scaled(b));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['1', '1.0'],
    ['100', '1E+2'],
    ['100', '1e2'],
    ['0.001', '1E-3'],
    ['.5', '0.50'],
    ['5.', '5'],
    ['+7', '7'],
    ['007', '7'],
    ['0', '-0'],
    ['0', '0E+125'],
    ['-0.00', '0.0'],
    ['12345678901234567890123456789012345678', '1234567890123456789012345678901234567.8E+1'],
  ])('%s is %s', (left, right) => {
    expect(compareDecimals(left, right)).toBe(0);
    expect(canonicalDecimal(left)).toBe(canonicalDecimal(right));
  });

  it.each([
    ['12345678901234567890123456789012345677', '12345678901234567890123456789012345678'],
    ['0.12345678901234567890123456789012345677', '0.12345678901234567890123456789012345678'],
    ['-1E+125', '-1E+124'],
    ['-1', '-0.1'],
    ['-1E-130', '0'],
    ['0', '1E-130'],
    ['-1', '1'],
    ['9.99', '10'],
    ['99', '100'],
    ['0.99', '0.991'],
  ])('%s is less than %s', (smaller, larger) => {
    expect(compareDecimals(smaller, larger)).toBeLessThan(0);
    expect(compareDecimals(larger, smaller)).toBeGreaterThan(0);
    expect(canonicalDecimal(smaller)).not.toBe(canonicalDecimal(larger));
  });

  it.each(['', '-', '.', 'E5', '1e', '1,5', ' 1', '1 ', '0x10', '1_000', 'NaN', 'Infinity', '1e1.5', '١'])(
    'refuses "%s", which DynamoDB cannot have written',
    (text) => {
      expect(() => canonicalDecimal(text)).toThrowError(expect.objectContaining({ code: 'MALFORMED_VALUE' }));
      expect(() => compareDecimals(text, '1')).toThrowError(/not a decimal number/);
      expect(() => compareDecimals('1', text)).toThrowError(/not a decimal number/);
    },
  );
});
