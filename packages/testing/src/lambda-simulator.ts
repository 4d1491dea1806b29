import { compareSequenceNumbers, type StreamRecord } from '@sluice/core';
import { withinCriteria } from './lambda-simulator-criteria.js';
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
  nextOf,
  type Queue,
  sequencesOf,
  takeBatch,
} from './lambda-simulator-mapping.js';
import { checkedOptions, type LambdaSimulatorOptions } from './lambda-simulator-options.js';
import {
  endBefore,
  endOf,
  type LambdaWindow,
  type OpenWindow,
  timesOf,
  type WindowEnd,
  type WindowFields,
  windowFields,
  windowOf,
} from './lambda-simulator-windows.js';

/**
 * Delivers the records of one shard to a handler as Lambda's event source mapping does: batch after batch in order, and the next one
 * only when the one before is done or discarded. After an error, or a response that Lambda cannot read, the whole batch is
 * delivered again; after a response that names records, everything from the lowest of them on, also what succeeded. How often
 * and how long, and whether in halves, is up to the mapping's settings; faults are scripted, or drawn from a seed.
 *
 * In tumbling windows a batch is of one window, and what a response has as `state` goes to the window's next invocation; the last
 * one is the final one, which blocks the shard until it succeeds, however often that takes, and the state is dropped. Of a
 * response that names records too the state is taken, since what comes before them is not delivered again.
 *
 * Each delivery is a fresh copy of the event, and the response is read as JSON. An execution environment is frozen from its
 * answer until its next invocation. Without a limit on retries a handler that never succeeds ends the simulation as `gave-up`.
 * With a virtual clock, and handlers that wait only by what their environment gives them, the same options make the same run.
 * Not simulated: batching windows, more than one shard.
 *
 * Sources: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
 */
