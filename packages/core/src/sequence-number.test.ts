import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSequenceNumbers } from './index.js';

fc.configureGlobal({ seed: 20_260_101 });

const digits = fc.oneof(
  fc.stringMatching(/^[0-9]{1,40}$/),
  fc.tuple(fc.stringMatching(/^0{0,20}$/), fc.nat(1000)).map(([zeros, number]) => zeros + number),
);

describe('sequence numbers', () => {
  it('are ordered as the numbers that they are, whatever their length and leading zeros', () => {
    fc.assert(
      fc.property(digits, digits, (left, right) => {
        const difference = BigInt(left) - BigInt(right);
        expect(Math.sign(compareSequenceNumbers(left, right))).toBe(
          difference < 0n ? -1 : difference > 0n ? 1 : 0,
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('of real length are told apart in their last digit', () => {
    expect(compareSequenceNumbers('300000000000000499660', '300000000000000499661')).toBeLessThan(0);
    expect(compareSequenceNumbers('99999999999999999999', '100000000000000000000')).toBeLessThan(0);
    expect(compareSequenceNumbers('9', '10')).toBeLessThan(0);
    expect(compareSequenceNumbers('0', '000')).toBe(0);
  });
});
