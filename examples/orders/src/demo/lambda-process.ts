import { simulateLambda } from '@sluice/testing';
import { handler } from '../lambda.js';
import { readStream } from './read-stream.js';

/**
 * A process of its own that brings the table's stream to the Lambda entry, in batches, with Lambda's rules for what is
 * delivered again. It is told by the environment, and tells what came of it in its last line on standard output; the
 * entry's own log goes to standard error.
 */
const { ENDPOINT = '', REGION = '', TABLE = '' } = process.env;
const engine = {
  endpoint: ENDPOINT,
  region: REGION,
  credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
};
const records = await readStream(engine, TABLE);
const report = await simulateLambda({
  records,
  handler,
  batchSize: 10,
  retry: 'warm',
  maxInvocations: 10 * records.length,
});
console.log(
  JSON.stringify({ records: records.length, invocations: report.invocations.length, status: report.status }),
);
