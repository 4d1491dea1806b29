import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { eventIdOf, type StreamRecord } from '@sluice/core';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureDocument } from './failure-document.js';
import { s3Destination, s3Objects } from './s3.js';
import { context, givenUp, order, secret, shopRecords } from './testing/given-up.js';
import { startUnanswering } from './testing/unanswering.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
let server: FauxqsServer;
let reader: S3Client;
let buckets = 0;

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false });
  reader = new S3Client(connection());
});
afterAll(async () => {
  reader.destroy();
  await server.stop();
});

function connection(endpoint = server.address) {
  return { endpoint, region: 'us-east-1', credentials, forcePathStyle: true };
}

function newBucket(): string {
  return server.createBucket(`given-up-${++buckets}`).bucketName;
}

async function keys(bucket: string) {
  const { Contents = [] } = await reader.send(new ListObjectsV2Command({ Bucket: bucket }));
  return Contents.map(({ Key = '' }) => Key);
}

async function document(bucket: string, key = '') {
  const { Body, ContentType } = await reader.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  expect(ContentType).toBe('application/json');
  return JSON.parse((await Body?.transformToString()) ?? '');
}

describe('a bucket', () => {
  it('gets the document of each given-up change with the record inside, of every size, by router, handler and day', async () => {
    const bucket = newBucket();
    const send = s3Destination({ ...connection(), bucket, prefix: 'failed/' });
    const failure = givenUp(shopRecords().insert(order('1', 'é'.repeat(400_000))));
    await send(failure, context());
    const { SequenceNumber } = failure.record.dynamodb;
    const name = `${SequenceNumber.padStart(40, '0')}-${eventIdOf(failure.record)}.json`;
    expect(await keys(bucket)).toEqual([`failed/shop-mail/order-mail.receipt/2026/03/01/${name}`]);
    expect(await document(bucket, (await keys(bucket))[0])).toEqual(failureDocument(failure));
  });

  it('has one object for a change, however often and whenever it is sent, the last one', async () => {
    const bucket = newBucket();
    const send = s3Destination({ ...connection(), bucket });
    const failure = givenUp(shopRecords().insert(order('1')));
    const later = { ...failure, attempts: 20, failedAtMs: failure.failedAtMs + 48 * 3_600_000 };
    await send(failure, context());
    await send(later, context());
    expect(await keys(bucket)).toHaveLength(1);
    expect(await document(bucket, (await keys(bucket))[0])).toEqual(failureDocument(later));
  });

  it('has an object for each handler and router, whatever they are called', async () => {
    const bucket = newBucket();
    const send = s3Destination({ ...connection(), bucket });
    const { record } = givenUp(shopRecords().insert(order('1')));
    const names = [
      ['a', 'b/c'],
      ['a/b', 'c'],
      ['a', 'b'],
      [undefined, 'a b?#é'],
    ] as const;
    for (const [router, handlerId] of names) await send(givenUp(record, { router, handlerId }), context());
    const folders = (await keys(bucket)).map((key) => key.split('/2026/')[0]);
    expect(folders.sort()).toEqual(['_/a%20b%3F%23%C3%A9', 'a%2Fb/c', 'a/b', 'a/b%2Fc']);
  });

  it('takes names of any length: long ones are told from each other by a digest, and sent again replace their object', async () => {
    const bucket = newBucket();
    const send = s3Destination({ ...connection(), bucket, prefix: 'p'.repeat(500) });
    const { record } = givenUp(shopRecords().insert(order('1')));
    const names = ['a'.repeat(200), 'é'.repeat(500), `${'é'.repeat(499)}e`];
    const pairs = names.flatMap((router) => names.map((handlerId) => ({ router, handlerId })));
    for (const pair of [...pairs, ...pairs]) await send(givenUp(record, pair), context());
    const found = await keys(bucket);
    expect(new Set(found).size).toBe(9);
    for (const key of found) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1_024);
    expect(found.filter((key) => key.includes(`/${'a'.repeat(200)}/2026/`))).toHaveLength(3);
  });

  it('lists the changes of a day in the order of the stream, also where sequence numbers differ in length', async () => {
    const bucket = newBucket();
    const send = s3Destination({ ...connection(), bucket });
    const record = shopRecords().insert(order('1'));
    for (const SequenceNumber of ['1000', '200', '30']) {
      await send(givenUp({ ...record, dynamodb: { ...record.dynamodb, SequenceNumber } }), context());
    }
    const listed = await Promise.all((await keys(bucket)).map((key) => document(bucket, key)));
    const numbers = listed.map(({ DDBStreamBatchInfo }) => DDBStreamBatchInfo.startSequenceNumber);
    expect(numbers).toEqual(['30', '200', '1000']);
  });

  it('takes a record that does not tell its time', async () => {
    const bucket = newBucket();
    const { ApproximateCreationDateTime: _, ...dynamodb } = shopRecords().insert(order('1')).dynamodb;
    const record: StreamRecord = { ...shopRecords().insert(order('1')), dynamodb };
    await s3Destination({ ...connection(), bucket })(givenUp(record), context());
    expect((await keys(bucket))[0]).toContain('shop-mail/order-mail.receipt/undated/');
  });

  it('takes what it refused before, once it is there, and until then the error says what to do without a word of the item', async () => {
    const send = s3Destination({ ...connection(), bucket: 'not-yet-there' });
    const failure = givenUp(shopRecords().insert(order('1')));
    const error = await send(failure, context()).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'DESTINATION_FAILED', name: 'DestinationError' });
    expect(String(error)).toContain('The bucket not-yet-there has not confirmed');
    expect(String(error)).toContain('Create the bucket');
    expect(String(error)).not.toContain(secret);
    server.createBucket('not-yet-there');
    await send(failure, context());
    expect(await keys('not-yet-there')).toHaveLength(1);
  });

  it('takes after an outage what could not be sent during it', async () => {
    const away = await startFauxqs({ port: 0, logger: false });
    const send = s3Destination({ ...connection(away.address), bucket: 'given-up' });
    const failure = givenUp(shopRecords().insert(order('1')));
    await away.stop();
    await expect(send(failure, context())).rejects.toMatchObject({ code: 'DESTINATION_FAILED' });
    const back = await startFauxqs({ port: away.port, logger: false, init: { buckets: ['given-up'] } });
    await send(failure, context()).finally(() => back.stop());
  });
});