export async function simulateLambda(options: LambdaSimulatorOptions): Promise<LambdaReport> {
  const mapping = checkedOptions(options);
  const { clock, rules, writtenMs, windowMs, onFailure, retryDelayMs } = mapping;
  const streamArn = mapping.records[0]?.eventSourceARN ?? '';
  const { passing, filteredOut } = withinCriteria(mapping.records, mapping.filterCriteria);
  const deliveries = startDeliveries(mapping);
  const discarded: string[] = [];
  const unfinished: string[] = [];
  const documents: OnFailureDocument[] = [];
  const windows: LambdaWindow[] = [];
  let status: LambdaReport['status'] = 'done';

  await Promise.all(lanesOf(passing, mapping.parallelizationFactor).map(workOff));
  const invocations = await deliveries.end();
  unfinished.sort(compareSequenceNumbers);
  return {
    ...{ status, invocations, windows, discarded, documents, unfinished },
    filteredOut: sequencesOf(filteredOut),
  };

  async function workOff(records: readonly StreamRecord[], lane: number): Promise<void> {
    let queue: Queue = { pending: [], waiting: records };
    while (queue.window || nextOf(queue)) {
      const { window } = queue;
      const endedBy = window && endOf(window, nextOf(queue), mapping);
      queue = endedBy ? await closed(queue, window, endedBy, lane) : await advanced(queue, lane);
    }
  }

  async function advanced(queue: Queue, lane: number): Promise<Queue> {
    await untilDue(queue);
    const { batch: due, rest } = takeBatch(queue, clock.now(), mapping);
    const { batch, expired, trimmed } = aged(due, clock.now(), rules, writtenMs);
    discarded.push(...sequencesOf(trimmed));
    discard(expired, 'RecordAgeExceeded', due, rest.window && fieldsOf(rest.window));
    return batch.records.length > 0 ? delivered(batch, rest, lane) : rest;
  }

  async function delivered(batch: Batch, rest: Queue, lane: number): Promise<Queue> {
    const [first] = batch.records;
    const window =
      rest.window ?? (first && windowMs < Infinity ? windowOf(first, writtenMs, windowMs) : undefined);
    if (isOver()) return givenUp({ ...rest, pending: [batch, ...rest.pending] });
    const final = window && finalWith(window, rest);
    const fields = window && fieldsOf(window, final);
    const { answer, requestId, hasThrown, state } = await deliveries.deliver(batch, lane, fields);
    const next = afterAnswer({ ...batch, requestId }, answer, rules);
    discard(next.discarded, 'RetryAttemptsExhausted', { ...batch, requestId }, fields, hasThrown);
    const queue = { ...rest, pending: [...next.again, ...rest.pending] };
    if (!window) return queue;
    if (!final || answer.kind !== 'done') return { ...queue, window: state ? { ...window, state } : window };
    return ended(queue, window, final, requestId);
  }

  /** The end of a window that a batch is the last of, where the final invocation may have records. */
  function finalWith(window: OpenWindow, rest: Queue): WindowEnd | undefined {
    if (mapping.closesAlone) return undefined;
    const endedBy = endBefore(nextOf(rest), window, mapping);
    return endedBy === 'time' && clock.now() < window.endMs ? undefined : endedBy;
  }

  /** By a final invocation without records. */
  async function closed(queue: Queue, window: OpenWindow, endedBy: WindowEnd, lane: number): Promise<Queue> {
    if (endedBy === 'time') await sleep(window.endMs - clock.now());
    let batch: Batch = { records: [], retries: 0 };
    while (!isOver()) {
      const { answer, requestId } = await deliveries.deliver(batch, lane, fieldsOf(window, endedBy));
      if (answer.kind === 'done') return ended(queue, window, endedBy, requestId);
      batch = { ...batch, retries: batch.retries + 1, requestId };
      await sleep(retryDelayMs);
    }
    return givenUp(queue);
  }

  function ended(queue: Queue, window: OpenWindow, endedBy: WindowEnd, requestId: string): Queue {
    windows.push({ ...timesOf(window), endedBy, requestId });
    return { ...queue, window: undefined };
  }

  function isOver(): boolean {
    return deliveries.started() >= mapping.maxInvocations;
  }

  function givenUp({ pending, waiting, window }: Queue): Queue {
    status = 'gave-up';
    for (const { records } of [...pending, { records: waiting }]) unfinished.push(...sequencesOf(records));
    if (window) windows.push({ ...timesOf(window), endedBy: 'gave-up' });
    return { pending: [], waiting: [] };
  }

  async function untilDue({ pending, waiting: [first] }: Queue): Promise<void> {
    await sleep(pending.length > 0 ? retryDelayMs : first ? writtenMs(first) - clock.now() : 0);
  }

  async function sleep(delayMs: number): Promise<void> {
    if (delayMs > 0) await clock.sleep(delayMs);
  }

  function fieldsOf(window: OpenWindow, final?: WindowEnd): WindowFields {
    return windowFields(window, final, streamArn);
  }

  function discard(
    records: readonly StreamRecord[],
    reason: DiscardReason,
    { retries, requestId = '' }: Batch,
    window: WindowFields | undefined,
    hasThrown = false,
  ): void {
    discarded.push(...sequencesOf(records));
    if (records.length === 0 || !onFailure) return;
    const discard = { records, reason, retries, requestId, hasThrown, writtenMs, window };
    documents.push(onFailureDocument({ ...discard, destination: onFailure, nowMs: clock.now() }));
  }
}

export interface LambdaReport {
  /** `done`: every record was acknowledged, discarded or filtered out, and every window closed. */
  readonly status: 'done' | 'gave-up';
  /** In the order in which they began. */
  readonly invocations: readonly LambdaInvocation[];
  /** The tumbling windows that something was delivered of, in the order in which they ended. */
  readonly windows: readonly LambdaWindow[];
  /**
   * Sequence numbers that were given up after the last retry or at their age, whether or not a destination was told; and those
   * that a stream had dropped by then, a day after they were written.
   */
  readonly discarded: readonly string[];
  /** Sequence numbers of the records that no pattern of the filter criteria fits. The function never saw them. */
  readonly filteredOut: readonly string[];
  /** What was sent to the on-failure destination, if the mapping has one. */
  readonly documents: readonly OnFailureDocument[];
  /** Sequence numbers that were neither acknowledged nor discarded when the simulation gave up. */
  readonly unfinished: readonly string[];
}
