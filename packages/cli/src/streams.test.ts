import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRouter, route, table } from '@sluice/core';
import { type Engine, startEngine, toWire } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ran } from './testing/world.js';

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine();
  vi.stubEnv('AWS_ACCESS_KEY_ID', engine.credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', engine.credentials.secretAccessKey);
  await createTable('shop');
  const key = { pk: 'ORDER#1', sk: 1 };
  await put('shop', { ...key, status: 'PENDING', total: 10 });
  await put('shop', { ...key, status: 'PAID', total: 10 });
  await put('shop', { pk: 'USER#1', sk: 1, name: 'Ada\u009b2J' });
  await put('shop', { ...key, status: 'SHIPPED', total: 12.5 });
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await engine.stop();
});

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const Order = shop.entity('Order', { key: { pk: 'ORDER#:id' } });
const router = createRouter({
  routes: [
    route.modify(Order, { id: 'receipt', when: Order.attr('status').to('PAID') }, () => {}),
    route.on(shop, { id: 'audit' }, () => {}),
  ],
});

/** On the engine, as a program with `router` for its router module. */
function sluice(line: string | readonly string[], given: Parameters<typeof ran>[1] = {}) {
  const words = typeof line === 'string' ? line.split(' ') : line;
  const place = ['--region', engine.region, '--endpoint', engine.endpoint];
  return ran([...words, ...place], { loadModule: async () => ({ router }), ...given });
}

