import type { AttributeValue, Context, StreamRecord } from '@sluice/core';

/** The world that the handlers act on: mail, stock, carriers. Injected, so that tests and the demo bring their own. */
export interface Outside {
  /** Does something that must happen once per change and handler. */
  act(effect: Effect): Promise<void>;
}

/** The token that handlers inject. */
export const Outside = Symbol.for('orders.Outside');

export interface Effect {
  /** What is done: `mail receipt`, `stock reserve`, … */
  readonly what: string;
  /** The customer's order, profile or cart that it is done for. */
  readonly item: string;
  readonly eventName: string;
  readonly sequenceNumber: string;
  readonly handlerId: string;
  readonly attempt: number;
  /** What a real service would be given, so that it can refuse a second time. */
  readonly idempotencyKey: string;
}

/** The effect of a handler on a change. */
export function effectOf(what: string, change: { readonly record: StreamRecord }, context: Context): Effect {
  const { eventName, dynamodb } = change.record;
  return {
    what,
    item: ['pk', 'sk'].map((name) => textOf(dynamodb.Keys[name])).join('/'),
    eventName,
    sequenceNumber: dynamodb.SequenceNumber,
    handlerId: context.handlerId,
    attempt: context.attempt,
    idempotencyKey: context.idempotencyKey,
  };
}

function textOf(key: AttributeValue | undefined): string {
  return key && 'S' in key ? key.S : '';
}
