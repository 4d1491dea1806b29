import { eventIdOf, NeverAgainError, type StreamRecord } from '@sluice/core';
import { describe, expect, it } from 'vitest';
import { failureDocument } from './failure-document.js';
import { givenUp, order, shopRecords } from './testing/given-up.js';

const record = shopRecords().insert(order('1'));

describe('the document of a given-up change', () => {
  it('is the failure record of Lambda for a batch of one, with the record inside and what Lambda does not tell', () => {
    expect(failureDocument(givenUp(record))).toEqual({
      version: '1.0',
      timestamp: '2026-03-01T00:05:00.250Z',
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 10 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      DDBStreamBatchInfo: {
        startSequenceNumber: record.dynamodb.SequenceNumber,
        endSequenceNumber: record.dynamodb.SequenceNumber,
        approximateArrivalOfFirstRecord: '2026-03-01T00:00:00Z',
        approximateArrivalOfLastRecord: '2026-03-01T00:00:00Z',
        batchSize: 1,
        streamArn: record.eventSourceARN,
      },
      payload: JSON.stringify({ Records: [record] }),
      sluice: {
        router: 'shop-mail',
        handlerId: 'order-mail.receipt',
        eventId: eventIdOf(record),
        reason: 'attempts',
        error: { name: 'TypeError', message: 'no address' },
        attempts: 10,
      },
    });
  });

  it('tells the size of a record that is left out', () => {
    const wide = shopRecords().insert(order('1', 'é'.repeat(100)));
    const { payload = '' } = failureDocument(givenUp(wide));
    const without = failureDocument(givenUp(wide), { withRecord: false });
    expect(without).not.toHaveProperty('payload');
    expect(without.sluice.recordOmitted).toEqual({ payloadBytes: Buffer.byteLength(payload) });
  });

  it.each([undefined, Number.NaN, 1e300])('can be made of a record whose time is %s', (seconds) => {
    const { ApproximateCreationDateTime: _, ...dynamodb } = record.dynamodb;
    const timeless: StreamRecord = {
      ...record,
      dynamodb: { ...dynamodb, ...(seconds !== undefined && { ApproximateCreationDateTime: seconds }) },
    };
    const { DDBStreamBatchInfo } = failureDocument(givenUp(timeless));
    expect(DDBStreamBatchInfo).not.toHaveProperty('approximateArrivalOfFirstRecord');
  });

  it.each<[string, object]>([
    ['a message that is none', { message: undefined }],
    ['a message that is an object', { message: { reason: 'no' } }],
    ['a symbol for a name', { name: Symbol('Odd') }],
  ])('can be made of an error with %s', (_what, odd) => {
    const error = Object.assign(new Error('no'), odd);
    const texts = { name: expect.any(String), message: expect.any(String) };
    expect(failureDocument(givenUp(record, { error })).sluice.error).toEqual(texts);
  });

  it('tells the code of an error that has one, and the start of a message that does not end', () => {
    const error = new NeverAgainError('no '.repeat(100_000));
    expect(failureDocument(givenUp(record, { error, reason: 'never-again' })).sluice).toMatchObject({
      reason: 'never-again',
      error: { name: 'NeverAgainError', code: 'NEVER_AGAIN', message: 'no '.repeat(667).slice(0, 2000) },
    });
  });
});
