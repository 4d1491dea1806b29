import { createRouter, type Logger, type StreamRecord } from '@sluice/core';
import { fromClasses } from '@sluice/decorators';
import { lambda } from '@sluice/lambda';
import { createLedger, parkedChanges } from '@sluice/ledger';
import { memoryStore } from '@sluice/store';
import { type LambdaFunction, simulateLambda, startEngine } from '@sluice/testing';
import { Container } from 'inversify';
import { account } from './account.js';
import { readStream, writeProducts, writes } from './products.js';
import { openSearch, Search } from './search.js';
import { SearchIndex } from './search-index.js';

type Print = (line: string) => void;

/** Shows it on an engine of its own, which is gone in the end. Resolves to whether the account is right. */
export async function demo(print: Print): Promise<boolean> {
  const engine = await startEngine();
  try {
    await writeProducts(engine);
    return await show(await readStream(engine, silent), print);
  } finally {
    await engine.stop();
  }
}

async function show(records: readonly StreamRecord[], print: Print): Promise<boolean> {
  let calls = 0;
  const { search, taken } = openSearch((line) => {
    calls += 1;
    print(`  ${line}`);
  });

  // #region lambda
  const store = memoryStore();
  /** A new process remembers nothing. What is done, and how often it was tried, is in the ledger. */
  const newSandbox = () => {
    const container = new Container();
    container.bind(Search).toConstantValue(search);
    const router = createRouter({
      name: 'catalog',
      routes: fromClasses([SearchIndex], container),
      lane: 'partitionKey', // all products of a seller one after another, sellers side by side
      ledger: createLedger(store),
      logger: silent,
    });
    return telling(lambda(router), print);
  };
  const { status } = await simulateLambda({ records, newSandbox, retry: 'cold' });
  // #endregion

  print('Parked:');
  const parked: StreamRecord[] = [];
  for await (const { record, attempts, error } of parkedChanges(store, 'catalog').list()) {
    parked.push(record);
    print(`  ${record.eventName} after ${attempts} attempts: ${error.message}`);
  }

  const { line, isRight } = account(writes, taken, parked);
  print(`${writes.length} changes in ${calls} calls: ${taken.length} in the index, ${parked.length} parked`);
  print(line);
  return isRight && status === 'done';
}

/** Tells of each event before its handler gets it. */
function telling(handler: LambdaFunction, print: Print): LambdaFunction {
  return (event, context) => {
    print(`An event of ${event.Records.length} changes`);
    return handler(event, context);
  };
}

/** Failures are what is shown here. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
