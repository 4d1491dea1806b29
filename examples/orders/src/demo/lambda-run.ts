import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Engine } from '@sluice/testing';
import { orders } from '../orders.js';

/** What came of the stream in the Lambda entry. */
export interface LambdaRun {
  /** Records in the stream. */
  readonly records: number;
  /** Deliveries, those that were repeated included. */
  readonly invocations: number;
  /** `gave-up` when a record was delivered again and again. */
  readonly status: 'done' | 'gave-up';
}

/** Brings the stream to the Lambda entry in a process of its own, whose handlers write into a journal of their own. */
export async function runThroughLambda(engine: Engine, journalPath: string): Promise<LambdaRun> {
  const script = fileURLToPath(new URL('./lambda-process.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    env: {
      ...process.env,
      ENDPOINT: engine.endpoint,
      REGION: engine.region,
      TABLE: orders.name,
      ORDERS_JOURNAL: journalPath,
    },
    maxBuffer: 1 << 28,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as LambdaRun;
}
