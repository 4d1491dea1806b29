import { type LambdaEvent, startEngine, startFaultProxy } from '@sluice/testing';
import { type Group, ratio, type Samples, sample, type Target, type Task } from './group.js';
import { type Access, type Contestant, type OnceFunction, powertools, sluice } from './once-peers.js';
import { newOrders } from './records.js';
import { roundMs } from './settings.js';
import { threadMs } from './thread-time.js';

const batchSize = 100;
/** Thousands of calls, until the SDK's client is as fast as it gets. */
const warmUpMs = 25 * roundMs;
/** A round is more than one batch. */
const deliveriesMs = 3 * roundMs;
const lanesAlone = 'a delivery in lanes';

/** Each beside one of the other library: it keeps the order with one at a time, and none with all at once. */
const besides = {
  'Powertools, one at a time': 'Powertools, one at a time',
  'Sluice, one at a time': 'Powertools, one at a time',
  'Sluice, ten lanes': 'Powertools, one at a time',
  'Powertools, all at once': 'Powertools, all at once',
  'Sluice, all at once': 'Powertools, all at once',
} as const;
const contestants: Readonly<Record<keyof typeof besides, Contestant>> = {
  'Powertools, one at a time': powertools(false),
  'Sluice, one at a time': sluice({ order: 'strict' }),
  'Sluice, ten lanes': sluice({ order: 'lanes', concurrency: 10 }),
  'Powertools, all at once': powertools(true),
  'Sluice, all at once': sluice({ order: 'lanes', lane: 'unordered', concurrency: batchSize }),
};

/** What is done is kept in a table of an engine, which each task has for itself. */
export const once: Group = {
  title: `Once: batches of ${batchSize} MODIFY records of 1 KB, with a table of an engine`,
  tasks: {
    ...Object.fromEntries(Object.entries(contestants).map(([name, it]) => [name, delivering(it)])),
    [lanesAlone]: countingDeliveries,
  },
  report: (samples) => ({
    columns: ['ms a record', '× Powertools', 'ms of this thread', '× Powertools', 'calls a record'],
    rows: ['first', 'repeated'].flatMap((delivery) =>
      Object.entries(besides).map(([name, beside]) => [
        `${delivery}: ${name}`,
        ...['ms', 'thread ms'].flatMap((of) => [
          sample(samples, `${name}: ${delivery}, ${of}`).toFixed(3),
          ratio(samples, `${name}: ${delivery}, ${of}`, `${beside}: ${delivery}, ${of}`).toFixed(2),
        ]),
        sample(samples, `${name}: ${delivery}, calls`).toFixed(2),
      ]),
    ),
    targets: [
      callsAtMost(samples, 'Sluice, one at a time: first, writes', 'Writes of once for a record', 2),
      callsAtMost(samples, `${lanesAlone}: clean, reads`, 'Reads of a clean batch in lanes', 1),
      callsAtMost(samples, `${lanesAlone}: clean, writes`, 'Writes of a clean batch in lanes', 0),
      callsAtMost(samples, `${lanesAlone}: failed, reads`, 'Reads of a batch in lanes that fails', 1),
      callsAtMost(samples, `${lanesAlone}: failed, writes`, 'Writes of a batch in lanes that fails', 1),
    ],
  }),
};

function callsAtMost(samples: Samples, name: string, what: string, atMost: number): Target {
  return { what, measured: sample(samples, name), unit: 'calls', atMost };
}

/** Times and calls of a record, when it comes for the first time and when it comes again. */
function delivering(contestant: Contestant): Task {
  return () => {
    const newEvent = newOrders(batchSize);
    const prepared = prepare();
    let isWarm = false;
    return {
      async measured() {
        const { deliver, calls } = await prepared;
        if (!isWarm) await timesOf(deliver, newEvent, warmUpMs);
        isWarm = true;
        return { ...(await timesOf(deliver, newEvent, deliveriesMs)), ...calls };
      },
    };

    async function prepare() {
      const engine = await startEngine();
      await contestant.prepare(engine);
      const event = newEvent();
      const calls = {
        ...(await callsOf('first', contestant, engine, event)),
        ...(await callsOf('repeated', contestant, engine, event)),
      };
      const aRecord = Object.entries(calls).map(([name, count]) => [name, count / batchSize]);
      return { deliver: contestant.open(engine), calls: Object.fromEntries(aRecord) };
    }
  };
}

async function timesOf(
  deliver: OnceFunction,
  newEvent: () => LambdaEvent,
  atLeastMs: number,
): Promise<Readonly<Record<string, number>>> {
  const times = { 'first, ms': 0, 'first, thread ms': 0, 'repeated, ms': 0, 'repeated, thread ms': 0 };
  let records = 0;
  for (; times['first, ms'] < atLeastMs; records += batchSize) {
    const event = newEvent();
    for (const delivery of ['first', 'repeated'] as const) {
      const beganMs = performance.now();
      const threadBeganMs = threadMs();
      const { batchItemFailures = [] } = await deliver(event);
      times[`${delivery}, ms`] += performance.now() - beganMs;
      times[`${delivery}, thread ms`] += threadMs() - threadBeganMs;
      if (batchItemFailures.length > 0) throw new Error('Expected all records to be done.');
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, ms / records]));
}

/** What the ledger costs a batch of a handler without `once`: one that is done, and one of which a record fails. */
function countingDeliveries(): Exclude<ReturnType<Task>, () => unknown> {
  const newEvent = newOrders(batchSize);
  return {
    async measured() {
      const engine = await startEngine();
      const options = { order: 'lanes', once: false } as const;
      await sluice(options).prepare(engine);
      const calls = {
        ...(await callsOf('clean', sluice(options), engine, newEvent())),
        ...(await callsOf('failed', sluice({ ...options, failsFirst: true }), engine, newEvent())),
      };
      await engine.stop();
      return calls;
    },
  };
}

/** The calls that come to the engine for one event. */
async function callsOf(
  name: string,
  contestant: Contestant,
  access: Access,
  event: LambdaEvent,
): Promise<Readonly<Record<string, number>>> {
  const proxy = await startFaultProxy(access.endpoint);
  const { region, credentials } = access;
  await contestant.open({ region, credentials, endpoint: proxy.endpoint })(event);
  const reads = proxy.calls.filter((operation) => readOperations.includes(operation)).length;
  await proxy.close();
  return {
    [`${name}, calls`]: proxy.calls.length,
    [`${name}, reads`]: reads,
    [`${name}, writes`]: proxy.calls.length - reads,
  };
}

const readOperations = ['GetItem', 'Query'];
