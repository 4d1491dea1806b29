#!/usr/bin/env node
import { isSluiceError } from '@sluice/core';
import { poll } from '@sluice/poller';
import { fileStore } from '@sluice/store';
import { pino } from 'pino';
import { readArguments } from './arguments.js';
import { counted, newHealth, serveHealth } from './health.js';
import { loadRouter } from './load-router.js';

const stop = new AbortController();
const logger = pino();

try {
  const config = readArguments(process.argv);
  logger.level = config.logLevel;
  const health = newHealth(Date.now());
  const router = counted({ ...(await loadRouter(config.router)), logger }, health);
  const store = await fileStore(config.checkpointFile);
  const { server, port } = await serveHealth(health, config.healthPort);

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      health.status = 'stopping';
      logger.info(
        { signal },
        'stopping: running handlers may finish; a second signal ends the process at once',
      );
      process.once(signal, () => process.exit(1));
      stop.abort();
    });
  }

  health.status = 'running';
  logger.info({ streams: config.streams, healthPort: port, routes: router.routes.length }, 'polling');
  try {
    await poll(router, { ...config, store, signal: stop.signal });
  } finally {
    server.close();
    await store.close();
  }
  logger.info({ records: health.records }, 'stopped');
} catch (error) {
  // What the operator can mend is said in its own words; anything else comes with its stack.
  logger.fatal({ err: error }, isSluiceError(error) ? error.message : 'the poller cannot go on');
  process.exitCode = 1;
}
