import { type BatchCall, createRouter, type Logger, type Middleware } from '@sluice/core';
import { createLedger, parkedChanges, redrive } from '@sluice/ledger';
import { poll } from '@sluice/poller';
import { createTable, dynamoDbStore } from '@sluice/store/dynamodb';
import { type Engine, startEngine } from '@sluice/testing';
import { orders, placeOrders } from './orders.js';
import { openWorld } from './outside.js';
import { shopRoutes } from './shop.js';

/** Shows it on an engine of its own, which is gone in the end. */
export async function demo(print: (line: string) => void): Promise<void> {
  const engine = await startEngine();
  try {
    await show(engine, print);
  } finally {
    await engine.stop();
  }
}

async function show(engine: Engine, print: (line: string) => void): Promise<void> {
  const { bank, carrier, account } = openWorld();
  await placeOrders(engine);

  // #region process
  const { region, endpoint, credentials } = engine; // on AWS all of this is left out
  const access = { region, endpoint, credentials };
  await createTable({ tableName: 'sluice', ...access });
  const store = dynamoDbStore({ tableName: 'sluice', ...access });

  /** A process that follows the stream, under a name for its checkpoints, until all orders are dealt with. */
  const follow = async (name: string) => {
    const done = new AbortController();
    const router = createRouter({
      name: 'shop',
      routes: shopRoutes(bank, carrier),
      ledger: createLedger(store),
      middleware: { batch: [abortAfter(orders.length, done)] },
      logger: silent,
    });
    await poll(router, { streams: ['shop'], store, name, signal: done.signal, ...access });
    return router;
  };
  // #endregion

  // #region story
  const router = await follow('first');
  print('Done:');
  account().forEach(print);

  print('Parked:');
  const parked = parkedChanges(store, 'shop');
  for await (const { handlerId, record, attempts, error } of parked.list()) {
    print(`  ${handlerId} ${record.eventName} after ${attempts} attempts: ${error.message}`);
  }

  carrier.map.add('New Street').add('New Lane');
  const { done, failed } = await redrive(router, store, 'all');
  print(`Redriven: ${done.length} done, ${failed.length} failed`);

  await follow('second'); // has no checkpoints of that name, and begins all over again
  print('Done in the end:');
  account().forEach(print);
  // #endregion
  store.destroy();
}

/** `next` of a page resolves when all of its records are done; parked ones are. */
function abortAfter(records: number, done: AbortController): Middleware<BatchCall> {
  let left = records;
  return async (page, next) => {
    const outcome = await next();
    left -= page.records.length;
    if (left === 0) done.abort();
    return outcome;
  };
}

/** Failures are what is shown here. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
