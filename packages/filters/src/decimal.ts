import { MalformedValueError } from './errors.js';

/** A DynamoDB number without loss: `0.<digits> × 10^exponent`; digits have no zeros at either end, zero has none. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** Compares two decimal texts of any length exactly: negative, zero or positive, as a sort function wants it. */
export function compareDecimals(left: string, right: string): number {
  if (left === right) return 0;
  const a = parse(left);
  const b = parse(right);
  if (a.negative !== b.negative) return a.negative ? -1 : 1;
  return a.negative ? compareMagnitudes(b, a) : compareMagnitudes(a, b);
}

/** One text for each number: `1.0`, `1` and `10e-1` give the same. */
export function canonicalDecimal(text: string): string {
  const { negative, digits, exponent } = parse(text);
  return digits === '' ? '0' : `${negative ? '-' : ''}0.${digits}e${exponent}`;
}

function compareMagnitudes(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '') return a.digits.length - b.digits.length;
  if (a.exponent !== b.exponent) return a.exponent - b.exponent;
  return a.digits === b.digits ? 0 : a.digits < b.digits ? -1 : 1;
}

const decimalText = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

function parse(text: string): Decimal {
  const match = decimalText.exec(text);
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (!match || whole + fraction === '') {
    throw new MalformedValueError(
      'An N value is not a decimal number. DynamoDB writes N as text such as "12.5" or "1E+30".',
    );
  }
  const written = whole + fraction;
  const significant = written.replace(/^0+/, '');
  const digits = significant.replace(/0+$/, '');
  const exponent = whole.length - (written.length - significant.length) + Number(match[4] ?? 0);
  return digits === ''
    ? { negative: false, digits, exponent: 0 }
    : { negative: match[1] === '-', digits, exponent };
}
