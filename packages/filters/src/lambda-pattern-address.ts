/** An IP address as 8 or 32 hexadecimal digits; `undefined` for any other text. An IPv4 address within IPv6 is the IPv4 one. */
export function addressOf(text: string): string | undefined {
  const digits = /^(?=.{7,15}$)\d+\.\d+\.\d+\.\d+$/.test(text)
    ? hexadecimal(text.split('.').map(Number), 2)
    : /^[\da-f:]*:[\da-f:]*$/i.test(text)
      ? hexadecimal(groupsOf(text), 4)
      : undefined;
  return digits?.replace(/^0{20}f{4}/, '');
}

/** A range like `10.0.0.0/24` as a test of what {@link addressOf} gives; `undefined` where the text is none. */
export function cidrRange(cidr: string): ((address: string | undefined) => boolean) | undefined {
  const [, text = '', bits = ''] = /^([^/]*)\/(\d{1,3})$/.exec(cidr) ?? [];
  const base = addressOf(text);
  if (!base || Number(bits) >= base.length * 4) return undefined;
  const network = networkOf(base, Number(bits));
  return (address) => address?.length === base.length && networkOf(address, Number(bits)) === network;
}

function networkOf(address: string, bits: number): bigint {
  return BigInt(`0x${address}`) >> BigInt(address.length * 4 - bits);
}

/** The eight groups of an IPv6 address, of which `::` leaves out at least one; no eight for what is none. */
function groupsOf(text: string): number[] {
  const halves = text.split('::').map((half) => (half === '' ? [] : half.split(':').map(groupOf)));
  const [left = [], right, ...more] = halves;
  if (!right || more.length > 0) return more.length > 0 ? [] : left;
  const zeros = 8 - left.length - right.length;
  return zeros < 1 ? [] : [...left, ...Array<number>(zeros).fill(0), ...right];
}

function groupOf(text: string): number {
  return text === '' ? Number.NaN : Number.parseInt(text, 16);
}

/** Numbers of so many digits each, four of two or eight of four. */
function hexadecimal(numbers: readonly number[], digits: 2 | 4): string | undefined {
  const isAddress = numbers.length === 2 * digits && numbers.every((number) => number < 16 ** digits);
  return isAddress ? numbers.map((number) => number.toString(16).padStart(digits, '0')).join('') : undefined;
}
