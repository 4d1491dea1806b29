import type { StreamRecord } from '@sluice/filters';
import type { Clock, Random } from './clock.js';
import { groupIdOf } from './event-identity.js';
import { type Logger, withFields } from './logger.js';

/** What every call goes on in: that of a batch, of a record and of a handler. */
export interface CallContext {
  /** Aborts when the work should stop: at the deadline on Lambda, at the end of the grace period in a process. */
  readonly signal: AbortSignal;
  /** When that is, on `clock`; `Infinity` where there is no deadline. Nothing new starts from then on. */
  readonly deadlineMs: number;
  readonly logger: Logger;
  /** The router's time and randomness, for whatever waits or measures. */
  readonly clock: Clock;
  readonly random: Random;
}

/** What a handler is told besides the change. */
export interface Context extends CallContext {
  /** The class's explicit id and the method's name, `order-mail.receipt`; or the id of a function route. */
  readonly handlerId: string;
  /** 1 on the first delivery of this record to this handler, one more after each failed one that this process knows of. */
  readonly attempt: number;
  /** The identity of the event, the same for all handlers; of a group that of all its events together. */
  readonly eventId: string;
  /**
   * The identity of this handler's work on the event; stable across retries. Pass it on to whatever takes one. That of a group
   * is of exactly its changes: within a process a retry has the same ones, after a cold start it may have others.
   */
  readonly idempotencyKey: string;
  /**
   * The router's logger; its lines hold `handlerId`, `streamArn`, `sequenceNumber` and `attempt`, and of a group, which
   * they tell by its first record, how many `records` it has.
   */
  readonly logger: Logger;
}

/**
 * The context with another signal or logger, for a middleware to hand on:
 * `next({ ...call, context: contextWith(call.context, { signal }) })`.
 */
export function contextWith<C extends CallContext>(
  context: C,
  change: { readonly signal?: AbortSignal; readonly logger?: Logger },
): C {
  const changed = Object.create(context);
  for (const [name, value] of Object.entries(change)) Object.defineProperty(changed, name, { value });
  return changed;
}

/** Nothing starts any more. */
export function isOver({ signal, clock, deadlineMs }: CallContext): boolean {
  return signal.aborted || clock.now() >= deadlineMs;
}

/** What is seldom asked for, as digests and a logger of its own, is made when it is. */
export class HandlerContext implements Context {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly random: Random;

  constructor(
    readonly handlerId: string,
    readonly attempt: number,
    private readonly around: CallContext,
    readonly record: StreamRecord,
    private readonly group?: readonly StreamRecord[],
  ) {
    this.signal = around.signal;
    this.deadlineMs = around.deadlineMs;
    this.clock = around.clock;
    this.random = around.random;
  }

  get logger(): Logger {
    const { handlerId, attempt, record } = this;
    const { eventSourceARN: streamArn, dynamodb } = record;
    const { SequenceNumber: sequenceNumber } = dynamodb;
    const records = this.group && { records: this.group.length };
    return withFields(this.around.logger, { handlerId, streamArn, sequenceNumber, attempt, ...records });
  }

  get eventId(): string {
    return groupIdOf(this.group ?? [this.record]);
  }

  get idempotencyKey(): string {
    return groupIdOf(this.group ?? [this.record], this.handlerId);
  }
}