describe('tail', () => {
  const all = 'tail shop --from TRIM_HORIZON';
  const time = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}/gm;

  test('shows what differs, change after change, and tells beside it what it reads', async () => {
    const { code, stdout, stderr } = await sluice(`${all} --limit 4`);
    expect(stdout.replaceAll(time, '')).toBe(`INSERT  pk: "ORDER#1", sk: 1
  + status: "PENDING"
  + total: 10
MODIFY  pk: "ORDER#1", sk: 1
  ~ status: "PENDING" → "PAID"
INSERT  pk: "USER#1", sk: 1
  + name: "Ada\\u009b2J"
MODIFY  pk: "ORDER#1", sk: 1
  ~ status: "PAID" → "SHIPPED"
  ~ total: 10 → 12.5
`);
    expect(stderr).toMatch(/^shop, from its oldest record on; Ctrl-C ends\. arn:\S+\n4 changes\n$/);
    expect(code).toBe(0);
  });

  test.each([
    ['an event', ['--event', 'insert'], 2, ['ORDER#1', 'USER#1']],
    ['a key', ['--key', 'USER#*'], 1, ['USER#1']],
    ['a changed attribute', ['--changed', 'total', '--event', 'MODIFY'], 1, ['SHIPPED']],
    ['a pattern', ['--pattern', '{"dynamodb":{"NewImage":{"status":{"S":["PAID"]}}}}'], 1, ['PAID']],
    ['a route', ['--route', 'receipt', '--router', 'world.ts'], 1, ['PAID']],
  ])('shows only what %s asks for', async (_what, flags, limit, found) => {
    const { stdout } = await sluice([...all.split(' '), ...flags, '--json', '--limit', String(limit)]);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(limit);
    lines.forEach((line, at) => {
      expect(line).toContain(found[at]);
    });
  });

  test('with a router, tells the routes that take a change', async () => {
    const { stdout } = await sluice(`${all} --router world.ts --limit 2`);
    expect(stdout).toMatch(/total: 10\n {2}→ audit\n.*MODIFY.*\n.*PAID"\n {2}→ receipt, audit\n$/);
  });

  test('gives records that invoke reads, one a line', async () => {
    const { stdout: stdin } = await sluice(`${all} --json --limit 4`);
    expect(stdin).toMatch(/^(\P{Cc}+\n){4}$/u);
    const { code, stdout } = await ran('invoke - --router world.ts', {
      stdin,
      loadModule: async () => ({ router }),
    });
    expect(stdout).toMatch(/4 records would come to 5 handler calls/);
    expect(code).toBe(0);
  });

  test('shows what is written from its first line on', async () => {
    await createTable('news');
    await put('news', { pk: 'A', sk: 1 });
    const writes: Promise<void>[] = [];
    const stderr = {
      write: (text: string) => text.startsWith('news,') && writes.push(put('news', { pk: 'B', sk: 1 })),
      style: (_: unknown, text: string) => text,
      columns: 80,
    };
    const { stdout } = await sluice('tail news --limit 1', { stderr });
    await Promise.all(writes);
    expect(stdout).toMatch(/INSERT {2}pk: "B", sk: 1\n$/);
  });

  test('ends when it is interrupted', async () => {
    const interrupt = new AbortController();
    const stdout = { write: () => interrupt.abort(), style: (_: unknown, text: string) => text, columns: 80 };
    const { code, stderr } = await sluice(all, { interrupted: () => interrupt.signal, stdout });
    expect(stderr).toMatch(/\n1 change\n$/);
    expect(code).toBe(0);
  });

  test.each([
    ['tail shop --route nope --router world.ts', /there is no route "nope"; the routes are receipt, audit/],
    ['tail shop --event UPDATE', /--event.*Give INSERT, MODIFY, REMOVE/],
    ['tail shop --changed a..b', /--changed/],
    ['tail shop --pattern {}', /--pattern/],
    ['tail shop --limit 0', /--limit/],
    [
      'tail shop --endpoint localhost:8000',
      /--endpoint.*localhost:8000.*Give an http or https URL, as http:\/\/localhost:8000/,
    ],
    ['tail shop --endpoint nowhere', /--endpoint.*Give an http or https URL/],
  ])('%s is wrong usage', async (line, expected) => {
    const { code, stdout, stderr } = await sluice(line);
    expect(stderr).toMatch(expected);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('a table without a stream is no wrong usage, but a problem', async () => {
    const { code, stdout, stderr } = await sluice('tail unknown');
    expect(stderr).toMatch(/^error: table "unknown" has no stream in us-east-1 at http/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test('neither is a service that does not answer as it should', async () => {
    const server = createServer((_, answer) =>
      answer.writeHead(403).end('{"__type":"AccessDeniedException"}'),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, stdout, stderr } = await ran(`tail shop --region r --endpoint http://127.0.0.1:${port}`);
    server.close();
    expect(stderr).toMatch(/^error: could not look for "shop" in r at http:.*AccessDenied/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});

describe('check --live', () => {
  const check = 'check --live --router world.ts';

  test('tells the streams that fit the routes', async () => {
    const { code, stdout } = await sluice(check);
    expect(stdout).toMatch(
      /^no problems: 2 routes of shop\n {2}arn:aws:dynamodb:\S+table\/shop\/stream\/\S+\nnote: /,
    );
    expect(code).toBe(0);
  });

  test('tells that keys were not compared where the endpoint does not tell them, as this engine', async () => {
    const note = 'keys of table "shop" were not compared: the endpoint does not tell them';
    const { code, stdout } = await sluice(check);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(`note: ${note}`);
    expect(code).toBe(0);
    const json = JSON.parse((await sluice(`${check} --json`)).stdout);
    expect(json).toMatchObject({ ok: true, problems: [], notes: [note] });
  });

  test('tells everything that does not, as text and as data', async () => {
    await createTable('narrow', 'KEYS_ONLY');
    const keys = { partition: 'pk', sort: 'sk' };
    const routes = [table('narrow', { keys }), table('unknown', { keys }), shop].map((model) =>
      route.on(model, { id: `on-${model.name}` }, () => {}),
    );
    const loadModule = async () => ({ router: createRouter({ routes }) });
    const { code, stdout } = await sluice(check, { loadModule });
    expect(stdout).toMatch(/^2 problems:\n/);
    expect(stdout).toMatch(/carries KEYS_ONLY, without NewImage and OldImage/);
    expect(stdout).toMatch(/table "unknown" has no stream/);
    expect(code).toBe(1);
    const json = JSON.parse((await sluice(`${check} --json`, { loadModule })).stdout);
    expect(json).toMatchObject({ ok: false, problems: { length: 2 }, streams: { length: 2 } });
  });

  test('without --live asks nothing, and refuses to be told where', async () => {
    const loadModule = async () => ({ router });
    const { code, stdout } = await ran('check --router world.ts --json', { loadModule });
    expect({ code, ...JSON.parse(stdout) }).toEqual({
      code: 0,
      ok: true,
      routes: 2,
      tables: ['shop'],
      problems: [],
    });
    for (const place of ['--region us-east-1', '--endpoint http://127.0.0.1:1']) {
      const refused = await ran(`check --router world.ts ${place}`, { loadModule });
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toMatch(/--region and --endpoint .* --live/);
    }
  });
});

async function createTable(TableName: string, StreamViewType = 'NEW_AND_OLD_IMAGES'): Promise<void> {
  await call('CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'N' },
    ],
    StreamSpecification: { StreamEnabled: true, StreamViewType },
  });
}

function put(TableName: string, item: object): Promise<void> {
  return call('PutItem', { TableName, Item: toWire(item) });
}

/** The engine checks no signatures. */
async function call(operation: string, input: object): Promise<void> {
  const response = await fetch(engine.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-date': '20260303T120000Z',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=sluice/20260303/${engine.region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
}
