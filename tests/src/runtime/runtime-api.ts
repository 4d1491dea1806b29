import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The HTTP interface that Lambda has in an execution environment, on a free port of the loopback: a runtime asks it for the next
 * invocation, and tells it what came of one.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export interface RuntimeApi {
  /** Host and port, as `AWS_LAMBDA_RUNTIME_API` has them. */
  readonly address: string;
  close(): Promise<void>;
}

/** What is done with what a runtime asks and tells. */
export interface RuntimeCalls {
  /** A runtime is idle, and waits for an invocation. */
  next(waiting: WaitingRuntime): void;
  /** @returns whether the invocation is one that is under way. */
  ended(requestId: string, end: InvocationEnd): boolean;
  initFailed(error: FunctionError): void;
}

export interface WaitingRuntime {
  /** @returns false where it does not wait any more. */
  handOver(invocation: HandedOver): boolean;
}

interface HandedOver {
  readonly requestId: string;
  readonly eventJson: string;
  readonly deadlineMs: number;
  readonly traceId: string;
}

export type InvocationEnd = { readonly response: unknown } | { readonly error: FunctionError };

/** An error as Lambda tells it to who invokes the function. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export async function startRuntimeApi(calls: RuntimeCalls): Promise<RuntimeApi> {
  const server = createServer((request, response) => {
    answer(calls, request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // of a server that listens on a port
  return {
    address: `127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(calls: RuntimeCalls, request: IncomingMessage, response: ServerResponse) {
  const [, requestId = '', what] =
    /^\/2018-06-01\/runtime\/(?:invocation\/)?([^/]+)(?:\/(\w+))?$/.exec(request.url ?? '') ?? [];
  if (request.method === 'GET' && requestId === 'next') return calls.next(waiting(response));
  const body = await bodyOf(request);
  if (requestId === 'init' && what === 'error') {
    calls.initFailed(JSON.parse(body ?? 'null'));
    return end(response, 202);
  }
  const isKnown = calls.ended(decodeURIComponent(requestId), endOf(what, body));
  end(response, body === undefined ? 413 : isKnown ? 202 : 400);
}

function waiting(response: ServerResponse): WaitingRuntime {
  return {
    handOver({ requestId, eventJson, deadlineMs, traceId }) {
      if (response.destroyed) return false;
      response.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': requestId,
        'lambda-runtime-deadline-ms': deadlineMs,
        'lambda-runtime-trace-id': traceId,
        'lambda-runtime-invoked-function-arn': functionArn,
      });
      response.end(eventJson);
      return true;
    },
  };
}

const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:tested';

function endOf(what: string | undefined, body: string | undefined): InvocationEnd {
  if (body === undefined) return { error: tooLarge };
  if (what === 'response') return { response: JSON.parse(body) };
  return { error: JSON.parse(body) };
}

/** Lambda's limit on what a function answers. */
const largestAnswerBytes = 6 * 1024 * 1024;

const tooLarge: FunctionError = {
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: `Response payload size exceeded maximum allowed payload size (${largestAnswerBytes} bytes).`,
};

/** `undefined` for what is too large. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= largestAnswerBytes) chunks.push(chunk);
  }
  return bytes > largestAnswerBytes ? undefined : Buffer.concat(chunks).toString();
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end('{"status":"OK"}');
}
