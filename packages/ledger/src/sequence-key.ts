const digits = 40;

/** Sequence numbers have up to 40 digits; as text of one length their order is that of the rows. */
export function padded(sequenceNumber: string): string {
  return sequenceNumber.padStart(digits, '0');
}
