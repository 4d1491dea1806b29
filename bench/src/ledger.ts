import { createRouter, route } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { createLedger } from '@sluice/ledger';
import { memoryStore } from '@sluice/store';
import type { LambdaEvent } from '@sluice/testing';
import { type Group, ratio, sample, sink, type Task } from './group.js';
import { newOrders, paidOrders } from './records.js';
import { roundMs } from './settings.js';
import { Stored } from './shop.js';
import { threadMs } from './thread-time.js';

interface Variant {
  readonly batchSize: number;
  readonly ledger?: 'ledger' | 'guard';
  readonly once?: boolean;
}

const of100 = 'batches of 100';
const of1000 = 'batches of 1000';
const newOnes = 'new events';

/** Nothing fails and nothing is kept, so that one event can be delivered over and over. */
const repeated: Readonly<Record<string, Variant>> = {
  [`${of100}: no ledger`]: { batchSize: 100 },
  [`${of100}: ledger`]: { batchSize: 100, ledger: 'ledger' },
  [`${of1000}: no ledger`]: { batchSize: 1000 },
  [`${of1000}: ledger`]: { batchSize: 1000, ledger: 'ledger' },
};
/** Something is kept of each event. */
const ofNewEvents: Readonly<Record<string, Variant & { readonly delivered?: 'twice' }>> = {
  [`${newOnes}: no ledger`]: { batchSize: 100 },
  [`${newOnes}: ledger with guard`]: { batchSize: 100, ledger: 'guard' },
  [`${newOnes}: once`]: { batchSize: 100, ledger: 'ledger', once: true },
  [`${newOnes}: once, done already`]: { batchSize: 100, ledger: 'ledger', once: true, delivered: 'twice' },
};

/** What the ledger itself takes of a record's time: its store is in memory, and the handler reads three attributes. */
export const ledger: Group = {
  title: 'Ledger in memory: MODIFY records of 1 KB in lanes; new events in batches of 100',
  tasks: {
    ...tasksOf(repeated, deliveringOne),
    ...tasksOf(ofNewEvents, deliveringNew),
  },
  report: (samples) => ({
    columns: ['µs a record', '× no ledger', 'µs more'],
    rows: Object.keys(samples).map((name) => {
      const beside = `${name.split(':')[0]}: no ledger`;
      const us = sample(samples, name);
      return [
        name,
        us.toFixed(2),
        ratio(samples, name, beside).toFixed(2),
        (us - sample(samples, beside)).toFixed(2),
      ];
    }),
    targets: [of100, of1000].map((batches) => ({
      what: `Dispatch with a ledger in memory in ${batches}, beside dispatch without one`,
      measured: ratio(samples, `${batches}: ledger`, `${batches}: no ledger`),
      unit: '×',
      atMost: 1.1,
    })),
  }),
};

function tasksOf<T>(variants: Readonly<Record<string, T>>, taskOf: (variant: T) => Task) {
  return Object.fromEntries(Object.entries(variants).map(([name, variant]) => [name, taskOf(variant)]));
}

const context = { getRemainingTimeInMillis: () => 60_000 };
/** So many records are delivered before the clock is looked at, whose steps may be long. */
const recordsAtOnce = 2000;
/** The first deliveries of a process take longer. */
const warmUpMs = 5 * roundMs;

function deliveringOne(variant: Variant): Task {
  return () => {
    const { event } = paidOrders(variant.batchSize);
    const events = Array.from({ length: recordsAtOnce / variant.batchSize }, () => event);
    const handle = lambda(routerOf(variant));
    return microsecondsOf(() => ({ handle, next: () => events }));
  };
}

function deliveringNew({ delivered, ...variant }: Variant & { readonly delivered?: 'twice' }): Task {
  return () => {
    const newEvent = newOrders(variant.batchSize);
    // A ledger for each round, as otherwise rows would grow in number from round to round.
    return microsecondsOf(() => {
      const handle = lambda(routerOf(variant));
      return {
        handle,
        async next() {
          const events = Array.from({ length: recordsAtOnce / variant.batchSize }, newEvent);
          if (delivered) for (const event of events) await handle(event, context);
          return events;
        },
      };
    });
  };
}

interface Deliveries {
  readonly handle: ReturnType<typeof lambda>;
  readonly next: () => readonly LambdaEvent[] | Promise<readonly LambdaEvent[]>;
}

/** A record's time, without that of making the events. */
function microsecondsOf(begin: () => Deliveries): ReturnType<Task> {
  let isWarm = false;
  return {
    async measured() {
      if (!isWarm) await meanUs(warmUpMs);
      isWarm = true;
      return meanUs(roundMs);
    },
  };

  async function meanUs(atLeastMs: number): Promise<number> {
    const { handle, next } = begin();
    let tookMs = 0;
    let records = 0;
    for (; tookMs < atLeastMs; records += recordsAtOnce) {
      const events = await next();
      const beganMs = threadMs();
      for (const event of events) await handle(event, context);
      tookMs += threadMs() - beganMs;
    }
    return (tookMs * 1000) / records;
  }
}

function routerOf({ ledger, once = false }: Variant) {
  const when = Stored.attr('status').from('PENDING').to('PAID');
  return createRouter({
    order: 'lanes',
    routes: route.modify(Stored, { id: 'paid', when, once }, ({ new: { total, status, customer } }) => {
      sink.sum += Number(total) + String(status).length + String(customer).length;
    }),
    ...(ledger && { name: 'shop', ledger: createLedger(memoryStore(), { guard: ledger === 'guard' }) }),
  });
}
