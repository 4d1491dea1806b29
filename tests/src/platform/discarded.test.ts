import { lambda } from '@sluice/lambda';
import type { OnFailureDocument } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { mapped, noting, numberOf, routed, routerOf, writes } from './setup.js';

// https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html

const records = writes('A1 B1 C1');
const [, B1, C1] = records;
const failing = () => {
  throw new Error('no luck');
};
const neverB = () => noting({ B1: Number.POSITIVE_INFINITY }).noted;
const second = '2026-01-01T00:00:00Z';

const exhausted = { maximumRetryAttempts: 2 } as const;
const expired = { maximumRecordAgeInSeconds: 60, retryDelayMs: 25_000 } as const;

describe('what a queue or a topic is told of discarded records', () => {
  it('is where in the stream they are and how they ended, and nothing of what is in them', async () => {
    const { report } = await routed(records, [neverB()], { ...exhausted, onFailure: 'sqs' });
    const document: OnFailureDocument = {
      requestContext: {
        requestId: report.invocations[2]?.requestId ?? '',
        functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:simulated',
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 3,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: null },
      version: '1.0',
      timestamp: '2026-01-01T00:00:00.000Z',
      DDBStreamBatchInfo: {
        shardId: expect.stringMatching(/^shardId-\d{20}-[\da-f]{8}$/),
        startSequenceNumber: numberOf(B1) ?? '',
        endSequenceNumber: numberOf(C1) ?? '',
        approximateArrivalOfFirstRecord: second,
        approximateArrivalOfLastRecord: second,
        batchSize: 2,
        streamArn: B1?.eventSourceARN ?? '',
      },
    };
    expect(report.documents).toEqual([document]);
  });

  it.each([
    ['failures that were reported, as lambda(router) does', lambda(routerOf([neverB()])), null],
    ['errors', failing, 'Unhandled'],
  ])('tells of an error of the function or not: %s', async (_what, handler, functionError) => {
    const { report } = await mapped(records, handler, { ...exhausted, onFailure: 'sqs' });
    expect(report.documents).toMatchObject([{ responseContext: { functionError } }]);
  });
});

describe('the condition and the count of invocations', () => {
  it.each([0, 1, 5])('tell of %i retries and the first delivery', async (maximumRetryAttempts) => {
    const { report } = await routed(records, [neverB()], { maximumRetryAttempts, onFailure: 'sqs' });
    const { documents } = report;
    expect(documents).toMatchObject([
      {
        requestContext: {
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: maximumRetryAttempts + 1,
        },
      },
    ]);
  });

  it('tell of the age, which no response belongs to, and of the deliveries until then', async () => {
    const { report } = await routed(records, [neverB()], { ...expired, onFailure: 'sqs' });
    expect(report.documents).toMatchObject([
      {
        requestContext: { condition: 'RecordAgeExceeded', approximateInvokeCount: 3 },
        DDBStreamBatchInfo: { startSequenceNumber: numberOf(B1), batchSize: 2 },
      },
    ]);
    expect(report.documents[0]).not.toHaveProperty('responseContext');
  });

  it('tell of each batch by itself where it was halved', async () => {
    const { report } = await mapped(records, failing, {
      ...exhausted,
      bisectBatchOnFunctionError: true,
      onFailure: 'sqs',
    });
    const batches = report.documents.map(({ DDBStreamBatchInfo: { batchSize } }) => batchSize);
    expect(batches).toEqual([1, 1, 1]);
    const counts = report.documents.map(({ requestContext }) => requestContext.approximateInvokeCount);
    expect(counts).toEqual([3, 3, 3]);
  });
});

describe('what an S3 bucket is given', () => {
  it.each([
    ['after the last retry', exhausted],
    ['at their age', expired],
  ])('has the records too, as an event that lambda(router) takes as it is: %s', async (_when, options) => {
    const { report } = await routed(records, [neverB()], { ...options, onFailure: 's3' });
    const [document] = report.documents;
    expect(document?.DDBStreamBatchInfo).toMatchObject({ batchSize: 2 });
    const event = JSON.parse(document?.payload ?? '');
    expect(event).toEqual({ Records: [B1, C1] });
    const { ran, noted } = noting();
    expect(await lambda(routerOf([noted]))(event)).toEqual({ batchItemFailures: [] });
    expect(ran).toEqual(['B1', 'C1']);
  });

  it('is all that differs from what a queue is told', async () => {
    const told = async (onFailure: 'sqs' | 's3') => {
      const { report } = await routed(records, [neverB()], { ...exhausted, onFailure });
      return report.documents.map(({ payload, ...metadata }) => metadata);
    };
    expect(await told('s3')).toEqual(await told('sqs'));
    const { documents } = (await routed(records, [neverB()], { ...exhausted, onFailure: 'sqs' })).report;
    expect(documents[0]).not.toHaveProperty('payload');
  });
});

it('nothing is told, and nothing is kept, without a destination', async () => {
  const { report } = await routed(records, [neverB()], exhausted);
  expect(report).toMatchObject({ discarded: [B1, C1].map(numberOf), documents: [] });
});
