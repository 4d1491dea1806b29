import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from './fault-proxy.js';

let service: Server;
let proxy: FaultProxy;
/** The bodies of the calls that reached the service. */
let reached: string[];

beforeEach(async () => {
  reached = [];
  service = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    reached.push(body);
    response.writeHead(201, { 'x-of': `${request.method} ${request.url} ${request.headers['x-asks']}` });
    response.end(`answer to ${body}`);
  });
  await once(service.listen(0, '127.0.0.1'), 'listening');
  proxy = await startFaultProxy(`http://127.0.0.1:${(service.address() as AddressInfo).port}`);
});

afterEach(async () => {
  await proxy.close();
  service.closeAllConnections();
  service.close();
});

async function call(body: string, operation = 'PutItem') {
  const headers = { 'x-amz-target': `DynamoDB_20120810.${operation}`, 'x-asks': 'é'.length.toString() };
  const response = await fetch(`${proxy.endpoint}/a?b=c`, { method: 'POST', headers, body });
  return { status: response.status, text: await response.text(), of: response.headers.get('x-of') };
}

/** For a call whose connection is cut: fetch tells of it with a TypeError. */
function cut(outcome: Promise<unknown>) {
  return expect(outcome).rejects.toThrow(TypeError);
}

describe('a fault proxy', () => {
  it('passes calls on as they came and answers as they were answered', async () => {
    expect(await call('é')).toEqual({ status: 201, text: 'answer to é', of: 'POST /a?b=c 1' });
    expect(reached).toEqual(['é']);
  });

  it('names the operations of all calls that came in, in order', async () => {
    proxy.throttle(1);
    await call('1', 'GetItem');
    await call('2', 'Query');
    await (await fetch(`${proxy.endpoint}/bucket/key`, { method: 'PUT' })).text();
    expect(proxy.calls).toEqual(['GetItem', 'Query', 'PUT /bucket/key']);
  });

  it('throttles as DynamoDB does, without the call having reached it', async () => {
    proxy.throttle(2);
    for (const body of ['1', '2']) {
      const { status, text } = await call(body);
      expect(status).toBe(400);
      expect(JSON.parse(text).__type).toMatch(/#ProvisionedThroughputExceededException$/);
    }
    expect((await call('3')).status).toBe(201);
    expect(reached).toEqual(['3']);
  });

  it('loses a reply when the call has reached the service', async () => {
    proxy.loseReply(1);
    await cut(call('1'));
    expect(reached).toEqual(['1']);
    expect((await call('2')).text).toBe('answer to 2');
  });

  it('refuses a call before it reaches the service', async () => {
    proxy.refuse(1);
    await cut(call('1'));
    expect(reached).toEqual([]);
    expect((await call('2')).text).toBe('answer to 2');
  });

  it('strikes the operation that was asked for, and what was asked for first', async () => {
    proxy.throttle(1, 'PutItem');
    proxy.refuse(1);
    proxy.loseReply(1);
    await cut(call('get', 'GetItem'));
    expect((await call('put')).status).toBe(400);
    await cut(call('put again'));
    expect((await call('put for good')).status).toBe(201);
    expect(reached).toEqual(['put again', 'put for good']);
  });

  it('holds a call until it is released, while others go on', async () => {
    const held = proxy.hold('PutItem');
    const late = call('late');
    await held.came;
    await call('early');
    expect(reached).toEqual(['early']);
    await held.release();
    expect((await late).text).toBe('answer to late');
    expect(reached).toEqual(['early', 'late']);
  });

  it('lets a held call reach the service also when nobody waits for its answer any more', async () => {
    const held = proxy.hold();
    const gone = new AbortController();
    const late = fetch(proxy.endpoint, { method: 'POST', body: 'late', signal: gone.signal });
    await held.came;
    gone.abort();
    await expect(late).rejects.toThrow();
    await held.release();
    expect(reached).toEqual(['late']);
  });

  it('is away until it is back: nothing gets through, over old connections or new ones', async () => {
    await call('before');
    const held = proxy.hold();
    const open = call('open');
    await held.came;
    proxy.away();
    await cut(open);
    await cut(call('during'));
    await cut(call('during'));
    proxy.back();
    expect((await call('after')).status).toBe(201);
    expect(reached).toEqual(['before', 'after']);
    expect(proxy.calls).toHaveLength(3);
  });

  it('cuts calls whose service is gone', async () => {
    service.closeAllConnections();
    service.close();
    await cut(call('1'));
  });

  it('is gone when it is closed, with the calls that it holds', async () => {
    const held = proxy.hold();
    const open = call('1');
    await held.came;
    await Promise.all([proxy.close(), cut(open)]);
    await cut(call('2'));
    await proxy.close();
  });
});
