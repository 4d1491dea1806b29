import { MalformedValueError } from './errors.js';

/** A DynamoDB number without loss: `0.<digits> × 10^exponent`; digits have no zeros at either end, zero has none. */
type Decimal = readonly [sign: -1 | 0 | 1, digits: string, exponent: number];

/** Compares two decimal texts of any length exactly: negative, zero or positive, as a sort function wants it. */
export function compareDecimals(left: string, right: string): number {
  if (left === right) return 0;
  if (isShort(left) && isShort(right)) return Number(left) - Number(right) || 0;
  const [sign, digits, exponent] = parse(left);
  const [otherSign, otherDigits, otherExponent] = parse(right);
  if (sign !== otherSign) return sign - otherSign;
  if (exponent !== otherExponent) return sign * (exponent - otherExponent);
  return digits === otherDigits ? 0 : digits < otherDigits ? -sign : sign;
}

/** One text for each number: `1.0`, `1` and `10e-1` give the same. */
export function canonicalDecimal(text: string): string {
  const [sign, digits, exponent] = parse(text);
  return sign === 0 ? '0' : `${sign < 0 ? '-' : ''}0.${digits}e${exponent}`;
}

/** Decimals of 15 digits keep their order, and are told apart, as JavaScript numbers. */
function isShort(text: string): boolean {
  return text.length <= 15 && /^-?\d+(?:\.\d+)?$/.test(text);
}

/** Whether one number is larger than another by this much or more, exactly. */
export function exceedsBy(more: string, less: string, by: string): boolean {
  const texts = [more, less, by];
  if (texts.every((text) => /^-?\d{1,15}$/.test(text))) return Number(more) - Number(less) >= Number(by);
  const numbers = texts.map(parse);
  // The least power of ten that a last digit stands for.
  const scale = Math.min(...numbers.map(([, digits, exponent]) => exponent - digits.length));
  const [a, b, least] = numbers.map(
    ([sign, digits, exponent]) => BigInt(sign) * BigInt(digits.padEnd(exponent - scale, '0')),
  ) as [bigint, bigint, bigint];
  return a - b >= least;
}

/** DynamoDB's exponents end at 125 and -130; what is far beyond them would take all memory. */
const largestExponent = 1000;

function parse(text: string): Decimal {
  const [, minus, whole = '', fraction = '', shift = '0'] =
    /^(?:\+|(-))?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const written = whole + fraction;
  if (written === '' || Math.abs(Number(shift)) > largestExponent) {
    throw new MalformedValueError(
      'An N value is not a decimal number as DynamoDB has them: "12.5", from 1E-130 to below 1E+126.',
    );
  }
  const significant = written.replace(/^0+/, '');
  if (significant === '') return [0, '', 0];
  const exponent = whole.length - written.length + significant.length + Number(shift);
  return [minus ? -1 : 1, significant.replace(/0+$/, ''), exponent];
}
