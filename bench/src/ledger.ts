import { createRouter, route } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { createLedger } from '@sluice/ledger';
import { memoryStore } from '@sluice/store';
import { type Group, ratio, sample, sink, type Task } from './group.js';
import { newOrders } from './records.js';
import { roundMs } from './settings.js';
import { Stored } from './shop.js';
import { threadMs } from './thread-time.js';

interface Variant {
  readonly batchSize: number;
  readonly ledger?: 'ledger' | 'guard';
  readonly once?: boolean;
  readonly delivered?: 'twice';
}

const variants: Readonly<Record<string, Variant>> = {
  'batches of 100: no ledger': { batchSize: 100 },
  'batches of 100: ledger': { batchSize: 100, ledger: 'ledger' },
  'batches of 100: ledger with guard': { batchSize: 100, ledger: 'guard' },
  'batches of 100: once': { batchSize: 100, ledger: 'ledger', once: true },
  'batches of 100: once, done already': { batchSize: 100, ledger: 'ledger', once: true, delivered: 'twice' },
  'batches of 1000: no ledger': { batchSize: 1000 },
  'batches of 1000: ledger': { batchSize: 1000, ledger: 'ledger' },
};

/** What the ledger itself takes of a record's time: its store is in memory, and the handler reads three attributes. */
export const ledger: Group = {
  title: 'Ledger in memory: MODIFY records of 1 KB in lanes, three attributes are read',
  tasks: Object.fromEntries(Object.entries(variants).map(([name, variant]) => [name, delivering(variant)])),
  report: (samples) => ({
    columns: ['µs a record', '× no ledger', 'µs more'],
    rows: Object.keys(samples).map((name) => [
      name,
      sample(samples, name).toFixed(2),
      ratio(samples, name, besideOf(name)).toFixed(2),
      (sample(samples, name) - sample(samples, besideOf(name))).toFixed(2),
    ]),
    targets: [100, 1000].map((batchSize) => ({
      what: `Dispatch with a ledger in memory in batches of ${batchSize}, beside dispatch without one`,
      measured: ratio(samples, `batches of ${batchSize}: ledger`, `batches of ${batchSize}: no ledger`),
      unit: '×',
      atMost: 1.1,
    })),
  }),
};

function besideOf(name: string): string {
  return `${name.split(':')[0]}: no ledger`;
}

/** As many records are made before the clock is looked at, whose steps may be long. */
const recordsAtOnce = 2000;
const context = { getRemainingTimeInMillis: () => 60_000 };

/** Microseconds a record. Each event is new, as otherwise a handler with `once` would run in the first round alone. */
function delivering({ batchSize, delivered, ...variant }: Variant): Task {
  return () => {
    const newEvent = newOrders(batchSize);
    let isWarm = false;
    return {
      async measured() {
        if (!isWarm) await meanUs(roundMs);
        isWarm = true;
        return meanUs(roundMs);
      },
    };

    async function meanUs(atLeastMs: number): Promise<number> {
      // Rows would grow in number from round to round.
      const handle = lambda(routerOf(variant));
      let tookMs = 0;
      let records = 0;
      while (tookMs < atLeastMs) {
        const events = Array.from({ length: recordsAtOnce / batchSize }, newEvent);
        if (delivered) for (const event of events) await handle(event, context);
        const beganMs = threadMs();
        for (const event of events) await handle(event, context);
        tookMs += threadMs() - beganMs;
        records += recordsAtOnce;
      }
      return (tookMs * 1000) / records;
    }
  };
}

function routerOf({ ledger, once = false }: Omit<Variant, 'batchSize' | 'delivered'>) {
  const when = Stored.attr('status').from('PENDING').to('PAID');
  return createRouter({
    order: 'lanes',
    routes: route.modify(Stored, { id: 'paid', when, once }, ({ new: { total, status, customer } }) => {
      sink.sum += Number(total) + String(status).length + String(customer).length;
    }),
    ...(ledger && { name: 'shop', ledger: createLedger(memoryStore(), { guard: ledger === 'guard' }) }),
  });
}
