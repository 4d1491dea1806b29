import { inWords, type Totals } from './totals.js';

/** Knows what one of a currency was in euros at a time, which does not change any more. */
export interface Rates {
  inEuros(currency: string, time: string): Promise<number>;
}
export const Rates = Symbol('Rates');

/** Keeps a report of each minute. One with a key that it has seen changes nothing. */
export interface Reports {
  put(minute: string, totals: Totals, options: { readonly key: string }): Promise<void>;
}
export const Reports = Symbol('Reports');

/** Sends as often as it is asked to. */
export interface Mailer {
  send(orderId: string, text: string): Promise<void>;
}
export const Mailer = Symbol('Mailer');

/** The world outside, and what it has come to. It tells what happens in it; what is in `badLuck` fails once. */
export function openWorld(badLuck: Set<string>, tell: (line: string) => void) {
  const mails: string[] = [];
  const reported = new Map<string, Totals>();

  const rates: Rates = {
    async inEuros(currency) {
      if (!badLuck.delete(currency)) return currency === 'USD' ? 0.9 : 1;
      tell(`rates: no answer for ${currency}`);
      throw new Error('no rate');
    },
  };
  const reports: Reports = {
    async put(minute, totals, { key }) {
      tell(`reports: ${reported.has(key) ? 'had it already' : inWords(totals)}`);
      reported.set(key, totals);
      if (!badLuck.delete(minute)) return;
      tell('reports: down before it has answered');
      throw new Error('no answer');
    },
  };
  const mailer: Mailer = {
    async send(orderId, text) {
      tell(`mail: order ${orderId}, ${text}`);
      mails.push(orderId);
    },
  };
  return { rates, reports, mailer, mails, reported };
}

export type Outside = ReturnType<typeof openWorld>;