describe('sending to a bucket', () => {
  it('ends when the work is stopped, for its reason', async () => {
    const service = await startUnanswering();
    const send = s3Destination({ ...connection(service.endpoint), bucket: 'given-up' });
    const stop = new AbortController();
    const stopped = new Error('stopped');
    const asked = service.asked();
    const sending = send(givenUp(shopRecords().insert(order('1'))), context(stop.signal));
    await asked;
    stop.abort(stopped);
    await expect(sending).rejects.toBe(stopped);
    await service.stop();
  });

  it('does not begin when the work has been stopped already', async () => {
    const bucket = newBucket();
    const stopped = new Error('stopped');
    const send = s3Destination({ ...connection(), bucket });
    const sending = send(givenUp(shopRecords().insert(order('1'))), context(AbortSignal.abort(stopped)));
    await expect(sending).rejects.toBe(stopped);
    expect(await keys(bucket)).toEqual([]);
  });

  it('is refused at once without the name of a bucket, or with a prefix that leaves no room for the rest of a key', () => {
    expect(() => s3Destination({ bucket: '' })).toThrow(
      's3Destination has the bucket ""; give the bucket\'s name',
    );
    expect(() => s3Destination({ bucket: 'b', prefix: 'é'.repeat(251) })).toThrow(
      's3Destination has a prefix of 502 bytes; give one of at most 500',
    );
    expect(() => s3Objects({ bucket: '' })).toThrow('s3Objects has the bucket ""; give the bucket\'s name');
  });
});

describe('objects in S3', () => {
  it('are the texts that were put last, until they are deleted', async () => {
    const bucket = newBucket();
    const objects = s3Objects({ ...connection(), bucket, prefix: 'parked/' });
    expect(await objects.get('a/1')).toBeUndefined();
    await objects.put('a/1', 'first');
    await objects.put('a/1', 'é 😀 \u0000 \uFFFF');
    await objects.put('a/2', 'second');
    expect(await objects.get('a/1')).toBe('é 😀 \u0000 \uFFFF');
    expect(await objects.get('a/2')).toBe('second');
    expect(await keys(bucket)).toEqual(['parked/a/1', 'parked/a/2']);
    await objects.delete('a/1');
    await objects.delete('a/1');
    expect(await objects.get('a/1')).toBeUndefined();
    expect(await keys(bucket)).toEqual(['parked/a/2']);
  });

  it('of a bucket that is not there cannot be put, got or deleted, and the error says so without keys and texts', async () => {
    const objects = s3Objects({ ...connection(), bucket: 'never-there' });
    const calls = [objects.put('the key', secret), objects.get('the key'), objects.delete('the key')];
    for (const [index, end] of (await Promise.allSettled(calls)).entries()) {
      const call = ['put', 'get', 'delete'][index];
      const { reason } = end as PromiseRejectedResult;
      expect(reason).toMatchObject({ code: 'OBJECT_STORE_FAILED', name: 'ObjectStoreError' });
      expect(String(reason)).toContain(`The ${call} of an object in the bucket never-there failed`);
      expect(String(reason)).not.toMatch(`the key|${secret}`);
    }
  });
});
