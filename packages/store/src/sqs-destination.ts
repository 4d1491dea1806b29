import { createHash } from 'node:crypto';
import { SendMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import {
  ConfigurationError,
  type Destination,
  type FailedChange,
  idempotencyKeyOf,
  itemKeyOf,
} from '@sluice/core';
import { adviceOn, lazily, timeLimits } from './aws-calls.js';
import { failureDocument } from './failure-document.js';
import { DestinationError } from './sending-errors.js';

/** `region`, `endpoint` and `credentials` are of the client that is made where none is given; by default the environment's. */
export interface SqsDestinationOptions extends Pick<SQSClientConfig, 'region' | 'endpoint' | 'credentials'> {
  /** `https://sqs.<region>.amazonaws.com/<account>/<name>`; the name of a FIFO queue ends in `.fifo`. */
  readonly queueUrl: string;
  /**
   * The largest message, in bytes, that is sent: at most the queue's `MaximumMessageSize`. 262 144 by default; from 16 384 to
   * 1 048 576.
   */
  readonly maxBytes?: number;
  /** Used as it is, with its own time limits and retries. */
  readonly client?: Pick<SQSClient, 'send'>;
}

/**
 * Sends given-up changes to an SQS queue, each as a message with its {@link failureDocument}. A record that would make its message
 * larger than `maxBytes` is left out, which the document tells; S3 takes records of every size.
 *
 * In a FIFO queue the messages of an item are a group, in the order in which its changes were given up, and a change that the same router
 * and handler send again within five minutes is there once. In a standard queue neither is promised.
 *
 * Throws `ConfigurationError` where the options cannot be meant. Rejects with `DESTINATION_FAILED`, or with the reason of
 * `context.signal` once it has aborted. The role needs `sqs:SendMessage`.
 */
export function sqsDestination(options: SqsDestinationOptions): Destination {
  const { queueUrl, maxBytes = 262_144, client: given, ...config } = options;
  check(queueUrl, maxBytes);
  const client = lazily(() => given ?? new SQSClient({ ...config, requestHandler: timeLimits }));

  return async (failure, { signal }) => {
    signal.throwIfAborted();
    const message = new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: bodyOf(failure, maxBytes),
      ...(queueUrl.endsWith('.fifo') && placeInOrder(failure)),
    });
    try {
      await client().send(message, { abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new DestinationError(`The queue ${queueUrl}`, error, adviceOn(error, advices));
    }
  };
}

function check(queueUrl: unknown, maxBytes: number): void {
  const problems: string[] = [];
  if (typeof queueUrl !== 'string' || !/^https?:\/\/./.test(queueUrl)) {
    problems.push(
      `sqsDestination has the queueUrl ${JSON.stringify(queueUrl)}; give the queue's URL, https://sqs.<region>.amazonaws.com/<account>/<name>`,
    );
  }
  if (!(Number.isInteger(maxBytes) && maxBytes >= 16_384 && maxBytes <= 1_048_576)) {
    problems.push(
      `sqsDestination has the maxBytes ${maxBytes}; give the queue's MaximumMessageSize, from 16384 to 1048576`,
    );
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function bodyOf(failure: FailedChange, maxBytes: number): string {
  const body = textOf(failureDocument(failure));
  if (Buffer.byteLength(body) <= maxBytes) return body;
  return textOf(failureDocument(failure, { withRecord: false }));
}

/** SQS refuses two characters that strings of DynamoDB may hold and JSON leaves as they are. Escaped, they read the same. */
function textOf(document: object): string {
  return JSON.stringify(document).replaceAll('\uFFFE', '\\ufffe').replaceAll('\uFFFF', '\\uffff');
}

function placeInOrder({ router = '', handlerId, record }: FailedChange) {
  return {
    MessageGroupId: digest(record.eventSourceARN, itemKeyOf(record)),
    MessageDeduplicationId: digest(router, idempotencyKeyOf(record, handlerId)),
  };
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

const noQueue = 'Create the queue, or correct queueUrl, region or endpoint.';
const notAllowed =
  'Allow sqs:SendMessage on it, and kms:GenerateDataKey and kms:Decrypt on the key that it may have.';
const advices = {
  QueueDoesNotExist: noQueue,
  'AWS.SimpleQueueService.NonExistentQueue': noQueue,
  AccessDenied: notAllowed,
  KmsAccessDenied: notAllowed,
  InvalidParameterValue: "Set maxBytes to no more than the queue's MaximumMessageSize.",
};
