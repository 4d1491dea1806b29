/**
 * Orders sequence numbers: decimal digits of any length, compared as numbers. Negative, zero or positive, as a sort
 * function wants it.
 */
export function compareSequenceNumbers(left: string, right: string): number {
  const a = withoutZeros(left);
  const b = withoutZeros(right);
  if (a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a < b ? -1 : 1;
}

function withoutZeros(digits: string): string {
  return digits.charCodeAt(0) === 48 ? digits.replace(/^0+/, '') : digits;
}
