import { compareSequenceNumbers, type StreamRecord } from '@sluice/core';
import { type LambdaInvocation, startDeliveries } from './lambda-simulator-deliveries.js';
import {
  type DiscardReason,
  type OnFailureDocument,
  onFailureDocument,
} from './lambda-simulator-document.js';
import {
  afterAnswer,
  aged,
  type Batch,
  lanesOf,
  type Queue,
  sequencesOf,
  takeBatch,
} from './lambda-simulator-mapping.js';
import { checkedOptions, type LambdaSimulatorOptions } from './lambda-simulator-options.js';

/**
 * Delivers the records of one shard to a handler as Lambda's event source mapping does: batch after batch in order, and the next one
 * only when the one before is done or discarded. After an error, or a response that Lambda cannot read, the whole batch is
 * delivered again; after a response that names records, everything from the lowest of them on, also what succeeded. How often
 * and how long, and whether in halves, is up to the mapping's settings; faults are scripted, or drawn from a seed.
 *
 * Each delivery is a fresh copy of the event, and the response is read as JSON. An execution environment is frozen from its
 * answer until its next invocation. Without a limit on retries a handler that never succeeds ends the simulation as `gave-up`.
 * With a virtual clock, and handlers that wait only by what their environment gives them, the same options make the same run.
 * Not simulated: batching windows, tumbling windows, filter criteria.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 */
export async function simulateLambda(options: LambdaSimulatorOptions): Promise<LambdaReport> {
  const mapping = checkedOptions(options);
  const { clock, rules, writtenMs, onFailure } = mapping;
  const deliveries = startDeliveries(mapping);
  const discarded: string[] = [];
  const unfinished: string[] = [];
  const documents: OnFailureDocument[] = [];

  await Promise.all(lanesOf(mapping.records, mapping.parallelizationFactor).map(workOff));
  const invocations = await deliveries.end();
  unfinished.sort(compareSequenceNumbers);
  const status = unfinished.length > 0 ? 'gave-up' : 'done';
  return { status, invocations, discarded, documents, unfinished };

  async function workOff(records: readonly StreamRecord[], lane: number): Promise<void> {
    let queue: Queue = { pending: [], waiting: records };
    while (queue.pending.length + queue.waiting.length > 0) {
      await untilDue(queue);
      const { batch: due, rest } = takeBatch(queue, clock.now(), mapping.batchSize, writtenMs);
      const { batch, expired, trimmed } = aged(due, clock.now(), rules, writtenMs);
      discarded.push(...sequencesOf(trimmed));
      discard(expired, 'RecordAgeExceeded', due);
      queue = batch.records.length > 0 ? await delivered(batch, rest, lane) : rest;
    }
  }

  async function delivered(batch: Batch, rest: Queue, lane: number): Promise<Queue> {
    if (deliveries.started() >= mapping.maxInvocations) {
      for (const { records } of [batch, ...rest.pending, { records: rest.waiting }])
        unfinished.push(...sequencesOf(records));
      return { pending: [], waiting: [] };
    }
    const { answer, requestId, hasThrown } = await deliveries.deliver(batch, lane);
    const next = afterAnswer({ ...batch, requestId }, answer, rules);
    discard(next.discarded, 'RetryAttemptsExhausted', { ...batch, requestId }, hasThrown);
    return { ...rest, pending: [...next.again, ...rest.pending] };
  }

  async function untilDue({ pending, waiting: [first] }: Queue): Promise<void> {
    const delayMs =
      pending.length > 0 ? mapping.retryDelayMs : first ? Math.max(0, writtenMs(first) - clock.now()) : 0;
    if (delayMs > 0) await clock.sleep(delayMs);
  }

  function discard(
    records: readonly StreamRecord[],
    reason: DiscardReason,
    { retries, requestId = '' }: Batch,
    hasThrown = false,
  ): void {
    discarded.push(...sequencesOf(records));
    if (records.length === 0 || !onFailure) return;
    const discard = { records, reason, retries, requestId, hasThrown, writtenMs, destination: onFailure };
    documents.push(onFailureDocument({ ...discard, nowMs: clock.now() }));
  }
}

export interface LambdaReport {
  /** `done`: every record was acknowledged or discarded. */
  readonly status: 'done' | 'gave-up';
  /** In the order in which they began. */
  readonly invocations: readonly LambdaInvocation[];
  /**
   * Sequence numbers that were given up after the last retry or at their age, whether or not a destination was told; and those
   * that a stream had dropped by then, a day after they were written.
   */
  readonly discarded: readonly string[];
  /** What was sent to the on-failure destination, if the mapping has one. */
  readonly documents: readonly OnFailureDocument[];
  /** Sequence numbers that were neither acknowledged nor discarded when the simulation gave up. */
  readonly unfinished: readonly string[];
}
