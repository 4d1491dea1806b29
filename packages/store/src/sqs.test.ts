import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureDocument } from './failure-document.js';
import { type SqsDestinationOptions, sqsDestination } from './sqs.js';
import { context, givenUp, order, secret, shopRecords } from './testing/given-up.js';
import { startUnanswering } from './testing/unanswering.js';

fc.configureGlobal({ seed: 20_260_101 });

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
let server: FauxqsServer;
let queues = 0;

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false });
});
afterAll(() => server.stop());

/** A new queue, and a destination that sends to it. */
function queue(suffix: '' | '.fifo' = '', options: Partial<SqsDestinationOptions> = {}) {
  const name = `given-up-${++queues}${suffix}`;
  const create = () =>
    server.createQueue(name, { attributes: suffix === '.fifo' ? { FifoQueue: 'true' } : {} });
  const { queueUrl } = create();
  return {
    create,
    queueUrl,
    send: sqsDestination({ queueUrl, ...connection(), ...options }),
    messages: () => server.inspectQueue(name)?.messages.ready ?? [],
    bodies: () => (server.inspectQueue(name)?.messages.ready ?? []).map(({ body }) => JSON.parse(body)),
  };
}

function connection() {
  return { endpoint: server.address, region: 'us-east-1', credentials };
}

describe('a queue', () => {
  it('gets the document of each given-up change, with the record inside', async () => {
    const { send, bodies, messages } = queue();
    const failure = givenUp(shopRecords().insert(order('1', 'é \u0000 \uFFFE \uFFFF \uD800 "')));
    await send(failure, context());
    expect(bodies()).toEqual([failureDocument(failure)]);
    expect(JSON.parse(bodies()[0].payload)).toEqual({ Records: [failure.record] });
    expect(messages()[0]?.messageGroupId).toBeUndefined();
  });

  it('gets characters that SQS takes, whatever an item holds, and they read as the same', async () => {
    const bodies: string[] = [];
    const client = new SQSClient(connection());
    // The emulator refuses all characters from U+10000 on, which SQS takes.
    client.middlewareStack.add(
      () => async (call) => {
        bodies.push((call.input as SendMessageCommandInput).MessageBody ?? '');
        return { response: {}, output: { $metadata: {} } };
      },
      { step: 'initialize' },
    );
    const { send } = queue('', { client });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (note) => {
        const failure = givenUp(shopRecords().insert(order('1', `${note}😀\uFFFE\uFFFF`)));
        await send(failure, context());
        const body = bodies.pop() ?? '';
        expect(body).toMatch(/^[ -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u);
        expect(JSON.parse(JSON.parse(body).payload)).toEqual({ Records: [failure.record] });
      }),
    );
    client.destroy();
  });

  it('gets the document without the record, and with its size, exactly where it would be larger than a message may be', async () => {
    const failure = givenUp(shopRecords().insert(order('1', 'é'.repeat(20_000))));
    const bytes = Buffer.byteLength(JSON.stringify(failureDocument(failure)));
    const fitting = queue('', { maxBytes: bytes });
    await fitting.send(failure, context());
    expect(fitting.bodies()).toEqual([failureDocument(failure)]);
    const tooSmall = queue('', { maxBytes: bytes - 1 });
    await tooSmall.send(failure, context());
    expect(tooSmall.bodies()).toEqual([failureDocument(failure, { withRecord: false })]);
    expect(tooSmall.bodies()[0].sluice.recordOmitted.payloadBytes).toBeGreaterThan(40_000);
  });

  it('gets a record of 400 KB where it takes such messages, and not by default', async () => {
    const failure = givenUp(shopRecords().insert(order('1', 'x'.repeat(400_000))));
    const usual = queue();
    await usual.send(failure, context());
    expect(usual.bodies()[0]).not.toHaveProperty('payload');
    const large = queue('', { maxBytes: 1_048_576 });
    await large.send(failure, context());
    expect(large.bodies()[0].payload).toContain('x'.repeat(400_000));
  });

  it('takes an error that would fill a message on its own', async () => {
    const { send, messages } = queue('', { maxBytes: 16_384 });
    await send(
      givenUp(shopRecords().insert(order('1', 'x'.repeat(20_000))), {
        error: new Error('\u0001'.repeat(1_000_000)),
      }),
      context(),
    );
    expect(messages()).toHaveLength(1);
  });

  it('takes what it refused before, once it is there, and until then the error says what to do without a word of the item', async () => {
    const { send, bodies, queueUrl, create } = queue();
    server.deleteQueue(queueUrl.split('/').at(-1) ?? '');
    const failure = givenUp(shopRecords().insert(order('1')));
    const error = await send(failure, context()).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'DESTINATION_FAILED', name: 'DestinationError' });
    expect(String(error)).toContain(`The queue ${queueUrl} has not confirmed`);
    expect(String(error)).toContain('Create the queue');
    expect(String(error)).not.toContain(secret);
    create();
    await send(failure, context());
    expect(bodies()).toHaveLength(1);
  });

  it('takes after an outage what could not be sent during it', async () => {
    const away = await startFauxqs({ port: 0, logger: false });
    const { queueUrl } = away.createQueue('given-up');
    const send = sqsDestination({ ...connection(), queueUrl, endpoint: away.address });
    const failure = givenUp(shopRecords().insert(order('1')));
    await away.stop();
    await expect(send(failure, context())).rejects.toMatchObject({ code: 'DESTINATION_FAILED' });
    const back = await startFauxqs({ port: away.port, logger: false });
    try {
      back.createQueue('given-up');
      await send(failure, context());
      expect(back.inspectQueue('given-up')?.messages.ready).toHaveLength(1);
    } finally {
      await back.stop();
    }
  });
});

