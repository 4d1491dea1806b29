import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type _Record, DynamoDBStreamsClient, GetRecordsCommand } from '@aws-sdk/client-dynamodb-streams';
import { itemKeyOf, route, type StreamRecord, type StreamsApi, systemClock, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { poll } from '@sluice/poller';
import { simulateStreams } from '@sluice/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routerOf } from './setup.js';

// Lambda's events have binary values as base64, the AWS SDK has them as bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html

const blobs = table('blobs', { keys: { partition: 'pk', sort: 'sk' } });
const bytes = (minLength: number) => fc.uint8Array({ minLength, maxLength: 40 });
const item = fc.record({
  pk: bytes(1),
  sk: bytes(1),
  blob: bytes(0),
  set: fc.uniqueArray(bytes(1), { minLength: 1, maxLength: 4, selector: String }).map((all) => new Set(all)),
  nested: fc.record({ list: fc.array(bytes(0), { maxLength: 3 }), text: fc.string() }),
});
const items = fc.sample(item, { numRuns: 60, seed: 20_260_101 });

const world = simulateStreams({ clock: systemClock });
const shard = world.createTable({ name: 'blobs', keys: { partition: 'pk', sort: 'sk' } });
for (const item of items) shard.put(item);
const { streamArn } = shard;
const access = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const service = servicesFor(world.api);
let endpoint = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => service.close(resolve)));

/** What a handler is told of a change. */
interface Seen {
  readonly keys: unknown;
  readonly image: unknown;
  readonly item: string;
  readonly eventId: string;
  readonly idempotencyKey: string;
}

function noting(whenAllAreSeen: () => void = () => undefined) {
  const seen: Seen[] = [];
  const noted = route.insert(blobs, { id: 'note' }, (change, { eventId, idempotencyKey }) => {
    const { keys, new: image, record } = change;
    seen.push({ keys, image, item: itemKeyOf(record), eventId, idempotencyKey });
    if (seen.length === items.length) whenAllAreSeen();
  });
  return { seen, router: routerOf([noted]) };
}

describe('binary keys and attributes', () => {
  it('are decoded and identified the same behind Lambda, by the poller, and where a stand-in hands over the bytes', async () => {
    const records = await recordsOfSdk();
    expect(records[0]?.dynamodb?.Keys?.['pk']?.B).toBeInstanceOf(Uint8Array);

    const behindLambda = noting();
    const event = { Records: records.map(asLambdaHas) };
    expect(await lambda(behindLambda.router)(event)).toEqual({ batchItemFailures: [] });

    const ended = new AbortController();
    const polled = noting(() => ended.abort());
    await poll(polled.router, { streams: [streamArn], endpoint, ...access, signal: ended.signal });

    const fromBytes = noting();
    const foreign = { Records: records.map((record) => ({ ...record, eventSourceARN: streamArn })) };
    expect(await lambda(fromBytes.router)(foreign)).toEqual({ batchItemFailures: [] });

    expect(behindLambda.seen.map(({ image }) => image)).toEqual(items);
    expect(behindLambda.seen.map(({ keys }) => keys)).toEqual(items.map(({ pk, sk }) => ({ pk, sk })));
    expect(polled.seen).toEqual(behindLambda.seen);
    expect(fromBytes.seen).toEqual(behindLambda.seen);
    for (const identity of ['item', 'eventId', 'idempotencyKey'] as const) {
      expect(new Set(behindLambda.seen.map((seen) => seen[identity])).size).toBe(items.length);
    }
  });
});

/** Read by AWS's own client. */
async function recordsOfSdk(): Promise<readonly _Record[]> {
  const client = new DynamoDBStreamsClient({ endpoint, ...access });
  try {
    const [ShardId = ''] = shard.openShards();
    const from = { StreamArn: streamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
    const ShardIterator = await world.api.getShardIterator(from);
    const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator }));
    return Records;
  } finally {
    client.destroy();
  }
}

/** The record as Lambda's event has it. */
function asLambdaHas({ dynamodb = {}, ...record }: _Record): StreamRecord {
  const { ApproximateCreationDateTime: created, ...data } = dynamodb;
  const wire = JSON.stringify(withBase64(data));
  return {
    ...(record as object),
    eventSourceARN: streamArn,
    dynamodb: { ...JSON.parse(wire), ApproximateCreationDateTime: Number(created) / 1000 },
  } as StreamRecord;
}

function withBase64(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(withBase64);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withBase64(inner)]));
}

/** The Streams API on loopback, as far as it is called here, without the members that Lambda adds to a record. */
function servicesFor(api: StreamsApi) {
  const operations: Readonly<Record<string, (input: never) => Promise<object>>> = {
    DescribeStream: async (input) => ({ StreamDescription: await api.describeStream(input) }),
    GetShardIterator: async (input) => ({ ShardIterator: await api.getShardIterator(input) }),
    GetRecords: async (input: object) => {
      const page = await api.getRecords({ StreamArn: streamArn, ShardIterator: '', ...input });
      return { ...page, Records: page.Records.map(({ eventSourceARN: _none, ...record }) => record) };
    },
  };
  return createServer(async (request, response) => {
    const [, operation = ''] = String(request.headers['x-amz-target']).split('.');
    const output = await operations[operation]?.(JSON.parse(await bodyOf(request)) as never);
    response.writeHead(output ? 200 : 500, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(output ?? {}));
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}
