#!/usr/bin/env node
import { isSluiceError, SluiceError } from '@sluice/core';
import { poll } from '@sluice/poller';
import { type FileStore, fileStore } from '@sluice/store';
import { type DynamoDbStore, dynamoDbStore } from '@sluice/store/dynamodb';
import { pino } from 'pino';
import { readArguments } from './arguments.js';
import type { Config } from './config.js';
import { counted, newHealth, serveHealth } from './health.js';
import { loadRouter } from './load-router.js';

const stop = new AbortController();
const logger = pino({ formatters: { level: (level) => ({ level }) } });
const health = newHealth(Date.now());

// Before anything else, for a process that is number 1 of a container does not end by a signal that nobody handles.
let signals = 0;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (++signals > 1) process.exit(1);
    end({ signal }, 'stopping: running handlers may finish; a second signal ends the process at once');
  });
}
// A promise that nobody awaits, a listener that throws: what handlers are doing may finish and is kept.
process.on('uncaughtException', (err) => {
  process.exitCode = 1;
  logger.fatal({ err }, 'an error that nobody caught; the poller cannot go on');
  end({}, 'stopping');
});

try {
  const config = readArguments(process.argv);
  logger.level = config.logLevel;
  const router = counted({ ...(await loadRouter(config.router)), logger }, health);
  const store = await storeOf(config);
  try {
    const { server, port } = await serveHealth(health, config.healthPort);
    if (!stop.signal.aborted) health.status = 'running';
    logger.info({ streams: config.streams, healthPort: port, routes: router.routes.length }, 'polling');
    await poll(router, { ...config, store, signal: stop.signal }).finally(() => server.close());
  } finally {
    await ('close' in store ? store.close() : store.destroy());
  }
  if (!stop.signal.aborted)
    throw new SluiceError('STREAMS_ENDED', 'all streams have ended; enable them and start again');
  logger.info({ records: health.records }, 'stopped');
} catch (error) {
  // What the operator can mend is said in its own words; anything else comes with its stack.
  if (isSluiceError(error)) logger.fatal({ code: error.code }, error.message);
  else logger.fatal({ err: error }, 'the poller cannot go on');
  process.exitCode = 1;
}
// The router's module may keep timers and connections, and a handler may hang.
setTimeout(() => process.exit(), 1_000).unref();

/** One of the two places is given, as was checked. */
async function storeOf({
  checkpointFile,
  checkpointTable,
  region,
  endpoint,
}: Config): Promise<FileStore | DynamoDbStore> {
  if (checkpointTable === undefined) return fileStore(checkpointFile as string);
  return dynamoDbStore({
    tableName: checkpointTable,
    ...(region && { region }),
    ...(endpoint && { endpoint }),
  });
}

function end(fields: object, message: string): void {
  health.status = 'stopping';
  logger.info(fields, message);
  stop.abort();
}
