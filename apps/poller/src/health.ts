import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError, type Middleware, type RecordCall, type Router } from '@sluice/core';

/** What `GET /health` answers with: 200 while `running`, 503 otherwise. */
export interface Health {
  status: 'starting' | 'running' | 'stopping';
  readonly startedAt: string;
  records: number;
  failures: number;
  lastRecordAt: string | null;
}

export function newHealth(nowMs: number): Health {
  return { status: 'starting', startedAt: isoTime(nowMs), records: 0, failures: 0, lastRecordAt: null };
}

/** The router, with each delivery of a record counted. */
export function counted(router: Router, health: Health): Router {
  const count: Middleware<RecordCall> = async (_record, next) => {
    const outcome = await next();
    if (outcome.kind === 'failed') health.failures++;
    else health.records++;
    health.lastRecordAt = isoTime(router.clock.now());
    return outcome;
  };
  return { ...router, recordMiddleware: [count, ...router.recordMiddleware] };
}

/**
 * Serves `health` on a port (0 takes a free one); resolves to the server and its port when it listens, and rejects with
 * `ConfigurationError` where it cannot.
 */
export function serveHealth(health: Health, port: number): Promise<{ server: Server; port: number }> {
  const server = createServer(({ url }, response) => {
    const found = url === '/health';
    response.writeHead(!found ? 404 : health.status === 'running' ? 200 : 503, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(found ? health : { error: 'There is /health and nothing else.' }));
  });
  return new Promise((resolve, reject) => {
    server.once('error', ({ message }) =>
      reject(
        new ConfigurationError([
          `healthPort ${port} cannot be used (${message}); give a free one, or 0 for any`,
        ]),
      ),
    );
    server.listen(port, () => resolve({ server, port: (server.address() as AddressInfo).port }));
  });
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
