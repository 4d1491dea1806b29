import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Engine } from '@sluice/testing';
import { orders } from '../orders.js';

/** The poller app with this example's router, as a process of its own. */
export interface PollerProcess {
  /** Resolves when it polls; rejects with its log when it ends before. */
  readonly started: Promise<void>;
  isRunning(): boolean;
  /** The last lines of its log. */
  logTail(): string;
  /** Asks it to stop, and resolves to its exit code, `null` if it was killed. */
  stop(): Promise<number | null>;
  /** Ends it without a chance to clean up. */
  kill(): Promise<void>;
}

export interface PollerProcessOptions {
  readonly engine: Engine;
  /** Where the handlers write what they do. */
  readonly journalPath: string;
  readonly checkpointPath: string;
  readonly onLog?: (line: LogLine) => void;
}

/** A line of its log. */
export interface LogLine {
  readonly time?: number;
  readonly sequenceNumber?: string;
  readonly msg?: string;
  readonly handlerId?: string;
  readonly attempt?: number;
  readonly err?: { readonly message?: string };
}

export function startPoller({
  engine,
  journalPath,
  checkpointPath,
  onLog,
}: PollerProcessOptions): PollerProcess {
  const settings = {
    router: fileURLToPath(new URL('../router.js', import.meta.url)),
    streams: orders.name,
    endpoint: engine.endpoint,
    region: engine.region,
    'checkpoint-file': checkpointPath,
    'health-port': '0',
  };
  const app = fileURLToPath(import.meta.resolve('@sluice/poller-app'));
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(process.execPath, [app, ...flags], {
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: engine.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: engine.credentials.secretAccessKey,
      ORDERS_JOURNAL: journalPath,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const killWithUs = () => child.kill('SIGKILL');
  process.prependOnceListener('exit', killWithUs);

  const log: string[] = [];
  const started = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (text) => {
      log.push(text);
      if (log.length > 20) log.shift();
      const line = parseLine(text);
      if (line.msg === 'polling') resolve();
      onLog?.(line);
    });
    void once(child, 'close').then(() =>
      reject(new Error(`The poller ended before it polled. Its log:\n${log.join('\n')}`)),
    );
  });
  started.catch(() => {}); // it is told to who waits for it
  const isRunning = () => child.exitCode === null && child.signalCode === null;

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (isRunning()) child.kill(signal);
    const [code] = await ended;
    process.removeListener('exit', killWithUs);
    return code;
  }
  return {
    started,
    isRunning,
    logTail: () => log.join('\n'),
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { msg: text };
  }
}
