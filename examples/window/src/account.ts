import type { Write } from './orders.js';
import type { Outside } from './outside.js';
import { inWords, Totals } from './totals.js';

export interface Account {
  readonly lines: readonly string[];
  /** Whether each change is in one report, and each payment in one mail. */
  readonly isRight: boolean;
}

/** What was written, beside the sum of all reports and the mails. */
export function account(
  writes: readonly Write[],
  { mails, reported }: Pick<Outside, 'mails' | 'reported'>,
): Account {
  const written = inWords(sumOf(writes.map(({ status, euros }) => ({ [status]: { orders: 1, euros } }))));
  const ofReports = inWords(sumOf([...reported.values()]));
  const paid = writes.flatMap(({ status, orderId }) => (status === 'PAID' ? orderId : []));
  return {
    lines: [
      `Written:  ${written}`,
      `Reported: ${ofReports}, in ${reported.size} reports`,
      `Mailed:   ${mails.length} of ${paid.length} paid`,
    ],
    isRight: written === ofReports && `${[...mails].sort()}` === `${paid.sort()}`,
  };
}

function sumOf(parts: readonly Partial<Totals>[]): Totals {
  const sum = Totals.parse({});
  for (const part of parts.map((given) => Totals.parse(given))) {
    for (const status of ['PLACED', 'PAID'] as const) {
      sum[status].orders += part[status].orders;
      sum[status].euros += part[status].euros;
    }
  }
  return sum;
}
