import { SQSClient } from '@aws-sdk/client-sqs';
import { createProcessMemory, createRouter, route, runBatch, table } from '@sluice/core';
import { recordsOf } from '@sluice/testing';
import { startFauxqs } from 'fauxqs';
import { expect, it } from 'vitest';
import { sqsDestination } from './sqs.js';

it('a change that is dropped is done when its queue has it, and not before', async () => {
  const server = await startFauxqs({ port: 0, logger: false });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SQSClient({ endpoint: server.address, region: 'us-east-1', credentials });
  const { queueUrl } = server.createQueue('given-up.fifo', { attributes: { FifoQueue: 'true' } });
  server.deleteQueue('given-up.fifo');

  const orders = table('orders', { keys: { partition: 'pk' } });
  const receipt = route.insert(orders, { id: 'receipt' }, async () => {
    throw new Error('no address');
  });
  // #region drop
  const router = createRouter({
    name: 'shop-mail',
    routes: [receipt],
    onFailure: { action: 'drop', attempts: 2, destination: sqsDestination({ queueUrl, client }) },
  });
  // #endregion
  const records = [recordsOf(orders).insert({ pk: 'ORDER#1' })];
  const memory = createProcessMemory();
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const deliver = () => runBatch({ ...router, logger: quiet }, records, { memory });
  const unfinished = records[0]?.dynamodb.SequenceNumber;

  expect(await deliver()).toMatchObject({ firstUnfinished: unfinished, counts: { dropped: 0 } });
  expect(await deliver()).toMatchObject({ firstUnfinished: unfinished, counts: { dropped: 0 } });
  server.createQueue('given-up.fifo', { attributes: { FifoQueue: 'true' } });
  expect(await deliver()).toMatchObject({ firstUnfinished: undefined, counts: { dropped: 1 } });

  const [message, ...others] = server.inspectQueue('given-up.fifo')?.messages.ready ?? [];
  expect(others).toEqual([]);
  const { payload, sluice } = JSON.parse(message?.body ?? '');
  expect(JSON.parse(payload)).toEqual({ Records: records });
  expect(sluice).toMatchObject({
    router: 'shop-mail',
    handlerId: 'receipt',
    reason: 'attempts',
    attempts: 3,
  });
  client.destroy();
  await server.stop();
});
