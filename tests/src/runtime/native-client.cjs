'use strict';
/**
 * Loaded before AWS's runtime interface client (`aws-lambda-ric`), this takes the place of its native part, `rapid-client.node`, whose
 * build takes minutes. The client asks three things of it: the next invocation, and to post the answer or the error of one.
 * The native part posts before it returns; this one asks for the next invocation only when what was posted has arrived.
 */
const http = require('node:http');
const Module = require('node:module');
const { isMainThread } = require('node:worker_threads');

const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
const posts = new Set();

const client = {
  async next() {
    await Promise.all(posts);
    const { status, headers, body } = await call('GET', '/next');
    if (status !== 200) throw new Error(`Failed to get next invocation, error ${status}`);
    const text = (name) => headers[`lambda-runtime-${name}`] ?? '';
    return {
      bodyJson: body,
      headers: {
        'lambda-runtime-deadline-ms': Number(text('deadline-ms')),
        'lambda-runtime-aws-request-id': text('aws-request-id'),
        'lambda-runtime-trace-id': text('trace-id'),
        'lambda-runtime-invoked-function-arn': text('invoked-function-arn'),
      },
    };
  },
  done: (id, body) => post(`/${id}/response`, body),
  error: (id, body) => post(`/${id}/error`, body),
};

/** As the native part does, this says nothing of what becomes of it. */
function post(path, body) {
  const posted = call('POST', path, body).then(
    () => posts.delete(posted),
    () => posts.delete(posted),
  );
  posts.add(posted);
}

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(`${base}${path}`, { method, agent: false }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode, headers } = response;
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString() });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

const load = Module._load;
Module._load = function (request, ...rest) {
  return request === './rapid-client.node' ? client : load.call(this, request, ...rest);
};

/** Whoever started this process holds its standard input open, and is gone when that ends. */
if (isMainThread)
  process.stdin
    .on('end', () => process.exit())
    .resume()
    .unref();
