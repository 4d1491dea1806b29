import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StoreFaults } from './faulty-store.js';

/**
 * A proxy before an HTTP service such as DynamoDB, whose calls go wrong on demand. What is asked for first strikes first, a call
 * meets one fault at most, and `operation` restricts it to calls of that name, such as `PutItem`.
 */
export interface FaultProxy extends StoreFaults {
  /** `http://127.0.0.1:<port>`, to be given to a client in place of the service's. */
  readonly endpoint: string;
  /** The operations of all calls that came in, in order, those that went wrong included; not of those while it was away. */
  readonly calls: readonly string[];
  /** So many calls are answered with a `ProvisionedThroughputExceededException`, and do not reach the service. */
  throttle(times: number, operation?: string): void;
  /** So many calls reach the service; when it has answered, the connection is cut in place of a reply. */
  loseReply(times: number, operation?: string): void;
  /** So many calls have their connection reset, and do not reach the service. */
  refuse(times: number, operation?: string): void;
  /** The next call is kept back, without a reply, until it is released. */
  hold(operation?: string): HeldCall;
  /** Resets every connection, those that are open and new ones, until `back`. */
  away(): void;
  back(): void;
  /** Cuts all connections and resolves when the port is free. It may be called again. */
  close(): Promise<void>;
}

export interface HeldCall {
  /** Resolves when the call is there. */
  readonly came: Promise<void>;
  /** Lets the call reach the service, and answers it if anybody still waits for that; resolves when the service has answered. */
  release(): Promise<void>;
}

type Fault = 'throttle' | 'loseReply' | 'refuse' | ((call: Call) => void);

interface Planned {
  readonly fault: Fault;
  readonly operation: string | undefined;
}

/** A call that has come in whole. */
interface Call {
  readonly incoming: IncomingMessage;
  readonly body: Buffer;
  readonly response: ServerResponse;
}

interface Reply {
  readonly incoming: IncomingMessage;
  readonly body: Buffer;
}

/** @param target the service's URL, `http:` alone. Requests reach it as they came, signed for the proxy: local engines do not mind. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const ahead: Planned[] = [];
  const calls: string[] = [];
  let isAway = false;
  let closing: Promise<void> | undefined;

  const server = createServer((incoming, response) => {
    take(incoming, response).catch(() => cut(incoming));
  });
  server.on('connection', (socket) => isAway && socket.resetAndDestroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = { incoming, body: await bodyOf(incoming), response };
    const operation = operationOf(incoming);
    calls.push(operation);
    const fault = nextFault(operation);
    if (typeof fault === 'function') fault(call);
    else if (fault === 'refuse') cut(incoming);
    else if (fault === 'throttle') response.writeHead(400, throttled.headers).end(throttled.body);
    else if (fault === 'loseReply') await forward(call).finally(() => cut(incoming));
    else answer(call, await forward(call));
  }

  function nextFault(operation: string): Fault | undefined {
    const at = ahead.findIndex((planned) => (planned.operation ?? operation) === operation);
    return at < 0 ? undefined : ahead.splice(at, 1)[0]?.fault;
  }

  async function forward({ incoming, body }: Call): Promise<Reply> {
    const { method, headers, url = '/' } = incoming;
    const outgoing = request(new URL(url, target), { agent, headers, ...(method && { method }) });
    outgoing.end(body);
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { incoming: reply, body: await bodyOf(reply) };
  }

  function plan(fault: Fault, times: number, operation: string | undefined): void {
    for (let n = 0; n < times; n++) ahead.push({ fault, operation });
  }

  function hold(operation?: string): HeldCall {
    const { promise, resolve } = Promise.withResolvers<Call>();
    plan(resolve, 1, operation);
    return {
      came: promise.then(() => {}),
      async release() {
        const call = await promise;
        answer(call, await forward(call));
      },
    };
  }

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    throttle: (times, operation) => plan('throttle', times, operation),
    loseReply: (times, operation) => plan('loseReply', times, operation),
    refuse: (times, operation) => plan('refuse', times, operation),
    hold,
    away() {
      isAway = true;
      server.closeAllConnections();
    },
    back() {
      isAway = false;
    },
    close() {
      closing ??= close();
      return closing;
    },
  };

  async function close(): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    agent.destroy();
    await closed;
  }
}

/** AWS's JSON protocols name the operation in a header; without one it is method and path: `PUT /bucket/key`. */
function operationOf({ headers, method, url }: IncomingMessage): string {
  const target = headers['x-amz-target'];
  return typeof target === 'string' ? target.slice(target.lastIndexOf('.') + 1) : `${method} ${url}`;
}

function answer({ response }: Call, { incoming, body }: Reply): void {
  response.writeHead(incoming.statusCode ?? 502, incoming.headers).end(body);
}

function cut({ socket }: IncomingMessage): void {
  socket.resetAndDestroy();
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const throttled = {
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({
    __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    message: 'The fault proxy throttles this call.',
  }),
};
