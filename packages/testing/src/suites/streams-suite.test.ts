import { randomUUID } from 'node:crypto';
import type { AttributeMap, GetShardIteratorInput, StreamRecord, StreamsApi } from '@sluice/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, startEngine } from '../engine.js';
import { toWire } from '../records-wire.js';
import { type StreamsSimulatorOptions, simulateStreams } from '../streams-simulator.js';
import { virtualClock } from '../virtual-clock.js';
import type { ConformanceTest } from './conformance.js';
import { type StreamsCase, type StreamsUnderTest, streamsSuite } from './streams-suite.js';

function runAll(tests: readonly ConformanceTest[]): void {
  for (const { name, skip, run } of tests)
    it.skipIf(skip !== undefined)(skip ? `${name} (${skip})` : name, run);
}

const simulations: readonly [string, Partial<StreamsSimulatorOptions>, number][] = [
  ['as it is', {}, 1],
  ['with many shards in small, shuffled pages', { describePageSize: 2, listing: 'shuffled' }, 4],
  ['with empty and short pages', { lastPage: 'empty', shortPageChance: 0.5, seed: 7 }, 1],
];

describe.each(simulations)('the Streams simulator, %s,', (_, options, shards) => {
  const open = async (): Promise<StreamsUnderTest> => {
    const streams = simulateStreams({ clock: virtualClock(), ...options });
    return {
      api: streams.api,
      async createTable(view) {
        const name = `table-${randomUUID()}`;
        const table = streams.createTable({ name, keys: { partition: 'pk', sort: 'sk' }, view, shards });
        return {
          name,
          put: async (item) => void table.put(item),
          remove: async (key) => void table.remove(key),
          expire: async (key) => void table.expire(key),
          disableStream: async () => table.disableStream(),
        };
      },
    };
  };
  runAll(streamsSuite(open));
});

const noExpiry = 'the engine deletes nothing by its time to live on demand';

const engines: readonly [Engine['engine'], { readonly [Name in StreamsCase]?: string }][] = [
  [
    'embedded',
    {
      'a closed shard ends: its last records come, and there is no next iterator':
        'a stream that is disabled is not found any more',
      'a delete by the time to live names DynamoDB, in lower case': noExpiry,
      'an unknown shard is refused as ResourceNotFoundException': 'any shard id is accepted',
      'a limit that is not 1 to 1000 is refused as ValidationException': 'any limit is accepted',
    },
  ],
  [
    'dynamodb-local',
    {
      'a delete by the time to live names DynamoDB, in lower case': noExpiry,
      'an empty map has its type letter, at the top and further in': 'its streams write an empty map as {}',
    },
  ],
];

// DynamoDB Local takes Java and its jar, so it runs only where it is asked for.
const asked = engines.filter(([engine]) => engine === 'embedded' || process.env['SLUICE_DDB_LOCAL'] === '1');

describe.each(asked)('the %s engine', (name, skips) => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await startEngine(name === 'endpoint' ? {} : { engine: name });
  }, 30_000);
  afterAll(() => engine?.stop());
  runAll(streamsSuite(async () => overHttp(engine as Engine), skips));
});

describe('the suite', () => {
  const open = async () => ({
    api: simulateStreams({ clock: virtualClock() }).api,
    createTable: () => Promise.reject(),
  });

  it('refuses a skip of a case that it does not have', () => {
    const skips = { 'no such case': 'for a reason' } as Parameters<typeof streamsSuite>[1];
    expect(() => streamsSuite(open, skips)).toThrow('no case "no such case" to skip in the streams suite');
  });

  it('gives the reason of a skip with its case', () => {
    const name = 'what is no iterator is refused as ValidationException';
    const tests = streamsSuite(open, { [name]: 'garbage is welcome' });
    expect(tests.filter(({ skip }) => skip !== undefined)).toMatchObject([
      { name, skip: 'garbage is welcome' },
    ]);
  });
});

/** The plainest client: the engines do not check signatures, and their JSON is nearly the canonical form. */
function overHttp({ endpoint }: Engine): StreamsUnderTest {
  async function call<Answer>(operation: string, input: object, signal?: AbortSignal): Promise<Answer> {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-date': '20260303T120000Z',
        'x-amz-target': operation,
        authorization:
          'AWS4-HMAC-SHA256 Credential=sluice/20260303/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify(input),
      ...(signal && { signal }),
    });
    const body = (await response.json()) as { __type?: string; message?: string };
    if (response.ok) return body as Answer;
    const type = body.__type ?? '';
    throw Object.assign(new Error(body.message ?? type), { name: type.slice(type.indexOf('#') + 1) });
  }
  const streams = 'DynamoDBStreams_20120810';
  const api: StreamsApi = {
    listStreams: (input, signal) => call(`${streams}.ListStreams`, input, signal),
    async describeStream(input, signal) {
      const answer = await call<{ StreamDescription: Awaited<ReturnType<StreamsApi['describeStream']>> }>(
        `${streams}.DescribeStream`,
        input,
        signal,
      );
      return answer.StreamDescription;
    },
    async getShardIterator(input: GetShardIteratorInput, signal) {
      return (await call<{ ShardIterator: string }>(`${streams}.GetShardIterator`, input, signal))
        .ShardIterator;
    },
    async getRecords({ StreamArn, ...input }, signal) {
      const page = await call<Awaited<ReturnType<StreamsApi['getRecords']>>>(
        `${streams}.GetRecords`,
        input,
        signal,
      );
      const Records = page.Records.map((record): StreamRecord => ({ ...record, eventSourceARN: StreamArn }));
      return page.NextShardIterator ? { ...page, Records } : { Records };
    },
  };
  const database = 'DynamoDB_20120810';
  return {
    api,
    async createTable(StreamViewType) {
      const TableName = `table-${randomUUID()}`;
      await call(`${database}.CreateTable`, {
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        StreamSpecification: { StreamEnabled: true, StreamViewType },
      });
      const send = (operation: string, part: Record<string, AttributeMap | object>) =>
        call<void>(`${database}.${operation}`, { TableName, ...part });
      return {
        name: TableName,
        put: (item) => send('PutItem', { Item: toWire(item) }),
        remove: (key) => send('DeleteItem', { Key: toWire(key) }),
        disableStream: () => send('UpdateTable', { StreamSpecification: { StreamEnabled: false } }),
      };
    },
  };
}