describe('a FIFO queue', () => {
  it('hands out the given-up changes of an item in the order in which they were sent, apart from those of other items', async () => {
    const { send, queueUrl } = queue('.fifo');
    const shop = shopRecords();
    const ids = ['1', '2', '1', '2', '1'];
    const sent = ids.map((id) => givenUp(shop.insert(order(id))));
    for (const failure of sent) await send(failure, context());

    const client = new SQSClient(connection());
    const received: Record<string, string[]> = {};
    for (let left = sent.length; left > 0; ) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ['MessageGroupId'],
        }),
      );
      expect(Messages).not.toHaveLength(0);
      for (const { Body = '', Attributes, ReceiptHandle } of Messages) {
        const group = String(Attributes?.MessageGroupId);
        const { startSequenceNumber } = JSON.parse(Body).DDBStreamBatchInfo;
        received[group] = [...(received[group] ?? []), startSequenceNumber];
        await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
        left--;
      }
    }
    client.destroy();
    const numbers = sent.map(({ record }) => record.dynamodb.SequenceNumber);
    expect(Object.values(received)).toEqual([
      [numbers[0], numbers[2], numbers[4]],
      [numbers[1], numbers[3]],
    ]);
    expect(Object.keys(received).join()).not.toContain('ORDER');
  });

  it('has a change that is sent again once, and once for each handler and router', async () => {
    const { send, bodies } = queue('.fifo');
    const failure = givenUp(shopRecords().insert(order('1')));
    await send(failure, context());
    await send({ ...failure, attempts: 11, failedAtMs: failure.failedAtMs + 1 }, context());
    expect(bodies()).toHaveLength(1);
    await send({ ...failure, handlerId: 'order-mail.reminder' }, context());
    await send({ ...failure, router: 'shop-search' }, context());
    await send({ ...failure, router: undefined }, context());
    expect(bodies()).toHaveLength(4);
  });

  it('has a change once whose confirmation was lost', async () => {
    let losses = 1;
    const client = new SQSClient({ ...connection(), maxAttempts: 1 });
    client.middlewareStack.add(
      (next) => async (call) => {
        const answer = await next(call);
        if (losses-- > 0) throw new Error('The connection was reset.');
        return answer;
      },
      { step: 'deserialize' },
    );
    const { send, bodies } = queue('.fifo', { client });
    const failure = givenUp(shopRecords().insert(order('1')));
    await expect(send(failure, context())).rejects.toMatchObject({ code: 'DESTINATION_FAILED' });
    await send(failure, context());
    expect(bodies()).toHaveLength(1);
    client.destroy();
  });
});

describe('sending to a queue', () => {
  it('ends when the work is stopped, for its reason', async () => {
    const service = await startUnanswering();
    const send = sqsDestination({
      ...connection(),
      queueUrl: `${service.endpoint}/q`,
      endpoint: service.endpoint,
    });
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
    const { send, messages } = queue();
    const stopped = new Error('stopped');
    const sending = send(givenUp(shopRecords().insert(order('1'))), context(AbortSignal.abort(stopped)));
    await expect(sending).rejects.toBe(stopped);
    expect(messages()).toEqual([]);
  });

  it('is refused at once where the options cannot be meant, all of them', () => {
    const arn = 'arn:aws:sqs:us-east-1:123456789012:given-up';
    expect(() => sqsDestination({ queueUrl: arn, maxBytes: 1000 })).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        problems: [
          `sqsDestination has the queueUrl "${arn}"; give the queue's URL, https://sqs.<region>.amazonaws.com/<account>/<name>`,
          "sqsDestination has the maxBytes 1000; give the queue's MaximumMessageSize, from 16384 to 1048576",
        ],
      }),
    );
    // What is read from an environment may be absent, whatever its type says.
    const { queueUrl = undefined as unknown as string } = {} as { queueUrl?: string };
    expect(() => sqsDestination({ queueUrl })).toThrow('sqsDestination has the queueUrl undefined');
  });
});
