import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StreamRecord } from '@sluice/core';
import { afterEach, describe, expect, test } from 'vitest';
import { type AwsStreams, awsStreams, timeLimited } from './aws-streams.js';
import { actionOn } from './on-error.js';

const arn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000';

/** A record as the service writes it, with a member that no SDK of today knows. */
const sent = {
  eventID: 'b7f5',
  eventName: 'REMOVE',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'eu-west-1',
  notInAnyModel: 'kept',
  userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' },
  dynamodb: {
    ApproximateCreationDateTime: 1_767_225_600,
    Keys: { pk: { S: 'a' } },
    OldImage: {
      pk: { S: 'a' },
      blob: { B: '3q2+7w==' },
      blobs: { BS: ['AA=='] },
      n: { N: '12345678901234567890.5' },
    },
    SequenceNumber: '300000000000000499659',
    SizeBytes: 42,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
};

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A service that gives one answer to every call, `raw:…` as it is and `stall:…` without its end, and what it was asked. */
async function service(status: number, answer: unknown, requestHandler = {}) {
  const requests: { target: string; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    requests.push({
      target: String(request.headers['x-amz-target']),
      body: JSON.parse(await bodyOf(request)),
    });
    if (answer === undefined) return; // never answers
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    const stalled = typeof answer === 'string' && answer.startsWith('stall:');
    if (stalled) return response.write(answer.slice('stall:'.length));
    const isRaw = typeof answer === 'string' && answer.startsWith('raw:');
    response.end(isRaw ? answer.slice('raw:'.length) : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const streams: AwsStreams = awsStreams({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler,
  });
  cleanups.push(
    () => streams.destroy(),
    () => server.closeAllConnections(),
    () => new Promise((resolve) => server.close(resolve)),
  );
  return { streams, requests };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

describe('records from the AWS SDK', () => {
  test('arrive in the form that Lambda gives, untouched by the SDK: an upgrade that changes this breaks the poller', async () => {
    const { streams } = await service(200, { Records: [sent], NextShardIterator: 'next' });

    const page = await streams.getRecords({ StreamArn: arn, ShardIterator: 'here' });

    const record: StreamRecord & { notInAnyModel: string } = {
      ...sent,
      eventName: 'REMOVE',
      eventSourceARN: arn,
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
      dynamodb: { ...sent.dynamodb, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    };
    expect(page).toEqual({ Records: [record], NextShardIterator: 'next' });
    expect(page.Records[0]?.dynamodb.ApproximateCreationDateTime).toBe(1_767_225_600);
    expect(page.Records[0]?.dynamodb.OldImage?.['blob']).toEqual({ B: '3q2+7w==' });
  });

  test('keep an attribute that is called __proto__ as data', async () => {
    const body = JSON.parse('{"Records":[{"dynamodb":{"NewImage":{"__proto__":{"S":"evil"}}}}]}');
    const { streams } = await service(200, body);

    const { Records } = await streams.getRecords({ StreamArn: arn, ShardIterator: 'here' });

    expect(Object.keys(Records[0]?.dynamodb.NewImage ?? {})).toEqual(['__proto__']);
    expect(({} as { S?: unknown }).S).toBeUndefined();
  });

  test('that are the last of a closed shard come without a next iterator', async () => {
    const { streams, requests } = await service(200, { Records: [sent], NextShardIterator: null });

    const page = await streams.getRecords({ StreamArn: arn, ShardIterator: 'here', Limit: 10 });

    expect(page.Records).toHaveLength(1);
    expect('NextShardIterator' in page).toBe(false);
    expect(requests).toEqual([
      { target: 'DynamoDBStreams_20120810.GetRecords', body: { ShardIterator: 'here', Limit: 10 } },
    ]);
  });
});

describe('an answer that is no page of records, as a proxy may give, is a failed call and never the end of a shard', () => {
  test.each([
    ['null', null],
    ['an object without records', {}],
    ['a list', []],
    ['a text', 'ok'],
    ['a page whose records are no list', { Records: {} }],
  ])('%s', async (_, answer) => {
    const { streams } = await service(200, answer);
    const call = streams.getRecords({ StreamArn: arn, ShardIterator: 'here' });
    await expect(call).rejects.toThrow('no page of records');
    expect(actionOn(await call.catch((error: unknown) => error))).toBe('retry');
  });

  test('what cannot be parsed, without a word of its content', async () => {
    const { streams } = await service(200, 'raw:{"Records":[{"pk":{"S":"secret"');
    const call = streams.getRecords({ StreamArn: arn, ShardIterator: 'here' });
    await expect(call).rejects.toThrow('no page of records');
    await expect(call).rejects.not.toThrow('secret');
  });
});

describe('a call through the AWS SDK', () => {
  test.each([
    'ExpiredIteratorException',
    'TrimmedDataAccessException',
    'LimitExceededException',
    'ThrottlingException',
  ])('that fails with %s rejects with that name after one request', async (name) => {
    const answer = { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'as sent' };
    const { streams, requests } = await service(400, answer);

    const call = streams.getRecords({ StreamArn: arn, ShardIterator: 'here' });

    await expect(call).rejects.toMatchObject({
      name,
      message: 'as sent',
      $metadata: { httpStatusCode: 400 },
    });
    expect(requests).toHaveLength(1);
  });

  test('that meets a fault of the service is not repeated inside', async () => {
    const { streams, requests } = await service(500, { __type: 'InternalServerError', message: 'sorry' });
    await expect(streams.describeStream({ StreamArn: arn })).rejects.toMatchObject({
      name: 'InternalServerError',
    });
    expect(requests).toHaveLength(1);
  });

  test('has time limits for the connection, the answer and a pause within it, unless others are given', () => {
    const limits = { connectionTimeout: 5_000, requestTimeout: 15_000, socketTimeout: 15_000 };
    expect(timeLimited(undefined)).toMatchObject(limits);
    expect(timeLimited({ connectionTimeout: 1, httpsAgent: { maxSockets: 200 } })).toMatchObject({
      ...limits,
      connectionTimeout: 1,
      httpsAgent: { maxSockets: 200 },
    });
    const own = { handle: () => Promise.reject(new Error('not called here')) };
    expect(timeLimited(own)).toBe(own);
  });

  test('whose answer stops in its middle does not wait without end', async () => {
    const { streams } = await service(200, 'stall:{"Records":[', { socketTimeout: 20 });
    const call = streams.getRecords({ StreamArn: arn, ShardIterator: 'here' });
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('rejects when its signal aborts', async () => {
    const { streams } = await service(200, undefined);
    const stop = new AbortController();
    const call = streams.getRecords({ StreamArn: arn, ShardIterator: 'here' }, stop.signal);
    stop.abort();
    await expect(call).rejects.toThrow();
  });

  test('lists, describes and opens with plain answers, without members that did not come', async () => {
    const shard = { ShardId: 'shardId-1', SequenceNumberRange: { StartingSequenceNumber: '1' } };
    const described = {
      StreamArn: arn,
      StreamLabel: '2026-01-01T00:00:00.000',
      TableName: 'shop',
      StreamStatus: 'ENABLED',
      StreamViewType: 'NEW_IMAGE',
      Shards: [shard],
    };
    const { streams } = await service(200, {
      StreamDescription: described,
      ShardIterator: 'here',
      Streams: [{ StreamArn: arn, TableName: 'shop', StreamLabel: '2026-01-01T00:00:00.000' }],
    });

    expect(Object.keys(await streams.listStreams({ TableName: 'shop' }))).toEqual(['Streams']);
    expect(await streams.describeStream({ StreamArn: arn })).toEqual(described);
    const opened = streams.getShardIterator({
      StreamArn: arn,
      ShardId: 'shardId-1',
      ShardIteratorType: 'TRIM_HORIZON',
    });
    expect(await opened).toBe('here');
  });
});
