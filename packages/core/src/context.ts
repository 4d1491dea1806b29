import type { StreamRecord } from '@sluice/filters';
import { eventIdOf, idempotencyKeyOf } from './event-identity.js';
import type { Logger } from './logger.js';

/** What a handler is told besides the change. */
export interface Context {
  /** The class's explicit id and the method's name, `order-mail.receipt`; or the id of a function route. */
  readonly handlerId: string;
  /** 1 on the first delivery of this record to this handler, one more after each failed one that this process knows of. */
  readonly attempt: number;
  /** Aborts when the work should stop: at the deadline on Lambda, at the end of the grace period in a process. */
  readonly signal: AbortSignal;
  /** The identity of the event, the same for all handlers. */
  readonly eventId: string;
  /** The identity of this handler's work on the event; stable across retries. Pass it on to whatever takes one. */
  readonly idempotencyKey: string;
  readonly logger: Logger;
}

/** Identities are digests and are computed when they are asked for. */
export class HandlerContext implements Context {
  constructor(
    readonly handlerId: string,
    readonly attempt: number,
    readonly signal: AbortSignal,
    readonly logger: Logger,
    readonly record: StreamRecord,
  ) {}

  get eventId(): string {
    return eventIdOf(this.record);
  }

  get idempotencyKey(): string {
    return idempotencyKeyOf(this.record, this.handlerId);
  }
}
