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
  if (isShort(left) && isShort(right)) return Math.sign(Number(left) - Number(right)) || 0;
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

/** Decimals of 15 digits keep their order, and are told apart, as JavaScript numbers. */
function isShort(text: string): boolean {
  return text.length <= 15 && shortDecimal.test(text);
}

function isShortWhole(text: string): boolean {
  return isShort(text) && !text.includes('.');
}

const shortDecimal = /^-?\d+(?:\.\d+)?$/;

/** Whether one number is larger than another by this much or more, exactly. */
export function exceedsBy(more: string, less: string, by: string): boolean {
  if (isShortWhole(more) && isShortWhole(less) && isShortWhole(by))
    return Number(more) - Number(less) >= Number(by);
  const numbers = [parse(more), parse(less), parse(by)] as const;
  const scale = Math.min(...numbers.map(scaleOf));
  const [a, b, least] = numbers.map((number) => wholeAt(number, scale)) as [bigint, bigint, bigint];
  return a - b >= least;
}

/** The power of ten that the last digit stands for. */
function scaleOf({ digits, exponent }: Decimal): number {
  return exponent - digits.length;
}

/** DynamoDB's exponents end at 125 and -130; what is far beyond them would take all memory. */
const largestExponent = 1000;

function wholeAt(number: Decimal, scale: number): bigint {
  if (Math.abs(number.exponent) > largestExponent) {
    throw new MalformedValueError(
      `An N value has an exponent beyond ${largestExponent}. DynamoDB stores numbers from 1E-130 to below 1E+126.`,
    );
  }
  const zeros = '0'.repeat(scaleOf(number) - scale);
  return BigInt(`${number.negative ? '-' : ''}${number.digits}${zeros}`);
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
